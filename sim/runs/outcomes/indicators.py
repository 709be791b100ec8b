"""Indicators by name: unit, definition, and how each is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.axes import AXES, STAGES, TIERS
from sim.model.world import REPORT_FROM, Floats, Integers
from sim.runs.outcomes.outcomes import Outcomes, reporting_years
from sim.runs.outcomes.statistics import BAND, ratio, shares_of


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


class IndicatorRow(NamedTuple):
    """One line of ``indicators.csv``; a missing number is NaN, a year that never comes is infinite."""

    year: int | None
    indicator: str
    region: str
    mean: float
    p05: float
    p50: float
    p95: float


def measure(outcomes: Outcomes, codes: Sequence[str]) -> dict[tuple[str, str], Floats]:
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


def crossing(counts: Integers, years: Integers, challenger: int, leader: int) -> Floats:
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
    measured: Sequence[Mapping[tuple[str, str], Floats]],
    counts: Integers,
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


def _four(values: Floats) -> tuple[float, float, float, float]:
    held = values[~np.isnan(values)]
    if not len(held):
        return np.nan, np.nan, np.nan, np.nan
    low, middle, high = np.quantile(held, (BAND[0], 0.5, BAND[1]))
    return float(held.mean()), float(low), float(middle), float(high)


def _four_years(years: Floats) -> tuple[float, float, float, float]:
    """Summarise first years; a quantile is a year that occurs, because 'never' cannot be interpolated."""
    low, middle, high = np.quantile(years, (BAND[0], 0.5, BAND[1]), method="inverted_cdf")
    mean = np.nan if np.isinf(years).any() else float(years.mean())
    return mean, float(low), float(middle), float(high)


def _net_arrivals(outcomes: Outcomes, reported: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    stages = [STAGES.index(stage) for stage in ("entry", "first_job", "relocation")]
    moves = outcomes.flows[reported][:, stages].astype(np.int64).sum(axis=(1, 2))  # (Y, from, to)
    located = outcomes.counts[reported, TIERS.index("all"), AXES.index("location")]
    return moves.sum(axis=1) - moves.sum(axis=2), located


def _sampling_error(counts: Integers) -> Floats:
    share = shares_of(counts)
    error: Floats = np.sqrt(share * (1.0 - share) / np.maximum(counts.sum(axis=-1, keepdims=True), 1))
    return error
