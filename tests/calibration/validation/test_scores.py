"""Scores against closed forms, and that they prefer the forecast that is right."""

import numpy as np
import pytest
from scipy.stats import norm

from sim.calibration.validation.scores import bootstrapped, chart_sample, coverage, energy_score, row_scores

RNG = np.random.default_rng(1)


def test_crps_of_one_draw_is_that_of_a_normal() -> None:
    found = row_scores(np.full((3, 2), 0.4), np.array([0.4, 0.45]), np.array([0.05, 0.05]))
    at_centre = 0.05 * (2.0 * norm.pdf(0.0) - 1.0 / np.sqrt(np.pi))
    one_off = 0.05 * (1.0 * (2.0 * norm.cdf(1.0) - 1.0) + 2.0 * norm.pdf(1.0) - 1.0 / np.sqrt(np.pi))
    assert found.crps == pytest.approx([at_centre, one_off])
    assert found.log == pytest.approx(norm.logpdf([0.4, 0.45], 0.4, 0.05))
    assert found.place == pytest.approx(norm.cdf([0.0, 1.0]))


def test_many_normal_draws_make_a_wider_normal() -> None:
    draws = RNG.normal(0.4, 0.12, (2_000, 1))
    found = row_scores(draws, np.array([0.53]), np.array([0.05]))
    wide = 0.13
    crps = wide * (2.0 * norm.cdf(1.0) - 1.0 + 2.0 * norm.pdf(1.0) - 1.0 / np.sqrt(np.pi))
    assert found.crps[0] == pytest.approx(crps, rel=0.05)
    assert found.log[0] == pytest.approx(norm.logpdf(0.53, 0.4, wide), abs=0.08)
    assert found.place[0] == pytest.approx(norm.cdf(1.0), abs=0.02)


def test_the_right_forecast_scores_best_and_its_places_are_uniform() -> None:
    truth = RNG.normal(0.0, 1.0, 200)
    seen = truth + RNG.normal(0.0, 0.5, 200)
    errors = np.full(200, 0.5)
    by_name = {
        name: row_scores(RNG.normal(shift, spread, (200, 200)), seen, errors)
        for name, (shift, spread) in {"right": (0.0, 1.0), "narrow": (0.0, 0.2), "wide": (0.0, 3.0), "off": (1.0, 1.0)}.items()
    }
    assert min(by_name, key=lambda name: by_name[name].crps.mean()) == "right"
    assert max(by_name, key=lambda name: by_name[name].log.mean()) == "right"
    assert coverage(by_name["right"].place, 0.9) == pytest.approx(0.9, abs=0.06)
    assert coverage(by_name["right"].place, 0.5) == pytest.approx(0.5, abs=0.1)
    assert coverage(by_name["narrow"].place, 0.9) < 0.75
    assert coverage(by_name["wide"].place, 0.9) > 0.97


def test_the_energy_score_of_one_number_is_its_crps() -> None:
    # In one dimension the energy score is the CRPS; a normal sample against its closed form.
    sample = RNG.normal(size=(4_000, 1))
    crps = 0.3 * (2.0 * norm.cdf(0.3) - 1.0) + 2.0 * norm.pdf(0.3) - 1.0 / np.sqrt(np.pi)
    assert energy_score(sample, np.array([0.3])) == pytest.approx(crps, abs=0.02)


def test_the_energy_score_sees_correlation() -> None:
    root = np.linalg.cholesky(np.array([[1.0, 0.95], [0.95, 1.0]]))
    seen = RNG.normal(size=(300, 2)) @ root.T
    right, loose = RNG.normal(size=(400, 2)) @ root.T, RNG.normal(size=(400, 2))
    means = [np.mean([energy_score(sample, each) for each in seen]) for sample in (right, loose)]
    assert means[0] < means[1]


def test_a_chart_is_sampled_with_the_variances_of_its_parts() -> None:
    parts = np.full((20_000, 3), [0.6, 0.3, 0.1])
    variances = np.array([0.01, 0.02, 0.04])
    sample = chart_sample(parts, variances, np.random.default_rng(2))
    assert sample.sum(axis=1) == pytest.approx(np.zeros(20_000), abs=1e-9)
    ratio = sample[:, 0] - sample[:, 2]
    assert ratio.mean() == pytest.approx(np.log(6.0), abs=0.01)
    assert ratio.var() == pytest.approx(0.05, rel=0.05)


def test_the_spread_of_a_mean_is_that_of_its_standard_error() -> None:
    values = RNG.normal(2.0, 1.0, 400)
    low, high = bootstrapped(values, 3)
    assert (high - low) / (2.0 * 1.645) == pytest.approx(0.05, rel=0.2)
    assert bootstrapped(values, 3) == (low, high)


@pytest.mark.slow
def test_the_scores_are_those_of_an_independent_package() -> None:
    import scoringrules

    draws, sample = RNG.normal(0.4, 0.1, (60, 1)), RNG.normal(size=(60, 4))
    found = row_scores(draws, np.array([0.55]), np.array([0.03]))
    assert found.crps[0] == pytest.approx(float(scoringrules.crps_mixnorm(0.55, draws[:, 0], np.full(60, 0.03))))
    seen = np.array([0.5, -0.2, 0.0, 1.0])
    assert energy_score(sample, seen) == pytest.approx(float(scoringrules.es_ensemble(seen, sample, estimator="fair")))
