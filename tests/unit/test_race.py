"""The race of a choice against a naive one: all logarithms, all variates, the least time."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim.choice import nest_of, stable_variate
from sim.race import HIGH, LOW, NESTS, Race, bound_variate, new_race, start_clocks, variate, winner
from sim.randomness import LEAST_UNIFORM, draw_block, make_key, uniform

OPEN_UNIT = st.floats(LEAST_UNIFORM, 1.0 - LEAST_UNIFORM)
DISSIMILARITY = st.one_of(st.just(1.0), st.floats(0.1, 1.0))
RATE = st.one_of(st.just(0.0), st.floats(1e-12, 1e12), st.floats(0.9, 1.1))


def a_race(lam: float, rows: list[tuple[float, float, bool]], nests: list[tuple[float, float]]) -> Race:
    """Make a race of (u, rate, is anglophone) with two uniform numbers per nest."""
    race = new_race(np.array([english for _, _, english in rows], dtype=np.uint8), lam)
    for j, (u, rate, _) in enumerate(rows):
        race.uniform[j] = u
        race.rate[j] = rate
    for nest, (angle, waiting) in enumerate(nests):
        bound_variate(race, nest, angle, waiting)
    return race


@settings(deadline=None, max_examples=500)
@given(DISSIMILARITY, OPEN_UNIT, OPEN_UNIT)
def test_the_bounds_hold_the_variate(lam: float, angle: float, waiting: float) -> None:
    race = a_race(lam, [(0.5, 1.0, True)], [(angle, waiting)])
    exact = stable_variate(lam, angle, waiting)
    assert 0.0 < race.variate[0, LOW] < exact < race.variate[0, HIGH]
    assert variate(race, 0) == exact
    assert race.variate[0, LOW] == race.variate[0, HIGH] == exact


def test_the_bounds_are_close_where_most_variates_lie() -> None:
    points = (np.arange(36) + 0.5) / 40
    for angle in points:
        for waiting in points:
            race = a_race(0.46, [(0.5, 1.0, True)], [(float(angle), float(waiting))])
            assert race.variate[0, HIGH] / race.variate[0, LOW] < 1.2


@settings(deadline=None, max_examples=600)
@given(
    DISSIMILARITY,
    st.lists(st.tuples(OPEN_UNIT, RATE, st.booleans()), min_size=1, max_size=25),
    st.lists(st.tuples(OPEN_UNIT, OPEN_UNIT), min_size=NESTS, max_size=NESTS),
    st.data(),
)
def test_the_winner_is_the_naive_one(lam: float, rows, nests, data) -> None:
    origin, guess = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    race = a_race(lam, rows, nests)
    times = np.full(len(rows), np.inf)
    for j, (u, rate, _) in enumerate(rows):
        if rate > 0.0:
            times[j] = -math.log(u) / (stable_variate(lam, *nests[nest_of(origin, j, race.anglophone)]) * rate)
    best = winner(origin, guess, race)
    if not (race.rate > 0.0).any():
        assert best == -1
    else:
        # Products in another order: alternatives that tie to the last bits may both win.
        assert race.rate[best] > 0.0
        assert times[best] <= times.min() * (1.0 + 1e-14)


@settings(deadline=None, max_examples=200)
@given(
    DISSIMILARITY,
    st.lists(st.tuples(OPEN_UNIT, RATE, st.booleans()), min_size=2, max_size=25),
    st.lists(st.tuples(OPEN_UNIT, OPEN_UNIT), min_size=NESTS, max_size=NESTS),
    st.data(),
)
def test_the_guess_changes_nothing_and_a_better_alternative_draws_people_only_to_itself(lam: float, rows, nests, data) -> None:
    j, origin = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    assume(len({(u, rate) for u, rate, _ in rows}) == len(rows))
    winners = [winner(origin, guess, a_race(lam, rows, nests)) for guess in range(len(rows))]
    assert len(set(winners)) == 1
    race = a_race(lam, rows, nests)
    race.rate[j] *= data.draw(st.floats(1.0, 100.0))
    assert winner(origin, 0, race) in (winners[0], j)


def test_the_winner_takes_the_least_time() -> None:
    # Times -ln(u) / rate: 1.61 / 1, 0.105 / 0.01, 0.693 / 2.
    nests = [(0.5, 0.5)] * NESTS
    assert winner(0, 1, a_race(1.0, [(0.2, 1.0, True), (0.9, 0.01, False), (0.5, 2.0, True)], nests)) == 2
    assert winner(0, 1, a_race(1.0, [(0.2, 1.0, True), (0.9, 0.01, False), (0.5, 0.0, True)], nests)) == 0


def test_the_winner_of_no_race_is_nobody() -> None:
    assert winner(0, 0, a_race(0.5, [(0.2, 0.0, True), (0.9, 0.0, False)], [(0.5, 0.5)] * NESTS)) == -1


@pytest.mark.parametrize("regions", [1, 4, 20, 23, 24, 25, 61])
def test_the_clocks_are_the_draws_of_the_alternatives_and_of_the_nests(regions: int) -> None:
    race = new_race(np.zeros(regions, dtype=np.uint8), 0.5)
    key = make_key(3, 1)
    start_clocks(key, 7, 0, 2020, 2024, 5, race)
    for j in range(regions):
        assert race.uniform[j] == uniform(draw_block(key, 7, 0, 2020, 2024, 5, j // 4)[j % 4])
    one, two = (draw_block(key, 7, 0, 2020, 2024, 5, block) for block in (254, 255))
    pairs = (one[0], one[1]), (one[2], one[3]), (two[0], two[1])
    for nest, (angle, waiting) in enumerate(pairs):
        assert variate(race, nest) == stable_variate(0.5, uniform(angle), uniform(waiting))
