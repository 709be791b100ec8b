"""What changes between two sets of lever layers: for whom, when, from what, to what, in words.

Compared cell by cell on resolved arrays, never by text: a lever that sets what holds anyway makes no
difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from sim.data.distributions import Distribution
from sim.data.schema import Data
from sim.model.world import Floats
from sim.scenarios.groups import GROUPS
from sim.scenarios.levers.changes import (
    Layers,
    LeverChange,
    Mask,
    Policies,
    axis_names,
    cells,
    drawn_value,
    resolve_policies,
    usual_ids,
)
from sim.scenarios.levers.declared import LEVERS, Lever
from sim.scenarios.levers.observed import observed_policies

QUANTILES: Final = (0.05, 0.5, 0.95)
"""Where distributions are compared: both ends of the 90 % band and the median."""


Cell = tuple[int, ...]


@dataclass(frozen=True)
class DifferenceRow:
    """One difference between a scenario and what it extends.

    Parameters
    ----------
    lever
        Name of the lever; ``parameter NAME`` for a parameter.
    unit
        Unit of the values.
    whom
        Whom it concerns: ``CHN -> USA`` (origin, destination), or the regions, sectors or talent classes.
    from_year, until_year
        First and last year with a difference; 0 for a parameter, which has no window.
    before, after
        The values without and with the scenario; a 90 % band stands where they are distributions.
    """

    lever: str
    unit: str
    whom: str
    from_year: int
    until_year: int
    before: str
    after: str

    @property
    def when(self) -> str:
        """The window in words."""
        return "all years" if self.from_year == 0 else window_text(self.from_year, self.until_year)

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"{self.lever}, {self.whom}, {self.when}: from {self.before} to {self.after} ({self.unit})"


@cache
def usual_policies(data: Data) -> Policies:
    """Return the value of every lever without any policy, with the parameters that decide observed ones at their defaults."""
    return observed_policies(data, {parameter.name: parameter.default for parameter in data.parameters})


def lever_differences(
    defaults: Policies, before: Layers, after: Layers, first_year: int, regions: Sequence[str]
) -> tuple[DifferenceRow, ...]:
    """List where two sets of layers give different lever values.

    Parameters
    ----------
    defaults
        Values without any policy.
    before, after
        Layers to compare.
    first_year
        Calendar year of row 0 of the arrays.
    regions
        Region codes in id order.

    Returns
    -------
    One row for each window and group of cells that the same levers move alike, in the order of the levers.
    """
    rows: list[DifferenceRow] = []
    for name, lever in LEVERS.items():
        less, more = _of_lever(before, name), _of_lever(after, name)
        if less == more:
            continue
        moved = [change for layers in (less, more) for layer in layers for change in layer]
        start = min(change.from_year for change in moved)  # before it nothing differs
        usual = getattr(defaults, name)[start - first_year :]
        old, new = (_at(usual, layers, name, start) for layers in (less, more))
        for (first, last), group in _groups(old, new, moved, start, len(regions)):
            window = slice(first - start, last - start + 1)
            for whom, block in whom_blocks(lever, group, regions):
                flat = np.ravel_multi_index(tuple(zip(*block, strict=True)), old.shape[2:])
                texts = (
                    _series_text(values[:, window].reshape(len(QUANTILES), last - first + 1, -1)[:, :, flat], first)
                    for values in (old, new)
                )
                rows.append(DifferenceRow(name, lever.unit, whom, first, last, *texts))
    return tuple(rows)


def parameter_differences(
    before: Mapping[str, float | Distribution],
    after: Mapping[str, float | Distribution],
    priors: Mapping[str, tuple[str, float | Distribution]],
) -> tuple[DifferenceRow, ...]:
    """List the parameters that a scenario fixes or gives another distribution.

    Parameters
    ----------
    before, after
        Parameters set without and with the scenario.
    priors
        Unit, and prior or fixed value, of every parameter by name.
    """
    rows = []
    for name, (unit, prior) in priors.items():
        old, new = before.get(name, prior), after.get(name, prior)
        if old != new:
            texts = (quantity_text(old), quantity_text(new))
            rows.append(DifferenceRow(f"parameter {name}", unit, "every draw", 0, 0, *texts))
    return tuple(rows)


def window_text(first: int, last: int) -> str:
    """Write a window of years: ``2026-2030``, or ``2026`` for one year."""
    return str(first) if first == last else f"{first}-{last}"


def quantity_text(value: float | Distribution) -> str:
    """Write a number or a distribution: ``0.3`` or ``beta (mean 0.45, sd 0.05)``."""
    if not isinstance(value, Distribution):
        return number_text(value)
    return f"{value.kind} ({', '.join(f'{name} {number_text(number)}' for name, number in value.numbers)})"


def number_text(value: float) -> str:
    """Write a number with three digits, thousands in full."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _of_lever(layers: Layers, name: str) -> Layers:
    """Keep the changes of one lever, and the layers that have any."""
    kept = (tuple(change for change in layer if change.name == name) for layer in layers)
    return tuple(layer for layer in kept if layer)


def _at(usual: Floats, layers: Layers, name: str, first_year: int) -> Floats:
    """Compute (3 quantiles, T, ...) values of the lever that layers with no other change, of which the usual ones are known."""
    nothing = np.empty(0)  # in the place of the other levers, which need not be copied
    alone = Policies(**{each: usual if each == name else nothing for each in LEVERS})
    arrays = []
    for u in QUANTILES:
        values = {change.id: drawn_value(change, u) for layer in layers for change in layer}
        arrays.append(getattr(resolve_policies(alone, layers, values, first_year), name))
    return np.stack(arrays)


def _groups(
    old: Floats, new: Floats, changes: Sequence[LeverChange], first_year: int, regions: int
) -> Iterator[tuple[tuple[int, int], list[Cell]]]:
    """Yield windows of years and the cells in which, throughout, the same levers make a difference."""
    differs = np.any(old != new, axis=0)
    masks = [cells(change, regions) for change in changes]
    found: dict[tuple[int, int, tuple[int, ...]], list[Cell]] = {}
    for cell in (tuple(int(i) for i in each) for each in np.argwhere(np.any(differs, axis=0))):
        for first, last in _windows(differs[(slice(None), *cell)], first_year):
            movers = tuple(
                number
                for number, (change, mask) in enumerate(zip(changes, masks, strict=True))
                if mask[cell] and change.from_year <= last and change.until_year >= first
            )
            found.setdefault((first, last, movers), []).append(cell)
    for (first, last, _), group in sorted(found.items()):
        yield (first, last), group


def _windows(differs: Mask, first_year: int) -> Iterator[tuple[int, int]]:
    """Yield the first and last year of every run of years with a difference."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], differs.astype(np.int8), [0]))))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        yield first_year + int(first), first_year + int(after) - 1


def whom_blocks(lever: Lever, group: Sequence[Cell], regions: Sequence[str]) -> Iterator[tuple[str, list[Cell]]]:
    """Split cells into blocks "every one of these x every one of those" and name each: ``CHN, IND -> USA, industry``.

    Parameters
    ----------
    lever
        The lever whose cells they are.
    group
        Cells, ids in the order of the lever's filters.
    regions
        Region codes in id order.
    """
    yield from _blocks(lever, len(lever.filters), group, regions)


def _blocks(lever: Lever, axes: int, group: Sequence[Cell], regions: Sequence[str]) -> Iterator[tuple[str, list[Cell]]]:
    """Name blocks on the first `axes` axes; of a further axis what is usual is not mentioned."""
    if axes < 3:
        yield from _flat_blocks(lever, group, regions)
        return
    axis = lever.filters[axes - 1]
    lasts: dict[Cell, list[int]] = {}
    for cell in sorted(group):
        lasts.setdefault(cell[:-1], []).append(cell[-1])
    alike: dict[tuple[int, ...], list[Cell]] = {}
    for cell, each in lasts.items():
        alike.setdefault(tuple(each), []).append(cell)
    for ids, prefixes in alike.items():
        text = "" if ids == usual_ids(lever.name, axis, len(regions)) else axis_text(axis, ids, regions)
        text = f"every {axis}" if text == "all" else text
        for whom, block in _blocks(lever, axes - 1, prefixes, regions):
            yield (f"{whom}, {text}" if text else whom), [(*cell, last) for cell in block for last in ids]


def _flat_blocks(lever: Lever, group: Sequence[Cell], regions: Sequence[str]) -> Iterator[tuple[str, list[Cell]]]:
    """Name blocks on the first axis, or the first two."""
    if len(lever.filters) == 1:
        yield axis_text(lever.filters[0], sorted(cell[0] for cell in group), regions), list(group)
        return
    partners: dict[int, set[int]] = {}
    for first, second in group:
        partners.setdefault(first, set()).add(second)
    blocks: list[tuple[list[int], set[int]]] = []
    for first, seconds in partners.items():
        for position, (members, wanted) in enumerate(blocks):
            union = wanted | seconds
            if all(partners[m] == union - ({m} if lever.spares_own_pair else set()) for m in (*members, first)):
                blocks[position] = ([*members, first], union)
                break
        else:
            blocks.append(([first], set(seconds)))
    for members, seconds in blocks:
        block = [(m, s) for m in members for s in sorted(seconds) if s in partners[m]]
        names = [axis_text(lever.filters[0], members, regions, seconds if lever.spares_own_pair else ())]
        names.append(axis_text(lever.filters[1], sorted(seconds), regions, members if lever.spares_own_pair else ()))
        if names[1] == "all" and (not lever.is_pair or lever.filters[1] in lever.later):
            names.pop()
        yield (" -> " if lever.is_pair else ", ").join(names), list(block)


def axis_text(axis: str, ids: Sequence[int], regions: Sequence[str], partners: Sequence[int] | set[int] = ()) -> str:
    """Name ids of an axis: ``all but CHN``, ``EUROPE, IND``.

    Parameters
    ----------
    axis
        One of a lever's filters.
    ids
        Ids, ascending.
    regions
        Region codes in id order.
    partners
        Ids on the other axis of a pair; a lone one does not count as missing, as nobody is a foreigner at home.
    """
    names = axis_names(axis, regions)
    missing = set(range(len(names))) - set(ids)
    if len(partners) == 1:
        missing -= set(partners)
    if not missing:
        text = "all"
    elif len(missing) < len(names) / 2:
        text = f"all but {_grouped([names[i] for i in sorted(missing)])}"
    else:
        text = _grouped([names[i] for i in ids])
    return f"talent class {text}" if axis == "talent_class" and text != "all" else text


def _grouped(names: Sequence[str]) -> str:
    """Join names, with a group's name in the place of its members where all of them are there."""
    left = list(names)
    for group, members in GROUPS.items():
        if set(members) <= set(left):
            position = left.index(members[0])
            left = [name for name in left if name not in members]
            left.insert(min(position, len(left)), group)
    return ", ".join(left)


def _series_text(values: Floats, first_year: int) -> str:
    """Write values by quantile, year and cell: ``0.33 in 2026, 0.45 in 2027-2030``.

    Parameters
    ----------
    values
        (3, years, cells) at ``QUANTILES``.
    first_year
        Year of the first.
    """
    texts = [_level_text(values[:, row, :]) for row in range(values.shape[1])]
    starts = [row for row in range(len(texts)) if row == 0 or texts[row] != texts[row - 1]]
    if len(starts) == 1:
        return texts[0]
    ends = [*(start - 1 for start in starts[1:]), len(texts) - 1]
    parts = []
    for start, end in zip(starts, ends, strict=True):
        until = f"-{first_year + end}" if end > start else ""
        parts.append(f"{texts[start]} in {first_year + start}{until}")
    if len(parts) > 5:
        return f"{parts[0]} to {parts[-1]}, by year"
    return ", ".join(parts)


def _level_text(values: Floats) -> str:
    """Write one year's values, (3 quantiles, cells): the median from lowest to highest cell, and a band."""
    low, mid, high = values
    text = number_text(float(mid.min()))
    if number_text(float(mid.max())) != text:
        text += f"..{number_text(float(mid.max()))}"
    if np.any(low != high):
        lowest, highest = (float(np.minimum(low, high).min()), float(np.maximum(low, high).max()))
        text += f" (90 %: {number_text(lowest)}..{number_text(highest)})"
    return text
