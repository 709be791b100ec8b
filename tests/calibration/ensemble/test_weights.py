"""Weights of a proposal that is known: right where it is close, refused where it is not."""

import numpy as np
import pytest

from sim.calibration.ensemble.weights import equally_weighted, importance_weights


def normal(x: np.ndarray, middle: float, sd: float) -> np.ndarray:
    return -0.5 * np.square((x - middle) / sd) - np.log(sd)


def test_a_close_proposal_is_mended() -> None:
    x = 0.3 + 1.2 * np.random.default_rng(1).normal(size=400)
    found = importance_weights(normal(x, 0.0, 1.0), normal(x, 0.3, 1.2))
    assert found.usable
    assert found.tail < 0.5
    assert found.values @ x == pytest.approx(0.0, abs=0.12)
    assert found.values.sum() == pytest.approx(1.0)


def test_a_narrow_proposal_and_a_small_effective_size_are_refused() -> None:
    x = 0.4 * np.random.default_rng(1).normal(size=(400, 6))
    found = importance_weights(normal(x, 0.0, 1.0).sum(axis=1), normal(x, 0.0, 0.4).sum(axis=1))
    assert not found.usable
    x = np.random.default_rng(2).normal(size=60)
    assert not importance_weights(normal(x, 0.1, 1.0), normal(x, 0.0, 1.0)).usable  # 60 draws are less than 100


def test_equal_likelihoods_give_equal_weights_and_a_point_not_solved_gets_none() -> None:
    found = importance_weights(np.zeros(200), np.zeros(200))
    assert found.usable
    assert found.values == pytest.approx(1 / 200)
    exact = np.random.default_rng(1).normal(size=200)
    exact[3] = -np.inf
    assert importance_weights(exact, np.zeros(200)).values[3] == 0.0


def test_resampling_keeps_weights_and_shuffles() -> None:
    weights = np.array([0.5, 0.25, 0.25, 0.0])
    places = equally_weighted(weights, 400, seed=1)
    assert np.bincount(places, minlength=4).tolist() == [200, 100, 100, 0]
    assert 0.35 < np.mean(places[:100] == 0) < 0.65
    assert not np.array_equal(places, np.sort(places))
