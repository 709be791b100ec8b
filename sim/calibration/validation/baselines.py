"""What anybody could have said: baselines that know the measurements of one year and an earlier series, with their spread.

Persistence and trends: what was measured, with the error of its sample, moved by the change that the method expects, and
spread by the error that the method makes in the series (`sim.calibration.validation.series`). Entrant-mix Markov: fixed chances
of a place of work for every origin, with the mix of origins that the series implies. Cohort component: the same for those who
enter, while the others stay where they are, less those who leave. Neither has behaviour: no choice answers to anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import expit, logit

from sim.calibration.charts import with_rest
from sim.calibration.evidence import Evidence
from sim.calibration.validation.matrix import LEAST_CELL, Sum, over_regions, raked, read_off
from sim.calibration.validation.registration import Registered, RowGroup, chart_parts
from sim.calibration.validation.series import TrialSpan, YearSeries, change, line, load_series, spread_of
from sim.data.schema import Data
from sim.model.world import Floats

TRENDS = ("persistence", "linear", "logit", "damped")
MARKOV, COHORTS = "entrant-mix Markov", "cohort component"
PRIOR_FORECAST = "prior"
"""The baseline that is no rule of this module: what the draws of the priors say."""
NEAREST_SHARE = 1e-3  # to 0 and 1 that a share may be drawn


@dataclass(frozen=True)
class Known:
    """What baselines know.

    Parameters
    ----------
    test
        What was registered.
    series, whole
        The earlier series in the years of slopes; as long as it is.
    spreads
        Of the logarithm of a share, by method.
    """

    test: Registered
    series: YearSeries
    whole: YearSeries
    spreads: Mapping[str, float]

    @property
    def draws(self) -> int:
        """How many draws each baseline has."""
        return int(self.test.rules["draws"])

    def rng(self, name: str) -> np.random.Generator:
        """Make the random numbers of a baseline."""
        return np.random.default_rng([int(self.test.rules["seed"]), *name.encode()])


def known_of(data: Data, test: Registered) -> Known:
    """Collect what baselines know of a test."""
    whole = load_series(data, str(test.rules["series"]))
    work = [row.arguments["regions"] for row in test.groups[0].known]
    tested = TrialSpan(*test.tested, abs(test.years))
    spreads = {name: spread_of(whole, work, name, tested, float(test.rules["damping"])) for name in TRENDS}
    return Known(test, whole.between(*test.slope), whole, spreads)


def baseline_forecasts(data: Data, test: Registered) -> dict[str, Floats]:
    """Make the baselines of a test: by name (D, K) draws of what is true, K rows asked for in their order."""
    known = known_of(data, test)
    rules: dict[str, Callable[[Known], Floats]] = {name: partial(trend_forecast, method=name) for name in TRENDS}
    rules |= {MARKOV: partial(matrix_forecast, keeps_stock=False), COHORTS: partial(matrix_forecast, keeps_stock=True)}
    return {name: rules[name](known) for name in test.rules["baselines"] if name != PRIOR_FORECAST}


def trend_forecast(known: Known, method: str) -> Floats:
    """Forecast all rows by a trend; those of which the series says nothing stay as they are."""
    rng = known.rng(method)
    return np.concatenate([moved_group(known, group, method, rng) for group in known.test.groups], axis=1)


def moved_group(known: Known, group: RowGroup, method: str, rng: np.random.Generator) -> Floats:
    """Forecast the rows of a group by a trend, (D, K)."""
    drift = np.array([drift_of(known, row, method) for row in group.known])
    spread = known.spreads[method]
    if group.known_chart is None:
        return np.column_stack([moved_row(known, row, spread, rng) for row in group.known])
    measured = measured_parts(group, known.draws, rng)
    logs = np.log(measured) + np.append(drift, 0.0) + spread * rng.normal(size=measured.shape)
    parts = np.exp(logs)
    found: Floats = (parts / parts.sum(axis=1, keepdims=True))[:, : len(group.known)]
    return found


def drift_of(known: Known, row: Evidence, method: str) -> float:
    """Compute the change of the logarithm of a share by the series; 0 for what is no share of regions at work or by origin."""
    if row.operator != "share" or row.arguments.get("tier", "top20") != "top20":
        return 0.0
    shares = known.series.shares(row.arguments["regions"])
    return change(shares, method, known.test.years, float(known.test.rules["damping"]))


def measured_parts(group: RowGroup, draws: int, rng: np.random.Generator) -> Floats:
    """Draw what may have been true of a chart, (D, K + 1) with the rest: what was measured with the error of its sample."""
    assert group.known_chart is not None
    parts, variances = chart_parts(group.known, group.known_chart)
    logs = np.log(parts) + np.sqrt(variances) * rng.normal(size=(draws, len(parts)))
    drawn = np.exp(logs)
    found: Floats = drawn / drawn.sum(axis=1, keepdims=True)
    return found


def moved_row(known: Known, row: Evidence, spread: float, rng: np.random.Generator) -> Floats:
    """Draw a row by itself, (D,): its error and the spread on the logit scale, the spread as of the smaller of p and 1 - p."""
    p = min(max(row.value, NEAREST_SHARE), 1.0 - NEAREST_SHARE)
    sd = np.hypot(row.sd / (p * (1.0 - p)), spread)
    found: Floats = expit(logit(p) + sd * rng.normal(size=known.draws))
    return found


def matrix_forecast(known: Known, keeps_stock: bool) -> Floats:
    """Forecast by fixed chances of a place of work for every origin; rows that a matrix does not say persist."""
    rng = known.rng(COHORTS if keeps_stock else MARKOV)
    now = measured_matrix(known, rng)
    mix = now.sum(axis=2, keepdims=True)
    chances = now / np.maximum(mix, LEAST_CELL)
    rates = growth_of_origins(known, rng)
    later = survived(known, now, mix, chances, rates) if keeps_stock else turned(mix, rates * known.test.years) * chances
    columns = []
    for group in known.test.groups:
        for known_row, asked in zip(group.known, group.asked, strict=True):
            read = read_off(asked, later, known.series.codes)
            columns.append(moved_row(known, known_row, known.spreads["persistence"], rng) if read is None else read)
    return np.column_stack(columns)


def measured_matrix(known: Known, rng: np.random.Generator) -> Floats:
    """Draw matrices (D, R, R) by origin and work that agree with what was measured, errors included."""
    codes, groups = known.series.codes, {group.name: group for group in known.test.groups}
    work, origin, force = (groups[name] for name in ("work", "origin", "workforce"))
    works, origins = (
        over_regions(group.known, measured_parts(group, known.draws, rng), known.series) for group in (work, origin)
    )
    at_usa = np.isin(codes, "USA")
    sums = [
        Sum(np.outer(np.isin(codes, row.arguments["origin"]), at_usa).astype(np.float64), part * works[:, at_usa][:, 0])
        for row, part in zip(force.known, measured_parts(force, known.draws, rng).T, strict=False)
    ]
    (abroad,) = groups["abroad"].known
    away = np.clip(abroad.value + abroad.sd * rng.normal(size=known.draws), NEAREST_SHARE, 1.0 - NEAREST_SHARE)
    sums.append(Sum(np.eye(len(codes)), 1.0 - away))
    return raked(origins, works, sums)


def growth_of_origins(known: Known, rng: np.random.Generator) -> Floats:
    """Draw the growth a year of the people of each origin relative to all, (D, R, 1): that of the series and its error."""
    logs = np.log(known.series.counts) - np.log(known.series.counts.sum(axis=1, keepdims=True))
    slopes = np.array([line(column) for column in logs.T])
    error = known.spreads["logit"] / abs(known.test.years)
    found: Floats = (slopes + error * rng.normal(size=(known.draws, len(slopes))))[:, :, np.newaxis]
    return found


def turned(mix: Floats, change_of_logs: Floats) -> Floats:
    """Turn a mix (D, R, 1) by changes of logarithms, adding to 1 again."""
    weighted = mix * np.exp(change_of_logs)
    found: Floats = weighted / weighted.sum(axis=1, keepdims=True)
    return found


def survived(known: Known, now: Floats, mix: Floats, chances: Floats, rates: Floats) -> Floats:
    """Keep the stock where it is less those who leave, and add (going back: take away) those who enter between the two years.

    Those who enter have the mix of the middle of the years between, which is tilted by more than the stock's: a stock that grows
    by `growth` and loses `exit` a year has a mean age of 1 / (growth + exit).
    """
    years, leaving, growth = abs(known.test.years), float(known.test.rules["exit"]), float(known.test.rules["growth"])
    stay, grown = (1.0 - leaving) ** years, np.exp(growth * years)
    forward = known.test.years > 0
    middle = 1.0 / (growth + leaving) + (0.5 * years if forward else -0.5 * years)
    entered = (1.0 - stay / grown) * turned(mix, rates * middle) * chances
    later = stay / grown * now + entered if forward else np.maximum(now - entered, LEAST_CELL * now)
    found: Floats = later / later.sum(axis=(1, 2), keepdims=True)
    return found


def with_rest_of(group: RowGroup, draws: Floats) -> Floats:
    """Add the rest to 1 to (D, K) draws of a chart's rows, none below what its logarithm needs."""
    kept = np.maximum(draws, LEAST_CELL)
    scaled = np.minimum(1.0, (1.0 - NEAREST_SHARE) / kept.sum(axis=1, keepdims=True))
    return with_rest(kept * scaled) if len(chart_parts(group.asked, group.asked_chart)[0]) > kept.shape[1] else kept  # type: ignore[arg-type]
