"""Measure the engines against what a user would pick instead, and against the limit of the machine.

    python benchmarks/bench.py [--sizes 5000,20000,...] [--repetitions N] [--starsim PYTHON] [--frames PYTHON]
        [--write docs/performance.md]

Contestants run in turn, so that a busy moment of the machine hits all; a table and one JSON object are printed. What is timed is
the years of a run, tables of policies and shares excluded, except where "whole run" is said. Correctness is checked first.
"""

import argparse
import json
import os
import pickle
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.limit import run_limit
from benchmarks.peers.numpy_year import NumpyModel
from sim.data.load import load_data
from sim.draws.draw import REFERENCE, Draw, make_draw, reference_vector
from sim.draws.worlds import world_of
from sim.engines.agents import run_agents
from sim.engines.arrays import run_counts, run_years
from sim.engines.counts import counts_of
from sim.model.choice.randomness import make_key
from sim.model.world import World
from sim.runs.formulas.measures import parse_measure
from sim.runs.provenance import work_id
from sim.scenarios.load import load_basis, load_shipped
from sim.sweeps.design.design import Design
from sim.sweeps.execute import execute_batch
from sim.sweeps.keys import sweep_runs

ROOT = Path(__file__).resolve().parents[1]
SCENARIO, UNTIL, SEED = "baseline", 2035, 1
SIZES = (5_000, 20_000, 50_000, 200_000, 1_000_000, 5_000_000)
MOST_FOR = {"mesa": 2_000, "numpy": 1_000_000, "starsim": 1_000_000, "mesa-frames": 200_000}
"""Largest size a contestant runs at; the object engine runs at this one alone."""
SWEEP_SIZE, SWEEP_REPLICATES = 5_000, 8
CHECK_SIZE, CLOSE = 20_000, 0.02
"""Largest difference of a share of 2035 between programs with their own random numbers, means of four runs."""
APART = {"starsim": "starsim_year.py", "mesa-frames": "frames_year.py"}
"""Programs that run in an environment of their own."""
Timings = dict[str, list[float]]


def main() -> None:
    """Check, measure, print."""
    options = read_options()
    sizes = [int(size) for size in options.sizes.split(",")]
    result: dict[str, Any] = {"machine": machine(), "scenario": SCENARIO, "until": UNTIL, "sizes": {}}
    pythons = {name: python for name, python in (("starsim", options.starsim), ("mesa-frames", options.frames)) if python}
    result["check"] = check(pythons)
    for size in sizes:
        result["sizes"][size] = measure(size, options.repetitions, pythons)
        print(f"measured {size:,}", file=sys.stderr, flush=True)
    result["mesa"] = measure_mesa(min(MOST_FOR["mesa"], max(sizes)), options.repetitions)
    result["sweep"] = measure_sweep(min(SWEEP_SIZE, max(sizes)), options.repetitions)
    result["memory"] = measure_memory(min(1_000_000, max(sizes)))
    result["start"] = measure_start(options.repetitions)
    result["ratios"] = ratios(result)
    table = as_table(result)
    print(table)
    print(json.dumps(result))
    if options.write:
        write_into(Path(options.write), table)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--starsim", help="Python of an environment with Starsim")
    parser.add_argument("--frames", help="Python of an environment with mesa-frames")
    parser.add_argument("--write", help="page that takes the table")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak is not None:
        print(json.dumps(peak_of(options.peak)))
        sys.exit()
    return options


def machine() -> dict[str, Any]:
    """Say what was measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": platform.processor() or platform.machine(), "cores": cores, "python": platform.python_version()}


def reference_draw() -> Draw:
    """Find the reference point."""
    basis = load_basis()
    return make_draw(basis, reference_vector(basis.data), REFERENCE)


def world_at(size: int) -> World:
    """Make the world of a size."""
    return world_of(load_data(), load_shipped(SCENARIO), reference_draw(), size, UNTIL)


def run_arrays(world: World, seed: int, threads: int = 1) -> list[Any]:
    """Run the array engine as `sim.runs.simulate.simulate` does; return the counts of all years."""
    counts = run_counts(world, make_key(seed, 0), threads=threads)
    return [counts_of(counts, t) for t in range(len(counts.shares))]


def shares_of(counts: Any) -> np.ndarray:
    """Compute the (5, R) shares of the top tier on every axis."""
    shares: np.ndarray = counts.shares[0] / counts.shares[0].sum(axis=1, keepdims=True)
    return shares


def check(pythons: dict[str, str]) -> dict[str, float]:
    """Check that all contestants simulate the same model: identical counts, or shares that are close.

    Raises
    ------
    SystemExit : naming who does not.
    """
    world = world_at(CHECK_SIZE)
    ours = run_arrays(world, SEED)
    for threads in (2, 3):
        for one, other in zip(ours, run_arrays(world, SEED, threads), strict=True):
            if any((a != b).any() for a, b in zip(one, other, strict=True)):
                raise SystemExit(f"{threads} threads give another result")
    expected = np.mean([shares_of(run_arrays(world, SEED + k)[-1]) for k in range(4)], axis=0)
    found = {"numpy": np.mean([shares_of(NumpyModel(world, k).run()[-1]) for k in range(4)], axis=0)}
    for name, python in pythons.items():
        found[name] = np.array(run_apart(name, python, world, 4)["last"])
    apart = {name: float(np.abs(shares - expected).max()) for name, shares in found.items()}
    for name, difference in apart.items():
        if difference > CLOSE:
            raise SystemExit(f"{name}: a share of {UNTIL} is {difference:.3f} away from ours; at most {CLOSE} is luck")
    return apart


def timed(work: Callable[[], Any]) -> float:
    """Measure one call in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(size: int, repetitions: int, pythons: dict[str, str]) -> dict[str, Any]:
    """Measure all contestants of a size in turn."""
    world = world_at(size)
    counts = run_arrays(world, SEED)
    active = np.array([int(year.stock.sum()) for year in counts])
    chosen = np.array([int(year.flows[:3].sum()) for year in counts])
    work: dict[str, Callable[[], Any]] = {
        "arrays": lambda: run_arrays(world, SEED),
        "arrays, 2 threads": lambda: run_arrays(world, SEED, 2),
        "limit": lambda: run_limit(active, chosen / active, len(world.anglophone), make_key(SEED, 0)),
    }
    if size <= MOST_FOR["numpy"]:
        work["numpy"] = lambda: NumpyModel(world, SEED).run()
    rounds = max(2, repetitions // 2) if size >= 1_000_000 else repetitions
    seconds: Timings = {name: [] for name in work}
    run_limit(active[:1], chosen[:1] / active[:1], len(world.anglophone), make_key(SEED, 0))
    for _ in range(rounds):
        for name, one in work.items():
            seconds[name].append(timed(one))
        for name, python in pythons.items():
            if size <= MOST_FOR[name]:
                seconds.setdefault(name, []).extend(run_apart(name, python, world, 1)["seconds"])
    years = int(active.sum())
    return {
        "researcher_years": years,
        "largest": int(active.max()),
        **{name: summary(values, years) for name, values in seconds.items()},
    }


def run_apart(name: str, python: str, world: World, repetitions: int) -> dict[str, Any]:
    """Run a peer in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.pickle"
        path.write_bytes(pickle.dumps(tuple(world)))
        command = [python, str(ROOT / "benchmarks" / "peers" / APART[name]), str(path), str(SEED), str(repetitions)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def summary(seconds: list[float], researcher_years: int) -> dict[str, Any]:
    """Summarise repetitions: median, range, time per researcher-year."""
    median = statistics.median(seconds)
    return {
        "median": median, "range": [min(seconds), max(seconds)], "ns_per_researcher_year": median / researcher_years * 1e9,
    }  # fmt: skip


def measure_mesa(size: int, repetitions: int) -> dict[str, Any]:
    """Measure the object engine beside the array engine at a size of its own."""
    world = world_at(size)
    active = sum(int(year.stock.sum()) for year in run_arrays(world, SEED))
    objects, arrays = [], []
    list(run_agents(world_at(100), make_key(SEED, 0)))
    for _ in range(max(2, repetitions // 2)):
        objects.append(timed(lambda: list(run_agents(world, make_key(SEED, 0)))))
        arrays.append(timed(lambda: run_arrays(world, SEED)))
    return {"size": size, "mesa": summary(objects, active), "arrays": summary(arrays, active)}


def measure_sweep(size: int, repetitions: int) -> dict[str, Any]:
    """Measure whole runs by the function that executes batches of a sweep: one replicate of a point and draw, and several.

    A point and draw costs its policies and its world once, whatever the number of replicates.
    """
    data = load_data()
    codes, code = data.codes, work_id(data)
    keep = (parse_measure(f"share(location, USA, top20, {UNTIL})", codes, UNTIL),)
    found: dict[str, Any] = {"size": size, "replicates": SWEEP_REPLICATES}
    for name, replicates in (("one replicate", 1), ("several replicates", SWEEP_REPLICATES)):
        design = Design("speed", (load_shipped(SCENARIO),), (), "none", 1, 0, keep, 0, replicates, size, SEED, UNTIL)
        runs = list(sweep_runs(design))
        execute_batch(design, code, None, runs[:1])
        seconds = [timed(lambda: execute_batch(design, code, None, runs)) / replicates for _ in range(4 * repetitions)]  # noqa: B023 (at once)
        found[name] = {
            "runs_per_second": 1.0 / statistics.median(seconds), "range": [1.0 / max(seconds), 1.0 / min(seconds)],
        }  # fmt: skip
    return found


def measure_memory(size: int) -> dict[str, Any]:
    """Measure the peak memory of a run above the start-up, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench", "--peak", str(size)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def peak_of(size: int) -> dict[str, Any]:
    """Run once small and once large; return the memory that the large run added, in bytes per active researcher."""
    run_arrays(world_at(1_000), SEED)
    world = world_at(size)
    before = peak_memory()
    largest = max(int(end.counts.stock.sum()) for end in run_years(world, make_key(SEED, 0)))
    added = peak_memory() - before
    return {"size": size, "largest": largest, "bytes": added, "bytes_per_active": added / largest}


def peak_memory() -> int:
    """Return the most memory that this process ever held, in bytes (Linux; elsewhere a parent's peak may be in it)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure_start(repetitions: int) -> dict[str, Any]:
    """Measure how long commands take to answer, beside the import of click."""
    commands = {
        "import click": [sys.executable, "-c", "import click"],
        "talentsim --help": [sys.executable, "-m", "sim", "--help"],
        "talentsim check": [sys.executable, "-m", "sim", "check", "us-h1b-fee"],
    }
    seconds: Timings = {name: [] for name in commands}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for command in commands.values():  # compiles what nobody has imported before
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    for _ in range(2 * repetitions + 1):
        for name, command in commands.items():
            seconds[name].append(
                timed(lambda command=command: subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True))
            )
    return {name: statistics.median(values) for name, values in seconds.items()}


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """Compute the ratios of medians that are asked for."""
    found: dict[str, float] = {}
    for size, row in result["sizes"].items():
        for other in ("numpy", *APART):
            if other in row:
                found[f"{other} / arrays at {size:,}"] = row[other]["median"] / row["arrays"]["median"]
        found[f"arrays / limit at {size:,}"] = row["arrays"]["median"] / row["limit"]["median"]
        found[f"1 thread / 2 threads at {size:,}"] = row["arrays"]["median"] / row["arrays, 2 threads"]["median"]
    costs = [row["arrays"]["ns_per_researcher_year"] for size, row in result["sizes"].items() if size >= 50_000]
    if len(costs) > 1:
        found["cost per researcher-year, dearest / cheapest from 50,000"] = max(costs) / min(costs)
    found["mesa / arrays"] = result["mesa"]["mesa"]["median"] / result["mesa"]["arrays"]["median"]
    start = result["start"]
    for name in ("talentsim --help", "talentsim check"):
        found[f"{name} / import click"] = start[name] / start["import click"]
    return found


def as_table(result: dict[str, Any]) -> str:
    """Write the result as Markdown."""
    lines = [
        "| researchers in 2022 | researcher-years | program | seconds (range) | ns per researcher-year |",
        "|--:|--:|---|--:|--:|",
    ]
    for size, row in result["sizes"].items():
        names = [name for name in ("arrays", "arrays, 2 threads", "numpy", *APART, "limit") if name in row]
        lines += [timing_line(size, row["researcher_years"], name, row[name]) for name in names]
    mesa = result["mesa"]
    years = round(mesa["mesa"]["median"] / mesa["mesa"]["ns_per_researcher_year"] * 1e9)
    lines += [timing_line(mesa["size"], years, name, mesa[name]) for name in ("mesa", "arrays")]
    lines += ["", "| ratio of medians, or quantity | value |", "|---|--:|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in result["ratios"].items()]
    sweep, memory = result["sweep"], result["memory"]
    for name in ("one replicate", "several replicates"):
        what = f"whole runs of {sweep['size']:,} researchers a second and core, {name} of a point and draw"
        lines.append(f"| {what} | {sweep[name]['runs_per_second']:.1f} |")
    lines.append(
        f"| bytes of memory per active researcher of the largest year, at {memory['size']:,} | {memory['bytes_per_active']:.1f} |"
    )
    where = result["machine"]
    lines += ["", f"{where['cores']} cores, {where['processor']}, Python {where['python']}."]
    return "\n".join(lines)


def timing_line(size: int, years: int, name: str, row: dict[str, Any]) -> str:
    """Write one row of the table of times."""
    low, high = row["range"]
    return f"| {size:,} | {years:,} | {name} | {row['median']:.3f} ({low:.3f}-{high:.3f}) | {row['ns_per_researcher_year']:.0f} |"


def write_into(page: Path, table: str, mark: str = "bench") -> None:
    """Put the table between the marks of a page."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(begin)
    page.write_text(f"{head}{begin}\n{table}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
