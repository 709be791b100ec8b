"""How long a sweep takes to stop after Ctrl-C, from the signal to the end of the process; prints one JSON object.

python -m benchmarks.sweep_stop [--workers 2] [--researchers 20000] [--repetitions 5]
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.sweep_design import write_design


def seconds_to_stop(folder: Path, out: Path, workers: int, wait: float) -> float:
    """Start the sweep, wait for its first part and a moment longer, interrupt its group, wait for the end."""
    words = [sys.executable, "-m", "sim", "sweep", str(folder / "design.toml"), "--to", str(out), "--workers", str(workers)]
    process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(out.glob("parts/*.parquet")):
        time.sleep(0.01)
    time.sleep(wait)
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() == 130
    return time.monotonic() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--researchers", type=int, default=20_000)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_design(folder, 2_000, options.researchers, 2035)
        waits = [0.3 * k for k in range(options.repetitions)]
        found = [seconds_to_stop(folder, folder / f"out-{k}", options.workers, wait) for k, wait in enumerate(waits)]
    print(json.dumps({"seconds": [round(each, 2) for each in found], "most": round(max(found), 2), "allowed": 2.0}))


if __name__ == "__main__":
    main()
