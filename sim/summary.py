"""Bands and indicators: what the runs of one scenario say together.

Notation: N runs = D draws x P replicates, Y reporting years, K tiers, X axes, R regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.counts import AXES, STAGES, TIERS
from sim.model.world import REPORT_FROM
from sim.outcomes import Outcomes

BAND = (0.05, 0.95)
ELITE_RESEARCHERS, ELITE_REPLICATES = 20_000, 10
"""The smallest runs from which anything is said of the elite: no verdict, sensitivity or discovery below."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Measured(NamedTuple):
    """One indicator: what it is measured in and exactly what it says."""

    unit: str
    definition: str


INDICATORS: Mapping[str, Measured] = {
    "stay_rate": Measured(
        "share",
        "top20, degree completed: share of those with a graduate degree from the region whose employer "
        "has its headquarters in the region, at year end",
    ),
    "stay_rate_chn_origin_usa": Measured(
        "share",
        "top20, degree completed: share of researchers of Chinese origin with a US graduate degree whose "
        "employer has its headquarters in the US, at year end",
    ),
    "abroad": Measured(
        "share",
        "top20, degree completed: share of researchers of the origin (WORLD: of all) whose employer has its "
        "headquarters outside the region of origin, at year end",
    ),
    "foreign_workforce": Measured(
        "share",
        "top20, degree completed: share of researchers working for an employer with headquarters in the "
        "region whose origin is another region, at year end",
    ),
    "origin_of_usa_workforce": Measured(
        "share",
        "top20, degree completed: share of researchers working for an employer with headquarters in the US "
        "whose origin is the region, at year end",
    ),
    "net_flow": Measured(
        "researchers per 10,000",
        "all active researchers: arrivals less departures of the year by graduate study, first job and "
        "relocation, per 10,000 researchers located in the region at year end",
    ),
    "crossing_year_top20": Measured(
        "year",
        "top20: first reporting year in which CHN has a larger work share (headquarters) than USA; "
        "'never' where no such year lies before the horizon",
    ),
    "crossing_never_top20": Measured(
        "share of runs",
        "top20: share of runs in which CHN does not pass USA in work share before the horizon",
    ),
    "crossing_year_elite": Measured(
        "year",
        "elite: first reporting year in which CHN has a larger work share (headquarters) than USA; "
        "'never' where no such year lies before the horizon",
    ),
    "crossing_never_elite": Measured(
        "share of runs",
        "elite: share of runs in which CHN does not pass USA in work share before the horizon",
    ),
    "elite_monte_carlo_error": Measured(
        "share",
        "elite: Monte-Carlo standard error of one run's work share (headquarters), sqrt(p(1-p)/n) with n "
        "simulated elite researchers",
    ),
}


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

    mean: FloatArray
    sd_parameter: FloatArray
    sd_replicate: FloatArray
    p05: FloatArray
    p25: FloatArray
    p50: FloatArray
    p75: FloatArray
    p95: FloatArray
    researchers_p50: FloatArray


STATISTICS = tuple(field.name for field in fields(ShareSummary))


class IndicatorRow(NamedTuple):
    """One line of ``indicators.csv``; a missing number is NaN, a year that never comes is infinite."""

    year: int | None
    indicator: str
    region: str
    mean: float
    p05: float
    p50: float
    p95: float


def reporting_years(until: int) -> IntArray:
    """Return the years that results show, 2010 to `until` (inclusive), shape (Y,)."""
    return np.arange(REPORT_FROM, until + 1, dtype=np.int64)


def shares_of(counts: NDArray[np.integer]) -> FloatArray:
    """Divide counts by their sum over the last axis (regions); NaN where nobody is counted.

    Parameters
    ----------
    counts
        Researchers, (..., R).
    """
    total = counts.sum(axis=-1, keepdims=True)
    return ratio(counts, np.broadcast_to(total, counts.shape))


def ratio(part: NDArray[np.integer], whole: NDArray[np.integer]) -> FloatArray:
    """Return part / whole, NaN where the whole is zero. Both are counts of one shape."""
    result = np.full(part.shape, np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def spread(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split the variance of crossed runs into what draws and what replicates bring.

    Two-way layout with one value per cell, x = mean + draw + replicate + rest. The variance between draws
    is (MS_draw - MS_rest) / P, clipped at 0; the variance between replicates of one draw (replicate + rest)
    is the mean over draws of the variance within a draw. (Searle, Casella and McCulloch, Variance
    Components, 1992, chapter 4.)

    Parameters
    ----------
    values
        (D, P, ...).

    Returns
    -------
    tuple
        Standard deviation by parameter and by replicate, both shaped like one cell; NaN where one draw or
        one replicate cannot tell.
    """
    draws, replicates = values.shape[:2]
    blank = np.full(values.shape[2:], np.nan)
    if replicates < 2:
        return blank, blank
    within = values.var(axis=1, ddof=1).mean(axis=0)
    if draws < 2:
        return blank, np.sqrt(within)
    by_draw, by_replicate = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_draw[:, None] - by_replicate[None] + values.mean(axis=(0, 1))
    ms_rest = (rest**2).sum(axis=(0, 1)) / ((draws - 1) * (replicates - 1))
    ms_draw = replicates * by_draw.var(axis=0, ddof=1)
    return np.sqrt(np.maximum(ms_draw - ms_rest, 0.0) / replicates), np.sqrt(within)


def summarise_shares(counts: IntArray, weight: float, draws: int) -> ShareSummary:
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


def measure(outcomes: Outcomes, codes: Sequence[str]) -> dict[tuple[str, str], FloatArray]:
    """Measure the yearly indicators of one run.

    Parameters
    ----------
    outcomes
        One run.
    codes
        Region codes in id order, (R,).

    Returns
    -------
    dict
        (indicator, region) -> (Y,) values; NaN where the group is empty.
    """
    reported = outcomes.years >= REPORT_FROM
    careers = outcomes.careers[reported].astype(np.int64)  # (Y, origin, study, headquarters)
    usa, chn = codes.index("USA"), codes.index("CHN")
    trained = careers.sum(axis=1)  # (Y, study, headquarters)
    placed = careers.sum(axis=2)  # (Y, origin, headquarters)
    same = np.diagonal(placed, axis1=1, axis2=2)  # (Y, R): working where they come from
    from_origin, at_work = placed.sum(axis=2), placed.sum(axis=1)
    everyone = from_origin.sum(axis=1)
    net, located = _net_arrivals(outcomes, reported)
    by_region = {
        "stay_rate": ratio(np.diagonal(trained, axis1=1, axis2=2), trained.sum(axis=2)),
        "abroad": ratio(from_origin - same, from_origin),
        "foreign_workforce": ratio(at_work - same, at_work),
        "origin_of_usa_workforce": shares_of(placed[:, :, usa]),
        "net_flow": 1e4 * ratio(net, located),
        "elite_monte_carlo_error": _sampling_error(outcomes.counts[reported, TIERS.index("elite"), AXES.index("work")]),
    }
    found = {(name, code): values[:, region] for name, values in by_region.items() for region, code in enumerate(codes)}
    found["abroad", "WORLD"] = ratio(everyone - same.sum(axis=1), everyone)
    trained_chn = careers[:, chn, usa]
    found["stay_rate_chn_origin_usa", "USA"] = ratio(trained_chn[:, usa], trained_chn.sum(axis=1))
    return found


def crossing(counts: IntArray, years: IntArray, challenger: int, leader: int) -> FloatArray:
    """Return the first year in which one region has more researchers than another.

    Parameters
    ----------
    counts
        Researchers, (N, Y, R).
    years
        (Y,).
    challenger, leader
        Region ids.

    Returns
    -------
    numpy.ndarray
        (N,) years; infinite where it never happens.
    """
    ahead = counts[:, :, challenger] > counts[:, :, leader]
    return np.where(ahead.any(axis=1), years[ahead.argmax(axis=1)].astype(np.float64), np.inf)


def indicator_rows(
    measured: Sequence[Mapping[tuple[str, str], FloatArray]],
    counts: IntArray,
    until: int,
    codes: Sequence[str],
) -> list[IndicatorRow]:
    """Summarise every declared indicator over the runs.

    Parameters
    ----------
    measured
        What `measure` gave, one per run.
    counts
        Simulated researchers, (N, Y, K, X, R).
    until
        Last year of the runs.
    codes
        Region codes in id order.

    Returns
    -------
    list
        Rows ordered as `INDICATORS`, then by region, then by year.
    """
    years = reporting_years(until)
    rows: list[IndicatorRow] = []
    yearly = {key: np.stack([run[key] for run in measured]) for key in measured[0]}
    for name in INDICATORS:
        for (indicator, region), values in yearly.items():
            if indicator == name:
                rows.extend(IndicatorRow(int(year), name, region, *_four(values[:, index])) for index, year in enumerate(years))
        if name.startswith("crossing"):
            tier = TIERS.index(name.rpartition("_")[2])
            work = counts[:, :, tier, AXES.index("work")]
            crossed = crossing(work, years, codes.index("CHN"), codes.index("USA"))
            if name.startswith("crossing_never"):
                share = float(np.isinf(crossed).mean())
                rows.append(IndicatorRow(None, name, "CHN", share, np.nan, np.nan, np.nan))
            else:
                rows.append(IndicatorRow(None, name, "CHN", *_four_years(crossed)))
    return rows


def grouped(counts: IntArray, groups: Sequence[Sequence[int]]) -> IntArray:
    """Add regions into groups: (..., R) counts to (..., G)."""
    return np.stack([counts[..., list(group)].sum(axis=-1) for group in groups], axis=-1)


def band(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the 5 %, 50 % and 95 % quantiles over runs, ignoring runs in which nobody is counted.

    Parameters
    ----------
    values
        (N, ...).
    """
    empty = np.isnan(values).all(axis=0)
    filled = np.where(empty, 0.0, values)
    low, middle, high = np.nanquantile(filled, (BAND[0], 0.5, BAND[1]), axis=0)
    return tuple(np.where(empty, np.nan, each) for each in (low, middle, high))  # type: ignore[return-value]


def _four(values: FloatArray) -> tuple[float, float, float, float]:
    held = values[~np.isnan(values)]
    if not len(held):
        return np.nan, np.nan, np.nan, np.nan
    low, middle, high = np.quantile(held, (BAND[0], 0.5, BAND[1]))
    return float(held.mean()), float(low), float(middle), float(high)


def _four_years(years: FloatArray) -> tuple[float, float, float, float]:
    """Summarise first years; a quantile is a year that occurs, because 'never' cannot be interpolated."""
    low, middle, high = np.quantile(years, (BAND[0], 0.5, BAND[1]), method="inverted_cdf")
    mean = np.nan if np.isinf(years).any() else float(years.mean())
    return mean, float(low), float(middle), float(high)


def _net_arrivals(outcomes: Outcomes, reported: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    stages = [STAGES.index(stage) for stage in ("entry", "first_job", "relocation")]
    moves = outcomes.flows[reported][:, stages].astype(np.int64).sum(axis=(1, 2))  # (Y, from, to)
    located = outcomes.counts[reported, TIERS.index("all"), AXES.index("location")]
    return moves.sum(axis=1) - moves.sum(axis=2), located


def _sampling_error(counts: IntArray) -> FloatArray:
    share = shares_of(counts)
    error: FloatArray = np.sqrt(share * (1.0 - share) / np.maximum(counts.sum(axis=-1, keepdims=True), 1))
    return error
