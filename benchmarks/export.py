"""Measure the page as a folder: time to build it, its size, and how far it is from runs that its surfaces never saw.

    python -m benchmarks.export FOLDER

FOLDER must not be there: the time is that of a build from nothing, with the default levers.
"""

import argparse
import json
import time
from pathlib import Path

from sim.draws.ensemble import find_ensemble
from sim.explorer.export.folder import PAGE, export_page
from sim.explorer.live import Bench
from sim.explorer.state import PageState
from sim.runs.executors import available_cores
from sim.scenarios.load import load_basis


def main(folder: Path) -> None:
    """Build, measure and print one JSON object."""
    bench = Bench(load_basis(), find_ensemble(), {}, available_cores())
    began, used = time.monotonic(), time.process_time()
    errors = export_page(bench, PageState(), folder, lambda *step: None)
    bench.close()
    record = {
        "minutes": round((time.monotonic() - began) / 60.0, 2),
        "own_cpu_seconds": round(time.process_time() - used, 1),
        "megabytes": round((folder / PAGE).stat().st_size / 1e6, 1),
        "refusing_views": sum(row.refused > 0.0 for row in errors),
        "views": [row._asdict() for row in errors],
    }
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    main(parser.parse_args().folder)
