"""Where the time of the array engine goes: the parts of a year by researcher, and of a whole run as a sweep makes it.

    python -m benchmarks.parts [--size 400000] [--run 5000] [--repetitions 15] [--write docs/performance.md]

A part of the year is the difference between walking it up to there and up to the part before; the state is the same each time.
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.bench import SCENARIO, SEED, UNTIL, reference_draw, timed, world_at, write_into
from sim.data.load import load_data
from sim.draws.worlds import world_of
from sim.engines.arrays import indices_after, new_walker, run_years
from sim.engines.counts import Counts, Seen, new_counts, new_seen
from sim.engines.strips import (
    RACES,
    STRIP,
    Strip,
    begin_choice,
    count,
    draw_choice,
    draw_rows,
    end_choice,
    enter,
    gather_active,
    live,
    look,
    words_of,
)
from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.race import Races, one_race
from sim.model.choice.randomness import YEAR, Key, make_key, occasion
from sim.model.population import OUT, Researchers, new_researchers
from sim.model.world import FIRST_YEAR, Indices, World
from sim.model.world import Year as Tables
from sim.model.year import make_year, new_past
from sim.runs.simulate import simulate
from sim.scenarios.load import load_shipped

MEASURED_YEAR = 2029
PARTS = (
    "columns in, who is active",
    "the year's block",
    "graduation, status, opportunity, exit",
    "choices: their blocks",
    "choices: clocks, weights, the first guess",
    "choices: the winner, gates, the new state",
    "looking: tier",
    "counting",
)
AGAIN = 20
"""How often the tables of a year are made in one call, so that the call itself does not count."""


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=400_000)
    parser.add_argument("--run", type=int, default=5_000)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--write", help="page that takes the tables")
    options = parser.parse_args()
    lines = parts_of_year(world_at(options.size), options.size, options.repetitions)
    table = "\n".join([*lines, "", *parts_of_run(options.run, options.repetitions)])
    print(table)
    if options.write:
        write_into(Path(options.write), table, "parts")


def parts_of_year(world: World, size: int, repetitions: int) -> list[str]:
    """Measure the parts of one year in nanoseconds per active researcher; returns the lines of a table."""
    people, known, entered, tables = state_before(world)
    walker = new_walker(world)
    active = int((people.stage[:known] != OUT).sum()) + entered - known
    key = make_key(SEED, 0)
    seconds: list[list[float]] = [[] for _ in PARTS]
    chosen = 0
    for _ in range(repetitions + 1):
        for part in range(len(PARTS)):
            copy = Researchers(*(column.copy() for column in people))
            enter(copy, known, entered, key, tables, walker.strip)
            counts, seen = new_counts(len(world.anglophone)), new_seen(len(world.anglophone))
            seconds[part].append(
                timed(lambda: walk_to(copy, entered, key, tables, counts, seen, walker.races, walker.strip, part))  # noqa: B023
            )
            chosen = int(counts.flows[:3].sum())
    medians = [statistics.median(each[1:]) for each in seconds]  # the first call compiles
    lines = [f"{MEASURED_YEAR}, {size:,} researchers in 2022: {active:,} active, {chosen / active:.3f} choices each.", ""]
    lines += ["| part of a year, per active researcher | ns |", "|---|--:|"]
    for part, after, before in zip(PARTS, medians, [0.0, *medians], strict=False):
        lines.append(f"| {part} | {(after - before) / active * 1e9:.1f} |")
    return [*lines, f"| all | {medians[-1] / active * 1e9:.1f} |"]


def state_before(world: World) -> tuple[Researchers, int, int, Tables]:
    """Return rows as the year begins, how many were known and how many enter, and the tables of the year."""
    people, known = new_researchers(np.zeros((1, 1), dtype=np.int64), FIRST_YEAR), 0
    for end in run_years(world, make_key(SEED, 0)):
        if end.year == MEASURED_YEAR:
            return people, known, end.entered, end.tables
        people = Researchers(*(column.copy() for column in end.researchers))
        known = end.entered
    raise SystemExit(f"the run ends before {MEASURED_YEAR}")


@inlined
def walk_to(
    people: Researchers, last: int, key: Key, tables: Tables, counts: Counts, seen: Seen, races: Races, strip: Strip, part: int
) -> None:
    """Let all rows live a year up to one of PARTS, as `sim.engines.strips.advance` does."""
    for start in range(0, last, STRIP):
        active = gather_active(people, start, min(start + STRIP, last), strip)
        if part >= 1:
            draw_rows(key, occasion(tables.year, YEAR), strip)
        choosers = live(people, active, key, tables, counts, strip) if part >= 2 else 0
        for first in range(0, choosers, RACES):
            group = range(first, min(first + RACES, choosers))
            if part >= 3:
                for c in group:
                    i = strip.row[strip.chooser[c]]
                    draw_choice(people, i, key, strip.choice[c], tables.year, one_race(races, c - first))
            if part >= 4:
                for c in group:
                    k = strip.chooser[c]
                    race = one_race(races, c - first)
                    begin_choice(people, strip.row[k], key, strip.choice[c], words_of(k, strip), tables, race)
            if part >= 5:
                for c in group:
                    k = strip.chooser[c]
                    race = one_race(races, c - first)
                    end_choice(people, strip.row[k], key, strip.choice[c], words_of(k, strip), tables, race, counts)
        if part >= 6:
            look(people, active, key, tables, strip)
        if part >= 7:
            count(people, active, counts, seen, strip)


def parts_of_run(size: int, repetitions: int) -> list[str]:
    """Measure the parts of a whole run in milliseconds, the policies and the world of the draw included; returns lines."""
    scenario, draw, data = load_shipped(SCENARIO), reference_draw(), load_data()
    world, key = world_at(size), make_key(SEED, 0)
    ends = list(run_years(world, key))
    researcher_years = sum(int(end.counts.stock.sum()) for end in ends)
    work: dict[str, Callable[[], object]] = {
        "policies and world of the draw": lambda: world_of(data, scenario, draw, size, UNTIL),
        "tables of the years": lambda: [tables_again(world, end.indices, t, AGAIN) for t, end in enumerate(ends)],
        "indices": lambda: [indices_again(world, end.indices, t, end.tables, end.counts, AGAIN) for t, end in enumerate(ends)],
        "whole": lambda: simulate(world, draw, 0, SEED),
    }
    found = {name: statistics.median([timed(each) for _ in range(repetitions + 1)][1:]) for name, each in work.items()}
    found["tables of the years"] /= AGAIN
    found["indices"] /= AGAIN
    whole = found.pop("whole")
    found["researchers, counts and all else"] = whole - found["tables of the years"] - found["indices"]
    lines = [f"A run of {size:,} researchers: {len(ends)} years from {FIRST_YEAR}, {researcher_years:,} researcher-years.", ""]
    lines += ["| part of a run | ms |", "|---|--:|"]
    lines += [f"| {name} | {1000 * value:.1f} |" for name, value in found.items()]
    return [*lines, f"| all | {1000 * sum(found.values()):.1f} |"]


@compiled
def tables_again(world: World, indices: Indices, t: int, times: int) -> float:
    """Make the tables of a year several times, as a run does without leaving compiled code."""
    past = new_past(world)
    total = 0.0
    for _ in range(times):
        total += make_year(world, indices, t, past).study_pull
    return total


@compiled
def indices_again(world: World, indices: Indices, t: int, tables: Tables, counts: Counts, times: int) -> float:
    """Make the indices of the next year several times."""
    total = 0.0
    for _ in range(times):
        total += indices_after(world, indices, t, tables, counts).pull[0]
    return total


if __name__ == "__main__":
    main()
