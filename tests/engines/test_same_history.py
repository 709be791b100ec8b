"""Both engines give every researcher the same life: each column in each year, and every count."""

import os
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from sim.engines.walk import years_of
from sim.model.choice.randomness import make_key
from sim.scenarios.reading.chain import shipped_names
from sim.sources import PACKAGE
from tests.engines.same import differences, digest, first_difference, shipped_world
from tests.support.toy import random_world

pytestmark = pytest.mark.slow
HALVES = [shipped_names()[::2], shipped_names()[1::2]]


@pytest.mark.parametrize("names", HALVES, ids=["even", "odd"])
def test_every_shipped_scenario_has_one_history(names: tuple[str, ...], tmp_path: Path) -> None:
    # A process of its own with an empty cache: everything is compiled and executed anew.
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines.same", *names],
        cwd=PACKAGE.parent,
        env={**os.environ, "TALENTSIM_CACHE": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [f"{name}: the same history" for name in names]


def test_without_the_compiler_both_engines_give_the_same_history() -> None:
    script = """
import numba
from sim.model.choice.randomness import make_key
from tests.engines.same import digest, shipped_world
assert numba.config.DISABLE_JIT
world = shipped_world("us-entry-restrictions", 300)
print(digest("arrays", world, make_key(1, 0)), digest("agents", world, make_key(1, 0)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    compiled = digest("arrays", shipped_world("us-entry-restrictions", 300), make_key(1, 0))
    assert done.stdout.split() == [compiled, compiled]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), regions=st.integers(2, 6), hazard=st.floats(0.0, 1.0), key=st.integers(0, 2**32 - 1))
def test_random_worlds_have_one_history(seed: int, regions: int, hazard: float, key: int) -> None:
    world = random_world(seed, regions, years=24, people=4.0, relocation_hazard=hazard, demand_2019=2.0)
    assert next(differences(world, make_key(key, 3)), "") == ""


def test_a_difference_is_named() -> None:
    world = random_world(1, 3, years=6, people=10.0)
    ends = [next(iter(years_of(engine, world, make_key(1, 0)))) for engine in ("arrays", "agents")]
    assert first_difference(*ends) == ""
    ends[1].researchers.place[4] = 77
    who = ends[0].researchers
    named = f"2000, researcher of origin {who.origin[4]}, cohort {who.cohort[4]}, index {who.index[4]}"
    assert first_difference(*ends) == f"{named}: place is {who.place[4]} or 77"
    assert np.array_equal(ends[0].counts.flows, ends[1].counts.flows)
