"""Counts made of three counters by kind are those of counting every researcher on every axis and tier."""

import numpy as np
import pytest

from sim.engines.counts import AWAY, EVERYBODY, SEEN_KINDS, TOO_NEW, Counts, add_up, new_counts, new_seen, tally
from sim.model.year import ELITE, NOT_VISIBLE

REGIONS, RESEARCHERS = 4, 500


def naive(people: np.ndarray) -> Counts:
    """Count one by one."""
    counts = new_counts(REGIONS)
    for kind, o, g, employer, place, is_worker in people.tolist():
        counts.stock[o, place] += 1
        tally(counts.shares, EVERYBODY, o, g, employer, place, bool(is_worker))
        if kind == TOO_NEW:
            continue
        counts.eligible[0] += 1
        output = kind - AWAY if kind > AWAY else kind
        if output != NOT_VISIBLE:
            counts.stars[:output, place] += 1
        if kind in (NOT_VISIBLE, AWAY + 1, AWAY + 2):
            continue
        tally(counts.shares, 0, o, g, employer, place, bool(is_worker))
        if kind == ELITE:
            tally(counts.shares, 1, o, g, employer, place, bool(is_worker))
    return counts


@pytest.mark.parametrize("seed", range(3))
def test_all_counts_follow_from_counts_by_kind(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [
        rng.integers(0, SEEN_KINDS, RESEARCHERS),
        *rng.integers(0, REGIONS, (4, RESEARCHERS)),
        rng.integers(0, 2, RESEARCHERS),
    ]
    people = np.stack(columns, axis=1)
    seen, counts = new_seen(REGIONS), new_counts(REGIONS)
    for kind, o, g, employer, place, is_worker in people.tolist():
        seen.places[kind, o, place] += 1
        seen.employers[kind, is_worker, g, employer] += 1
    add_up(seen, counts)
    for name, one, other in zip(Counts._fields, counts, naive(people), strict=True):
        assert np.array_equal(one, other), name
    assert counts.stock.sum() == RESEARCHERS
