"""The array engine: one year over whole columns in compiled loops, for millions of researchers.

It walks the rows; what a researcher does stands in `dynamics`. Everyone decides on last year's indices, so the order of rows,
the size of chunks and the number of threads change nothing. Sums over researchers are whole numbers.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.choice import Floats
from sim.compiled import compiled, inlined
from sim.dynamics import (
    ELITE,
    NOT_VISIBLE,
    POSTPONED,
    age_class,
    choose_study,
    first_job,
    graduates,
    has_opportunity,
    leaves,
    next_job,
    takes_part,
    tier_of,
    trait_classes,
    trait_code,
    unpack_traits,
    year_words,
)
from sim.indices import first_indices, next_indices
from sim.population import (
    APPLY,
    OUT,
    STUDY,
    WORK,
    Counts,
    Researchers,
    cohort_researchers,
    new_counts,
    new_researchers,
)
from sim.randomness import Key, Words
from sim.utilities import make_year
from sim.visa import (
    first_status,
    forced_job,
    hired_status,
    live_status,
    loses_status,
    student_status,
    transfer,
    updated_status,
)
from sim.world import AT_STUDY, FIRST_YEAR, Integers, World, Year

ENTRY = 0
FIRST_JOB = 1
RELOCATION = 2
EXIT = 3
ALL = 2
ORIGIN, GRADUATE_REGION, WORK_AXIS, LOCATION, GRADUATES = 0, 1, 2, 3, 4
CHUNK = 1 << 16


class YearEnd(NamedTuple):
    """What one simulated year leaves behind."""

    year: int
    counts: Counts
    researchers: Researchers
    entered: int  # rows [0, entered) have entered so far
    tables: Year  # what everyone decided on


@compiled
def enter(people: Researchers, first: int, last: int, key: Key, visa_sensitive_share: float) -> None:
    """Draw the traits of the rows [first, last) that enter this year."""
    for i in range(first, last):
        talent, tie, visa, taste = trait_classes(key, people.index[i], people.origin[i], people.cohort[i], visa_sensitive_share)
        people.traits[i] = trait_code(talent, tie, visa, taste)


@inlined
def advance(people: Researchers, first: int, last: int, key: Key, tables: Year, counts: Counts, race: Floats) -> None:
    """Let the rows [first, last) live one year: study, graduate, first job, status, relocate, leave, observe."""
    for i in range(first, last):
        stage = people.stage[i]
        if stage == OUT:
            continue
        words = year_words(key, people.index[i], people.origin[i], people.cohort[i], tables.year)
        if stage == APPLY:
            apply(people, i, key, words, tables, race, counts)
        elif stage == STUDY:
            study(people, i, key, words, tables, race, counts)
        else:
            work(people, i, key, words, tables, race, counts)
        if people.stage[i] == STUDY or people.stage[i] == WORK:
            observe(people, i, key, words, tables, counts)


@inlined
def apply(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Floats, counts: Counts) -> None:
    """Choose a graduate region, or postpone."""
    o = people.origin[i]
    region = choose_study(key, people.index[i], o, people.cohort[i], people.traits[i], people.postponed[i], words, tables, race)
    if region == POSTPONED:
        people.postponed[i] = 1
        return
    people.stage[i] = STUDY
    people.years[i] = 0
    enrol(people, i, region, tables)
    counts.demand[region] += 1
    counts.flows[ENTRY, o, o, region] += 1


@inlined
def enrol(people: Researchers, i: int, region: int, tables: Year) -> None:
    """Make a region the graduate region of a student."""
    people.study[i] = region
    people.place[i] = region
    people.employer[i] = region
    people.status[i] = student_status(people.origin[i], region, tables)


@inlined
def study(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Floats, counts: Counts) -> None:
    """Graduate into a first job; or else study on, elsewhere if the status is lost, or drop out."""
    o = people.origin[i]
    g = people.study[i]
    people.years[i] += 1
    if graduates(g, people.years[i], words, tables):
        place, employer, sector = first_job(key, people.index[i], o, people.cohort[i], people.traits[i], g, tables, race)
        people.stage[i] = WORK
        people.place[i] = place
        people.employer[i] = employer
        people.sector[i] = sector
        people.status[i], people.attempts[i] = first_status(
            key, people.index[i], o, people.cohort[i], people.traits[i], g, place, sector, tables
        )
        counts.flows[FIRST_JOB, o, g, place] += 1
        return
    people.status[i] = updated_status(people.status[i], o, g, 0, tables)
    if loses_status(people.status[i], o, g, AT_STUDY, words, tables):
        enrol(people, i, transfer(key, people.index[i], o, people.cohort[i], people.traits[i], g, words, tables, race), tables)
        counts.flows[RELOCATION, o, g, people.study[i]] += 1
    if leaves(True, words, tables):
        people.stage[i] = OUT
        counts.flows[EXIT, o, people.study[i], people.study[i]] += 1


@inlined
def work(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Floats, counts: Counts) -> None:
    """Move if the status is lost, or if there is an opportunity and a better place; then leave or let a year pass."""
    o = people.origin[i]
    here = people.place[i]
    age = people.age[i]
    years = people.duration[i]
    place, employer, sector = int(here), int(people.employer[i]), int(people.sector[i])
    status, attempts, is_lost = live_status(
        key, people.index[i], o, people.cohort[i], here, people.status[i], people.attempts[i], years, words, tables
    )
    if is_lost:
        place, employer, sector = forced_job(
            key, people.index[i], o, people.cohort[i], people.traits[i], here, employer, sector, age, tables, race
        )
    elif has_opportunity(o, here, age, years, words, tables):
        place, employer, sector = next_job(
            key, people.index[i], o, people.cohort[i], people.traits[i], here, age, years, tables, race
        )
    moved = place != here
    if moved:
        status, attempts = hired_status(o, place, tables), 0
        people.place[i] = place
        people.employer[i] = employer
        people.sector[i] = sector
        people.duration[i] = 0
        counts.flows[RELOCATION, o, here, place] += 1
    people.status[i] = status
    people.attempts[i] = attempts
    if leaves(False, words, tables):
        people.stage[i] = OUT
        counts.flows[EXIT, o, place, place] += 1
        return
    people.age[i] = min(age + 1, 250)
    if not moved:
        people.duration[i] = min(years + 1, 250)


@inlined
def observe(people: Researchers, i: int, key: Key, words: Words, tables: Year, counts: Counts) -> None:
    """Count an active researcher on every axis and tier; a visible one who does not take part only for the ecosystem."""
    o = people.origin[i]
    g = people.study[i]
    place = people.place[i]
    employer = people.employer[i]
    is_worker = people.stage[i] == WORK
    counts.stock[o, place] += 1
    tally(counts.shares, ALL, o, g, employer, place, is_worker)
    people.tier[i] = NOT_VISIBLE
    if not is_worker and people.years[i] < 1:
        return
    counts.eligible[0] += 1
    talent, _, _, _ = unpack_traits(people.traits[i])
    profile = 1 + age_class(people.age[i]) if is_worker else 0
    tier = tier_of(place, talent, profile, words, tables)
    if tier == NOT_VISIBLE:
        return
    counts.stars[0, place] += 1
    if tier == ELITE:
        counts.stars[1, place] += 1
    if not takes_part(key, people.index[i], o, people.cohort[i], place, tables):
        return
    people.tier[i] = tier
    tally(counts.shares, 0, o, g, employer, place, is_worker)
    if is_worker:
        counts.careers[o, g, employer] += 1
    if tier == ELITE:
        tally(counts.shares, 1, o, g, employer, place, is_worker)


@inlined
def tally(shares: Integers, tier: int, o: int, g: int, employer: int, place: int, is_worker: bool) -> None:
    """Add one researcher to the counts of a tier."""
    shares[tier, ORIGIN, o] += 1
    shares[tier, GRADUATE_REGION, g] += 1
    shares[tier, WORK_AXIS, employer] += 1
    shares[tier, LOCATION, place] += 1
    if is_worker:
        shares[tier, GRADUATES, employer] += 1


def run_years(world: World, key: Key, chunk: int = CHUNK) -> Iterator[YearEnd]:
    """Simulate year after year.

    Parameters
    ----------
    world : see `sim.world`; `people_per_researcher` sets the scale.
    key : (seed, replicate) of `sim.randomness.make_key`.
    chunk : rows a loop walks at once, at least 1; changes nothing in the result.

    Yields
    ------
    The end of each year. The columns are the engine's own: read them before the next year.
    """
    years = world.cohort.shape[0]
    sizes = cohort_researchers(key, world.cohort, world.people_per_researcher, FIRST_YEAR)
    people = new_researchers(sizes, FIRST_YEAR)
    ends = np.cumsum(sizes.sum(axis=1))
    indices = first_indices(world)
    entered = 0
    race = np.empty((2, world.anglophone.shape[0]))
    for t in range(years):
        tables = make_year(world, indices, t)
        counts = new_counts(world.anglophone.shape[0])
        enter(people, entered, int(ends[t]), key, world.coefficients.visa_sensitive_share)
        entered = int(ends[t])
        for first in range(0, entered, chunk):
            advance(people, first, min(first + chunk, entered), key, tables, counts, race)
        yield YearEnd(FIRST_YEAR + t, counts, people, entered, tables)
        indices = next_indices(
            world, indices, t, tables.sector_weight,
            as_floats(counts.stars[0]), as_floats(counts.stars[1]),
            as_floats(counts.stock), as_floats(counts.demand),
        )  # fmt: skip


def as_floats(counts: Integers) -> Floats:
    """Convert whole numbers to floats, exactly."""
    return counts.astype(np.float64)
