"""The change of a formula that CONTRIBUTING shows: one line, then other numbers under another id, the same in both engines."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.sources import PACKAGE

ROOT = PACKAGE.parent
PROGRAM = """
import sys, sim
from sim.model.choice.randomness import make_key
from sim.runs.folder import run_id
from sim.draws.ensemble import solution_digest
from sim.scenarios.load import load_scenario
from tests.engines.same import differences
from tests.support.packaged import plan_of
from tests.support.toy import random_world, run

assert sim.__file__.startswith(sys.argv[1]), sim.__file__
world = random_world(8, 5, years=14, people=2.5, relocation_hazard=0.5, demand_2019=1.0)
plan = plan_of(load_scenario("baseline"), draws=1)
counts = run(world).counts[-1].stock.tolist()
print(run_id(plan), solution_digest(plan.basis), len(list(differences(world, make_key(1, 0)))), counts, sep="\\n")
"""


def shown() -> tuple[Path, str, str]:
    """The file, the line and what stands there instead."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```diff\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    place, before, after = block.splitlines()
    return Path(place.removeprefix("--- ")), before[1:], after[1:]


def told_by(code: Path, folder: Path) -> list[str]:
    """What the model of a checkout says: run id, digest of what draws are solved with, years in which engines differ, stocks.

    Without the compiler: compiling the model anew takes minutes, and says the same (`tests/engines/test_plain.py`).
    """
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join([str(code), str(ROOT)])}
    words = [sys.executable, "-c", PROGRAM, str(code)]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_line_that_is_shown_is_there_once() -> None:
    place, before, _ = shown()
    assert (ROOT / place).read_text(encoding="utf-8").count(before) == 1


@pytest.mark.slow
def test_a_changed_formula_gives_other_numbers_under_another_id(tmp_path: Path) -> None:
    place, before, after = shown()
    changed = tmp_path / "changed"
    for folder in ("sim", "scenarios"):
        shutil.copytree(ROOT / folder, changed / folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (changed / place).read_text(encoding="utf-8")
    (changed / place).write_text(text.replace(before, after), encoding="utf-8")
    ours, theirs = told_by(ROOT, tmp_path), told_by(changed, tmp_path)
    assert ours[2] == theirs[2] == "0"
    assert all(ours[k] != theirs[k] for k in (0, 1, 3))
