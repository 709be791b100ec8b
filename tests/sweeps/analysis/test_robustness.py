"""The regret table, by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from sim.sweeps.analysis.responses import AnalysisError
from sim.sweeps.analysis.robustness import regret_table, robustness
from sim.sweeps.design.points import Factor
from sim.sweeps.results import Sweep

Make = Callable[..., Sweep]
USA = "share(work, USA, top20, 2035)"
# Three policies in four futures.
VALUES = np.array([[5.0, 1.0, 3.0, 2.0], [4.0, 2.0, 2.0, 2.0], [0.0, 3.0, 3.0, 0.0]])
NAMES, FUTURES = ("a", "b", "c"), ("1", "2", "3", "4")


def test_regret_by_hand() -> None:
    found = regret_table("x", "higher", NAMES, FUTURES, VALUES[:, :, None])
    np.testing.assert_array_equal(found.regret, [[0, 2, 0, 0], [1, 1, 1, 0], [5, 0, 0, 2]])
    assert found.least_worst == "b"
    assert found.least_mean == "a"
    np.testing.assert_array_equal(found.best_share, [0.75, 0.25, 0.5])
    np.testing.assert_allclose(found.quantiles[0], np.quantile([5, 1, 3, 2], (0.05, 0.5, 0.95)))


def test_where_lower_is_better() -> None:
    found = regret_table("x", "lower", NAMES, FUTURES, VALUES[:, :, None])
    np.testing.assert_array_equal(found.regret, [[5, 0, 1, 2], [4, 1, 0, 2], [0, 2, 1, 0]])
    assert found.least_worst == "c"


def test_a_future_without_all_its_runs_is_left_out() -> None:
    values = np.repeat(VALUES[:, :, None], 2, axis=2)
    values[2, 0, 1] = np.nan
    found = regret_table("x", "higher", NAMES, FUTURES, values)
    assert (found.futures, found.left_out) == (("2", "3", "4"), 1)
    with pytest.raises(AnalysisError, match="no future"):
        regret_table("x", "higher", NAMES, FUTURES, values * np.nan)


def test_noise_is_that_of_a_difference() -> None:
    generator = np.random.default_rng(1)
    shared = 9.0 * generator.normal(size=(1, 200, 8))  # common to all policies: moves no difference
    found = regret_table("x", "higher", NAMES, tuple(map(str, range(200))), shared + generator.normal(size=(3, 200, 8)))
    assert found.noise == pytest.approx(np.sqrt(2.0 / 8), rel=0.05)


def test_scenarios_are_policies_and_draws_are_futures(sweep_of: Make) -> None:
    names = ("baseline", "us-opening")
    sweep = sweep_of(
        lambda name, x, draw, replicate: [0.3 + 0.1 * (name == "us-opening") * (-1) ** draw, 0.0], scenarios=names, draws=3
    )
    found = robustness(sweep, USA)
    assert found.policies == names
    assert found.futures == ("draw 0", "draw 1", "draw 2")
    np.testing.assert_allclose(found.regret, [[0.1, 0.0, 0.1], [0.0, 0.1, 0.0]], atol=1e-12)


def test_points_of_levers_are_policies_of_one_scenario(sweep_of: Make) -> None:
    held = (Factor("refusal", "lever", "us-refusal", 0.1, 0.3, (0.1, 0.2, 0.3)),)
    sweep = sweep_of(lambda _, x, draw, replicate: [x[0] * (draw - 1), 0.0], factors=held, method="grid", draws=3)
    found = robustness(sweep, USA)
    assert found.policies == ("refusal 0.1", "refusal 0.2", "refusal 0.3")
    np.testing.assert_allclose(found.regret, [[0.0, 0.0, 0.2], [0.1, 0.0, 0.1], [0.2, 0.0, 0.0]], atol=1e-12)


def test_an_uncertain_parameter_is_no_policy(sweep_of: Make) -> None:
    held = (Factor("pull", "parameter", "ecosystem_pull", 0.1, 0.3, (0.1, 0.3)),)
    sweep = sweep_of(lambda *_: [0.1, 0.2], factors=held, method="grid")
    with pytest.raises(AnalysisError, match="pull: an uncertain parameter is no policy"):
        robustness(sweep, USA)


def test_one_policy_is_refused(sweep_of: Make) -> None:
    with pytest.raises(AnalysisError, match="has one policy"):
        robustness(sweep_of(lambda *_: [0.1, 0.2], draws=3), USA)
