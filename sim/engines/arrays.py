"""The array engine: whole columns, year after year, for millions of researchers.

It lays out the rows and lets `strips` walk them, in several threads if wanted. Everyone decides on last year's indices, so the
order of rows, the size of chunks and the number of threads change nothing. Sums over researchers are whole numbers.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from sim.engines.counts import Counts, YearEnd, counts_of, counts_of_years, new_counts, new_seen, write_year
from sim.engines.strips import RACES, Strip, new_strip, take_chunks
from sim.model.choice.compiled import compiled, is_cached
from sim.model.choice.race import Races, new_races
from sim.model.choice.randomness import Key
from sim.model.indices import as_floats, first_indices, held_indices, next_indices
from sim.model.population import Researchers, cohort_researchers, new_researchers
from sim.model.world import FIRST_YEAR, Indices, Integers, World, Year
from sim.model.year import make_year, new_past

CHUNK = 1 << 14


AT_ONCE = 1_000_000
"""Rows up to which all years are one compiled call, in which Ctrl-C is not heard: half a second at most."""


def run_years(
    world: World, key: Key, chunk: int = CHUNK, threads: int = 1, held: Sequence[Indices] | None = None
) -> Iterator[YearEnd]:
    """Simulate year after year.

    Parameters
    ----------
    world : see `sim.model.world`; `people_per_researcher` sets the scale.
    key : (seed, replicate) of `sim.model.choice.randomness.make_key`.
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
    crew = [new_walker(world) for _ in range(threads)]
    past = new_past(world)
    with ThreadPoolExecutor(threads) as pool:
        for t in range(len(sizes)):
            tables = make_year(world, indices, t, past)
            year = YearTask(people, int(ends[t - 1]) if t else 0, int(ends[t]), key, tables)
            counts = walk(crew, pool, year, chunk)
            yield YearEnd(FIRST_YEAR + t, counts, people, year.entered, tables, indices)
            indices = held_indices(indices_after(world, indices, t, tables, counts), held, t + 1)


def run_counts(world: World, key: Key, chunk: int = CHUNK, threads: int = 1) -> Counts:
    """Simulate all years, for whoever wants nothing but their counts: those of `run_years`.

    A run of at most AT_ONCE rows in one thread is one compiled call: what passes between the years then never becomes objects of
    Python, which costs as much as two thousand researchers a year.

    Parameters
    ----------
    world, key, chunk, threads : as for `run_years`.

    Returns
    -------
    Counts with one more axis (T,) in front of each.
    """
    counts = counts_of_years(*world.cohort.shape)
    sizes = cohort_researchers(key, world.cohort, world.people_per_researcher, FIRST_YEAR)
    if threads > 1 or sizes.sum() > AT_ONCE:
        for t, end in enumerate(run_years(world, key, chunk, threads)):
            write_year(end.counts, counts, t)
        return counts
    people = new_researchers(sizes, FIRST_YEAR)
    walker = new_walker(world)
    count_years(world, key, people, np.cumsum(sizes.sum(axis=1)), chunk, counts, walker.races, walker.strip)
    return counts


@compiled
def count_years(
    world: World, key: Key, people: Researchers, ends: Integers, chunk: int, counts: Counts, races: Races, strip: Strip
) -> None:
    """Do what `run_counts` says; ends: (T,) rows that have entered by the end of each year; counts: all zero."""
    indices = first_indices(world)
    known = 0
    past = new_past(world)
    for t in range(ends.shape[0]):
        tables = make_year(world, indices, t, past)
        year, seen = counts_of(counts, t), new_seen(len(world.anglophone))
        take_chunks(people, (0, chunk, chunk), (known, ends[t]), key, tables, year, seen, races, strip)
        indices = indices_after(world, indices, t, tables, year)
        known = ends[t]


@compiled
def indices_after(world: World, indices: Indices, t: int, tables: Year, counts: Counts) -> Indices:
    """Make the indices that the next year reads from the counts of the year that ends."""
    top, elite = as_floats(counts.stars[0]), as_floats(counts.stars[1])
    return next_indices(world, indices, t, tables.sector_weight, top, elite, as_floats(counts.stock), as_floats(counts.demand))


def is_compiled() -> bool:
    """Tell whether what walks the years is compiled already, so that nobody waits for it."""
    return is_cached(count_years)


class Walker(NamedTuple):
    """Scratch space of one thread."""

    races: Races
    strip: Strip


def new_walker(world: World) -> Walker:
    """Make the scratch space of a thread."""
    return Walker(new_races(world.anglophone, world.coefficients.nest_dissimilarity, RACES), new_strip())


class YearTask(NamedTuple):
    """What is to be done in a year."""

    people: Researchers
    known: int  # rows [0, known) entered in earlier years
    entered: int  # rows [known, entered) enter
    key: Key
    tables: Year


def walk(crew: Sequence[Walker], pool: Executor, year: YearTask, chunk: int) -> Counts:
    """Let all rows live one year, every walker with its share of the chunks and counts of its own; add the counts."""
    starts = range(0, year.entered, chunk)
    if len(crew) == 1:
        return take(crew[0], year, starts, chunk)
    shares = [starts[k :: len(crew)] for k in range(len(crew))]
    parts = pool.map(lambda walker, mine: take(walker, year, mine, chunk), crew, shares)
    return Counts(*(sum(columns) for columns in zip(*parts, strict=True)))


def take(walker: Walker, year: YearTask, starts: range, chunk: int) -> Counts:
    """Let the rows of some chunks enter, if this is their year, and live it."""
    regions = year.tables.anglophone.shape[0]
    counts = new_counts(regions)
    take_chunks(
        year.people, (starts.start, starts.step, chunk), (year.known, year.entered), year.key,
        year.tables, counts, new_seen(regions), walker.races, walker.strip,
    )  # fmt: skip
    return counts
