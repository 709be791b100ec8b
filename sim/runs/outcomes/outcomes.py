"""What one run leaves behind, and what all runs of a scenario say of shares."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.world import REPORT_FROM, Floats, Integers
from sim.runs.outcomes.statistics import shares_of, spread


class Remark(NamedTuple):
    """Where an assumption of a run was cut off, with the first and last year, or by how many points its draw misses a target."""

    kind: Literal["visible_share_cut", "target_missed"]
    draw: int
    years: tuple[int, int] | None
    points: float | None


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


@dataclass(frozen=True)
class ShareSummary:
    """Statistics of shares over the runs of one scenario.

    Every array has the shape (Y, K, X, R) and holds NaN where the number does not exist (nobody in the
    tier, or a standard deviation that one replicate or one draw cannot give).

    Parameters
    ----------
    mean, p05, p25, p50, p75, p95
        Share, 0..1, pooled over draws and replicates.
    sd_parameter
        Standard deviation of the share between draws, replicate noise removed.
    sd_replicate
        Standard deviation of the share between replicates of one draw.
    researchers_p50
        Median number of people.
    """

    mean: Floats
    sd_parameter: Floats
    sd_replicate: Floats
    p05: Floats
    p25: Floats
    p50: Floats
    p75: Floats
    p95: Floats
    researchers_p50: Floats


STATISTICS = tuple(field.name for field in fields(ShareSummary))


def reporting_years(until: int) -> Integers:
    """Return the years that results show, 2010 to `until` (inclusive), shape (Y,)."""
    return np.arange(REPORT_FROM, until + 1, dtype=np.int64)


def summarise_shares(counts: Integers, weight: float, draws: int) -> ShareSummary:
    """Summarise shares and counts over all runs of a scenario.

    Parameters
    ----------
    counts
        Simulated researchers, (N, Y, K, X, R), runs ordered by draw, then replicate.
    weight
        People per simulated researcher.
    draws
        D; N is a multiple of it.
    """
    shape = counts.shape[1:]
    table = {name: np.full(shape, np.nan) for name in STATISTICS}
    for year, tier, axis in np.ndindex(*shape[:3]):
        cell = shares_of(counts[:, year, tier, axis])
        held = cell[~np.isnan(cell[:, 0])]
        table["researchers_p50"][year, tier, axis] = weight * np.median(counts[:, year, tier, axis], axis=0)
        if not len(held):
            continue
        table["mean"][year, tier, axis] = held.mean(axis=0)
        quantiles = np.quantile(held, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
        for name, values in zip(("p05", "p25", "p50", "p75", "p95"), quantiles, strict=True):
            table[name][year, tier, axis] = values
        parameter, replicate = spread(cell.reshape(draws, -1, cell.shape[-1]))
        table["sd_parameter"][year, tier, axis] = parameter
        table["sd_replicate"][year, tier, axis] = replicate
    return ShareSummary(**table)
