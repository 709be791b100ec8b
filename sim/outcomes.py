"""What one run leaves behind, in the units that people ask for: counts by year, tier, axis and region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
