"""The score table of a strict test: every forecaster on the same rows, with the same errors of observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.calibration.validation.baselines import with_rest_of
from sim.calibration.validation.registration import Registered, RowGroup, chart_parts
from sim.calibration.validation.scores import LEVELS, RowScores, bootstrapped, chart_sample, coverage, energy_score, row_scores
from sim.model.world import Floats

REDRAWN = 40
"""Times that the draws of a forecast are drawn anew for the spread of its energy score."""


@dataclass(frozen=True)
class ForecastScores:
    """Scores of one forecaster.

    Parameters
    ----------
    name
        Of the forecaster.
    rows
        Scores row by row, in the order of the test's rows.
    energy, energy_band
        Energy score by group that is a chart; its 5 and 95 % when draws are drawn anew.
    crps, crps_band
        Mean over the rows; its 5 and 95 % when rows are drawn anew.
    log, log_band
        The same of the log score.
    coverage
        Share of the rows inside the central interval, by level.
    """

    name: str
    rows: RowScores
    energy: Mapping[str, float]
    energy_band: Mapping[str, tuple[float, float]]
    crps: float
    crps_band: tuple[float, float]
    log: float
    log_band: tuple[float, float]
    coverage: Mapping[float, float]


def scored(test: Registered, name: str, draws: Floats) -> ForecastScores:
    """Score a forecaster: (D, K) draws of what is true of the rows asked for."""
    seed = int(test.rules["seed"])
    values, errors = (np.array([getattr(row, key) for row in test.rows]) for key in ("value", "sd"))
    rows = row_scores(draws, values, errors)
    energy = {group.name: group_energy(group, columns, seed) for group, columns in chart_columns(test, draws)}
    return ForecastScores(
        name,
        rows,
        {group: found[0] for group, found in energy.items()},
        {group: found[1] for group, found in energy.items()},
        float(rows.crps.mean()),
        bootstrapped(rows.crps, seed),
        float(rows.log.mean()),
        bootstrapped(rows.log, seed),
        {level: coverage(rows.place, level) for level in LEVELS},
    )


def chart_columns(test: Registered, draws: Floats) -> list[tuple[RowGroup, Floats]]:
    """List the groups that are charts with their columns of (D, K) draws."""
    found, at = [], 0
    for group in test.groups:
        if group.asked_chart is not None:
            found.append((group, draws[:, at : at + len(group.asked)]))
        at += len(group.asked)
    return found


def group_energy(group: RowGroup, draws: Floats, seed: int) -> tuple[float, tuple[float, float]]:
    """Compute the energy score of a chart on centred log-ratios, and its 5 and 95 % when draws are drawn anew."""
    assert group.asked_chart is not None
    rng = np.random.default_rng(seed)
    parts, variances = chart_parts(group.asked, group.asked_chart)
    sample = chart_sample(with_rest_of(group, draws), variances, rng)
    seen = np.log(parts) - np.log(parts).mean()
    again = [energy_score(sample[rng.integers(0, len(sample), len(sample))], seen) for _ in range(REDRAWN)]
    low, high = np.quantile(again, (0.05, 0.95))
    return energy_score(sample, seen), (float(low), float(high))


def difference_band(test: Registered, one: ForecastScores, other: ForecastScores) -> tuple[float, tuple[float, float]]:
    """Compare two forecasters row by row: mean difference in CRPS, and its 5 and 95 % when rows are drawn anew."""
    differences = one.rows.crps - other.rows.crps
    return float(differences.mean()), bootstrapped(differences, int(test.rules["seed"]))
