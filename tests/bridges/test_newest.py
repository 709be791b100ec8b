"""The bridges to packages that need a newer Python than the project does: ArviZ 1.3 and version 3 of the EMA Workbench."""

import os
import subprocess
from pathlib import Path

import pytest

from sim.sources import PACKAGE

ROOT = PACKAGE.parent
PYTHON = Path(os.environ.get("TALENTSIM_NEWEST", ROOT / ".venv-newest" / "bin" / "python"))
VERSIONS = "import arviz, ema_workbench; print(arviz.__version__.split('.')[0], ema_workbench.__version__.split('.')[0])"
TESTS = ("test_arviz_reads_the_tree", "test_arviz_reads_the_ensemble_that_runs_use", "test_the_workbench_runs_its_experiments")


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.is_file(), reason="no environment of Python 3.12 here: `make .venv-newest/.libraries`")
def test_the_newest_arviz_and_workbench_take_what_the_bridges_make(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    known = subprocess.run([PYTHON, "-c", VERSIONS], env=environment, capture_output=True, text=True, check=True)
    assert known.stdout.split() == ["1", "3"]
    place = str(ROOT / "tests" / "bridges" / "test_bridges.py")
    words = [
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "filterwarnings=",
        "--basetemp",
        str(tmp_path / "inside"),
    ]
    done = subprocess.run(
        [*words, *(f"{place}::{name}" for name in TESTS)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert f"{len(TESTS)} passed" in done.stdout, done.stdout + done.stderr
