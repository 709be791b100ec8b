"""What named policies become and which inherited values are replaced, for people to read before they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.data.distributions import Distribution
from sim.scenarios.differences import Cell, number_text, quantity_text, whom_blocks, window_text
from sim.scenarios.levers.changes import LeverChange, Mask, cells, drawn_value, meet
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import PolicyUse

NOBODY_ABROAD = "nobody (people at home)"


@dataclass(frozen=True)
class ExpansionRow:
    """One lever change of a scenario, as a named policy became it or as the file has it.

    Parameters
    ----------
    id
        Its id in the scenario.
    lever, unit
        Name of the lever and unit of the size.
    whom
        Whom it concerns, as in a ``DifferenceRow``.
    when
        The window in words, and the years of ramp if it has one.
    size
        What it does to the value: ``x 0.8``, ``= 0.3``, ``+ 2``; of a distribution the median and the 90 % band.
    evidence, source
        Why this size; the id of a source.
    """

    id: str
    lever: str
    unit: str
    whom: str
    when: str
    size: str
    evidence: str
    source: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.id}: {self.lever}, {self.whom}, {self.when}: {self.size} ({self.unit})"


@dataclass(frozen=True)
class Replacement:
    """A ``set`` that takes the place of inherited values.

    Parameters
    ----------
    id
        The lever that sets.
    lever
        Name of the lever.
    whom, when
        For whom and when it sets.
    replaced
        Ids of the inherited levers that no longer count where both apply.
    """

    id: str
    lever: str
    whom: str
    when: str
    replaced: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one sentence."""
        text = f"{self.id} sets {self.lever} for {self.whom} in {self.when}"
        return f"{text}; where it does, it replaces the inherited {', '.join(self.replaced)}"


def expansion_rows(use: PolicyUse, regions: Sequence[str]) -> tuple[ExpansionRow, ...]:
    """Describe every lever change of a policy in a scenario.

    Parameters
    ----------
    use
        The policy, expanded.
    regions
        Region codes in id order.
    """
    return tuple(change_row(change, regions) for change in use.changes)


def change_row(change: LeverChange, regions: Sequence[str]) -> ExpansionRow:
    """Describe one lever change: for whom, when, how much and why."""
    return ExpansionRow(
        id=change.id,
        lever=change.name,
        unit=change_unit(change),
        whom=change_whom(change, regions),
        when=change_when(change),
        size=size_text(change),
        evidence=change.evidence,
        source=change.source,
    )


def overridden(inherited: Sequence[LeverChange], own: Sequence[LeverChange], regions: Sequence[str]) -> tuple[Replacement, ...]:
    """List the ``set`` among a file's own changes that take the place of inherited ones.

    Parameters
    ----------
    inherited
        Changes of what the file extends, without those that it drops.
    own
        Changes of the file itself.
    regions
        Region codes in id order.
    """
    found = []
    for change in own:
        if change.change == "set":
            replaced = tuple(other.id for other in inherited if meet(change, other, len(regions)))
            if replaced:
                whom, when = change_whom(change, regions), change_when(change)
                found.append(Replacement(change.id, change.name, whom, when, replaced))
    return tuple(found)


def change_whom(change: LeverChange, regions: Sequence[str]) -> str:
    """Say whom a change concerns."""
    mask: Mask = cells(change, len(regions))
    group: list[Cell] = [tuple(int(i) for i in cell) for cell in np.argwhere(mask)]
    return "; ".join(whom for whom, _ in whom_blocks(LEVERS[change.name], group, regions)) if group else NOBODY_ABROAD


def change_when(change: LeverChange) -> str:
    """Say when a change applies."""
    window = window_text(change.from_year, change.until_year)
    full = change.from_year + change.ramp_years - 1
    if full == change.from_year:
        return window
    return f"{window}, in full from {full}" if full <= change.until_year else f"{window}, a ramp of {change.ramp_years} years"


def size_text(change: LeverChange) -> str:
    """Say what a change does to the value: ``x 0.8 (90 %: 0.65..0.95)``."""
    sign = {"set": "=", "multiply": "x", "add": "+"}[change.change]
    if not isinstance(change.value, Distribution):
        return f"{sign} {number_text(change.value)}"
    low, mid, high = (number_text(drawn_value(change, u)) for u in (0.05, 0.5, 0.95))
    return f"{sign} {mid} (90 %: {low}..{high}; {quantity_text(change.value)})"


def change_unit(change: LeverChange) -> str:
    """Return the unit of a change's value."""
    return "factor" if change.change == "multiply" else LEVERS[change.name].unit
