"""Where the time of the array engine goes: the parts of a year by researcher, and of a whole run as a sweep makes it.

    python -m benchmarks.parts [--size 400000] [--run 5000] [--repetitions 15]

A part of the year is the difference between walking it up to there and up to the part before; the state is the same each time.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import sim.arrays
from benchmarks.bench import SCENARIO, SEED, UNTIL, reference_draw, run_arrays, timed, world_at
from sim.arrays import new_walker, run_years
from sim.compiled import inlined
from sim.counting import Seen, new_seen
from sim.data import load_data
from sim.engine import simulate
from sim.population import OUT, Counts, Researchers, new_counts, new_researchers
from sim.preparation import world_of
from sim.race import Races, one_race
from sim.randomness import YEAR, Key, make_key, occasion
from sim.scenario import load_shipped
from sim.scratch import STRIP, Strip, draw_rows, gather_active, words_of
from sim.strips import RACES, begin_choice, count, draw_choice, end_choice, enter, live, look
from sim.world import FIRST_YEAR, World
from sim.world import Year as Tables

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
WHOLE = {
    "tables of the years": "make_year",
    "indices": "next_indices",
    "the researchers": "take_chunks",
    "empty counts": "new_counts",
}


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=400_000)
    parser.add_argument("--run", type=int, default=5_000)
    parser.add_argument("--repetitions", type=int, default=15)
    options = parser.parse_args()
    print_year(world_at(options.size), options.size, options.repetitions)
    print_run(options.run, options.repetitions)


def print_year(world: World, size: int, repetitions: int) -> None:
    """Print the parts of one year in nanoseconds per active researcher."""
    people, known, entered, tables = state_before(world)
    walker = new_walker(world)
    active = int((people.stage[:known] != OUT).sum()) + entered - known
    key = make_key(SEED, 0)
    seconds: list[list[float]] = [[] for _ in PARTS]
    chosen = 0
    for _ in range(repetitions + 1):
        for part in range(len(PARTS)):
            copy = Researchers(*(column.copy() for column in people))
            enter(copy, known, entered, key, world.coefficients.visa_sensitive_share, walker.strip)
            counts, seen = new_counts(len(world.anglophone)), new_seen(len(world.anglophone))
            seconds[part].append(
                timed(lambda: walk_to(copy, entered, key, tables, counts, seen, walker.races, walker.strip, part))  # noqa: B023
            )
            chosen = int(counts.flows[:3].sum())
    medians = [statistics.median(each[1:]) for each in seconds]  # the first call compiles
    print(f"{MEASURED_YEAR}, {size:,} researchers in 2022: {active:,} active, {chosen / active:.3f} choices each\n")
    print("| part | ns |\n|---|--:|")
    for part, after, before in zip(PARTS, medians, [0.0, *medians], strict=False):
        print(f"| {part} | {(after - before) / active * 1e9:.1f} |")
    print(f"| all | {medians[-1] / active * 1e9:.1f} |\n")


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
    """Let all rows live a year up to one of PARTS, as `sim.strips.advance` does."""
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
                    begin_choice(people, strip.row[strip.chooser[c]], key, strip.choice[c], tables, one_race(races, c - first))
            if part >= 5:
                for c in group:
                    k = strip.chooser[c]
                    race = one_race(races, c - first)
                    end_choice(people, strip.row[k], key, strip.choice[c], words_of(k, strip), tables, race, counts)
        if part >= 6:
            look(people, active, key, tables, strip)
        if part >= 7:
            count(people, active, counts, seen, strip)


def print_run(size: int, repetitions: int) -> None:
    """Print the parts of a whole run in milliseconds, the policies and the world of the draw included."""
    scenario, draw, data = load_shipped(SCENARIO), reference_draw(), load_data()
    world = world_at(size)
    researcher_years = sum(int(counts.stock.sum()) for counts in run_arrays(world, SEED))
    spent = {name: watched(sim.arrays, function) for name, function in WHOLE.items()}
    making, whole = [], []
    for _ in range(repetitions):
        making.append(timed(lambda: world_of(scenario, draw, size, UNTIL, data)))
        for each in spent.values():
            each.append(0.0)
        whole.append(timed(lambda: simulate(scenario, draw, 0, size, SEED, UNTIL, world=world)))
    rows = {"policies and world of the draw": statistics.median(making)}
    rows |= {name: statistics.median(each[1:]) for name, each in spent.items()}
    rows["all else"] = statistics.median(whole) - sum(list(rows.values())[1:])
    years = world.cohort.shape[0]
    print(f"a run of {size:,} researchers: {years} years from {FIRST_YEAR}, {researcher_years:,} researcher-years\n")
    print("| part | ms |\n|---|--:|")
    for name, value in rows.items():
        print(f"| {name} | {1000 * value:.1f} |")
    print(f"| all | {1000 * sum(rows.values()):.1f} |")


def watched(module: Any, name: str) -> list[float]:
    """Replace a function by one that adds the time it takes to the last number of the list that is returned."""
    function: Callable[..., Any] = getattr(module, name)
    spent = [0.0]

    def measured(*arguments: Any) -> Any:
        start = time.perf_counter()
        answer = function(*arguments)
        spent[-1] += time.perf_counter() - start
        return answer

    setattr(module, name, measured)
    return spent


if __name__ == "__main__":
    main()
