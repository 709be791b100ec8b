"""The throughput of a sweep on two workers by that on one, in turn, so that a busy moment of the machine hits both.

    python -m benchmarks.sweep_cores [--runs 1500] [--researchers 2000] [--workers 2] [--repetitions 3]

The rate is taken from the first batch on, so that the start of the processes does not count. Prints one JSON object.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import sim
from benchmarks.sweep_design import write_design
from sim.runs.executors import Processes
from sim.sweeps.execute import SweepProgress


def rate(folder: Path, workers: int, out: str) -> float:
    """Run a sweep on spawned processes and return its runs a second after the first batch."""
    seen: list[SweepProgress] = []

    def note(progress: SweepProgress) -> None:
        if progress.executed:
            seen.append(progress)

    processes = Processes(workers)
    with processes.make() as executor:
        sim.sweep(folder / "design.toml", folder / out, executor, workers, report=note)
    first, last = seen[workers], seen[-1]
    return (last.executed - first.executed) / (last.seconds - first.seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_500)
    parser.add_argument("--researchers", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    one: list[float] = []
    many: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_design(folder, options.runs, options.researchers, 2035)
        for repetition in range(options.repetitions):
            one.append(rate(folder, 1, f"one-{repetition}"))
            many.append(rate(folder, options.workers, f"many-{repetition}"))
    ratios = [b / a for a, b in zip(one, many, strict=True)]
    print(
        json.dumps(
            {
                "workers": options.workers,
                "runs_per_second": {"one": [round(x, 2) for x in one], "many": [round(x, 2) for x in many]},
                "ratios": [round(x, 3) for x in ratios],
                "median_ratio": round(statistics.median(ratios), 3),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
