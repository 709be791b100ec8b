"""Sensitivity on functions whose answer is known, through the designs and the analysis that sweeps use."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from SALib.analyze import pawn as salib_pawn

from sim.data.load import load_data
from sim.sweeps.analysis.responses import AnalysisError, DrawInputs, Response, default_measure, draw_inputs, respond
from sim.sweeps.analysis.sensitivity import Sensitivity, noise_of, pawn, sensitivity_to_draws, sensitivity_to_factors, slices_of
from sim.sweeps.design.points import Factor, make_points
from sim.sweeps.results import Sweep

Make = Callable[..., Sweep]
USA = "share(work, USA, top20, 2035)"


def factors(count: int, low: float = -math.pi, high: float = math.pi) -> tuple[Factor, ...]:
    return tuple(Factor(f"x{k}", "parameter", "made_up", low, high) for k in range(1, count + 1))


def analysed(method: str, held: tuple[Factor, ...], count: int, function: Callable[[np.ndarray], np.ndarray]) -> Sensitivity:
    points = make_points(method, held, count, seed=1)
    values = function(points)[:, None, None]
    return sensitivity_to_factors(Response("made up", "none", "", method, held, points, values))


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_of_ishigami_are_right() -> None:
    # Closed form for a = 7, b = 0.1 (Ishigami and Homma 1990).
    a, b = 7.0, 0.1
    one, two = 0.5 * (1 + b * math.pi**4 / 5) ** 2, a**2 / 8
    both = b**2 * math.pi**8 * (1 / 18 - 1 / 50)
    variance = one + two + both
    truth = {
        "first_order": (one / variance, two / variance, 0.0),
        "total_order": ((one + both) / variance, two / variance, both / variance),
    }
    found = analysed("saltelli", factors(3), 2048, ishigami)
    for statistic, expected in truth.items():
        for index, value in zip(found.values(statistic).values(), expected, strict=True):
            half = index.high - index.value
            assert 0.0 < half < 0.08
            assert abs(index.value - value) <= 1.5 * half, (statistic, index)
    (pair,) = [each for each in found.indices if (each.statistic, each.input, each.second) == ("second_order", "x1", "x3")]
    assert pair.low < both / variance < pair.high
    total = found.values("first_order_sum")[""]
    assert total.low < (one + two) / variance < total.high
    assert found.ranking == ("x1", "x2", "x3")


def test_pawn_tells_what_matters_from_chance() -> None:
    found = analysed("sobol", factors(4), 512, ishigami)  # x4 does nothing
    chance = found.values("pawn_chance")[""].value
    values = {name: each.value for name, each in found.values("pawn").items()}
    assert values["x2"] > values["x1"] > 2.0 * chance / 1.5
    assert values["x4"] < chance
    assert found.ranking[0] == "x2"


def test_pawn_is_that_of_salib_where_that_is_right() -> None:
    generator = np.random.default_rng(3)
    x = generator.uniform(size=(4000, 2))
    y = x[:, 0] ** 2 + 0.3 * x[:, 1]
    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1]] * 2}
    expected = salib_pawn.analyze(problem, x, y, S=10)["median"]
    slices = np.stack([slices_of(column) for column in x.T], axis=1)
    assert slices.max() == 9
    np.testing.assert_allclose(pawn(slices, y), expected, atol=0.003)


def test_pawn_counts_every_level_of_a_grid() -> None:
    column = np.repeat([1.0, 2.0, 3.0], 40)
    assert sorted(np.bincount(slices_of(column))) == [40, 40, 40]
    y = np.where(column == 3.0, 1.0, 0.0) + np.tile(np.linspace(0.0, 0.1, 40), 3)
    # Levels 1 and 2: two thirds below, none above: distance 1/3 each; level 3: 2/3. The median is 1/3.
    np.testing.assert_allclose(pawn(slices_of(column)[:, None], y), [1 / 3], atol=0.02)


def test_morris_is_exact_on_a_linear_function() -> None:
    held = (*factors(2, 0.0, 10.0), Factor("x3", "parameter", "made_up", 0.0, 1.0))
    found = analysed("morris", held, 6, lambda x: 3.0 * x[:, 0] - 0.5 * x[:, 1])
    for statistic, expected in {"mu": (30.0, -5.0, 0.0), "mu_star": (30.0, 5.0, 0.0), "sigma": (0.0, 0.0, 0.0)}.items():
        values = [each.value for each in found.values(statistic).values()]
        np.testing.assert_allclose(values, expected, atol=1e-9)
    assert found.ranking == ("x1", "x2", "x3")


def test_morris_sees_an_interaction() -> None:
    found = analysed("morris", factors(2, 0.0, 1.0), 30, lambda x: x[:, 0] * x[:, 1])
    assert all(each.value > 0.2 for each in found.values("sigma").values())
    assert all(each.low < 0.5 < each.high for each in found.values("mu_star").values())


def test_the_tornado_has_signs_and_sizes() -> None:
    found = analysed("grid", tuple(Factor(f"x{k}", "parameter", "p", 0, 1, (0.0, 0.5, 1.0)) for k in (1, 2, 3)), 0, lambda x: 2 * x[:, 0] - x[:, 1])  # fmt: skip  # noqa: E501
    spans = {name: found.values("mean_high")[name].value - found.values("mean_low")[name].value for name in found.inputs}
    assert spans == pytest.approx({"x1": 2.0, "x2": -1.0, "x3": 0.0})
    assert {name: round(each.value, 2) for name, each in found.values("rank_correlation").items()}["x3"] == 0.0


def test_noise_is_what_was_put_in() -> None:
    generator = np.random.default_rng(5)
    truth = generator.normal(0.0, 2.0, (400, 1, 1))
    shared, own = generator.normal(0.0, 1.0, (1, 1, 50)), generator.normal(0.0, 1.0, (400, 1, 50))
    found = noise_of(truth + shared + own)
    assert found.of_a_run == pytest.approx(2.0 / 6.0, abs=0.06)
    assert found.common == pytest.approx(0.5, abs=0.12)
    assert found.of_the_means == pytest.approx(1.0 / 50 / 4.0, rel=0.15)
    assert math.isnan(found.between_others)
    assert noise_of(truth + shared).of_the_means == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(noise_of(truth).of_a_run)


def test_variance_between_draws_is_told() -> None:
    generator = np.random.default_rng(6)
    values = generator.normal(0.0, 1.0, (300, 1, 1)) + generator.normal(0.0, 2.0, (1, 200, 1)) + np.zeros((1, 1, 2))
    assert noise_of(values).between_others == pytest.approx(4.0 / 5.0, abs=0.1)


def test_a_failed_run_takes_its_base_point_along(sweep_of: Make) -> None:
    held = factors(3, 0.0, 1.0)
    sweep = sweep_of(
        lambda _, x, draw, replicate: [x[0] + 0.1 * x[1] + 0.01 * x[2], 0.0], factors=held, method="saltelli", points=16,
        fails=lambda point, draw, replicate: (point, replicate) == (8, 1),
    )  # fmt: skip
    found = sensitivity_to_factors(respond(sweep, USA, "us-entry-restrictions"))
    assert (found.rows, found.left_out) == (120, 8)
    assert found.ranking == ("x1", "x2", "x3")


def test_equal_points_share_their_runs(sweep_of: Make) -> None:
    held = (Factor("a", "lever", "us-refusal", 0.1, 0.2, (0.1, 0.2)), Factor("b", "lever", "us-wider-bar", 0.0, 1.0))
    sweep = sweep_of(lambda _, x, draw, replicate: [10 * x[0] + x[1], 0.0], factors=held, method="saltelli", points=8)
    assert len(np.unique(sweep.points, axis=0)) < len(sweep.points)
    response = respond(sweep, USA, "us-entry-restrictions")
    np.testing.assert_allclose(response.values[:, 0, 0], 10 * sweep.points[:, 0] + sweep.points[:, 1])


def test_what_nothing_moves_is_said(sweep_of: Make) -> None:
    sweep = sweep_of(lambda *_: [0.25, 0.0], factors=factors(2, 0.0, 1.0), method="sobol", points=32)
    with pytest.raises(AnalysisError, match=r"0\.25 everywhere"):
        sensitivity_to_factors(respond(sweep, USA, "us-entry-restrictions"))


def test_too_few_points_are_said(sweep_of: Make) -> None:
    sweep = sweep_of(lambda _, x, draw, replicate: [x[0], 0.0], factors=factors(1, 0.0, 1.0), method="halton", points=10)
    with pytest.raises(AnalysisError, match=r"10 points of 10 .* at least 20"):
        sensitivity_to_factors(respond(sweep, USA, "us-entry-restrictions"))


def test_the_uncertain_parameter_that_decides_is_found_among_the_draws(sweep_of: Make) -> None:
    names = [p.name for p in load_data().parameters if p.prior is not None]
    probe = sweep_of(lambda *_: [0.0, 0.0], draws=60, replicates=1)
    inputs = draw_inputs(probe, "us-entry-restrictions")
    assert set(names) <= set(inputs.names)
    assert "lever us-refusal" in inputs.names
    column = inputs.values[:, inputs.names.index("ecosystem_pull")]
    size = inputs.values[:, inputs.names.index("lever us-refusal")]
    sweep = sweep_of(lambda _, x, draw, replicate: [2 * column[draw] / np.ptp(column) - size[draw] / np.ptp(size), 0.0], draws=60)
    found = sensitivity_to_draws(respond(sweep, USA, "us-entry-restrictions"), inputs)
    assert found.rows == 60
    assert found.ranking[0] == "ecosystem_pull"
    assert found.values("pawn")["ecosystem_pull"].value > found.values("pawn_chance")[""].value
    assert found.values("rank_correlation")["lever us-refusal"].high < 0.0


def test_draws_of_a_changed_scenario_are_not_guessed_at(sweep_of: Make) -> None:
    sweep = sweep_of(lambda *_: [0.0, 0.0], draws=30)
    changed = Sweep(sweep.folder, {**sweep.record, "group": "another"})
    assert "has changed since" in draw_inputs(changed, "us-entry-restrictions").reason
    assert "reference point" in draw_inputs(Sweep(sweep.folder, {**sweep.record, "draws": 0}), "us-entry-restrictions").reason
    with pytest.raises(AnalysisError, match="changed"):
        sensitivity_to_draws(respond(sweep, USA, "us-entry-restrictions"), draw_inputs(changed, "us-entry-restrictions"))
    assert draw_inputs(sweep, "us-entry-restrictions").reason == ""
    assert isinstance(draw_inputs(sweep, "us-entry-restrictions"), DrawInputs)


def test_an_effect_is_a_difference_run_by_run(sweep_of: Make) -> None:
    sweep = sweep_of(
        lambda name, x, draw, replicate: [draw + (0.1 * x[0] if name == "us-opening" else 0.0), 0.0],
        factors=factors(1, 0.0, 1.0), method="sobol", points=4, draws=3, scenarios=("baseline", "us-opening"),
    )  # fmt: skip
    response = respond(sweep, f"2 * {USA}", "us-opening", "baseline")
    np.testing.assert_allclose(response.values, 0.2 * sweep.points[:, :, None] + np.zeros((4, 3, 2)), atol=1e-12)


def test_the_elite_is_refused_below_its_size_with_the_reason(sweep_of: Make) -> None:
    elite = "share(work, USA, elite, 2035)"
    small = sweep_of(lambda *_: [0.1, 0.2], keep=(elite, USA), researchers=20_000, replicates=9)
    with pytest.raises(AnalysisError, match="20,000 researchers x 10 replicates, and this sweep has 20,000 x 9"):
        respond(small, elite, "us-entry-restrictions")
    assert default_measure(small) == USA
    large = sweep_of(lambda *_: [0.1, 0.2], keep=(elite, USA), researchers=20_000, replicates=10)
    assert respond(large, elite, "us-entry-restrictions").values.shape == (1, 1, 10)
