"""Counting active researchers: by kind in three counts while the rows are walked, all other counts of a year made of these."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.choice.compiled import compiled, inlined
from sim.model.population import Counts
from sim.model.world import Integers
from sim.model.year import ELITE, NOT_VISIBLE

ALL = 2
ORIGIN, GRADUATE_REGION, WORK_AXIS, LOCATION, GRADUATES = 0, 1, 2, 3, 4
TOO_NEW = 3  # students in their first year, whose output is not looked at
AWAY = 3  # + tier: visible, but takes no part in the conference
KINDS = 6


class Seen(NamedTuple):
    """How many active researchers of each kind there are: a tier, or `TOO_NEW`, or `AWAY` + a tier that does not count."""

    places: NDArray[np.int32]  # (KINDS, R origin, R place)
    employers: NDArray[np.int32]  # (KINDS, 2 student or worker, R study, R headquarters)


@compiled
def new_seen(regions: int) -> Seen:
    """Make counts by kind, all zero, for R regions."""
    return Seen(
        np.zeros((KINDS, regions, regions), dtype=np.int32),
        np.zeros((KINDS, 2, regions, regions), dtype=np.int32),
    )


@compiled
def add_up(seen: Seen, counts: Counts) -> None:
    """Add what was seen in a year to its counts: whole numbers, so that the order of researchers and threads changes nothing."""
    for kind in range(KINDS):
        tier = kind if kind < TOO_NEW else NOT_VISIBLE  # that counts
        output = kind - AWAY if kind > AWAY else tier
        for o in range(seen.places.shape[1]):
            for place in range(seen.places.shape[2]):
                number = seen.places[kind, o, place]
                if number == 0:
                    continue
                counts.stock[o, place] += number
                if kind != TOO_NEW:
                    counts.eligible[0] += number
                if output != NOT_VISIBLE:
                    counts.stars[0, place] += number
                if output == ELITE:
                    counts.stars[1, place] += number
                add_to(counts.shares, tier, ORIGIN, o, number)
                add_to(counts.shares, tier, LOCATION, place, number)
        for g in range(seen.employers.shape[2]):
            for employer in range(seen.employers.shape[3]):
                students, workers = seen.employers[kind, 0, g, employer], seen.employers[kind, 1, g, employer]
                if students + workers > 0:
                    add_to(counts.shares, tier, GRADUATE_REGION, g, students + workers)
                    add_to(counts.shares, tier, WORK_AXIS, employer, students + workers)
                    add_to(counts.shares, tier, GRADUATES, employer, workers)


@inlined
def add_to(shares: Integers, tier: int, axis: int, region: int, number: int) -> None:
    """Add researchers of a tier that counts to all tiers that hold them."""
    shares[ALL, axis, region] += number
    if tier != NOT_VISIBLE:
        shares[0, axis, region] += number
    if tier == ELITE:
        shares[1, axis, region] += number


@inlined
def tally(shares: Integers, tier: int, o: int, g: int, employer: int, place: int, is_worker: bool) -> None:
    """Add one researcher to the counts of a tier."""
    shares[tier, ORIGIN, o] += 1
    shares[tier, GRADUATE_REGION, g] += 1
    shares[tier, WORK_AXIS, employer] += 1
    shares[tier, LOCATION, place] += 1
    if is_worker:
        shares[tier, GRADUATES, employer] += 1
