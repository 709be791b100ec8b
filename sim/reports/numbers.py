"""The years, shares and notes that pages and printed tables have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.comparisons.errors import decimals, median_error
from sim.comparisons.regions import passing_pair
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.reports.words import remark_notes
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import band, grouped

SHOWN_YEARS: Final = (2019, 2022, 2025, 2030, 2035)


SORT_YEAR: Final = 2022


class ShareCell(NamedTuple):
    """A median with the ends of its 90 % band, for a share (0..1) and for people, and its Monte-Carlo error."""

    share: tuple[float, float, float]
    people: tuple[float, float, float]
    share_error: float  # standard error of the median share, 0..1; NaN from one draw

    @property
    def digits(self) -> int:
        """Decimals of a share in per cent that the error of the median supports; at most one."""
        return decimals(100.0 * self.share_error, most=1)


def shown_years(run: Run) -> list[int]:
    """Return the years of the printed table that the run reaches; its last year if it reaches none."""
    years = [year for year in SHOWN_YEARS if run.years[0] <= year <= run.years[-1]]
    return years or [int(run.years[-1])]


def share_cells(run: Run, tier: str, axis: str, groups: Sequence[Sequence[int]]) -> list[list[ShareCell]]:
    """Return the cells of a printed table, one list per group of regions, one cell per shown year."""
    index = [int(year - run.years[0]) for year in shown_years(run)]
    people = grouped(run.counts[:, index, TIERS.index(tier), AXES.index(axis)], groups)
    shares = run.shares_by_run(tier, axis, groups)[:, index]
    share, error = band(shares), median_error(shares, run.effective_draws)
    count = band((run.weight * people).astype(np.float64))
    return [
        [
            ShareCell(_three(share, year, group), _three(count, year, group), float(error[year, group]))
            for year in range(len(index))
        ]
        for group in range(len(groups))
    ]


def reading_notes(run: Run) -> list[str]:
    """Return the sentences that say what the numbers contain and where they are weak."""
    notes = [
        "Each cell: median share in % (5 % and 95 % quantile over the runs); below it, the median number of people. Digits that "
        "the Monte-Carlo error of the median does not support are left out.",
        f"The bands contain {run.provenance['bands']}; of sampling noise they hold that of the published shares that draws "
        "are solved on.",
    ]
    if run.replicates == 1:
        notes.append("With one replicate the noise of the random numbers cannot be told from the parameters.")
    error = elite_error(run)
    if error is not None:
        notes.append(
            f"Elite: few people, so one run has a Monte-Carlo standard error of {100 * error:.1f} points on "
            f"the {passing_pair()[1]} work share of 2022; give no verdict on it below 20,000 researchers x 10 replicates."
        )
    return notes + run_notes(run)


def run_notes(run: Run) -> list[str]:
    """Return what a reader of a run should know: its notes, then its remarks in words."""
    return [*run.notes, *remark_notes(run.remarks, run.draws * run.replicates)]


def elite_error(run: Run) -> float | None:
    """Return the elite's Monte-Carlo standard error of one run (the leader's work share, 2022 or the last year)."""
    year = min(SORT_YEAR, int(run.years[-1]))
    leader = passing_pair()[1]
    for row in run.indicators:
        if (row.indicator, row.region, row.year) == ("elite_monte_carlo_error", leader, year):
            return None if np.isnan(row.mean) else row.mean
    return None


def _three(values: tuple[Floats, Floats, Floats], year: int, group: int) -> tuple[float, float, float]:
    low, middle, high = (float(each[year, group]) for each in values)
    return low, middle, high
