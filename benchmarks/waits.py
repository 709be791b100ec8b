"""Measure what people wait for: commands beside what they cannot do without, and beside another tree of the project.

    python -m benchmarks.waits [--repetitions 5] [--draws 100] [--researchers 20000] [--compared 25] [--beside TREE]
        [--write docs/performance.md]

A command is timed as processor time, its own and that of its processes, so that a busy machine moves ratios little; wall time
stands beside it. Everything is warm: each command has run once before. Contestants run in turn; a ratio is that of two medians,
its range that of the pairs. TREE is a checkout of an earlier version; it runs with a cache of its own and in this environment.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import ROOT, SCENARIO, SEED, UNTIL, machine, write_into
from sim.draws.draw import draw_vectors, make_draw
from sim.draws.worlds import world_of
from sim.engines.arrays import run_counts
from sim.model.choice.randomness import make_key
from sim.runs.executors import available_cores
from sim.scenarios.load import load_basis, load_shipped

VARIANT = "us-entry-restrictions"
LIBRARIES = "import numpy, numba, pyarrow, matplotlib.pyplot"
SMALL = ("--draws", "2", "--researchers", "2000")
SWEEP = "import json; from benchmarks.bench import measure_sweep; print(json.dumps(measure_sweep({size}, {repetitions})))"
SWEEP_SIZE = 5_000


class Spent(NamedTuple):
    """Seconds of a piece of work."""

    processor: float
    wall: float


class Contest(NamedTuple):
    """Two pieces of work in turn, and what their ratio is called."""

    name: str
    work: Callable[[], Spent]
    beside: Callable[[], Spent]


def main() -> None:
    """Measure and print a table and one JSON object."""
    options = read_options()
    with tempfile.TemporaryDirectory() as place:
        contests = list(contests_of(options, Path(place)))
        found = {contest.name: held(contest, options.repetitions) for contest in contests}
    lines = ["| ratio | processor time (range) | wall time (range) | seconds of each, processor |", "|---|--:|--:|--:|"]
    for name, pairs in found.items():
        ours, theirs = (statistics.median(pair[side].processor for pair in pairs) for side in (0, 1))
        cells = [spread([(one[at], other[at]) for one, other in pairs]) for at in (0, 1)]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {ours:.2f}, {theirs:.2f} |")
    if options.beside:
        rates = [sweep_rate(tree, options.repetitions) for tree in (ROOT, Path(options.beside).resolve())]
        lines.append(
            f"| whole runs of {SWEEP_SIZE:,} researchers a second, this tree / earlier tree | | {rates[0] / rates[1]:.2f} | |"
        )
    where = machine()
    lines += ["", f"{options.repetitions} repetitions; {where['cores']} cores, {where['processor']}, Python {where['python']}."]
    print("\n".join(lines))
    print(json.dumps({"machine": where, "contests": found}))
    if options.write:
        write_into(Path(options.write), "\n".join(lines), "waits")


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--draws", type=int, default=100, help="draws of the default run")
    parser.add_argument("--researchers", type=int, default=20_000, help="researchers of the default run and the comparison")
    parser.add_argument("--compared", type=int, default=25, help="draws of the comparison; 0 leaves it out")
    parser.add_argument("--beside", help="folder of an earlier version")
    parser.add_argument("--write", help="page that takes the table")
    return parser.parse_args()


def contests_of(options: argparse.Namespace, place: Path) -> list[Contest]:
    """List what is measured."""
    click = command(ROOT, "-c", "import click")
    out = place / "small"
    contests = [
        Contest(
            "small run, all files / import of its libraries",
            fresh(ROOT, out, "run", SCENARIO, *SMALL),
            command(ROOT, "-c", LIBRARIES),
        ),
        Contest("check / import click", command(ROOT, "-m", "sim", "check", VARIANT), click),
        Contest("--help / import click", command(ROOT, "-m", "sim", "--help"), click),
    ]
    sizes = ("--draws", str(options.draws), "--researchers", str(options.researchers))
    default = fresh(ROOT, place / "default", "run", SCENARIO, *sizes)
    contests.append(
        Contest(f"run of {options.draws} draws / its engine alone", default, engine_alone(options.draws, options.researchers))
    )
    if not options.beside:
        return contests
    earlier = Path(options.beside).resolve()
    small = [fresh(tree, place / f"beside-{tree.name}", "run", SCENARIO, *SMALL) for tree in (ROOT, earlier)]
    contests.append(Contest("small run, this tree / earlier tree", *small))
    if options.compared:
        sizes = ("--draws", str(options.compared), "--researchers", str(options.researchers))
        for name, flags in (("without anatomy and page", ("--no-anatomy", "--no-report")), ("with anatomy and page", ())):
            ours, theirs = (comparison(tree, place / f"compared-{tree.name}", (*sizes, *flags)) for tree in (ROOT, earlier))
            contests.append(Contest(f"comparison {name}, this tree / earlier tree", ours, theirs))
    return contests


def held(contest: Contest, repetitions: int) -> list[tuple[Spent, Spent]]:
    """Let both run once unmeasured, then in turn."""
    contest.work(), contest.beside()
    return [(contest.work(), contest.beside()) for _ in range(repetitions)]


def spread(pairs: list[tuple[float, float]]) -> str:
    """Write the ratio of medians, and the range of the ratios of pairs."""
    ratio = statistics.median(one for one, _ in pairs) / statistics.median(other for _, other in pairs)
    each = [one / other for one, other in pairs]
    return f"{ratio:.2f} ({min(each):.2f}-{max(each):.2f})"


def command(tree: Path, *words: str) -> Callable[[], Spent]:
    """Make the work of running Python with some words in a tree."""

    def work() -> Spent:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, *words], cwd=tree, env=environment(tree), capture_output=True, check=True)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
        return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)

    return work


def environment(tree: Path) -> Mapping[str, str]:
    """Return the environment of a command: byte code is written and kept, the earlier tree has a cache of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    cache = {} if tree == ROOT else {"TALENTSIM_CACHE": str(tree / ".cache")}
    return kept | {"PYTHONPATH": str(tree)} | cache


def fresh(tree: Path, out: Path, *words: str) -> Callable[[], Spent]:
    """Make the work of a command of the project whose results folder is empty."""
    timed = command(tree, "-m", "sim", *words, "--out", str(out))

    def work() -> Spent:
        shutil.rmtree(out, ignore_errors=True)
        return timed()

    return work


def comparison(tree: Path, out: Path, options: tuple[str, ...]) -> Callable[[], Spent]:
    """Make the work of comparing two finished runs, which are made when it is first done."""
    timed = command(tree, "-m", "sim", "compare", SCENARIO, VARIANT, *options, "--out", str(out))

    def work() -> Spent:
        shutil.rmtree(out / "comparisons", ignore_errors=True)
        return timed()

    return work


def engine_alone(draws: int, researchers: int) -> Callable[[], Spent]:
    """Make the work of the engine alone for two replicates of every draw: worlds are ready, a thread for every core."""
    basis, scenario = load_basis(), load_shipped(SCENARIO)
    vectors = draw_vectors(basis.data, draws, {})
    solved = [make_draw(basis, vector, number) for number, vector in enumerate(vectors)]
    worlds = [world_of(basis.data, scenario, draw, researchers, UNTIL) for draw in solved]
    runs = [(world, replicate) for world in worlds for replicate in (0, 1)]
    run_counts(*runs[0][:1], make_key(SEED, 0))

    def work() -> Spent:
        processor, start = time.process_time(), time.perf_counter()
        with ThreadPoolExecutor(available_cores()) as pool:
            list(pool.map(lambda run: run_counts(run[0], make_key(SEED, run[1])).shares.sum(), runs))
        return Spent(time.process_time() - processor, time.perf_counter() - start)

    return work


def sweep_rate(tree: Path, repetitions: int) -> float:
    """Measure the runs of a sweep a second and core in a tree, each with its own policies and world."""
    code = SWEEP.format(size=SWEEP_SIZE, repetitions=repetitions)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment(tree), capture_output=True, encoding="utf-8", check=True
    )
    return float(json.loads(done.stdout.splitlines()[-1])["one replicate"]["runs_per_second"])


if __name__ == "__main__":
    main()
