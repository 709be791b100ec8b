"""Scratch space of the array engine: a batch of rows, and draws of all of them side by side."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.choice import Bytes
from sim.compiled import inlined
from sim.population import OUT, Researchers
from sim.randomness import Key, Words, origin_cohort, philox
from sim.world import Integers

BATCH = 128


class Batch(NamedTuple):
    """Scratch space of `BATCH` rows whose year is drawn side by side."""

    row: Integers  # (BATCH,) rows that are active
    place: NDArray[np.uint64]  # (BATCH,) index in the cohort, first counter word
    origin_cohort: NDArray[np.uint64]  # (BATCH,) second counter word
    words: NDArray[np.uint64]  # (4, BATCH) of the year
    chooser: Integers  # (BATCH,) places in the batch of those who choose this year
    choice: Bytes  # (BATCH,) what each of them chooses: ENROL, HIRED, ...
    kind: Bytes  # (BATCH,) as what each is counted, see `sim.counting`


def new_batch() -> Batch:
    """Make the scratch space of a batch."""
    words = np.zeros((4, BATCH), dtype=np.uint64)
    rows, bytes_ = np.zeros(BATCH, dtype=np.int64), np.zeros(BATCH, dtype=np.uint8)
    return Batch(rows, words[0].copy(), words[0].copy(), words, rows.copy(), bytes_, bytes_.copy())


@inlined
def gather_active(people: Researchers, first: int, last: int, batch: Batch) -> int:
    """Note the rows of [first, last) that have not left, and their counter words; returns how many."""
    active = 0
    for i in range(first, last):
        batch.row[active] = i
        batch.place[active] = people.index[i]
        batch.origin_cohort[active] = origin_cohort(people.origin[i], people.cohort[i])
        active += people.stage[i] != OUT
    return active


@inlined
def draw_rows(key: Key, c2: np.uint64, batch: Batch) -> None:
    """Draw a block of the same occasion for all rows of a batch side by side."""
    for k in range(BATCH):
        words = philox(batch.place[k], batch.origin_cohort[k], c2, np.uint64(0), key[0], key[1])
        batch.words[0, k] = words[0]
        batch.words[1, k] = words[1]
        batch.words[2, k] = words[2]
        batch.words[3, k] = words[3]


@inlined
def words_of(k: int, batch: Batch) -> Words:
    """Return the words of the year of one row of a batch."""
    return batch.words[0, k], batch.words[1, k], batch.words[2, k], batch.words[3, k]
