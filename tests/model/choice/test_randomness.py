"""Draws by counter: known answers, an independent plain-Python Philox, and the packing of counters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.choice import randomness
from sim.model.choice.randomness import draw_alternative, draw_block, make_key, philox, pick, uniform

WORD = st.integers(0, 2**32 - 1)
ONES = 2**32 - 1
KNOWN_ANSWERS = {
    "zeros": ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    "ones": ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    "digits of pi": (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
}
"""Counter, key and block of the authors' test file for Philox 4x32-10."""


def plain_philox(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Compute a block with whole numbers only, written from the paper: mix, permute, bump the key."""
    x0, x1, x2, x3 = counter
    key_0, key_1 = key
    for round_number in range(10):
        if round_number:
            key_0, key_1 = (key_0 + 0x9E3779B9) % 2**32, (key_1 + 0xBB67AE85) % 2**32
        high_0, low_0 = divmod(0xD2511F53 * x0, 2**32)
        high_1, low_1 = divmod(0xCD9E8D57 * x2, 2**32)
        x0, x1, x2, x3 = high_1 ^ x1 ^ key_0, low_1, high_0 ^ x3 ^ key_1, low_0
    return x0, x1, x2, x3


def words(*values: int) -> tuple[np.uint64, ...]:
    return tuple(np.uint64(value) for value in values)


@pytest.mark.parametrize("name", KNOWN_ANSWERS)
def test_philox_gives_the_known_answers(name: str) -> None:
    counter, key, answer = KNOWN_ANSWERS[name]
    assert tuple(philox(*words(*counter, *key))) == answer
    assert plain_philox(counter, key) == answer


@settings(deadline=None, max_examples=300)
@given(st.tuples(WORD, WORD, WORD, WORD), st.tuples(WORD, WORD))
def test_philox_equals_whole_number_arithmetic(counter: tuple[int, ...], key: tuple[int, ...]) -> None:
    assert tuple(philox(*words(*counter, *key))) == plain_philox(counter, key)


@settings(deadline=None, max_examples=200)
@given(
    index=WORD,
    origin=st.integers(0, 65_535),
    cohort=st.integers(0, 65_535),
    year=st.integers(0, 65_535),
    decision=st.integers(0, 255),
    block=st.integers(0, 255),
    seed=WORD,
    replicate=WORD,
)
def test_a_block_has_the_documented_counter(index, origin, cohort, year, decision, block, seed, replicate):
    counter = (index, origin * 2**16 + cohort, year * 2**16 + decision * 2**8 + block, 0)
    drawn = draw_block(make_key(seed, replicate), index, origin, cohort, year, decision, block)
    assert tuple(drawn) == plain_philox(counter, (seed, replicate))


@settings(deadline=None, max_examples=100)
@given(alternative=st.integers(0, 255), index=WORD)
def test_an_alternative_has_one_word_of_its_block(alternative: int, index: int) -> None:
    key = make_key(1, 2)
    drawn = draw_alternative(key, index, 3, 2010, 2011, randomness.JOB_CHOICE, alternative)
    block = draw_block(key, index, 3, 2010, 2011, randomness.JOB_CHOICE, alternative // 4)
    assert drawn == uniform(block[alternative % 4])
    assert [pick(block, place) for place in range(4)] == list(block)


def test_a_uniform_number_lies_strictly_between_0_and_1() -> None:
    assert uniform(np.uint64(0)) == 0.5 / 2**32
    assert uniform(np.uint64(ONES)) == 1.0 - 0.5 / 2**32
    assert uniform(np.uint64(2**31)) == 0.5 + 0.5 / 2**32


@settings(deadline=None, max_examples=200)
@given(WORD)
def test_any_word_is_a_uniform_number_inside(word: int) -> None:
    assert 0.0 < uniform(np.uint64(word)) < 1.0


def test_many_draws_are_uniform_and_unrelated() -> None:
    key = make_key(5, 0)
    drawn = np.array([draw_block(key, i, 1, 2005, 2007, randomness.YEAR, 0) for i in range(20_000)])
    u = (drawn.astype(float) + 0.5) / 2**32
    for place in range(4):
        counts = np.histogram(u[:, place], bins=50, range=(0.0, 1.0))[0]
        assert ((counts - 400.0) ** 2 / 400.0).sum() < 102.0  # chi-square with 49 degrees, p = 1e-5
    correlation = np.corrcoef(u.T) - np.eye(4)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(20_000)


def test_decisions_have_numbers_of_their_own() -> None:
    names = ("TRAITS", "COHORT", "YEAR", "STUDY_CHOICE", "REFUSAL", "CLOSURE", "JOB_CHOICE", "AUTHORISATION", "EMPLOYER")
    numbers = [getattr(randomness, name) for name in names]
    assert len(set(numbers)) == len(numbers)
    assert all(0 < number < 256 for number in numbers)


@pytest.mark.parametrize(("seed", "replicate"), [(-1, 0), (0, -1), (2**32, 0), (0, 2**32)])
def test_a_key_word_that_does_not_fit_is_refused(seed: int, replicate: int) -> None:
    with pytest.raises(ValueError, match="allowed are whole numbers from 0 to 4294967295"):
        make_key(seed, replicate)


def test_seed_and_replicate_are_different_words_of_the_key() -> None:
    blocks = {tuple(draw_block(make_key(*key), 0, 0, 2000, 2000, 1, 0)) for key in ((0, 1), (1, 0), (0, 0), (1, 1))}
    assert len(blocks) == 4
    assert make_key(0, ONES) == (0, ONES)
