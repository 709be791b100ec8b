"""Published shares of work, and the groups of regions that figures show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sim.data.load import load_data
from sim.data.schema import Target

LAST_OBSERVED: Final = 2022
"""Last year with published shares: what follows is a projection."""
_CENSUS: Final = ("CEN", "CEN22")  # sources that count all authors instead of drawing a sample


@dataclass(frozen=True)
class Group:
    """Regions drawn as one line: label, member codes, colour, dash pattern."""

    label: str
    codes: tuple[str, ...]
    colour: str
    dash: tuple[float, ...] = ()


# Colours by Okabe and Ito, which stay apart for colour-blind readers; the dashes repeat the distinction.
LOOKS: Final[Sequence[tuple[str, tuple[float, ...]]]] = (
    ("#0072B2", ()),
    ("#D55E00", ()),
    ("#009E73", (6, 1.5)),
    ("#CC79A7", (2, 1.2)),
    ("#B58900", (4, 1.2, 1, 1.2)),
    ("#56B4E9", (1, 1)),
)
"""Colour and dash pattern of each line that figures have room for."""
REST: Final = Group("All others", (), "#6B6B6B", (3, 2))


@dataclass(frozen=True)
class Point:
    """A published share and its standard error beside the line it belongs to; a count or a sample."""

    group: Group
    year: int
    value: float
    error: float
    source: str
    is_count: bool


def shown_groups() -> list[Group]:
    """Return the lines of figures: leader, challenger, the groups that are told, then the regions with the role `shown`.

    No region is in two lines: a group that holds one which is shown already is left out, and so are all beyond `LOOKS`.
    """
    data = load_data()
    names = {region.code: region.name for region in data.regions}
    challenger, leader = data.passing
    alone = [(code,) for code in (leader, challenger)]
    wanted = [*alone, *(data.groups[name] for name in data.told), *((code,) for code in data.having("shown"))]
    labels = {(code,): name for code, name in names.items()} | {data.groups[name]: data.labels[name] for name in data.told}
    found: list[tuple[str, ...]] = []
    for members in wanted:
        if not any(set(members) & set(others) for others in found):
            found.append(members)
    return [Group(labels[members], members, *look) for members, look in zip(found, LOOKS, strict=False)]


def groups_of(codes: Sequence[str]) -> list[tuple[Group, list[int]]]:
    """Return the lines of the figure with the region ids they add up; what is in no group comes last."""
    named = [(group, [codes.index(code) for code in group.codes]) for group in shown_groups()]
    used = {region for _, members in named for region in members}
    return [*named, (REST, [region for region in range(len(codes)) if region not in used])]


def published_points(targets: Iterable[Target], tier: str) -> list[Point]:
    """Return the published work shares (headquarters) of a tier that belong to exactly one line.

    Rows that count parts of the same regions (China without Hong Kong, Hong Kong) are added up. A row for
    Europe may hold Russia, which the count does not list apart.

    Parameters
    ----------
    targets
        Published values of the packaged data.
    tier
        ``top20`` or ``elite``.
    """
    lines = {frozenset(group.codes): group for group in shown_groups()}
    parts: dict[tuple[str, int, str], list[Target]] = {}
    for target in targets:
        group = lines.get(frozenset(target.destination or ()) - {"RUS"})
        if group and (target.tier, target.axis, target.attribution) == (tier, "work", "headquarters"):
            parts.setdefault((group.label, target.year, target.source), []).append(target)
    labels = {group.label: group for group in shown_groups()}
    return [
        Point(
            labels[label],
            year,
            sum(row.value for row in rows),
            math.sqrt(sum(row.sd**2 for row in rows)),
            " + ".join(row.id for row in rows),
            source in _CENSUS or tier == "elite",
        )
        for (label, year, source), rows in parts.items()
        if math.isclose(sum(row.part for row in rows), 1.0, abs_tol=1e-6)
    ]
