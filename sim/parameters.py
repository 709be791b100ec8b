"""The schema of parameters and levers: what each one is, its unit, its range and where it enters.

The parameter table itself is data (``sim/data/parameters.toml``); the levers are declared in ``sim.levers``.

Notation: T years of a run, R regions. Region ids are positions in the region table and are never reordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.distributions import Distribution

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "EUROPE": ("DEU", "FRA", "CHE", "NLD", "REU"),
    "ANGLOPHONE": ("USA", "GBR", "CAN", "AUS"),
}
"""Names for several regions at once; Europe is without the United Kingdom and Russia, as in the sources."""


MOST_FACTOR: Final = 100.0
"""Largest factor a ``multiply`` may name."""


@dataclass(frozen=True)
class Parameter:
    """One uncertain or assumed number of the model.

    Parameters
    ----------
    name
        The name used in ``[parameters]`` of a scenario file and by ``--set``.
    unit
        What one means, e.g. ``logit`` or ``years``.
    default
        The value of the reference point, in the unit.
    low, high
        Range outside which a value is refused.
    prior
        Distribution the draws come from, truncated to the range; None for a number that is never drawn.
    role
        What kind of number it is, e.g. ``prior``, ``assumption`` or ``constant``.
    meaning
        One sentence.
    source
        Id of a source, or ``assumption``.
    tag
        How the value is known: R read, C computed, M judgement.
    """

    name: str
    unit: str
    default: float
    low: float
    high: float
    prior: Distribution | None
    role: str
    meaning: str
    source: str
    tag: str
