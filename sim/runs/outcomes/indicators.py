"""Indicators that people ask for by name: unit, definition, and how each is measured.

To add one, write one function below: unit and definition stand in its decorator, it takes the counts of a run and returns its
values. ``indicators.csv``, the measures of sweeps, comparisons and docs/indicators.md pick it up.

Notation: Y reporting years, K tiers, X axes, R regions, G the regions (or pairs) that an indicator is told for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.data.load import load_data
from sim.engines.axes import AXES, STAGES, TIERS
from sim.model.world import REPORT_FROM, Floats, Integers
from sim.runs.outcomes.institutions import leading_by_region
from sim.runs.outcomes.outcomes import Outcomes, reporting_years
from sim.runs.outcomes.statistics import Four, four, four_of_each, four_years, mean_alone, ratio, shares_of


@dataclass(frozen=True)
class Counted:
    """The counts of one run in its reporting years, as indicators read them.

    Parameters
    ----------
    codes
        Region codes in id order, (R,).
    years
        Reporting years, (Y,).
    careers
        Visible workers with a completed degree, (Y, R origin, R study, R headquarters).
    counts
        Researchers by tier, axis and region, (Y, K, X, R).
    flows
        Moves of the year, (Y, stage, R origin, R from, R to).
    """

    codes: tuple[str, ...]
    years: Integers
    careers: Integers
    counts: Integers
    flows: Integers

    @cached_property
    def trained(self) -> Integers:
        """(Y, R study, R headquarters)."""
        return self.careers.sum(axis=1)

    @cached_property
    def placed(self) -> Integers:
        """(Y, R origin, R headquarters)."""
        return self.careers.sum(axis=2)

    @cached_property
    def at_origin(self) -> Integers:
        """(Y, R) working where they come from."""
        return np.diagonal(self.placed, axis1=1, axis2=2)

    def seen(self, tier: str, axis: str) -> Integers:
        """(Y, R) researchers of a tier on an axis."""
        return self.counts[:, TIERS.index(tier), AXES.index(axis)]


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Parameters
    ----------
    name
        The name people use.
    unit, definition
        What it is measured in, and exactly what it says.
    measure
        Function of the counts of a run: (Y, G) values, NaN where the group is empty; (G,) if it has no years.
    places
        Function of the region codes: the G regions, or pairs ORIGIN->REGION, that it is told for.
    is_yearly
        Whether it has a value in every year.
    summary
        Function of its values over runs.
    is_sparse
        Whether places and years without any value are left out of tables.
    """

    name: str
    unit: str
    definition: str
    measure: Callable[[Counted], Floats]
    places: Callable[[Sequence[str]], tuple[str, ...]]
    is_yearly: bool
    summary: Callable[[Floats], Four]
    is_sparse: bool


class IndicatorRow(NamedTuple):
    """One line of ``indicators.csv``; a missing number is NaN, a year that never comes is infinite."""

    year: int | None
    indicator: str
    region: str
    mean: float
    p05: float
    p50: float
    p95: float


INDICATORS: dict[str, Indicator] = {}
"""Every indicator by name, in the order of tables."""


def regions(codes: Sequence[str]) -> tuple[str, ...]:
    """Tell an indicator for every region."""
    return tuple(codes)


def regions_and_world(codes: Sequence[str]) -> tuple[str, ...]:
    """Tell an indicator for every region and for the world."""
    return (*codes, "WORLD")


def pairs(codes: Sequence[str]) -> tuple[str, ...]:
    """Tell an indicator for every origin and region."""
    return tuple(f"{origin}->{region}" for origin in codes for region in codes)


def leader_alone(codes: Sequence[str]) -> tuple[str, ...]:
    """Tell an indicator for the leader, the United States as packaged."""
    return load_data().passing[1:]


def challenger_alone(codes: Sequence[str]) -> tuple[str, ...]:
    """Tell an indicator for the challenger, China as packaged."""
    return load_data().passing[:1]


def indicator(
    unit: str,
    definition: str,
    places: Callable[[Sequence[str]], tuple[str, ...]] = regions,
    is_yearly: bool = True,
    summary: Callable[[Floats], Four] = four,
    is_sparse: bool = False,
) -> Callable[[Callable[[Counted], Floats]], Callable[[Counted], Floats]]:
    """Declare the function that follows as an indicator of its name; arguments as of `Indicator`."""

    def declare(function: Callable[[Counted], Floats]) -> Callable[[Counted], Floats]:
        name = function.__name__
        INDICATORS[name] = Indicator(name, unit, definition, function, places, is_yearly, summary, is_sparse)
        return function

    return declare


@indicator(
    "share",
    "top20, degree completed: share of those with a graduate degree from the region whose employer "
    "has its headquarters in the region, at year end",
)
def stay_rate(counted: Counted) -> Floats:
    """Measure who stays where the degree is from."""
    return ratio(np.diagonal(counted.trained, axis1=1, axis2=2), counted.trained.sum(axis=2))


@indicator(
    "share",
    "top20, degree completed: share of researchers of the challenger's origin (CHN) with a graduate degree from the leader (USA) "
    "whose employer has its headquarters there, at year end",
    leader_alone,
)
def stay_rate_chn_origin_usa(counted: Counted) -> Floats:
    """Measure which graduates of the leader who come from the challenger stay there."""
    challenger, leader = (counted.codes.index(code) for code in load_data().passing)
    found = counted.careers[:, challenger, leader]
    return ratio(found[:, leader], found.sum(axis=1))[:, np.newaxis]


@indicator(
    "share",
    "top20, degree completed: share of researchers of the origin with a completed graduate degree from the region whose employer "
    "has its headquarters there, at year end; pairs of fewer than 20 simulated researchers are left out",
    pairs,
    is_sparse=True,
)
def origin_trained_stay(counted: Counted) -> Floats:
    """Measure who of an origin stays where the degree is from, by origin and region."""
    people = counted.careers.sum(axis=3)  # (Y, origin, study)
    stayed = np.diagonal(counted.careers, axis1=2, axis2=3)
    share = np.where(people >= 20, ratio(stayed, people), np.nan)
    return share.reshape(len(counted.years), -1)


@indicator(
    "share",
    "top20, degree completed: share of researchers of the origin (WORLD: of all) whose employer has its "
    "headquarters outside the region of origin, at year end",
    regions_and_world,
)
def abroad(counted: Counted) -> Floats:
    """Measure who works outside the region of origin."""
    everyone, home = counted.placed.sum(axis=2), counted.at_origin
    world = ratio(everyone.sum(axis=1) - home.sum(axis=1), everyone.sum(axis=1))
    return np.column_stack([ratio(everyone - home, everyone), world])


@indicator(
    "share",
    "top20, degree completed: share of researchers working for an employer with headquarters in the "
    "region whose origin is another region, at year end",
)
def foreign_workforce(counted: Counted) -> Floats:
    """Measure the foreign part of a workforce."""
    workforce = counted.placed.sum(axis=1)
    return ratio(workforce - counted.at_origin, workforce)


@indicator(
    "share",
    "top20, degree completed: share of researchers working for an employer with headquarters in the leader (USA) "
    "whose origin is the region, at year end",
)
def origin_of_usa_workforce(counted: Counted) -> Floats:
    """Measure the origins of the workforce of the leader."""
    return shares_of(counted.placed[:, :, counted.codes.index(load_data().passing[1])])


@indicator(
    "share",
    "all entrants of the year to graduate study: share of those from the origin (WORLD: of all) who study at home",
    regions_and_world,
)
def entrants_home(counted: Counted) -> Floats:
    """Measure who of those who begin graduate study stays in the region of origin."""
    begun = counted.flows[:, STAGES.index("entry")].sum(axis=2)  # (Y, origin, study)
    everyone, home = begun.sum(axis=2), np.diagonal(begun, axis1=1, axis2=2)
    return np.column_stack([ratio(home, everyone), ratio(home.sum(axis=1), everyone.sum(axis=1))])


@indicator(
    "researchers per 10,000",
    "all active researchers: arrivals less departures of the year by graduate study, first job and "
    "relocation, per 10,000 researchers located in the region at year end",
)
def net_flow(counted: Counted) -> Floats:
    """Measure arrivals less departures."""
    stages = [STAGES.index(stage) for stage in ("entry", "first_job", "relocation")]
    moves = counted.flows[:, stages].sum(axis=(1, 2))  # (Y, from, to)
    return 1e4 * ratio(moves.sum(axis=1) - moves.sum(axis=2), counted.seen("all", "location"))


@indicator(
    "year",
    "top20: first reporting year in which the challenger (CHN) has a larger work share (headquarters) than the leader (USA); "
    "'never' where no such year lies before the horizon",
    challenger_alone,
    is_yearly=False,
    summary=four_years,
)
def crossing_year_top20(counted: Counted) -> Floats:
    """Find the year in which the challenger passes the leader among the visible."""
    return _challenger_passes(counted, "top20")


@indicator(
    "share of runs",
    "top20: share of runs in which the challenger (CHN) does not pass the leader (USA) in work share before the horizon",
    challenger_alone,
    is_yearly=False,
    summary=mean_alone,
)
def crossing_never_top20(counted: Counted) -> Floats:
    """Tell whether the challenger does not pass the leader among the visible."""
    return np.isinf(_challenger_passes(counted, "top20")).astype(np.float64)


@indicator(
    "year",
    "elite: first reporting year in which the challenger (CHN) has a larger work share (headquarters) than the leader (USA); "
    "'never' where no such year lies before the horizon",
    challenger_alone,
    is_yearly=False,
    summary=four_years,
)
def crossing_year_elite(counted: Counted) -> Floats:
    """Find the year in which the challenger passes the leader among the elite."""
    return _challenger_passes(counted, "elite")


@indicator(
    "share of runs",
    "elite: share of runs in which the challenger (CHN) does not pass the leader (USA) in work share before the horizon",
    challenger_alone,
    is_yearly=False,
    summary=mean_alone,
)
def crossing_never_elite(counted: Counted) -> Floats:
    """Tell whether the challenger does not pass the leader among the elite."""
    return np.isinf(_challenger_passes(counted, "elite")).astype(np.float64)


@indicator(
    "share",
    "elite: Monte-Carlo standard error of one run's work share (headquarters), sqrt(p(1-p)/n) with n simulated elite researchers",
)
def elite_monte_carlo_error(counted: Counted) -> Floats:
    """Compute the sampling error of the elite's work shares."""
    elite = counted.seen("elite", "work")
    share = shares_of(elite)
    error: Floats = np.sqrt(share * (1.0 - share) / np.maximum(elite.sum(axis=-1, keepdims=True), 1))
    return error


@indicator(
    "institutions",
    "top20, an assumption: number of the 25 leading institutions with headquarters in the region, if sizes within every region "
    "follow a rank-size law whose dispersion is fitted to the published numbers of 2019 and 2022",
)
def leading_institutions(counted: Counted) -> Floats:
    """Count leading institutions under an assumed law of sizes."""
    return leading_by_region(counted.seen("top20", "work")).astype(np.float64)


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


def _challenger_passes(counted: Counted, tier: str) -> Floats:
    codes = counted.codes
    return crossing(counted.seen(tier, "work")[np.newaxis], counted.years, *(codes.index(code) for code in load_data().passing))


def measure(outcomes: Outcomes, codes: Sequence[str]) -> dict[str, Floats]:
    """Measure every indicator of one run.

    Parameters
    ----------
    outcomes
        One run.
    codes
        Region codes in id order, (R,).

    Returns
    -------
    dict
        By name, (Y, G) values, NaN where the group is empty; (G,) for those without years.
    """
    reported: NDArray[np.bool_] = outcomes.years >= REPORT_FROM
    counted = Counted(
        codes=tuple(codes),
        years=outcomes.years[reported],
        careers=outcomes.careers[reported].astype(np.int64),
        counts=outcomes.counts[reported],
        flows=outcomes.flows[reported].astype(np.int64),
    )
    return {name: each.measure(counted) for name, each in INDICATORS.items()}


def indicator_rows(measured: Sequence[Mapping[str, Floats]], until: int, codes: Sequence[str]) -> list[IndicatorRow]:
    """Summarise every indicator over the runs.

    Parameters
    ----------
    measured
        What `measure` gave, one per run.
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
    for name, each in INDICATORS.items():
        values = np.stack([run[name] for run in measured])  # (N, Y, G) or (N, G)
        flat = values.reshape(len(values), -1)
        summaries = iter(four_of_each(flat) if each.summary is four else map(each.summary, flat.T))
        found = {at: next(summaries) for at in np.ndindex(values.shape[1:])}
        for k, place in enumerate(each.places(codes)):
            if not each.is_yearly:
                rows.append(IndicatorRow(None, name, place, *found[k,]))
                continue
            seen = np.logical_not(np.isnan(values[..., k]).all(axis=0)).tolist()
            rows.extend(
                IndicatorRow(int(year), name, place, *found[y, k])
                for y, year in enumerate(years)
                if seen[y] or not each.is_sparse
            )
    return rows
