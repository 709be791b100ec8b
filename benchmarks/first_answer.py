"""Measure the first answer after an installation: CPU time of a small run with an empty cache, and of the same run again.

    python -m benchmarks.first_answer [--beside TREE] [--repetitions N] [--write docs/performance.md]

TREE is another checkout, such as `git worktree add ../today 9c4e29c`; both are run in turn by this Python, workers counted.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.bench import ROOT, Timings, write_into

RUN = ("run", "baseline", "--draws", "2", "--researchers", "2000")
FIRST, AGAIN = "first run, empty cache", "the same run once more"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--write", type=Path, help="page that takes the table")
    options = parser.parse_args()
    trees = {"now": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    seconds: dict[str, Timings] = {name: {FIRST: [], AGAIN: []} for name in trees}
    for _ in range(options.repetitions):
        for name, tree in trees.items():
            with tempfile.TemporaryDirectory() as folder:
                for what in (FIRST, AGAIN):
                    seconds[name][what].append(cpu_of_run(tree, Path(folder), what))
    table = as_table(seconds)
    print(table)
    print(json.dumps(seconds))
    if options.write:
        write_into(options.write, table, "first")


def cpu_of_run(tree: Path, folder: Path, name: str) -> float:
    """Measure the CPU seconds of a run and its workers, with its cache and results in a folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(tree), "TALENTSIM_CACHE": str(folder / "cache")}
    command = [sys.executable, "-m", "sim", *RUN, "--out", str(folder / name.replace(" ", "-"))]
    subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def as_table(seconds: dict[str, Timings]) -> str:
    """Write the medians, and the range of the ratio of each pair, as Markdown."""
    lines = ["| CPU seconds, median | now | beside | beside / now |", "|---|--:|--:|--:|"]
    for what in (FIRST, AGAIN):
        now = seconds["now"][what]
        beside = seconds["beside"][what] if "beside" in seconds else []
        ratios = [other / own for other, own in zip(beside, now, strict=False)]
        told = f"{statistics.median(beside):.1f} | {min(ratios):.1f} to {max(ratios):.1f}" if ratios else "|"
        lines.append(f"| {what} | {statistics.median(now):.1f} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
