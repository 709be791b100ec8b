"""On the model itself: twice the replicates leave the ranking of the inputs and the sum of the first-order indices as they are.

The size is chosen by what moves the indices. Runs share random numbers, so that of the replicate noise only what differs from
point to point counts; at 2,000 researchers and 2 replicates that is about .8 % of the variance of the means and moved the sum
by .03 with 16 base points. Its effect falls with the square root of researchers x base points: 5,000 and 32 leave about .013, a
quarter of what is allowed.
"""

from dataclasses import replace
from pathlib import Path

import pytest

import sim
from sim.sweeps.analysis.responses import respond
from sim.sweeps.analysis.sensitivity import Sensitivity, sensitivity_to_factors
from sim.sweeps.design.file import read_design

pytestmark = pytest.mark.slow
DESIGN = Path(__file__).parents[2] / "scenarios" / "sweeps" / "us-policy-sobol.toml"
BASE_POINTS, REPLICATES = 32, 4
MOST_CHANGE = 0.05
TOP = 5


def total(found: Sensitivity) -> float:
    return found.values("first_order_sum")[""].value


def test_twice_the_replicates_change_neither_the_top_five_nor_the_sum(tmp_path: Path) -> None:
    design = replace(read_design(str(DESIGN)), points=BASE_POINTS, replicates=REPLICATES)
    assert len(design.factors) >= 6
    assert design.method == "saltelli"
    found = sim.sweep(design, tmp_path / "sweep", workers=2)
    assert (found.missing, found.failed) == (0, 0)
    response = respond(found, str(design.keep[0]), design.scenarios[0].name)
    twice = sensitivity_to_factors(response)
    once = sensitivity_to_factors(replace(response, values=response.values[:, :, : REPLICATES // 2]))
    assert set(twice.ranking[:TOP]) == set(once.ranking[:TOP])
    assert abs(total(twice) - total(once)) <= MOST_CHANGE
    assert 0.0 < twice.noise.of_the_means < once.noise.of_the_means < 0.02
    assert twice.noise.common > 0.5
