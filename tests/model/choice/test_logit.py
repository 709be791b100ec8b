"""Discrete choice against closed forms written down a second time in plain Python."""

import math

import numpy as np
import pytest
from scipy import stats

from sim.model.choice.compiled import compiled
from sim.model.choice.logit import (
    ANGLOPHONE,
    HOME,
    OTHER,
    logsum,
    nest_factors,
    nest_of,
    nested_shares,
    normal_cdf,
    power,
    stable_variate,
)
from sim.model.choice.race import new_race, start_clocks, winner
from sim.model.choice.randomness import draw_block, make_key, uniform

PEOPLE = 200_000
UTILITIES = np.array([0.4, -0.3, 1.1, 0.0, 0.7, -1.0])
ENGLISH = np.array([1, 0, 1, 0, 0, 1], dtype=np.uint8)


def textbook_shares(utilities: np.ndarray, origin: int, anglophone: np.ndarray, lam: float) -> np.ndarray:
    """P(j) = P(nest) P(j | nest), inclusive values lambda ln sum exp(V / lambda) (Train 2009, chapter 4)."""
    nests = [[origin]]
    nests += [[j for j in range(len(utilities)) if j != origin and anglophone[j] == flag] for flag in (1, 0)]
    shares = np.zeros(len(utilities))
    inclusive = {n: lam * math.log(sum(math.exp(utilities[j] / lam) for j in nest)) for n, nest in enumerate(nests) if nest}
    total = sum(math.exp(value) for value in inclusive.values())
    for n, value in inclusive.items():
        inside = sum(math.exp(utilities[j] / lam) for j in nests[n])
        for j in nests[n]:
            shares[j] = math.exp(value) / total * math.exp(utilities[j] / lam) / inside
    return shares


@compiled
def race_many(weights, origin, key, race, people):  # type: ignore[no-untyped-def]
    """Count wins of a crowd with the same weights."""
    wins = np.zeros(weights.shape[0])
    for i in range(people):
        start_clocks(key, i, origin, 2020, 2020, 4, race)
        for j in range(weights.shape[0]):
            race.rate[j] = weights[j]
        wins[winner(origin, origin, race)] += 1
    return wins


def test_nests_are_seen_from_the_origin() -> None:
    assert [nest_of(0, j, ENGLISH) for j in range(4)] == [HOME, OTHER, ANGLOPHONE, OTHER]
    assert [nest_of(3, j, ENGLISH) for j in range(4)] == [ANGLOPHONE, OTHER, ANGLOPHONE, HOME]


@pytest.mark.parametrize("lam", [0.3, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("origin", [0, 1])
def test_shares_follow_the_textbook(lam: float, origin: int) -> None:
    shares = np.empty(len(UTILITIES))
    nested_shares(np.exp(UTILITIES / lam), origin, ENGLISH, lam, shares)
    np.testing.assert_allclose(shares, textbook_shares(UTILITIES, origin, ENGLISH, lam), rtol=1e-12)


def test_at_lambda_1_shares_are_a_plain_logit() -> None:
    shares = np.empty(len(UTILITIES))
    nested_shares(np.exp(UTILITIES), 2, ENGLISH, 1.0, shares)
    np.testing.assert_allclose(shares, np.exp(UTILITIES) / np.exp(UTILITIES).sum(), rtol=1e-12)


def test_an_unavailable_alternative_gets_nobody() -> None:
    weights = np.exp(UTILITIES / 0.5)
    weights[[2, 3]] = 0.0
    shares = np.empty(len(UTILITIES))
    nested_shares(weights, 0, ENGLISH, 0.5, shares)
    kept = [0, 1, 4, 5]
    expected = textbook_shares(UTILITIES[kept], 0, ENGLISH[kept], 0.5)
    assert shares[2] == shares[3] == 0.0
    np.testing.assert_allclose(shares[kept], expected, rtol=1e-12)


def test_factors_of_empty_nests_are_zero() -> None:
    assert nest_factors(2.0, 0.0, 0.0, 0.5) == pytest.approx((0.5, 0.0, 0.0))
    assert nest_factors(0.0, 4.0, 0.0, 0.7)[1] == pytest.approx(0.25)


def test_power_of_zero_is_zero() -> None:
    assert power(0.0, 0.4) == 0.0
    assert power(3.0, 0.4) == pytest.approx(3.0**0.4)


@pytest.mark.parametrize("lam", [0.4, 1.0])
def test_the_logsum_is_the_expected_best_utility(lam: float) -> None:
    nests = [UTILITIES[[0]], UTILITIES[[2, 5]], UTILITIES[[1, 3, 4]]]
    expected = math.log(sum(math.exp(lam * math.log(np.exp(nest / lam).sum())) for nest in nests))
    assert logsum(np.exp(UTILITIES / lam), 0, ENGLISH, lam) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("lam", [0.3, 0.6, 0.9, 1.0])
def test_the_sampler_draws_the_nested_logit(lam: float) -> None:
    wins = race_many(np.exp(UTILITIES / lam), 0, make_key(11, 0), new_race(ENGLISH, lam), PEOPLE)
    expected = PEOPLE * textbook_shares(UTILITIES, 0, ENGLISH, lam)
    assert wins.sum() == PEOPLE
    assert stats.chisquare(wins, expected).pvalue > 1e-5


@pytest.mark.parametrize("lam", [0.3, 0.6, 0.9])
def test_the_stable_variate_has_its_laplace_transform(lam: float) -> None:
    key = make_key(12, 0)
    blocks = [draw_block(key, i, 0, 0, 0, 1, 0) for i in range(20_000)]
    variates = np.array([stable_variate(lam, uniform(block[0]), uniform(block[1])) for block in blocks])
    assert (variates > 0.0).all()
    for s in (0.2, 1.0, 3.0):
        values = np.exp(-s * variates)
        error = 4.0 * values.std() / math.sqrt(len(values))
        assert abs(values.mean() - math.exp(-(s**lam))) < error


def test_without_nests_the_stable_variate_is_1() -> None:
    assert stable_variate(1.0, 0.3, 0.8) == 1.0


@pytest.mark.parametrize("x", [-8.0, -1.0, 0.0, 0.5, 3.0])
def test_the_normal_distribution_function(x: float) -> None:
    assert normal_cdf(x) == pytest.approx(stats.norm.cdf(x), rel=1e-12)
