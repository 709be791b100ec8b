"""Laws of the draws: no two keys share a block, and a draw depends on its own key alone."""

import itertools

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sim.model.choice.randomness import draw_block, make_key

IDENTITY = st.tuples(
    st.integers(0, 2**32 - 1),  # index
    st.integers(0, 65_535),  # origin
    st.integers(0, 65_535),  # cohort
    st.integers(0, 65_535),  # year
    st.integers(0, 255),  # decision
    st.integers(0, 255),  # block
)


def test_no_two_keys_share_a_block() -> None:
    # For one Philox key a block is a one-to-one function of its counter: equal blocks are equal counters.
    indices, origins, cohorts = (0, 1, 255, 256, 65_536), (0, 1, 2, 19), (2000, 2001, 2050)
    years, decisions, blocks = (2000, 2001, 2050), range(1, 10), (0, 1, 2, 3, 4, 254, 255)
    keys = list(itertools.product(indices, origins, cohorts, years, decisions, blocks))
    drawn = {tuple(draw_block(make_key(1, 0), *key)) for key in keys}
    assert len(drawn) == len(keys) > 10_000


@settings(deadline=None, max_examples=500)
@given(IDENTITY, IDENTITY)
def test_different_keys_have_different_blocks(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assume(one != other)
    assert tuple(draw_block(make_key(1, 0), *one)) != tuple(draw_block(make_key(1, 0), *other))


@settings(deadline=None, max_examples=500)
@given(IDENTITY, st.integers(0, 5), st.integers(1, 300))
def test_neighbours_have_different_blocks(key: tuple[int, ...], part: int, step: int) -> None:
    limits = (2**32, 65_536, 65_536, 65_536, 256, 256)
    other = list(key)
    other[part] = (key[part] + step) % limits[part]
    assume(tuple(other) != key)
    assert tuple(draw_block(make_key(1, 0), *key)) != tuple(draw_block(make_key(1, 0), *other))


@settings(deadline=None, max_examples=100)
@given(IDENTITY, st.lists(IDENTITY, max_size=5))
def test_a_draw_does_not_depend_on_draws_before_it(key: tuple[int, ...], others: list[tuple[int, ...]]) -> None:
    first = tuple(draw_block(make_key(3, 4), *key))
    for other in others:
        draw_block(make_key(3, 4), *other)
    assert tuple(draw_block(make_key(3, 4), *key)) == first
