"""How many of the leading institutions a region has: a rank-size law of sizes within a region. An assumption, not a result.

The model knows regions, no institutions. A region with the share w of all has K = max(1, round(100 sqrt(w))) institutions, and
the k-th of them a size in proportion to k^-a:

    size(r, k) = w_r k^-a / sum_{j <= K_r} j^-a,    k = 1 .. K_r

with one dispersion a for all regions (a rank-size law; Zipf's is a = 1). The 25 largest sizes of the world lead. On the census of
work by headquarters, a = 0.8 comes closest to what the tracker published: 15 US, 6 Chinese, one British, Swiss, Singaporean and
Canadian in 2022, 2 Chinese in 2019; it gives 15, 7, 1, 0, 0, 1 and 3 (`tests/runs/outcomes/test_institutions.py` fits it again).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.model.world import Floats, Integers

LEADING: Final = 25
INSTITUTIONS_OF_ALL: Final = 100.0
"""Institutions that a region would have that had everybody."""
DISPERSION: Final = 0.8
VARIED_DISPERSION: Final = (0.7, 0.8, 0.9)
"""The fitted dispersion and how far it is varied: one step of the fit's grid to either side, which misses by twice as much."""


def leading_by_region(people: NDArray[Any], dispersion: float = DISPERSION, leading: int = LEADING) -> Integers:
    """Count the leading institutions of each region.

    Parameters
    ----------
    people : (Y, R) at work by headquarters, at least 0.
    dispersion : a of the head of this module, at least 0; larger: sizes fall faster with rank.
    leading : how many lead in all.

    Returns
    -------
    (Y, R), adding to `leading` in each year (to fewer where there are not so many); zero in a year with nobody. Equal sizes go to
    the region with the lower id.
    """
    totals = people.sum(axis=1, keepdims=True)
    share = np.divide(people, totals, out=np.zeros(people.shape), where=totals > 0)
    number = np.maximum(1.0, np.round(INSTITUTIONS_OF_ALL * np.sqrt(share)))  # (Y, R)
    rank = np.arange(1.0, INSTITUTIONS_OF_ALL + 1.0)
    relative = np.where(rank <= number[:, :, np.newaxis], rank**-dispersion, 0.0)
    sizes = share[:, :, np.newaxis] * relative / relative.sum(axis=2, keepdims=True)  # (Y, R, K)
    found = np.zeros(people.shape, dtype=np.int64)
    for y, flat in enumerate(sizes.reshape(len(sizes), -1)):
        first = np.argsort(-flat, kind="stable")[:leading]
        found[y] = np.bincount(first[flat[first] > 0.0] // len(rank), minlength=people.shape[1])
    return found


def dispersion_misfit(dispersion: float, people: Floats, published: Floats) -> float:
    """Sum the squared distances between counted and published numbers, NaN where none was published; all (Y, R)."""
    return float(np.nansum(np.square(leading_by_region(people, dispersion) - published)))
