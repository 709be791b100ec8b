"""What one run leaves behind, and what all runs of a scenario say of shares."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.world import REPORT_FROM, Floats, Integers
from sim.runs.outcomes.statistics import FIVE_QUANTILES, shares_of, spread


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
    remarks: tuple[Remark, ...]  # on the draw, at most one of a kind; all replicates of a draw have the same


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
    for year in range(shape[0]):  # all cells of a year at once; of all years they would fill the memory
        people = counts[:, year]
        share = shares_of(people)
        table["researchers_p50"][year] = weight * np.median(people, axis=0)
        is_held = ~np.isnan(share[..., 0]).any(axis=0)
        for name, values in _share_statistics(share[:, is_held], draws).items():
            table[name][year, is_held] = values
        for cell in np.argwhere(~is_held):
            place = (year, *cell)
            for name, values in _share_statistics(share[:, *cell], draws).items():
                table[name][place] = values
    return ShareSummary(**table)


def _share_statistics(share: Floats, draws: int) -> dict[str, Floats]:
    """Summarise shares (N, ..., R), ordered by draw, over the runs in which somebody is counted; nothing if there is none."""
    held = share[~np.isnan(share).any(axis=tuple(range(1, share.ndim)))]
    if not held.size:
        return {}
    parameter, replicate = spread(share.reshape(draws, -1, *share.shape[1:]))
    quantiles = np.quantile(held, FIVE_QUANTILES, axis=0)
    found = dict(zip(("p05", "p25", "p50", "p75", "p95"), quantiles, strict=True))
    return found | {"mean": held.mean(axis=0), "sd_parameter": parameter, "sd_replicate": replicate}
