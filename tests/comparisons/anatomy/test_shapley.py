"""Shapley values against games whose answer is known in closed form."""

import math
from itertools import permutations

import numpy as np
import pytest

from sim.comparisons.anatomy.shapley import coalitions_of, exact_parts, sample_orders, sampled_parts


def members(coalition: int, count: int) -> list[int]:
    return [player for player in range(count) if coalition >> player & 1]


def airport(count: int) -> dict[int, np.ndarray]:
    """The airport game: a coalition costs what its dearest member costs, here player k costs (k + 1)**2."""
    costs = [(k + 1.0) ** 2 for k in range(count)]
    return {c: np.array([max([costs[k] for k in members(c, count)], default=0.0)]) for c in range(1 << count)}


def airport_parts(count: int) -> np.ndarray:
    """Every further piece of the runway is shared evenly by those who need it (Littlechild and Owen, 1973)."""
    costs = [0.0] + [(k + 1.0) ** 2 for k in range(count)]
    steps = [(costs[k + 1] - costs[k]) / (count - k) for k in range(count)]
    return np.cumsum(steps)


def test_the_airport_game_has_its_closed_form() -> None:
    parts = exact_parts(5, airport(5))
    np.testing.assert_allclose(parts.part[:, 0], airport_parts(5), rtol=1e-12)
    np.testing.assert_array_equal(parts.low, parts.part)
    np.testing.assert_array_equal(parts.high, parts.part)


def test_players_who_only_add_get_what_they_add() -> None:
    adds = np.array([[1.0, -2.0], [0.25, 3.0], [0.0, 0.5], [7.0, 0.0]])
    value = {c: adds[members(c, 4)].sum(axis=0) + 10.0 for c in range(16)}
    np.testing.assert_allclose(exact_parts(4, value).part, adds, atol=1e-12)
    orders = sample_orders(4, 4, 3)
    parts = sampled_parts(4, value, orders)
    np.testing.assert_allclose(parts.part, adds, atol=1e-12)
    np.testing.assert_allclose(parts.high - parts.low, 0.0, atol=1e-12)


def test_exact_values_are_means_over_all_orders() -> None:
    generator = np.random.default_rng(4)
    value = {c: generator.normal(size=3) for c in range(16)}
    mean = np.zeros((4, 3))
    for order in permutations(range(4)):
        joined = 0
        for player in order:
            mean[player] += (value[joined | 1 << player] - value[joined]) / math.factorial(4)
            joined |= 1 << player
    np.testing.assert_allclose(exact_parts(4, value).part, mean, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_parts_sum_to_the_total_whatever_was_sampled(seed: int) -> None:
    value = airport(8)
    parts = sampled_parts(8, value, sample_orders(8, 6, seed))
    assert parts.part.sum() == pytest.approx(64.0, rel=1e-12)


def test_sampled_intervals_cover_the_closed_form_as_often_as_they_say() -> None:
    truth = airport_parts(8)
    covered = []
    value = airport(8)
    for seed in range(200):
        parts = sampled_parts(8, value, sample_orders(8, 12, seed))
        covered.append((parts.low[:, 0] <= truth) & (truth <= parts.high[:, 0]))
    assert 0.8 < np.mean(covered) < 0.97


def test_orders_come_in_reversed_pairs_and_name_their_coalitions() -> None:
    orders = sample_orders(7, 6, 1)
    assert orders == sample_orders(7, 6, 1)
    assert orders != sample_orders(7, 6, 2)
    assert all(one == other[::-1] for one, other in zip(orders[::2], orders[1::2], strict=True))
    needed = coalitions_of(7, orders)
    assert {0, 127} <= set(needed)
    assert len(needed) <= 6 * 6 + 2
    assert coalitions_of(3, None) == tuple(range(8))


@pytest.mark.parametrize("orders", [2, 7, 0])
def test_too_few_orders_are_refused(orders: int) -> None:
    with pytest.raises(ValueError, match="even number, at least 4"):
        sample_orders(5, orders, 1)
