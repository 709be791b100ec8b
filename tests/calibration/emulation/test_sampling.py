"""The sampler, and emulator and sampler together, on a toy whose posterior is known in closed form."""

import numpy as np
import pytest
from scipy.special import ndtri

from sim.calibration.emulation.emulator import fit_emulator
from sim.calibration.emulation.sampling import mixing_of, number_pool, sample_posterior, spread_out
from sim.calibration.likelihood import log_likelihood
from sim.model.choice.randomness import philox, uniform
from tests.calibration.test_fit import record, row

DIMENSIONS, KEYED = 12, 2
SLOPES = np.array([[1.0, 0.5] + [0.0] * 10 + [0.8, 0.0], [0.0, 1.0, -1.0] + [0.0] * 9 + [0.0, 0.5]])
OBSERVED, ERROR = np.array([1.5, -1.0]), 0.4


def keyed(numbers: np.ndarray) -> np.ndarray:
    words = [philox(np.uint64(7), np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(n), np.uint64(1)) for n in numbers]
    return ndtri(np.array([[uniform(each[0]), uniform(each[1])] for each in words]))


def exact() -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and covariance of a linear Gaussian model with standard normal scores."""
    covariance = np.linalg.inv(np.eye(DIMENSIONS + KEYED) + SLOPES.T @ SLOPES / ERROR**2)
    return covariance @ SLOPES.T @ OBSERVED / ERROR**2, covariance


def test_scores_and_keyed_scores_have_the_posterior_in_closed_form() -> None:
    def likelihood(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
        misses = np.concatenate([scores, others], axis=1) @ SLOPES.T - OBSERVED
        return -0.5 * np.square(misses / ERROR).sum(axis=1)

    sample = sample_posterior(likelihood, number_pool(keyed, 1), DIMENSIONS, seed=1, chains=24, steps=1_500)
    mixing = mixing_of(sample)
    scores, numbers, _ = sample.flat()
    mean, covariance = exact()
    found = np.concatenate([scores, keyed(numbers)], axis=1)
    np.testing.assert_allclose(found.mean(axis=0), mean, atol=0.06)
    np.testing.assert_allclose(np.cov(found.T), covariance, atol=0.08)
    assert mixing.good
    assert mixing.effective > 400
    assert 0.5 < sample.renewed < 1.0


def test_a_seed_gives_the_same_bits_and_another_others() -> None:
    def flat(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
        return -0.5 * np.square(scores[:, 0] - 1.0)

    def none(numbers: np.ndarray) -> np.ndarray:
        return np.zeros((len(numbers), 0))

    first, again, other = (sample_posterior(flat, number_pool(none, 1), 3, seed, chains=4, steps=60) for seed in (1, 1, 2))
    assert np.array_equal(first.scores, again.scores)
    assert not np.array_equal(first.scores, other.scores)


def test_chains_that_see_nothing_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        sample_posterior(lambda scores, _: np.full(len(scores), np.nan), number_pool(keyed, 1), 3, seed=1, chains=2, steps=3)


def test_more_points_than_states_are_refused() -> None:
    sample = sample_posterior(lambda scores, _: np.zeros(len(scores)), number_pool(keyed, 1), 3, seed=1, chains=2, steps=30)
    assert len(spread_out(sample, 40)[1]) == 40
    with pytest.raises(ValueError, match="lengthen"):
        spread_out(sample, 41)


def test_emulator_and_sampler_together_find_the_posterior_of_a_linear_model() -> None:
    """Rows on a log scale, emulated from 150 points that a sampler has never asked: same mean and spread as in closed form."""
    names = ("first", "second")
    values = np.exp(OBSERVED)
    evidence = record(*(row(name, value, sd=ERROR * value, discrepancy=0.0) for name, value in zip(names, values, strict=True)))
    inputs = np.random.default_rng(5).normal(size=(150, DIMENSIONS + KEYED))
    emulator = fit_emulator(inputs, np.exp(inputs @ SLOPES.T), (0, 1))

    def emulated(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
        return log_likelihood(evidence, *emulator.predict(np.concatenate([scores, others], axis=1)))

    def known(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
        return log_likelihood(evidence, np.exp(np.concatenate([scores, others], axis=1) @ SLOPES.T))

    found, expected = (
        sample_posterior(each, number_pool(keyed, 1), DIMENSIONS, seed=2, chains=24, steps=1_500).flat()[0]
        for each in (emulated, known)
    )
    np.testing.assert_allclose(found.mean(axis=0), expected.mean(axis=0), atol=0.12)
    np.testing.assert_allclose(found.std(axis=0), expected.std(axis=0), atol=0.12)
