"""Levers as a program states them: `sim.lever`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from sim.api.keywords import hinted
from sim.data.schema import Data
from sim.model.world import LAST_YEAR
from sim.scenarios.load import packaged_vocabulary
from sim.scenarios.reading.document import stated_file

Names = str | Sequence[str]
"""One name, several, or ``"*"``."""


class LeverAim(TypedDict, total=False):
    """Whom a lever is aimed at, all where it is left out; its source and id as in a file."""

    origin: Names
    destination: Names
    sector: Names
    talent_class: int | Sequence[int]
    stage: Names
    source: str
    id: str
    data: Data | str | Path | None


@hinted(LeverAim)
def lever(
    name: str,
    *,
    value: float | Mapping[str, Any],
    evidence: str,
    start: int,
    until: int = LAST_YEAR,
    ramp_years: int = 1,
    change: str = "set",
    **aim: Unpack[LeverAim],
) -> dict[str, Any]:
    """State one change of one lever, checked at once.

    Parameters
    ----------
    name
        Of the lever; `talentsim levers` lists them with units and ranges.
    value
        In the lever's unit, a factor for ``multiply``; or a distribution as in a file, ``{"distribution": "beta", ...}``.
    evidence
        Why this size: what was observed, where, when; or "assumption".
    start, until
        First and last year, both inclusive, 2000..2050.
    ramp_years
        Years until full strength, at least 1.
    change
        ``set``, ``multiply`` or ``add``.
    aim
        origin, destination, sector, talent_class, stage: a name or several, all where it is left out; source, id: as in a file;
        data: own data, as `sim.load_data` returns them, or their folder.

    Returns
    -------
    The table that a file would have, for `sim.load_scenario`.

    Raises
    ------
    sim.scenarios.reading.text.ScenarioError
        With everything that is wrong, what is allowed, and the nearest name.

    Examples
    --------
    >>> import sim
    >>> bar = sim.lever("entry_bar", origin="CHN", destination="USA", start=2026, change="add", value=0.1, evidence="assumption")
    >>> bar["from"], bar["until"]
    (2026, 2050)
    """
    window = {"from": start, "until": until, "ramp_years": ramp_years}
    aimed = {word: each if word in ("id", "source") else as_list(each) for word, each in aim.items()}
    table: dict[str, Any] = {"name": name, **aimed, **window, "change": change, "value": value, "evidence": evidence}
    stated_file({"title": "a lever", "lever": [table]}, "lever", packaged_vocabulary())
    return table


def as_list(names: object) -> object:
    """Write one name, or a tuple of them, as the list that a file has; ``"*"`` stays."""
    if isinstance(names, str | int):
        return names if names == "*" else [names]
    return list(names) if isinstance(names, tuple) else names
