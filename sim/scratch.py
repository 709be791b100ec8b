"""Scratch space of the array engine: a strip of rows, and draws of all of them side by side."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.choice.compiled import inlined
from sim.model.choice.randomness import Key, Words, origin_cohort, philox
from sim.model.population import OUT, Researchers
from sim.model.world import Bytes, Integers

STRIP = 128


class Strip(NamedTuple):
    """Scratch space of `STRIP` rows whose year is drawn side by side."""

    row: Integers  # (STRIP,) rows that are active
    place: NDArray[np.uint64]  # (STRIP,) index in the cohort, first counter word
    origin_cohort: NDArray[np.uint64]  # (STRIP,) second counter word
    words: NDArray[np.uint64]  # (4, STRIP) of the year
    chooser: Integers  # (STRIP,) places in the strip of those who choose this year
    choice: Bytes  # (STRIP,) what each of them chooses: ENROL, HIRED, ...
    kind: Bytes  # (STRIP,) as what each is counted, see `sim.counting`


def new_strip() -> Strip:
    """Make the scratch space of a strip."""
    words = np.zeros((4, STRIP), dtype=np.uint64)
    rows, bytes_ = np.zeros(STRIP, dtype=np.int64), np.zeros(STRIP, dtype=np.uint8)
    return Strip(rows, words[0].copy(), words[0].copy(), words, rows.copy(), bytes_, bytes_.copy())


@inlined
def gather_active(people: Researchers, first: int, last: int, strip: Strip) -> int:
    """Note the rows of [first, last) that have not left, and their counter words; returns how many."""
    active = 0
    for i in range(first, last):
        strip.row[active] = i
        strip.place[active] = people.index[i]
        strip.origin_cohort[active] = origin_cohort(people.origin[i], people.cohort[i])
        active += people.stage[i] != OUT
    return active


@inlined
def draw_rows(key: Key, c2: np.uint64, strip: Strip) -> None:
    """Draw a block of the same occasion for all rows of a strip side by side."""
    for k in range(STRIP):
        words = philox(strip.place[k], strip.origin_cohort[k], c2, np.uint64(0), key[0], key[1])
        strip.words[0, k] = words[0]
        strip.words[1, k] = words[1]
        strip.words[2, k] = words[2]
        strip.words[3, k] = words[3]


@inlined
def words_of(k: int, strip: Strip) -> Words:
    """Return the words of the year of one row of a strip."""
    return strip.words[0, k], strip.words[1, k], strip.words[2, k], strip.words[3, k]
