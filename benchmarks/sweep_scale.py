"""What a sweep costs besides its simulations: memory of the parent, files, time; a large one beside one of a tenth.

    python -m benchmarks.sweep_scale [--runs 20000] [--researchers 2000] [--workers 2] [--until 2035]

Each size runs in a process of its own, whose peak memory the system tells. Overhead is the time of all workers that no run
accounts for, by the time of all runs; the start of the workers (some seconds, whatever the size) counts too.
Prints one JSON object.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.sweep_design import write_design

FILES_ALLOWED, MEMORY_ALLOWED, OVERHEAD_ALLOWED = 200, 1.3, 0.15


def main() -> None:
    """Measure both sizes and print."""
    options = read_options()
    if options.one:
        print(json.dumps(measure(Path(options.one), options.workers)))
        return
    found: dict[str, Any] = {"workers": options.workers, "researchers": options.researchers, "until": options.until}
    with tempfile.TemporaryDirectory() as name:
        for label, runs in (("warm", options.workers * 16), ("small", options.runs // 10), ("large", options.runs)):
            folder = Path(name) / label
            folder.mkdir()
            write_design(folder, runs, options.researchers, options.until)
            words = [sys.executable, "-m", "benchmarks.sweep_scale", "--one", str(folder), "--workers", str(options.workers)]
            done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
            found[label] = json.loads(done.stdout)
    del found["warm"]
    found["memory_ratio"] = round(found["large"]["megabytes"] / found["small"]["megabytes"], 3)
    found["allowed"] = {"files": FILES_ALLOWED, "memory_ratio": MEMORY_ALLOWED, "overhead": OVERHEAD_ALLOWED}
    print(json.dumps(found, indent=1))


def measure(folder: Path, workers: int) -> dict[str, Any]:
    """Run the sweep of a folder in this process and its workers; run it again for the time that nothing takes."""
    import sim

    begun = time.monotonic()
    sim.sweep(folder / "design.toml", folder / "out", workers=workers)
    wall = time.monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.monotonic()
    sweep = sim.sweep(folder / "design.toml", folder / "out", workers=workers)
    again = time.monotonic() - begun
    simulated = float(sweep.frame()["seconds"].sum())
    return {
        "runs": sweep.table.num_rows,
        "missing": sweep.missing,
        "failed": sweep.failed,
        "megabytes": round(peak, 1),
        "files": sum(path.is_file() for path in (folder / "out").rglob("*")),
        "seconds": round(wall, 2),
        "simulated_seconds": round(simulated, 2),
        "overhead": round(wall * workers / simulated - 1.0, 4),
        "again_seconds": round(again, 2),
    }


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--researchers", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--until", type=int, default=2035)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
