"""What a scenario says to every row of the tracker in its years and after them: the runs walked again, and their bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.calibration.observe import OPERATORS, Observed, Question, observe, seen_in_run
from sim.calibration.tracker.charts import CHARTS, NOT_MODELLED, TrackerChart, TrackerRow, read_charts
from sim.engines.axes import AXES, TIERS
from sim.engines.counts import YearEnd
from sim.model.population import OUT
from sim.model.world import FIRST_YEAR, Floats, Integers
from sim.runs.executors import Progress
from sim.runs.folder import run_id
from sim.runs.lives.replay import replay
from sim.runs.outcomes.institutions import VARIED_DISPERSION, leading_by_region
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.statistics import mean_of, quantiles_of
from sim.runs.plan import RunPlan
from sim.runs.provenance import digest
from sim.sources import source_hash

PUBLISHED_YEARS: Final = (2019, 2022)
PROJECTED_YEARS: Final = (2025, 2030, 2035)
TRACKER_YEARS: Final = (*PUBLISHED_YEARS, *PROJECTED_YEARS)
WITHIN, INSTITUTIONS = "share_within", "institutions"


class TrackerValue(NamedTuple):
    """One row in one year: as published (blank if it was not), and modelled (missing if it is not).

    Shares are 0..1. `kind` is that of the target: point, derived, at_most, at_least or context.
    """

    chart: str
    title: str
    row: str
    tier: str
    unit: str
    year: int
    published: float
    published_sd: float
    kind: str
    target: str
    source: str
    mean: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float


def tracker_values(plan: RunPlan, progress: Progress | None = None) -> list[TrackerValue]:
    """Set every row of the tracker beside a scenario.

    Parameters
    ----------
    plan : what is walked; its last year is 2022 or later.
    progress : called with (phase, done, total).

    Returns
    -------
    One value a row and year of TRACKER_YEARS up to the plan's last: by chart, row and year.
    """
    charts, codes = read_charts(plan.basis.data), plan.basis.data.codes
    years = [year for year in TRACKER_YEARS if year <= plan.until]
    weight = plan.basis.data.researchers / plan.researchers
    read = partial(row_answers, charts=charts, codes=codes, years=years, weight=weight)
    modelled = replay(plan, read, progress)  # (D, P, dispersions, rows, years)
    values = []
    places = [(chart, row) for chart in charts for row in chart.rows]
    for k, (chart, row) in enumerate(places):
        asked = modelled[:, :, :, k] if row.operator == INSTITUTIONS else modelled[:, :, :1, k]
        runs = asked.reshape(-1, len(years))
        bands, means = quantiles_of(runs), mean_of(runs)
        for y, year in enumerate(years):
            values.append(tracker_value(chart, row, year, means[y], tuple(float(each[y]) for each in bands)))
    return values


def tracker_value(chart: TrackerChart, row: TrackerRow, year: int, mean: float, bands: tuple[float, ...]) -> TrackerValue:
    """Put the published and the modelled side of one cell together."""
    target = row.published.get(year)
    said = (target.value, target.sd, target.kind, target.id, target.source) if target else (np.nan, np.nan, "", "", "")
    tier = str(row.arguments.get("tier", "top20"))
    return TrackerValue(chart.id, chart.title, row.label, tier, chart.unit, year, *said, float(mean), *bands)


def row_answers(
    ends: Iterator[YearEnd], charts: Sequence[TrackerChart], codes: tuple[str, ...], years: Sequence[int], weight: float
) -> Floats:
    """Answer every row in some years of one run: (dispersions of institutions, rows, years), NaN where nothing is modelled."""
    seen = seen_with_students(ends, codes, weight)
    rows = [row for chart in charts for row in chart.rows]
    values = np.full((len(VARIED_DISPERSION), len(rows), len(years)), np.nan)
    asked: list[tuple[int, int]] = []
    questions: list[Question] = []
    for k, row in enumerate(rows):
        if row.operator in OPERATORS:
            asked += [(k, y) for y in range(len(years))]
            questions += [Question(row.operator, row.arguments, year) for year in years]
        elif row.operator == WITHIN:
            values[:, k] = within(seen, row, years)
        elif row.operator == INSTITUTIONS:
            values[:, k] = [institutions(seen, row, years, dispersion) for dispersion in VARIED_DISPERSION]
        elif row.operator != NOT_MODELLED:
            allowed = ", ".join([*OPERATORS, WITHIN, INSTITUTIONS, NOT_MODELLED])
            raise ValueError(f"row {row.label!r}: operator {row.operator!r}; allowed: {allowed}")
    for (k, y), value in zip(asked, observe(seen, questions), strict=True):
        values[:, k, y] = value
    return values


def within(seen: Observed, row: TrackerRow, years: Sequence[int]) -> Floats:
    """Divide the share of `regions` by that of `among`, year by year."""
    whole = {**row.arguments, "regions": row.arguments["among"]}
    questions = [Question("share", arguments, year) for arguments in (row.arguments, whole) for year in years]
    part, among = np.split(observe(seen, questions), 2)
    quotient: Floats = part / among
    return quotient


def institutions(seen: Observed, row: TrackerRow, years: Sequence[int], dispersion: float) -> Floats:
    """Count the leading institutions of `regions`, year by year."""
    people = seen.shares[[year - FIRST_YEAR for year in years], TIERS.index("top20"), AXES.index("work")]
    counted = leading_by_region(people, dispersion)
    number: Floats = counted[:, np.isin(seen.codes, row.arguments["regions"])].sum(axis=1).astype(np.float64)
    return number


def seen_with_students(ends: Iterator[YearEnd], codes: tuple[str, ...], weight: float) -> Observed:
    """Collect what operators read from a run that is walked again: its outcomes, and the origins of its students.

    Parameters
    ----------
    ends : the years of one run.
    codes : (R,) region codes in id order.
    weight : people per simulated researcher.
    """
    shares, careers, flows, studying, years = [], [], [], [], []
    for end in ends:
        years.append(end.year)
        shares.append(end.counts.shares.copy())
        careers.append(end.counts.careers.copy())
        flows.append(end.counts.flows.copy())
        studying.append(visible_by_study(end, len(codes)))
    outcomes = Outcomes(
        draw=0,
        replicate=0,
        years=np.array(years, dtype=np.int64),
        counts=np.stack(shares),
        flows=np.stack(flows),
        careers=np.stack(careers),
        weight=weight,
        active=np.zeros(len(years), dtype=np.int64),
        eligible=np.zeros(len(years), dtype=np.int64),
        remarks=(),
    )
    return seen_in_run(codes, outcomes)._replace(studying=weight * np.stack(studying).astype(np.float64))


def visible_by_study(end: YearEnd, regions: int) -> Integers:
    """Count the visible of a year by origin and graduate region, students included: (R, R)."""
    people = end.researchers
    rows = np.flatnonzero((people.tier[: end.entered] > 0) & (people.stage[: end.entered] != OUT))
    pairs: NDArray[Any] = people.origin[rows].astype(np.int64) * regions + people.study[rows]
    return np.bincount(pairs, minlength=regions * regions).reshape(regions, regions)


def tracker_id(plan: RunPlan) -> str:
    """Name what decides the numbers of the tracker continued: the run, the charts and the code that reads it. 16 hex digits."""
    code = source_hash(("calibration/tracker", "calibration/observe.py"))
    return digest({"run": run_id(plan), "charts": CHARTS.read_text(encoding="utf-8"), "code": code})[:16]
