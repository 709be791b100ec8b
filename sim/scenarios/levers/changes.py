"""Levers in force: resolved lever changes -> one array per lever, by year and by whom it applies to.

Notation: T years of a run (first_year, first_year + 1, ...), R regions by id. No file access and no data: the
values without any policy come from the caller.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import numpy.typing as npt

from sim.data.distributions import Distribution, quantile
from sim.model.world import DEGREES, LEVER_STAGES, SECTORS, TALENT_CLASSES, Floats
from sim.scenarios.levers.declared import CHANGES, LEVERS, MOST_FACTOR, Lever

Mask = npt.NDArray[np.bool_]
LeverValue = float | Distribution


if TYPE_CHECKING:

    class Policies(tuple[Floats, ...]):
        """The value of every lever in every year: one float64 array (T, ...) a lever, under its own name.

        Its axes are those of the lever of that name in ``sim.scenarios.levers.declared.LEVERS``, its unit and range too.
        """

        _fields: ClassVar[tuple[str, ...]]

        def __new__(cls, **arrays: Floats) -> Policies:  # noqa: D102
            ...

        def __getattr__(self, lever: str) -> Floats: ...

        def _asdict(self) -> dict[str, Floats]: ...

        def _replace(self, **arrays: Floats) -> Policies: ...

else:
    Policies = namedtuple("Policies", LEVERS)


@dataclass(frozen=True)
class LeverChange:
    """One change of one lever, with every name resolved to ids.

    Parameters
    ----------
    id
        Unique within a resolved scenario; the key of the value's draw if the value is a distribution.
    name
        A key of ``LEVERS``.
    origins, destinations, sectors, talent_classes, stages, degrees
        Ids the change applies to, ascending; every id of an axis that the file does not filter, none of an
        axis that the lever does not have.
    from_year, until_year
        First and last year, both inclusive.
    ramp_years
        Years until full strength, at least 1; 1 means at once.
    change
        One of ``CHANGES``.
    value
        A number in the lever's unit (a factor for ``multiply``), or its distribution.
    evidence, source
        Why this size; id of a source or "". Neither has any effect.
    """

    id: str
    name: str
    origins: tuple[int, ...]
    destinations: tuple[int, ...]
    sectors: tuple[int, ...]
    talent_classes: tuple[int, ...]
    from_year: int
    until_year: int
    ramp_years: int
    change: str
    value: float | Distribution
    evidence: str = ""
    source: str = ""
    stages: tuple[int, ...] = ()
    degrees: tuple[int, ...] = ()

    def selected(self, axis: str) -> tuple[int, ...]:
        """Return the ids selected on an axis: origin, destination, sector, talent_class, stage or degree."""
        by_axis = {
            "origin": self.origins,
            "destination": self.destinations,
            "sector": self.sectors,
            "talent_class": self.talent_classes,
            "stage": self.stages,
            "degree": self.degrees,
        }
        return by_axis[axis]


_SIZES: Final = {"sector": len(SECTORS), "talent_class": TALENT_CLASSES, "stage": len(LEVER_STAGES), "degree": len(DEGREES)}


def axis_size(axis: str, regions: int) -> int:
    """Return the number of ids on an axis: origin, destination, sector, talent_class, stage or degree."""
    return _SIZES.get(axis, regions)


def usual_ids(name: str, axis: str, regions: int) -> tuple[int, ...]:
    """Return the ids that a change of a lever means on an axis that it does not name: all, unless the lever says otherwise."""
    return LEVERS[name].usual.get(axis, tuple(range(axis_size(axis, regions))))


def default_policies(observed: Mapping[str, Floats]) -> Policies:
    """Return the value of every lever without any policy.

    Parameters
    ----------
    observed
        Values of every lever whose ``neutral`` is None, in a shape that broadcasts to (T, ...) over the lever's
        axes; T and R are those of ``student_visa_refusal``.
    """
    years, regions, _ = observed["student_visa_refusal"].shape
    arrays: dict[str, Floats] = {}
    for name, lever in LEVERS.items():
        shape = (years, *(axis_size(axis, regions) for axis in lever.filters))
        values = observed[name] if lever.neutral is None else lever.neutral
        arrays[name] = np.array(np.broadcast_to(values, shape), dtype=np.float64, order="C")
    return Policies(**arrays)


def value_range(lever: Lever, change: str) -> tuple[float, float]:
    """Return the lowest and highest value a change of this kind may name.

    ``set``: the lever's range. ``multiply``: 0 to ``MOST_FACTOR``. ``add``: at most the width of the
    range either way.
    """
    if change == "set":
        return lever.low, lever.high
    if change == "multiply":
        return 0.0, MOST_FACTOR
    return lever.low - lever.high, lever.high - lever.low


def drawn_value(change: LeverChange, u: float) -> float:
    """Return the value of a change at probability u: a fixed number as it is, a distribution's quantile.

    Parameters
    ----------
    change
        The change; its distribution is truncated to ``value_range``.
    u
        Probability, strictly between 0 and 1.
    """
    if not isinstance(change.value, Distribution):
        return change.value
    low, high = value_range(LEVERS[change.name], change.change)
    return quantile(change.value, u, low, high)


def strength(change: LeverChange, years: npt.NDArray[np.int64]) -> Floats:
    """Return how much of a change is in force in each year.

    min(1, (year - from + 1) / ramp_years) inside the window, 0 outside; with a ramp of 2 years the first year
    has half the change.
    """
    is_inside = (change.from_year <= years) & (years <= change.until_year)
    ramp: Floats = np.minimum(1.0, (years - change.from_year + 1) / max(1, change.ramp_years))
    return np.where(is_inside, ramp, 0.0)


def cells(change: LeverChange, regions: int) -> Mask:
    """Return which cells of one year a change touches.

    Returns
    -------
    Boolean array over the lever's axes but the year. A region's own pair is set for levers of pay alone.
    """
    return _mask(change.name, _selections(change), regions)


def _selections(change: LeverChange) -> tuple[tuple[int, ...], ...]:
    """Return the ids that a change selects on each axis of its lever."""
    return tuple(change.selected(axis) for axis in LEVERS[change.name].filters)


def _mask(name: str, selections: tuple[tuple[int, ...], ...], regions: int) -> Mask:
    """Return which cells of one year a lever with these selections touches."""
    lever = LEVERS[name]
    mask = np.zeros(tuple(axis_size(axis, regions) for axis in lever.filters), dtype=np.bool_)
    mask[np.ix_(*(np.array(ids, dtype=np.intp) for ids in selections))] = True
    if lever.spares_own_pair:
        own = np.arange(regions)
        mask[own, own] = False
    return mask


@lru_cache(maxsize=1024)
def _places(name: str, selections: tuple[tuple[int, ...], ...], regions: int) -> tuple[npt.NDArray[np.intp], ...]:
    """Return the places of the cells of `_mask`, remembered, as the runs of a sweep resolve the same levers over and over."""
    return np.nonzero(_mask(name, selections, regions))


_ORDER: Final = {change: position for position, change in enumerate(CHANGES)}


def in_order(layer: Sequence[LeverChange]) -> list[LeverChange]:
    """Return the changes of one file as they apply: set, multiply, add, each in file order."""
    return sorted(layer, key=lambda change: _ORDER[change.change])


def resolve_policies(
    defaults: Policies,
    layers: Sequence[Sequence[LeverChange]],
    values: Mapping[str, float],
    first_year: int,
) -> Policies:
    """Lay lever changes over the values without any policy.

    Layer by layer, the extended file first; within a layer set, then multiply, then add, then file order:
    set x + s (v - x), multiply x (1 + s (v - 1)), add x + s v, with v the value and s the ``strength`` of the
    year. After each layer the cells it touched are clipped to the lever's range. Cells that no change touches
    keep their bits, and so does everything outside a window.

    Parameters
    ----------
    defaults
        Values without any policy; not modified.
    layers
        One sequence of changes per file of the chain, the extended file first.
    values
        Value by lever id, for every change whose value is a distribution (``drawn_value``).
    first_year
        Calendar year of row 0 of every array.

    Returns
    -------
    New arrays; none is shared with ``defaults``.

    Raises
    ------
    KeyError
        If a change with a distribution has no value.
    """
    arrays = {name: np.array(array, dtype=np.float64) for name, array in defaults._asdict().items()}
    for layer in layers:
        touched: dict[str, Mask] = {}
        for change in in_order(layer):
            array = arrays[change.name]
            seen = touched.setdefault(change.name, np.zeros(array.shape, dtype=np.bool_))
            value = values[change.id] if isinstance(change.value, Distribution) else change.value
            _apply(change, value, array, seen, first_year)
        for name, seen in touched.items():
            lever, array = LEVERS[name], arrays[name]
            array[seen] = np.clip(array[seen], lever.low, lever.high)
    return Policies(**arrays)


def _apply(change: LeverChange, value: float, array: Floats, touched: Mask, first_year: int) -> None:
    """Apply one change in place. At full strength ``set`` gives the value itself, to the bit."""
    rows = np.arange(max(change.from_year - first_year, 0), min(change.until_year - first_year + 1, array.shape[0]))
    at = rows[:, np.newaxis], *_places(change.name, _selections(change), array.shape[1])
    s = strength(change, first_year + rows)[:, np.newaxis]
    before = array[at]
    if change.change == "set":
        array[at] = np.where(s == 1.0, value, before + s * (value - before))
    elif change.change == "multiply":
        array[at] = before * np.where(s == 1.0, value, 1.0 + s * (value - 1.0))
    else:
        array[at] = before + s * value
    touched[at] = True


def selection_text(ids: Sequence[int], names: Sequence[str], joint: str = "+") -> str:
    """Write a selection briefly: ``*`` for all, ``*-CHN`` for all but one, ``USA+GBR`` for a few.

    Parameters
    ----------
    ids
        Selected ids, ascending.
    names
        Names of all ids in order.
    joint
        What stands between the names of a few.
    """
    left_out = [name for i, name in enumerate(names) if i not in set(ids)]
    if not left_out:
        return "*"
    if len(left_out) < len(ids):
        return "*" + "".join(f"-{name}" for name in left_out)
    return joint.join(names[i] for i in ids)


def axis_names(axis: str, regions: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the ids of an axis: origin, destination, sector, talent_class, stage or degree."""
    named = {"sector": SECTORS, "stage": LEVER_STAGES, "degree": DEGREES}
    if axis in named:
        return named[axis]
    if axis == "talent_class":
        return tuple(str(each) for each in range(TALENT_CLASSES))
    return tuple(regions)


def absent_id(change: LeverChange, regions: Sequence[str]) -> str:
    """Return the id of a lever that names none: its name, filters, window, ramp and change, nothing else.

    Of filters that the lever got later it says something only where they are used.

    Parameters
    ----------
    change
        The change; its own id is not looked at.
    regions
        Region codes in id order.
    """
    lever = LEVERS[change.name]
    axes = [
        axis
        for axis in lever.filters
        if axis not in lever.later or change.selected(axis) != usual_ids(change.name, axis, len(regions))
    ]
    where = ">".join(selection_text(change.selected(axis), axis_names(axis, regions)) for axis in axes)
    window = f"{change.from_year}-{change.until_year}"
    return f"{change.name}:{where}:{window}:ramp{change.ramp_years}:{change.change}"


def meet(one: LeverChange, other: LeverChange, regions: int) -> bool:
    """Return whether two changes of one lever touch a common cell in a common year."""
    if one.name != other.name or max(one.from_year, other.from_year) > min(one.until_year, other.until_year):
        return False
    return bool(np.any(cells(one, regions) & cells(other, regions)))


Layers = tuple[tuple[LeverChange, ...], ...]
