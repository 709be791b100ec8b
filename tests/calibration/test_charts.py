"""Log-ratios of charts: their covariance against simulated clustered samples, and the closed form of the misfit."""

import numpy as np
import pytest

from sim.calibration.charts import LEAST, chart_misfit, log_ratio_covariance, log_ratios, part_variances, with_rest

PARTS = np.array([0.47, 0.18, 0.12, 0.23])
SAMPLE, DESIGN_EFFECT = 867, 4.4


def clustered_samples(count: int) -> np.ndarray:
    """Shares of samples whose persons cluster: Dirichlet-multinomial, of variance DESIGN_EFFECT times the multinomial's."""
    generator = np.random.default_rng(3)
    concentration = (SAMPLE - 1) / (DESIGN_EFFECT - 1) - 1
    chances = generator.dirichlet(concentration * PARTS, size=count)
    return generator.multinomial(SAMPLE, chances) / SAMPLE


@pytest.mark.parametrize("reference", [0, 2])
def test_the_covariance_of_log_ratios_is_that_of_clustered_samples(reference: int) -> None:
    simulated = np.cov(log_ratios(clustered_samples(40_000), reference), rowvar=False)
    stated = log_ratio_covariance(part_variances(PARTS, SAMPLE, DESIGN_EFFECT), reference)
    # 40,000 samples leave .7 %, the second order of the delta method about 1 / (n p / D) = 4 % for the smallest part.
    np.testing.assert_allclose(simulated, stated, rtol=0.06)


def test_the_misfit_of_samples_of_the_published_chart_has_the_mean_of_chi_square() -> None:
    misfits = chart_misfit(clustered_samples(40_000), PARTS, part_variances(PARTS, SAMPLE, DESIGN_EFFECT))
    assert misfits.mean() == pytest.approx(len(PARTS) - 1, rel=0.06)


@pytest.mark.parametrize("reference", range(4))
def test_the_closed_form_equals_the_quadratic_form_for_every_reference(reference: int) -> None:
    modelled = np.array([[0.40, 0.25, 0.15, 0.20], [0.47, 0.18, 0.12, 0.23]])
    variances = part_variances(PARTS, SAMPLE, DESIGN_EFFECT, 0.01, [0.01, 0.01, 0.02, 0.0])
    residuals = log_ratios(modelled, reference) - log_ratios(PARTS, reference)
    covariance = log_ratio_covariance(variances, reference)
    expected = np.einsum("di,ij,dj->d", residuals, np.linalg.inv(covariance), residuals)
    np.testing.assert_allclose(chart_misfit(modelled, PARTS, variances), expected, rtol=1e-10, atol=1e-12)


def test_rounding_and_discrepancy_enter_relative_to_the_part() -> None:
    found = part_variances(np.array([0.5, 0.5]), 100, 1.0, rounding=0.01, discrepancy=[0.02, 0.0])
    assert found[0] == pytest.approx(1 / 50 + (0.01**2 / 12 + 0.02**2) / 0.25)
    assert found[1] == pytest.approx(1 / 50 + 0.01**2 / 12 / 0.25)


def test_what_is_left_to_one_is_a_part() -> None:
    np.testing.assert_allclose(with_rest(np.array([0.5, 0.2])), [0.5, 0.2, 0.3])
    np.testing.assert_allclose(with_rest(np.array([0.5, 0.5])), [0.5, 0.5])


def test_a_modelled_share_of_nothing_is_far_off_and_not_infinite() -> None:
    misfit = chart_misfit(np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.array([0.1, 0.1]))
    assert misfit == pytest.approx((np.log(LEAST) - np.log(1.0)) ** 2 / 0.2, rel=1e-9)
