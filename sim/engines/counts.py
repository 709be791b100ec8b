"""What a year is counted as: shares, flows, careers and stocks; by kind while the rows are walked, the rest made of these."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.choice.compiled import compiled, inlined
from sim.model.population import Researchers
from sim.model.world import Indices, Integers, Year
from sim.model.year import ELITE, NOT_VISIBLE


def shares(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Turn counts by region (last axis) into shares, 0 where nobody is counted.

    Parameters
    ----------
    counts : (..., R), at least 0.

    Returns
    -------
    (..., R), 0..1.
    """
    totals = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)


TIER_COUNT = 3  # top20, elite, all


AXIS_COUNT = 5  # origin, study, work, location, graduates


FLOW_COUNT = 4  # entry, first job, relocation, exit


ENTRY = 0


FIRST_JOB = 1


RELOCATION = 2


EXIT = 3


class Counts(NamedTuple):
    """Integer counts of one year."""

    shares: Integers  # (3 tiers, 5 axes, R)
    flows: NDArray[np.int32]  # (4 flows, R origin, R from, R to)
    careers: NDArray[np.int32]  # (R origin, R study, R headquarters) visible workers
    stock: Integers  # (R origin, R place) active researchers
    demand: Integers  # (R,) entrants who chose each study region
    eligible: Integers  # (1,) researchers who can be visible
    stars: Integers  # (2 tiers, R) visible and elite by location, observed or not


def new_counts(regions: int) -> Counts:
    """Make a year's counts, all zero, for R regions."""
    return Counts(
        np.zeros((TIER_COUNT, AXIS_COUNT, regions), dtype=np.int64),
        np.zeros((FLOW_COUNT, regions, regions, regions), dtype=np.int32),
        np.zeros((regions, regions, regions), dtype=np.int32),
        np.zeros((regions, regions), dtype=np.int64),
        np.zeros(regions, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros((TIER_COUNT - 1, regions), dtype=np.int64),
    )


def counts_of_years(years: int, regions: int) -> Counts:
    """Make the counts of T years, all zero, one more axis (T,) in front of each."""
    return Counts(*(np.zeros((years, *column.shape), dtype=column.dtype) for column in new_counts(regions)))


@compiled
def counts_of(years: Counts, t: int) -> Counts:
    """Take year t out of the counts of all years."""
    return Counts(
        years.shares[t], years.flows[t], years.careers[t], years.stock[t], years.demand[t], years.eligible[t], years.stars[t]
    )


def write_year(year: Counts, years: Counts, t: int) -> None:
    """Write the counts of one year into those of all years, as year t."""
    columns: Iterable[tuple[NDArray[Any], NDArray[Any]]] = zip(years, year, strict=True)
    for column, counted in columns:
        column[t] = counted


class YearEnd(NamedTuple):
    """What one simulated year leaves behind."""

    year: int
    counts: Counts
    researchers: Researchers
    entered: int  # rows [0, entered) have entered so far
    tables: Year  # what everyone decided on
    indices: Indices  # what everyone knew at the start, of which the tables are made


EVERYBODY = 2


ORIGIN, GRADUATE_REGION, WORK_AXIS, LOCATION, GRADUATES = 0, 1, 2, 3, 4


TOO_NEW = 3  # students in their first year, whose output is not looked at


AWAY = 3  # + tier: visible, but takes no part in the conference


SEEN_KINDS = 6


class Seen(NamedTuple):
    """How many active researchers of each kind there are: a tier, or `TOO_NEW`, or `AWAY` + a tier that does not count."""

    places: NDArray[np.int32]  # (KINDS, R origin, R place)
    employers: NDArray[np.int32]  # (KINDS, 2 student or worker, R study, R headquarters)


@compiled
def new_seen(regions: int) -> Seen:
    """Make counts by kind, all zero, for R regions."""
    return Seen(
        np.zeros((SEEN_KINDS, regions, regions), dtype=np.int32),
        np.zeros((SEEN_KINDS, 2, regions, regions), dtype=np.int32),
    )


@inlined
def add_up(seen: Seen, counts: Counts) -> None:
    """Add what was seen in a year to its counts: whole numbers, so that the order of researchers and threads changes nothing."""
    for kind in range(SEEN_KINDS):
        tier = kind if kind < TOO_NEW else NOT_VISIBLE  # that counts
        output = kind - AWAY if kind > AWAY else tier
        for o in range(seen.places.shape[1]):
            for place in range(seen.places.shape[2]):
                number = seen.places[kind, o, place]
                if number == 0:
                    continue
                counts.stock[o, place] += number
                if kind != TOO_NEW:
                    counts.eligible[0] += number
                if output != NOT_VISIBLE:
                    counts.stars[0, place] += number
                if output == ELITE:
                    counts.stars[1, place] += number
                add_to(counts.shares, tier, ORIGIN, o, number)
                add_to(counts.shares, tier, LOCATION, place, number)
        for g in range(seen.employers.shape[2]):
            for employer in range(seen.employers.shape[3]):
                students, workers = seen.employers[kind, 0, g, employer], seen.employers[kind, 1, g, employer]
                if students + workers > 0:
                    add_to(counts.shares, tier, GRADUATE_REGION, g, students + workers)
                    add_to(counts.shares, tier, WORK_AXIS, employer, students + workers)
                    add_to(counts.shares, tier, GRADUATES, employer, workers)


@inlined
def add_to(shares: Integers, tier: int, axis: int, region: int, number: int) -> None:
    """Add researchers of a tier that counts to all tiers that hold them."""
    shares[EVERYBODY, axis, region] += number
    if tier != NOT_VISIBLE:
        shares[0, axis, region] += number
    if tier == ELITE:
        shares[1, axis, region] += number


@inlined
def tally(shares: Integers, tier: int, o: int, g: int, employer: int, place: int, is_worker: bool) -> None:
    """Add one researcher to the counts of a tier."""
    shares[tier, ORIGIN, o] += 1
    shares[tier, GRADUATE_REGION, g] += 1
    shares[tier, WORK_AXIS, employer] += 1
    shares[tier, LOCATION, place] += 1
    if is_worker:
        shares[tier, GRADUATES, employer] += 1
