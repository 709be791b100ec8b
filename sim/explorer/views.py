"""What the page asks of a question beside its stream: each view by name, made of runs that are kept.

Notation: N runs, Y reporting years, R regions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.calibration.evidence import WEIGHED, load_evidence
from sim.calibration.fit import Fit, RowFit, fit
from sim.calibration.modelled import first_draws, modelled_values
from sim.calibration.tracker.charts import read_charts
from sim.comparisons.crossings import work_counts
from sim.comparisons.regions import passing_pair
from sim.explorer.live import Bench, Finished
from sim.explorer.numbers import as_lists, bands_record, refused
from sim.explorer.state import PageState, shown
from sim.explorer.texts import own_folder
from sim.model.world import REPORT_FROM
from sim.runs.outcomes.indicators import crossing
from sim.runs.outcomes.statistics import shares_of
from sim.scenarios.scenario import Basis

FLOW_REGIONS: Final = 6
"""Regions of the flow picture that stand alone; the others are one."""
OTHERS: Final = "other"
FIT_DRAWS: Final = 100
FIT_ROWS: Final = 15


class ViewError(ValueError):
    """A view that cannot be shown; says why."""


def bands_view(bench: Bench, state: PageState, look: Mapping[str, Any]) -> dict[str, Any]:
    """Show another tier or axis of what was run."""
    finished = bench.finish(state)
    why = refused(finished.question, look["tier"])
    if why:
        raise ViewError(why)
    return bands_record(finished.question, finished.pair, look)


def flow_view(bench: Bench, state: PageState, look: Mapping[str, Any]) -> dict[str, Any]:
    """Show where the visible workers of a year come from, went to graduate school and work: mean over runs, in people."""
    finished = bench.finish(state)
    year = look.get("year", state.until)
    if not isinstance(year, int) or not REPORT_FROM <= year <= state.until:
        raise ViewError(f"look.year is {shown(year)}; allowed: {REPORT_FROM} to {state.until}")
    codes, at = bench.basis.data.codes, year - REPORT_FROM
    people = finished.pair.weight / finished.pair.runs
    told = largest_views(finished.base_paths[at], codes)
    return {
        "year": year,
        "columns": ["origin", "graduate school", "work"],
        "regions": [*told, OTHERS],
        "base": stream_rows(finished.base_paths[at], codes, told, people),
        "variant": stream_rows(finished.variant_paths[at], codes, told, people),
        "published": published_rows(bench, year),
    }


def largest_views(paths: NDArray[np.int32], codes: tuple[str, ...]) -> list[str]:
    """Name the regions through which most pass, the largest_views first."""
    through = sum(paths.sum(axis=tuple(other for other in range(3) if other != axis)) for axis in range(3))
    return [codes[int(region)] for region in np.argsort(-np.asarray(through), kind="stable")[:FLOW_REGIONS]]


def stream_rows(paths: NDArray[np.int32], codes: tuple[str, ...], told: list[str], people: float) -> list[list[Any]]:
    """List origin, graduate school, work and people of each stream that is not empty."""
    place = [told.index(code) if code in told else len(told) for code in codes]
    names = [*told, OTHERS]
    sums = np.zeros((len(names),) * 3)
    np.add.at(sums, np.ix_(place, place, place), paths)
    return [[names[o], names[s], names[w], float(people * sums[o, s, w])] for o, s, w in np.argwhere(sums > 0).tolist()]


def published_rows(bench: Bench, year: int) -> list[list[Any]]:
    """List what the tracker published of a year: chart, row, value in the chart's unit, source."""
    return [
        [chart.title, row.label, row.published[year].value, row.published[year].source]
        for chart in read_charts(bench.basis.data)
        for row in chart.rows
        if year in row.published and chart.unit == "share"
    ]


def futures_view(bench: Bench, state: PageState, look: Mapping[str, Any]) -> dict[str, Any]:
    """Show every run by itself: shares of who may pass whom, and the first year in which that happens."""
    finished = bench.finish(state)
    codes, years = bench.basis.data.codes, np.arange(REPORT_FROM, state.until + 1)
    pair = [codes.index(code) for code in passing_pair()]
    record: dict[str, Any] = {
        "challenger": passing_pair()[0],
        "leader": passing_pair()[1],
        "years": years.tolist(),
        "runs": run_names(finished),
    }
    for side, counts in (("base", finished.pair.base), ("variant", finished.pair.variant)):
        work = work_counts(counts, "top20")
        first = crossing(work, years, *pair)
        record[side] = {
            "shares": as_lists(shares_of(work)[..., pair].transpose(2, 0, 1)),
            "first": [None if math.isnan(year) or year > state.until else int(year) for year in np.asarray(first, dtype=float)],
        }
    return record


def run_names(finished: Finished) -> list[list[int]]:
    """List draw and replicate of each run, in the order of all arrays over runs."""
    return [[draw, replicate] for draw in finished.pair.draws for replicate in range(finished.pair.base.shape[1])]


def fit_view(bench: Bench, state: PageState, look: Mapping[str, Any]) -> dict[str, Any]:
    """Show what the model meets of what was published, and its largest_views misses; the same for every state."""
    if own_folder(bench.basis.data):
        raise ViewError("the published record beside the model is of the packaged data; tables of yours have none")
    found = fit_record_of(bench.basis)
    weighed = [each for each in found.rows if each.row.use in WEIGHED and math.isfinite(each.miss)]
    return {
        "draws": found.draws,
        "inside": found.total.inside,
        "rows": found.total.rows,
        "families": [[each.name, each.rows, each.inside] for each in found.families],
        "misses": [fit_row_record(each) for each in weighed[:FIT_ROWS]],
        "met": [fit_row_record(each) for each in weighed[::-1][:FIT_ROWS]],
    }


@cache
def fit_record_of(basis: Basis) -> Fit:
    """Set the prior draws beside the published record, once."""
    record = load_evidence(basis.data)
    return fit(record, modelled_values(record, basis, first_draws(basis, FIT_DRAWS, None), None))


def fit_row_record(each: RowFit) -> dict[str, Any]:
    """Write one row of the record beside the model."""
    return {
        "label": each.row.label, "year": each.row.year, "published": each.row.value, "low": each.low, "median": each.median,
        "high": each.high, "miss": each.miss, "inside": each.inside,
    }  # fmt: skip


ViewMaker = Callable[[Bench, PageState, Mapping[str, Any]], dict[str, Any]]
VIEWS: Final[Mapping[str, ViewMaker]] = {"bands": bands_view, "flow": flow_view, "futures": futures_view, "fit": fit_view}
