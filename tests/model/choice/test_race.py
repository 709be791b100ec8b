"""The race of a choice against a naive one: all logarithms, all variates, the least time."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim.model.choice.logit import NESTS, nest_of, stable_variate
from sim.model.choice.race import (
    HIGH,
    LOW,
    NEST_BLOCKS,
    Race,
    bound_variates,
    employer_number,
    new_race,
    start_clocks,
    variate,
    winner,
)
from sim.model.choice.randomness import EMPLOYER, JOB_CHOICE, LEAST_UNIFORM, draw_block, make_key, uniform

OPEN_UNIT = st.floats(LEAST_UNIFORM, 1.0 - LEAST_UNIFORM)
WORD = st.integers(0, 2**32 - 1)
MIDDLE = 2**31
DISSIMILARITY = st.one_of(st.just(1.0), st.floats(0.1, 1.0))
RATE = st.one_of(st.just(0.0), st.floats(1e-12, 1e12), st.floats(0.9, 1.1))


def a_race(lam: float, rows: list[tuple[float, float, bool]], nests: list[tuple[int, int]]) -> Race:
    """Make a race of (u, rate, is anglophone) with two words per nest."""
    race = new_race(np.array([english for _, _, english in rows], dtype=np.uint8), lam)
    for j, (u, rate, _) in enumerate(rows):
        race.uniform[j] = u
        race.rate[j] = rate
    for nest, (angle, waiting) in enumerate(nests):
        race.words[len(race.words) - 4 * NEST_BLOCKS + 2 * nest] = angle
        race.words[len(race.words) - 4 * NEST_BLOCKS + 2 * nest + 1] = waiting
    bound_variates(race)
    return race


def exact_variate(lam: float, angle: int, waiting: int) -> float:
    """Compute the stable variate of two words."""
    return stable_variate(lam, uniform(np.uint64(angle)), uniform(np.uint64(waiting)))


@settings(deadline=None, max_examples=500)
@given(DISSIMILARITY, WORD, WORD)
def test_the_bounds_hold_the_variate(lam: float, angle: int, waiting: int) -> None:
    race = a_race(lam, [(0.5, 1.0, True)], [(angle, waiting)])
    exact = exact_variate(lam, angle, waiting)
    assert 0.0 < race.variate[0, LOW] < exact < race.variate[0, HIGH]
    assert variate(race, 0) == exact
    assert race.variate[0, LOW] == race.variate[0, HIGH] == exact


@pytest.mark.parametrize("word", [0, 1, 2**22 - 1, 2**22, 2**31 - 1, 2**31, 2**32 - 2**22, 2**32 - 1])
def test_the_bounds_hold_the_variate_at_the_edges_of_cells(word: int) -> None:
    for lam in (0.2, 0.46, 0.9):
        for pair in ((word, MIDDLE), (MIDDLE, word), (word, word)):
            race = a_race(lam, [(0.5, 1.0, True)], [pair])
            assert race.variate[0, LOW] < exact_variate(lam, *pair) < race.variate[0, HIGH]


def test_the_bounds_are_close_where_most_variates_lie() -> None:
    words = [int((k + 0.5) / 40 * 2**32) for k in range(36)]
    for angle in words:
        for waiting in words:
            race = a_race(0.46, [(0.5, 1.0, True)], [(angle, waiting)])
            assert race.variate[0, HIGH] / race.variate[0, LOW] < 1.2


@settings(deadline=None, max_examples=600)
@given(
    DISSIMILARITY,
    st.lists(st.tuples(OPEN_UNIT, RATE, st.booleans()), min_size=1, max_size=25),
    st.lists(st.tuples(WORD, WORD), min_size=NESTS, max_size=NESTS),
    st.data(),
)
def test_the_winner_is_the_naive_one(lam: float, rows, nests, data) -> None:
    origin, guess = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    race = a_race(lam, rows, nests)
    times = np.full(len(rows), np.inf)
    for j, (u, rate, _) in enumerate(rows):
        if rate > 0.0:
            times[j] = -math.log(u) / (exact_variate(lam, *nests[nest_of(origin, j, race.anglophone)]) * rate)
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
    st.lists(st.tuples(WORD, WORD), min_size=NESTS, max_size=NESTS),
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
    nests = [(MIDDLE, MIDDLE)] * NESTS
    assert winner(0, 1, a_race(1.0, [(0.2, 1.0, True), (0.9, 0.01, False), (0.5, 2.0, True)], nests)) == 2
    assert winner(0, 1, a_race(1.0, [(0.2, 1.0, True), (0.9, 0.01, False), (0.5, 0.0, True)], nests)) == 0


def test_the_winner_of_no_race_is_nobody() -> None:
    assert winner(0, 0, a_race(0.5, [(0.2, 0.0, True), (0.9, 0.0, False)], [(MIDDLE, MIDDLE)] * NESTS)) == -1


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


@pytest.mark.parametrize("regions", [1, 20, 24, 61])
def test_with_the_clocks_of_a_job_come_the_numbers_of_the_employer(regions: int) -> None:
    race = new_race(np.zeros(regions, dtype=np.uint8), 0.5)
    key = make_key(3, 1)
    start_clocks(key, 7, 2, 2020, 2024, JOB_CHOICE, race)
    words = draw_block(key, 7, 2, 2020, 2024, EMPLOYER, 0)
    assert [employer_number(race, place) for place in range(4)] == [uniform(word) for word in words]
