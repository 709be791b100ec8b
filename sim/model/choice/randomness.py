"""The draw that belongs to (seed, replicate, researcher, year, decision, alternative): Philox 4x32-10 counters, no state.

Counter words: index in the cohort; origin id and cohort; year, decision and block; stream. Key: seed, replicate.
A researcher's draws depend on nobody else's existence, on no row order and on no number of workers.
Reference: Salmon, Moraes, Dror and Shaw (2011), known answers in the tests.
"""

import numpy as np
from numpy.typing import NDArray

from sim.model.choice.compiled import compiled, inlined

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
Key = tuple[np.uint64, np.uint64]
"""Seed and replicate."""

MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)
HALF_WORD = np.uint64(32)
SHIFT_8 = np.uint64(8)
SHIFT_16 = np.uint64(16)
ROUNDS = 10
UNIT = 1.0 / 4294967296.0
LEAST_UNIFORM = 0.5 * UNIT
BLOCK_LANES = 8
"""Blocks that are computed side by side: a fixed number, so that the compiler makes vector instructions of them."""

# Decisions: what a block of draws is for. Permanent numbers: a change would change every history.
TRAITS = 1
COHORT = 2
YEAR = 3
STUDY_CHOICE = 4
REFUSAL = 5
CLOSURE = 6
JOB_CHOICE = 7
AUTHORISATION = 8
EMPLOYER = 9


@inlined
def philox(c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64) -> Words:
    """Compute one Philox 4x32-10 block.

    Parameters
    ----------
    c0, c1, c2, c3 : counter words, each below 2**32, as unsigned 64-bit integers.
    k0, k1 : key words, each below 2**32.

    Returns
    -------
    Four words below 2**32, as unsigned 64-bit integers.
    """
    for _ in range(ROUNDS):  # what stands above a word's 32 bits is cut off where it would count
        product_0 = MULTIPLIER_0 * (c0 & MASK)
        product_1 = MULTIPLIER_1 * (c2 & MASK)
        c0 = (product_1 >> HALF_WORD) ^ c1 ^ k0
        c1 = product_1
        c2 = (product_0 >> HALF_WORD) ^ c3 ^ k1
        c3 = product_0
        k0 = (k0 + WEYL_0) & MASK
        k1 = (k1 + WEYL_1) & MASK
    return c0 & MASK, c1 & MASK, c2 & MASK, c3 & MASK


@inlined
def uniform(word: np.uint64) -> float:
    """Turn a 32-bit word into a number strictly between 0 and 1: (word + 1/2) / 2**32."""
    return (float(word) + 0.5) * UNIT


@compiled
def uniforms_of(words: NDArray[np.uint64], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw (C, L) uniform numbers, by (L, 4) counter words and (C,) numbers below 2**32 that are the first word of the key."""
    found = np.empty((numbers.shape[0], words.shape[0]))
    for c in range(numbers.shape[0]):
        number = np.uint64(numbers[c])
        for k in range(words.shape[0]):
            found[c, k] = uniform(philox(words[k, 0], words[k, 1], words[k, 2], words[k, 3], number, np.uint64(1))[0])
    return found


@inlined
def origin_cohort(origin: int, cohort: int) -> np.uint64:
    """Pack the second counter word: origin id and cohort."""
    return (np.uint64(origin) << SHIFT_16) | np.uint64(cohort)


@inlined
def occasion(year: int, decision: int) -> np.uint64:
    """Pack the third counter word: year and decision; the block, 0..255, is added to it."""
    return (np.uint64(year) << SHIFT_16) | (np.uint64(decision) << SHIFT_8)


@inlined
def draw_block(
    key: Key,
    index: int,
    origin: int,
    cohort: int,
    year: int,
    decision: int,
    block: int,
) -> Words:
    """Draw the four words that belong to one researcher, year, decision and block.

    Parameters
    ----------
    key : (seed, replicate), each below 2**32.
    index : place of the researcher in the cohort, 0..2**32-1.
    origin : permanent id of the origin region, 0..65535.
    cohort, year : calendar years, 0..65535.
    decision : one of the constants of this module, 0..255.
    block : number of the block within the decision, 0..255 (alternative j lies in block j // 4, word j % 4).

    Returns
    -------
    Four words below 2**32.
    """
    c2 = occasion(year, decision) | np.uint64(block)
    return philox(np.uint64(index), origin_cohort(origin, cohort), c2, np.uint64(0), key[0], key[1])


@inlined
def draw_blocks(
    key: Key, c0: np.uint64, c1: np.uint64, c2: np.uint64, blocks: NDArray[np.uint64], words: NDArray[np.uint32]
) -> None:
    """Draw several blocks of one researcher side by side.

    Parameters
    ----------
    c0, c1, c2 : counter words: index in the cohort, `origin_cohort`, `occasion`.
    blocks : (B,), added to the occasion; B is a multiple of BLOCK_LANES.
    words : (4 B,), overwritten, four for each block, as `draw_block` draws them.
    """
    for lane in range(blocks.shape[0]):
        block = philox(c0, c1, c2 + blocks[lane], np.uint64(0), key[0], key[1])
        words[4 * lane] = np.uint32(block[0])
        words[4 * lane + 1] = np.uint32(block[1])
        words[4 * lane + 2] = np.uint32(block[2])
        words[4 * lane + 3] = np.uint32(block[3])


@inlined
def pick(words: Words, place: int) -> np.uint64:
    """Take word `place` (0..3) of a block."""
    if place == 0:
        return words[0]
    if place == 1:
        return words[1]
    if place == 2:
        return words[2]
    return words[3]


@inlined
def draw_alternative(
    key: Key,
    index: int,
    origin: int,
    cohort: int,
    year: int,
    decision: int,
    alternative: int,
) -> float:
    """Draw the uniform number in (0, 1) that belongs to one alternative of one decision of one researcher."""
    words = draw_block(key, index, origin, cohort, year, decision, alternative // 4)
    return uniform(pick(words, alternative % 4))


def make_key(seed: int, replicate: int) -> Key:
    """Make the Philox key of a replicate.

    Parameters
    ----------
    seed, replicate : 0..2**32-1.

    Raises
    ------
    ValueError : a word does not fit into 32 bits.
    """
    for name, value in (("seed", seed), ("replicate", replicate)):
        if not 0 <= value < 2**32:
            raise ValueError(f"{name} is {value}; allowed are whole numbers from 0 to 4294967295")
    return np.uint64(seed), np.uint64(replicate)
