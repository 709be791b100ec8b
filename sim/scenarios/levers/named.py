"""Named policies: documented bundles of lever changes, and what one becomes in a scenario.

After ``expand`` nothing knows of a policy any more: effects, draws, run ids and differences see only levers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sim.data.distributions import Distribution
from sim.model.world import LAST_YEAR
from sim.scenarios.levers.changes import LeverChange, usual_ids
from sim.scenarios.levers.declared import LEVERS

ASKED: Final = ("origin", "destination")
"""Axes that a policy may leave to the scenario."""
FIELDS: Final[Mapping[str, str]] = {
    "origin": "origins",
    "destination": "destinations",
    "sector": "sectors",
    "talent_class": "talent_classes",
    "stage": "stages",
    "degree": "degrees",
}
"""Field of a ``LeverChange`` by axis."""


@dataclass(frozen=True)
class PolicyLever:
    """One lever change of a named policy.

    Parameters
    ----------
    id
        Unique in the policy.
    name, change, value, evidence, source
        As in ``LeverChange``.
    stated
        Ids by axis, for every axis that the policy fixes.
    """

    id: str
    name: str
    change: str
    value: float | Distribution
    evidence: str
    source: str
    stated: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class NamedPolicy:
    """A documented bundle of lever changes.

    Parameters
    ----------
    name
        The name used in scenario files.
    number
        Row of the list of policies that the model was asked for; 0 for a later one.
    title
        What the measure is, since when.
    about
        Which levers it is made of and why these.
    asks
        Axes that the scenario must name.
    from_year, until_year
        Window unless the scenario gives another; None where the scenario must give the first year, or where
        the policy lasts.
    ramp_years
        Years until full strength unless the scenario gives another number.
    levers
        What it does.
    """

    name: str
    number: int
    title: str
    about: str
    asks: tuple[str, ...]
    from_year: int | None
    until_year: int | None
    ramp_years: int
    levers: tuple[PolicyLever, ...]

    @property
    def window(self) -> str:
        """The default window in words."""
        if self.from_year is None:
            return "the scenario says"
        if self.from_year == self.until_year:
            return f"{self.from_year}"
        return f"{self.from_year}-{self.until_year}" if self.until_year else f"from {self.from_year}"


@dataclass(frozen=True)
class PolicyUse:
    """A named policy in a scenario.

    Parameters
    ----------
    id
        Its id there; its levers are called ``<id>.<id of the lever>``.
    policy
        The policy.
    changes
        What it became.
    """

    id: str
    policy: NamedPolicy
    changes: tuple[LeverChange, ...]


def axis_ids(name: str, stated: Mapping[str, tuple[int, ...]], regions: int) -> dict[str, tuple[int, ...]]:
    """Spell out whom a lever change is for, by field of ``LeverChange``.

    Parameters
    ----------
    name
        The lever.
    stated
        Ids by axis; an axis that is not stated means all of it, or what the lever says is usual.
    regions
        Number of regions.
    """
    filters = LEVERS[name].filters
    ids: dict[str, tuple[int, ...]] = dict.fromkeys(FIELDS.values(), ())
    for axis in filters:
        ids[FIELDS[axis]] = stated[axis] if axis in stated else usual_ids(name, axis, regions)
    return ids


def expand(
    policy: NamedPolicy,
    own_id: str,
    asked: Mapping[str, tuple[int, ...]],
    window: tuple[int, int | None, int],
    values: Mapping[str, float | Distribution],
    evidence: str,
    regions: int,
) -> PolicyUse:
    """Turn a policy into lever changes.

    Parameters
    ----------
    policy
        The policy.
    own_id
        Its id in the scenario; it stands before the ids of its levers, so that equal ids of two scenarios share
        the draws of their values.
    asked
        Ids by axis that the policy asks for. They fill the axes that a lever has and the policy does not fix.
    window
        First year, last year (None: to the end), years of ramp.
    values
        Other sizes by lever id of the policy.
    evidence
        Stands before the evidence of every lever; "" for none.
    regions
        Number of regions.
    """
    first, last, ramp = window
    changes = tuple(
        LeverChange(
            id=f"{own_id}.{lever.id}",
            name=lever.name,
            from_year=first,
            until_year=LAST_YEAR if last is None else last,
            ramp_years=ramp,
            change=lever.change,
            value=values.get(lever.id, lever.value),
            evidence=f"{evidence} {lever.evidence}" if evidence else lever.evidence,
            source=lever.source,
            **axis_ids(lever.name, {**asked, **lever.stated}, regions),
        )
        for lever in policy.levers
    )
    return PolicyUse(own_id, policy, changes)


def group_of(lever_id: str) -> str:
    """Return the part of a lever's id before its first dot: the id of the policy it came from, if it did."""
    return lever_id.partition(".")[0]


def belongs(lever_id: str, wanted: str) -> bool:
    """Return whether ``drop = [wanted]`` drops a lever: by its own id, or by that of its policy."""
    return wanted in (lever_id, group_of(lever_id))
