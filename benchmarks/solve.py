"""How long three questions of `talentsim solve` take, warm, and what they find; prints one JSON object.

python -m benchmarks.solve [--draws 25] [--researchers 5000] [--workers 2] [--fine 0]

With --fine N the goal is also simulated at N values of the range, to compare.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.runs.plan import RunPlan
from sim.scenarios.load import load_basis, load_scenario
from sim.sweeps.design.points import Factor
from sim.sweeps.goals.goal import parse_goal
from sim.sweeps.goals.search import Aim, criterion, margins_at, search

ALLOWED_SECONDS = 90.0
QUESTIONS = {
    "german-stipend": (
        "phd_stipend", 'destination = ["DEU"]', "multiply", 1.0, (1.0, 9.0), None,
        "share(work, DEU, top20, 2035) >= share(work, DEU, top20, 2022)",
    ),
    "us-refusal": (
        "student_visa_refusal", 'origin = ["CHN"]\ndestination = ["USA"]', "multiply", 1.0, (0.5, 8.0), 0.5,
        "passes(CHN, USA, work, top20, 2030)",
    ),
    "indian-quality": (
        "doctoral_quality", 'destination = ["IND"]', "add", 0.0, (0.0, 3.0), 0.5,
        "indicator(entrants_home, IND, 2035) >= 0.3",
    ),
}  # fmt: skip
"""By name: lever, whom it is aimed at, change, value today, range, part of the draws, goal."""


def aim_of(folder: Path, name: str, **sizes: int) -> tuple[Aim, float]:
    """Make the aim of a question, and the lever's value today; its scenario is written into a folder."""
    lever, whom, change, value, (low, high), part, text = QUESTIONS[name]
    path = folder / f"{name}.toml"
    lines = [f'title = "{name}"', 'extends = "baseline"', "[[lever]]", 'id = "x"', f'name = "{lever}"', whom, "from = 2026"]
    lines += [f'change = "{change}"', f"value = {value}", 'evidence = "A question."']
    path.write_text("\n".join(lines), encoding="utf-8")
    basis = load_basis()
    goal = parse_goal(text, basis.data.codes, 2035)
    plan = replace(RunPlan(load_scenario(str(path)), basis), **({"until": goal.last_year} | sizes))
    return Aim(plan, Factor("x", "lever", "x", low, high), goal, part), value


def measured(folder: Path, name: str, workers: int, fine: int, **sizes: int) -> dict[str, object]:
    """Solve one question and time it."""
    aim, today = aim_of(folder, name, **sizes)
    begun, before = time.monotonic(), cpu_seconds()
    found = search(aim, today, workers)
    seconds, cpu = time.monotonic() - begun, cpu_seconds() - before
    record: dict[str, object] = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "state": found.state,
        "value": found.value,
        "error": found.error,
    }
    if fine:
        grid = np.linspace(aim.factor.low, aim.factor.high, fine)
        good = grid[criterion(margins_at(aim, grid.tolist(), workers), aim.part) >= 0.0]
        record["fine"] = float(good[np.argmin(np.abs(good - today))]) if len(good) else None
    print(name, record, file=sys.stderr, flush=True)
    return record


def cpu_seconds() -> float:
    """Return the time that this process and its ended children have computed."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("draws", 25), ("researchers", 5_000), ("workers", 2), ("fine", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    sizes = {"draws": options.draws, "replicates": 2, "researchers": options.researchers}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured(folder, "german-stipend", options.workers, 0, draws=2, replicates=1, researchers=500)  # compiled code is loaded
        found = {question: measured(folder, question, options.workers, options.fine, **sizes) for question in QUESTIONS}
    print(json.dumps({"sizes": sizes, "questions": found, "allowed_seconds": ALLOWED_SECONDS}))


if __name__ == "__main__":
    main()
