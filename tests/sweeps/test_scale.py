"""A sweep's parent takes no more memory and no more files for more runs: ten times the runs without their simulation."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
MEASURE = """
import json, resource, sys
from pathlib import Path
import sim, sim.sweeps.execute
sim.sweeps.execute.prepared_or_failure = lambda design, run, data: (design, run, None)
sim.sweeps.execute.measured = lambda design, run, prepared, codes: tuple(float(run.replicate) for _ in design.keep)
out = Path(sys.argv[2])
from sim.sweeps.store import Store
from sim.sweeps.execute import sweep_into
from sim.sweeps.design.file import read_design
from sim.runs.executors import InThisProcess
store = Store(out, read_design(sys.argv[1]))
most = [0]
def count(progress):
    most[0] = max(most[0], sum(1 for path in out.rglob("*") if path.is_file()))
done = sweep_into(store, InThisProcess(), 1, report=count).done
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"done": done, "peak": peak, "files": most[0]}))
"""


def measured(design: Path, out: Path) -> dict[str, int]:
    words = [sys.executable, "-c", MEASURE, str(design), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(os.environ))
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_memory_and_files_do_not_grow_with_the_runs(small_design: Callable[..., Path], tmp_path: Path) -> None:
    few = measured(small_design(points=64, replicates=30), tmp_path / "few")
    many = measured(small_design(points=1024, replicates=40), tmp_path / "many")
    assert (few["done"], many["done"]) == (1_920, 40_960)
    assert many["peak"] / few["peak"] <= 1.3
    assert many["files"] <= 200


def test_runs_need_no_memory_that_grows_with_their_number_in_the_list(small_design: Callable[..., Path]) -> None:
    import tracemalloc

    from sim.sweeps.design.file import read_design
    from sim.sweeps.keys import sweep_runs

    peaks = []
    for points in (256, 4096):
        design = read_design(str(small_design(points=points, replicates=10)))
        tracemalloc.start()
        assert sum(1 for _ in sweep_runs(design)) == points * 10
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 16 * peaks[0]
    assert peaks[1] < 4_000_000
