"""The plain form: without the compiler the same program gives the same history, researcher by researcher."""

import hashlib
import os
import subprocess
import sys

import pytest

from sim.data.load import load_data
from sim.draws.constants import first_guess
from sim.draws.draw import REFERENCE, Draw, reference_vector
from sim.scenarios.load import load_scenario
from sim.sources import PACKAGE
from tests.support.packaged import simulated
from tests.support.toy import random_world, run

pytestmark = pytest.mark.slow
ROOT = PACKAGE.parent
SHIPPED = ("baseline", "us-entry-restrictions", "no-restrictions-2018-22")


def digest_of_toy() -> str:
    """Hash every column and count of every year of a toy world with every mechanism on."""
    world = random_world(8, 5, years=24, people=2.5, relocation_hazard=0.5, demand_2019=1.0)
    history = run(world)
    assert len(history.people[-1].origin) > 200
    digest = hashlib.sha256()
    for columns in (*history.people, *history.counts):
        for column in columns:
            digest.update(column.tobytes())
    return digest.hexdigest()


def digest_of_real(name: str) -> str:
    """Hash the outcomes of a shipped scenario, with constants that are only guessed, for a few hundred researchers."""
    data = load_data()
    draw = Draw(REFERENCE, reference_vector(data), first_guess(data))
    result = simulated(load_scenario(name), draw, 0, 150, 1, 2035)
    assert result.flows[:, 0].sum() > 200
    digest = hashlib.sha256()
    for column in (result.counts, result.flows, result.careers, result.active, result.eligible):
        digest.update(column.tobytes())
    return digest.hexdigest()


def plainly(call: str) -> str:
    """Evaluate a function of this module in a process without the compiler."""
    script = f"from tests.engines.test_plain import *\nimport numba\nassert numba.config.DISABLE_JIT\nprint({call})"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_toy_world_has_the_same_history_without_the_compiler() -> None:
    assert plainly("digest_of_toy()") == digest_of_toy()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_has_the_same_history_without_the_compiler(name: str) -> None:
    assert plainly(f"digest_of_real({name!r})") == digest_of_real(name)


def test_the_comparison_can_fail() -> None:
    assert digest_of_real("baseline") != digest_of_real("us-entry-restrictions")
