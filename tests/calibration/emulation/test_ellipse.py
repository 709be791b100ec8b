"""The normal approximation: exact for a linear Gaussian model; harmless where it is wrong."""

import numpy as np
import pytest

from sim.calibration.emulation.ellipse import WIDENED, approximate
from sim.calibration.emulation.sampling import mixing_of, number_pool, sample_posterior

SLOPES = np.random.default_rng(1).normal(size=(4, 8))


def tight(scores: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    return -0.5 * np.square((scores @ SLOPES.T - 1.0) / 0.05).sum(axis=1)


def none(numbers: np.ndarray) -> np.ndarray:
    return np.zeros((len(numbers), 0))


def test_a_linear_model_is_approximated_exactly() -> None:
    found = approximate(tight, 8, 0)
    covariance = np.linalg.inv(np.eye(8) + SLOPES.T @ SLOPES / 0.05**2)
    np.testing.assert_allclose(found.centre, covariance @ SLOPES.T @ np.ones(4) / 0.05**2, atol=1e-3)
    np.testing.assert_allclose(found.root @ found.root.T, WIDENED**2 * covariance, atol=1e-4)


def test_the_centre_moves_with_what_is_keyed() -> None:
    found = approximate(lambda x, u: -0.5 * np.square((x[:, 0] + 2.0 * u[:, 0] - 1.0) / 0.1), 2, 1)
    assert found.tilt[:, 0] == pytest.approx([-2.0 / 1.01, 0.0], abs=1e-3)


def test_chains_of_a_tight_posterior_mix_at_once() -> None:
    mixing = mixing_of(sample_posterior(tight, number_pool(none, 1), 8, seed=1, chains=4, steps=600))
    assert mixing.good
    assert mixing.effective > 300


def test_two_modes_are_both_seen_though_the_approximation_knows_one() -> None:
    def likelihood(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
        return np.logaddexp(-0.5 * np.square((scores[:, 0] - 1.0) / 0.5), -0.5 * np.square((scores[:, 0] + 1.0) / 0.5))

    scores = sample_posterior(likelihood, number_pool(none, 1), 2, seed=3, chains=16, steps=1_500).scores
    assert 0.3 < np.mean(scores[..., 0] > 0.0) < 0.7
