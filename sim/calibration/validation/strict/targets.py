"""What strict ensembles are solved on: measurements of one year, each moved by its error; wide targets where there is none."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.calibration.charts import with_rest
from sim.calibration.evidence import Record, load_evidence
from sim.calibration.validation.matrix import over_regions
from sim.calibration.validation.registration import load_registration
from sim.calibration.validation.series import YearSeries, load_series
from sim.data.schema import DATA_YEARS, Data
from sim.draws.constants import author_counts
from sim.draws.targets import DESIGN_EFFECT, SolvedTargets, errors_apart, moved, moved_path, moved_shares, target_errors
from sim.model.world import BASE_YEAR, FIRST_YEAR, REFERENCE_YEAR, Floats

TARGETS_FILE = Path(__file__).with_name("targets.toml")
VISIBLE_PART = 9943.0 / 22_500.0
"""Of active researchers: the scale of the model, an assumption, no measurement."""
OWN_NAMES = {"GBR-HQ": "british"}
"""Rows of solved.csv that targets.toml calls otherwise."""
GROWTH_SD = 0.1  # a year, of the number of authors in years without a count
TREND_SD = 0.5  # of the parameter visible_fraction_trend, whose score says by how much the growth differs
INDUSTRY_2022 = (0.55, 0.1)
"""Share of new doctors who enter industry where neither 2010 nor 2019 may be known: an assumption and its sd."""


class YearTargets(NamedTuple):
    """What is published of one year, before errors."""

    work: Floats  # (R,)
    origin: Floats  # (R,)
    samples: tuple[float, float]  # persons over design effect, of work and origin
    single: Mapping[str, tuple[float, float]]  # value and sd by id of the solver, and "british"


def read_targets(path: Path = TARGETS_FILE) -> dict[int, dict[str, dict[str, Any]]]:
    """Read the single targets by year and id."""
    with path.open("rb") as file:
        return {int(year): entries for year, entries in tomllib.load(file).items()}


@cache
def year_targets(data: Data, knows: int) -> YearTargets:
    """Collect what is published of a year."""
    single = {name: (float(entry["value"]), float(entry["sd"])) for name, entry in read_targets()[knows].items()}
    if knows == BASE_YEAR:
        sizes = data.work_sample / DESIGN_EFFECT, data.origin_sample / DESIGN_EFFECT
        return YearTargets(data.work_target_2019, data.origin_target_2019, sizes, single)
    record = load_evidence(data)
    series = load_series(data, str(load_registration(record, "backcast").rules["series"])).between(REFERENCE_YEAR, REFERENCE_YEAR)
    charts = ("census-work-2022", "tracker-origin-2022")
    work, origin = (chart_over_regions(record, chart, series) for chart in charts)
    samples = [record.charts[chart].sample / record.charts[chart].design_effect for chart in charts]
    return YearTargets(work, origin, (samples[0], samples[1]), single)


def chart_over_regions(record: Record, chart: str, series: YearSeries) -> Floats:
    """Spread a published chart over all regions, (R,); within a row, and for the rest, as the series."""
    rows = [record.rows[k] for k in record.members(chart)]
    parts = with_rest(np.array([[row.value for row in rows]]))
    found: Floats = over_regions(rows, parts, series)[0]
    return found


def strict_targets(data: Data, knows: int, number: int) -> SolvedTargets:
    """Make the targets of a draw: those of one year, moved by the errors that its number keys."""
    published, errors = year_targets(data, knows), target_errors(number, data)
    work, origin, single, industry = errors_apart(errors, data)
    if knows == BASE_YEAR:
        path = moved_path(data.industry_entry, industry)
    else:
        path = np.full(len(DATA_YEARS), moved(*INDUSTRY_2022, float(industry[0])))
    return SolvedTargets(
        moved_shares(published.work, published.samples[0], work),
        moved_shares(published.origin, published.samples[1], origin),
        {
            row.id: moved(*published.single[OWN_NAMES.get(row.id, row.id)], float(z))
            for row, z in zip(data.solved, single, strict=True)
        },
        path,
        errors,
    )


def authors(data: Data, knows: int, growth: float, trend: float) -> Floats:
    """Count the authors by year, (51,): what was counted up to the year, and a growth where nothing may be known.

    Parameters
    ----------
    data : whose counts end with the year known.
    knows : the year; for 2022 its count alone is known, for 2019 those before it too.
    growth : a year, registered.
    trend : the parameter visible_fraction_trend, of sd TREND_SD.
    """
    years = np.array(DATA_YEARS)
    counts = author_counts(data.pool_size)
    rate = growth + GROWTH_SD * trend / TREND_SD
    made = counts[knows - FIRST_YEAR] * np.exp(rate * (years - knows))
    found: Floats = np.where((years <= knows) & (knows == BASE_YEAR) & np.isfinite(counts), counts, made)
    return found
