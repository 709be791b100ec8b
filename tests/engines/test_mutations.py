"""The comparison of the engines goes red when either is broken, and only then (see scripts/mutate_engines.py)."""

import os
import subprocess
import sys

import pytest

from sim.sources import PACKAGE

pytestmark = pytest.mark.slow


def test_every_broken_orchestration_is_found_and_a_broken_formula_elsewhere() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/mutate_engines.py"],
        cwd=PACKAGE.parent,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") == 7
