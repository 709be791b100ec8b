"""What one run leaves behind, in the units that people ask for: counts by year, tier, axis and region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TIERS = ("top20", "elite", "all")
"""Visible researchers (authors at the top conference), their top tenth, and every active researcher."""
AXES = ("origin", "study", "work", "location", "graduates")
"""Undergraduate region; graduate region; headquarters region of the employer (students: their university's); physical place;
headquarters of those with a completed degree."""
STAGES = ("entry", "first_job", "relocation", "exit")
"""Flows within a year: into a graduate region, from it to the first job, from job to job, out of research."""


@dataclass(frozen=True)
class Outcomes:
    """One run: a scenario under one draw and one replicate.

    Stocks are at year ends, flows within years; all are numbers of simulated researchers (whole numbers).
    """

    draw: int
    replicate: int
    years: NDArray[np.int64]  # (T,)
    counts: NDArray[np.int64]  # (T, 3 tiers, 5 axes, R)
    flows: NDArray[np.int32]  # (T, 4 stages, R origin, R from, R to)
    careers: NDArray[np.int32]  # (T, R origin, R study, R headquarters), visible workers
    weight: float  # people per simulated researcher
    active: NDArray[np.int64]  # (T,)
    eligible: NDArray[np.int64]  # (T,) researchers who can be visible
    binding: tuple[str, ...]  # where an assumption was cut off, in words


def shares(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """Turn counts by region (last axis) into shares, 0 where nobody is counted.

    Parameters
    ----------
    counts : (..., R), at least 0.

    Returns
    -------
    (..., R), 0..1.
    """
    totals = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
