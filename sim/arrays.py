"""The array engine: one year over whole columns in compiled loops, for millions of researchers.

It walks the rows; what a researcher does stands in `dynamics`. Everyone decides on last year's indices, so the order of rows,
the size of chunks and the number of threads change nothing. Sums over researchers are whole numbers.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.choice import Floats
from sim.compiled import compiled, inlined
from sim.counting import AWAY, TOO_NEW, Seen, add_up, new_seen
from sim.dynamics import (
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
from sim.race import Race, new_race
from sim.randomness import YEAR, Key, Words, occasion, origin_cohort, philox
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
from sim.world import AT_STUDY, FIRST_YEAR, Indices, Integers, World, Year

ENTRY = 0
FIRST_JOB = 1
RELOCATION = 2
EXIT = 3
CHUNK = 1 << 14
BATCH = 128


class YearEnd(NamedTuple):
    """What one simulated year leaves behind."""

    year: int
    counts: Counts
    researchers: Researchers
    entered: int  # rows [0, entered) have entered so far
    tables: Year  # what everyone decided on
    indices: Indices  # what everyone knew at the start, of which the tables are made


class Batch(NamedTuple):
    """Scratch space of `BATCH` rows whose year's words are drawn side by side."""

    row: Integers  # (BATCH,)
    place: NDArray[np.uint64]  # (BATCH,) index in the cohort, first counter word
    origin_cohort: NDArray[np.uint64]  # (BATCH,) second counter word
    words: NDArray[np.uint64]  # (4, BATCH)


def new_batch() -> Batch:
    """Make the scratch space of a batch."""
    rows = np.zeros(BATCH, dtype=np.uint64)
    return Batch(np.zeros(BATCH, dtype=np.int64), rows, rows.copy(), np.zeros((4, BATCH), dtype=np.uint64))


@compiled
def enter(people: Researchers, first: int, last: int, key: Key, visa_sensitive_share: float) -> None:
    """Draw the traits of the rows [first, last) that enter this year."""
    for i in range(first, last):
        talent, tie, visa, taste = trait_classes(key, people.index[i], people.origin[i], people.cohort[i], visa_sensitive_share)
        people.traits[i] = trait_code(talent, tie, visa, taste)


@inlined
def advance(
    people: Researchers, first: int, last: int, key: Key, tables: Year, counts: Counts, seen: Seen, race: Race, batch: Batch
) -> None:
    """Let the rows [first, last) live one year: study, graduate, first job, status, relocate, leave, observe."""
    for start in range(first, last, BATCH):
        active = gather_active(people, start, min(start + BATCH, last), batch)
        draw_year(key, tables.year, batch)
        for k in range(active):
            words = batch.words[0, k], batch.words[1, k], batch.words[2, k], batch.words[3, k]
            live(people, batch.row[k], key, words, tables, race, counts)
        for k in range(active):  # apart from living, whose branches nobody can predict
            i = batch.row[k]
            if people.stage[i] == STUDY or people.stage[i] == WORK:
                words = batch.words[0, k], batch.words[1, k], batch.words[2, k], batch.words[3, k]
                observe(people, i, key, words, tables, counts, seen)


@inlined
def gather_active(people: Researchers, first: int, last: int, batch: Batch) -> int:
    """Note the rows of [first, last) that have not left, and their counter words; returns how many."""
    active = 0
    for i in range(first, last):
        batch.row[active] = i
        batch.place[active] = people.index[i]
        batch.origin_cohort[active] = origin_cohort(people.origin[i], people.cohort[i])
        active += people.stage[i] != OUT
    return active


@inlined
def draw_year(key: Key, year: int, batch: Batch) -> None:
    """Draw the words of the year (see `dynamics.year_words`) of all rows of a batch side by side."""
    c2 = occasion(year, YEAR)
    for k in range(BATCH):
        words = philox(batch.place[k], batch.origin_cohort[k], c2, np.uint64(0), key[0], key[1])
        batch.words[0, k] = words[0]
        batch.words[1, k] = words[1]
        batch.words[2, k] = words[2]
        batch.words[3, k] = words[3]


@inlined
def live(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Race, counts: Counts) -> None:
    """Let one researcher who has not left live one year."""
    stage = people.stage[i]
    if stage == APPLY:
        apply(people, i, key, words, tables, race, counts)
    elif stage == STUDY:
        study(people, i, key, words, tables, race, counts)
    else:
        work(people, i, key, words, tables, race, counts)


@inlined
def apply(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Race, counts: Counts) -> None:
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
def study(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Race, counts: Counts) -> None:
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
def work(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Race, counts: Counts) -> None:
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
def observe(people: Researchers, i: int, key: Key, words: Words, tables: Year, counts: Counts, seen: Seen) -> None:
    """Count an active researcher as one of a kind, without a branch that luck decides; `add_up` makes the other counts of it."""
    o = people.origin[i]
    g = people.study[i]
    place = people.place[i]
    is_worker = people.stage[i] == WORK
    talent, _, _, _ = unpack_traits(people.traits[i])
    tier = tier_of(place, talent, 1 + age_class(people.age[i]) if is_worker else 0, words, tables)
    kind = tier
    if not is_worker and people.years[i] < 1:
        kind, tier = TOO_NEW, NOT_VISIBLE
    elif (
        tables.participation[place] < 1.0
        and tier != NOT_VISIBLE
        and not takes_part(key, people.index[i], o, people.cohort[i], place, tables)
    ):
        kind, tier = AWAY + tier, NOT_VISIBLE
    people.tier[i] = tier
    seen.places[kind, o, place] += 1
    seen.employers[kind, int(is_worker), g, people.employer[i]] += 1
    counts.careers[o, g, people.employer[i]] += is_worker and tier != NOT_VISIBLE


def run_years(
    world: World, key: Key, chunk: int = CHUNK, threads: int = 1, held: Sequence[Indices] | None = None
) -> Iterator[YearEnd]:
    """Simulate year after year.

    Parameters
    ----------
    world : see `sim.world`; `people_per_researcher` sets the scale.
    key : (seed, replicate) of `sim.randomness.make_key`.
    chunk : rows a loop walks at once, at least 1; changes nothing in the result.
    threads : loops that walk at the same time, at least 1; changes nothing in the result.
    held : the indices of every year of another run, whose stocks then answer instead of this run's (see `held_indices`).

    Yields
    ------
    The end of each year. The columns are the engine's own: read them before the next year.
    """
    sizes = cohort_researchers(key, world.cohort, world.people_per_researcher, FIRST_YEAR)
    people = new_researchers(sizes, FIRST_YEAR)
    ends = np.cumsum(sizes.sum(axis=1))
    indices = held_indices(first_indices(world), held, 0)
    crew = [Walker(new_race(world.anglophone, world.coefficients.nest_dissimilarity), new_batch()) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        for t in range(len(sizes)):
            tables = make_year(world, indices, t)
            year = YearTask(
                people, int(ends[t - 1]) if t else 0, int(ends[t]), key, world.coefficients.visa_sensitive_share, tables
            )
            counts = walk(crew, pool, year, chunk)
            yield YearEnd(FIRST_YEAR + t, counts, people, year.entered, tables, indices)
            indices = next_indices(
                world, indices, t, tables.sector_weight,
                as_floats(counts.stars[0]), as_floats(counts.stars[1]),
                as_floats(counts.stock), as_floats(counts.demand),
            )  # fmt: skip
            indices = held_indices(indices, held, t + 1)


def held_indices(own: Indices, held: Sequence[Indices] | None, t: int) -> Indices:
    """Put another run's ecosystem, diasporas and smoothed demand in the place of a run's own.

    Expectations of visas and the value of work after study stay its own; the latter rests on tables made of what is held.

    Parameters
    ----------
    own : indices of year t of this run.
    held : indices of every year of the other run, from 2000 on, of the same regions; None holds nothing.
    t : year since 2000; after the last one nothing is held.
    """
    if held is None or t >= len(held):
        return own
    other = held[t]
    return own._replace(ecosystem=other.ecosystem, pull=other.pull, diaspora=other.diaspora, demand=other.demand)


class Walker(NamedTuple):
    """Scratch space of one thread."""

    race: Race
    batch: Batch


class YearTask(NamedTuple):
    """What is to be done in a year."""

    people: Researchers
    known: int  # rows [0, known) entered in earlier years
    entered: int  # rows [known, entered) enter
    key: Key
    visa_sensitive_share: float
    tables: Year


def walk(crew: Sequence[Walker], pool: Executor, year: YearTask, chunk: int) -> Counts:
    """Let all rows live one year, every walker with its share of the chunks and counts of its own; add the counts."""
    starts = range(0, year.entered, chunk)
    if len(crew) == 1:
        return take(crew[0], year, starts, chunk)
    shares = [starts[k :: len(crew)] for k in range(len(crew))]
    parts = pool.map(lambda walker, mine: take(walker, year, mine, chunk), crew, shares)
    return Counts(*(sum(columns) for columns in zip(*parts, strict=True)))


def take(walker: Walker, year: YearTask, starts: Sequence[int], chunk: int) -> Counts:
    """Let the rows of some chunks enter, if this is their year, and live it."""
    regions = year.tables.anglophone.shape[0]
    counts, seen = new_counts(regions), new_seen(regions)
    for first in starts:
        last = min(first + chunk, year.entered)
        if last > year.known:
            enter(year.people, max(first, year.known), last, year.key, year.visa_sensitive_share)
        advance(year.people, first, last, year.key, year.tables, counts, seen, walker.race, walker.batch)
    add_up(seen, counts)
    return counts


def as_floats(counts: Integers) -> Floats:
    """Convert whole numbers to floats, exactly."""
    return counts.astype(np.float64)
