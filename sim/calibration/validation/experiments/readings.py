"""Readings: what a study estimated, read off the two sides of its experiment.

Every reading is a pure function from the treated side, the control side and `Where` to one number. Two equal sides give 0; a
part_of_moved whose denominator is 0 is 0 as well, as nothing was moved. Doctors who are followed are those of the USA.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sim.calibration.validation.experiments.walks import SideWalk
from sim.model.world import FIRST_YEAR, Floats


@dataclass(frozen=True)
class Where:
    """Whom and what a reading is about.

    Parameters
    ----------
    place
        Code of the region that the experiment is about.
    origin
        Codes of origins; empty: all but the place's own.
    years
        First and last year of the outcome.
    degrees
        First and last year of the degrees, where doctors are followed.
    elsewhere
        Codes of other places, where these are asked about.
    factor
        By which pay was multiplied, where that is switched.
    """

    place: str
    origin: tuple[str, ...] = ()
    years: tuple[int, int] = (FIRST_YEAR, FIRST_YEAR)
    degrees: tuple[int, int] = (FIRST_YEAR, FIRST_YEAR)
    elsewhere: tuple[str, ...] = ()
    factor: float = 1.0

    def origins(self, side: SideWalk) -> list[int]:
        """List the ids of the origins."""
        if not self.origin:
            return [k for k, code in enumerate(side.codes) if code != self.place]
        return [side.codes.index(code) for code in self.origin]


TwoSided = Callable[[SideWalk, SideWalk, Where], float]


def years_at(years: tuple[int, int]) -> slice:
    """Turn a first and a last year into places of arrays that begin in 2000."""
    return slice(years[0] - FIRST_YEAR, years[1] - FIRST_YEAR + 1)


def part_of_moved(part: float, whole: float) -> float:
    """Divide; 0 where nothing was moved."""
    return part / whole if whole != 0.0 else 0.0


def people_at(table: Floats, side: SideWalk, where: Where, places: tuple[str, ...]) -> float:
    """Count those of (T, R, R) by year, origin and place who are of the origins, in some places, over the years."""
    at = [side.codes.index(code) for code in places]
    return float(table[years_at(where.years)][:, where.origins(side)][:, :, at].sum())


def entry_lost(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Part of the entry to graduate study in the place that is lost."""
    here = (where.place,)
    return 1.0 - part_of_moved(people_at(treated.entry, treated, where, here), people_at(control.entry, control, where, here))


def enrolment_lost(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Part of the students of the place who are lost."""
    here = (where.place,)
    return 1.0 - part_of_moved(
        people_at(treated.students, treated, where, here), people_at(control.students, control, where, here)
    )


def found_elsewhere(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Part of the entry lost by the place that is found in the other places."""
    here, there = (where.place,), where.elsewhere
    lost = people_at(control.entry, control, where, here) - people_at(treated.entry, treated, where, here)
    found = people_at(treated.entry, treated, where, there) - people_at(control.entry, control, where, there)
    return part_of_moved(found, lost)


def part_beginning(side: SideWalk, where: Where) -> float:
    """Share of the new doctors of the place, in the years of the degrees, whose first job is there."""
    at, place = years_at(where.degrees), side.codes.index(where.place)
    origins = where.origins(side)
    return part_of_moved(float(side.first[at][:, origins, place].sum()), float(side.degrees[at][:, origins, place].sum()))


def first_stay_lost(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Points by which the share whose first job is in the place falls."""
    return part_beginning(control, where) - part_beginning(treated, where)


def part_there(side: SideWalk, where: Where, years: tuple[int, int]) -> float:
    """Share of the doctors of the degree years who are in the place, of those still in research, over the years."""
    origins = where.origins(side)
    stayed, active = (
        float(table[years_at(years)][:, years_at(where.degrees)][:, :, origins].sum()) for table in (side.staying, side.active)
    )
    return part_of_moved(stayed, active)


def later_stay_lost(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Points by which the share still in the place falls."""
    return part_there(control, where, where.years) - part_there(treated, where, where.years)


def leaving(side: SideWalk, where: Where) -> float:
    """Yearly net loss of the place, as a part of the doctors who were there, in the mean over the years."""
    first, last = where.years
    left = [
        1.0 - part_of_moved(part_there(side, where, (year, year)), part_there(side, where, (year - 1, year - 1)))
        for year in range(first, last + 1)
    ]
    return float(np.mean(left))


def exit_rise(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Part by which the yearly net loss of the place rises."""
    before = leaving(control, where)
    return part_of_moved(leaving(treated, where) - before, before)


def pay_elasticity(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Change of ln workers in the place over the change of ln pay."""
    here = (where.place,)
    now, before = (people_at(side.workers, side, where, here) for side in (treated, control))
    return part_of_moved(math.log(now / before), math.log(where.factor))


def hires_abroad(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Workers abroad with headquarters elsewhere who are added, for each worker who is no longer in the place."""

    def abroad_and_there(side: SideWalk) -> tuple[float, float]:
        others = [k for k, code in enumerate(side.codes) if code != where.place]
        remote = float(side.remote[years_at(where.years)][:, others].sum())
        owned = float(side.workers[years_at(where.years), :, side.codes.index(where.place)].sum())
        return remote, owned - remote

    (abroad, there), (abroad_before, there_before) = abroad_and_there(treated), abroad_and_there(control)
    return part_of_moved(abroad - abroad_before, there_before - there)


def returnees_below(treated: SideWalk, control: SideWalk, where: Where) -> float:
    """Points of rank, from the top, by which those whom a programme brought home lie below those who stay away.

    Of these the upper three fifths count, whom a programme may have asked to come. A class counts as its middle.
    """
    (origin,) = where.origins(treated)
    home = treated.codes.index(where.place)
    last = where.years[1] - FIRST_YEAR
    count = treated.classes.shape[2]
    rank = (count - np.arange(count) - 0.5) / count
    brought = np.maximum(treated.classes[last, origin, :, home] - control.classes[last, origin, :, home], 0.0)
    if brought.sum() <= 0.0:
        return 0.0
    away = treated.classes[last, origin].sum(axis=1) - treated.classes[last, origin, :, home]
    upper = np.arange(count) >= count - 3
    return float(rank @ brought / brought.sum() - rank @ (away * upper) / (away * upper).sum())


READINGS: Mapping[str, TwoSided] = {
    each.__name__: each
    for each in (
        entry_lost, enrolment_lost, found_elsewhere, first_stay_lost, later_stay_lost, exit_rise, pay_elasticity, hires_abroad,
        returnees_below,
    )
}  # fmt: skip
"""Every reading by the name that experiments.toml uses."""
