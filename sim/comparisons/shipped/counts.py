"""Counts of a small run of each shipped scenario at the reference point: whole numbers that say when a result moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from sim.engines.axes import AXES, TIERS
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.rows import write_csv

COUNT_YEARS = (2019, 2022, 2025, 2030, 2035)
COUNT_KEY = ("year", "tier", "axis")
TOTAL = "all"
"""Column of the sum over regions, which turns counts into shares."""


def count_table(runs: Iterable[Outcomes], codes: Sequence[str]) -> list[list[str]]:
    """Add up the counts of runs in the years of YEARS: a header, then a row for every year, tier and axis.

    Parameters
    ----------
    runs : replicates of one scenario at one draw.
    codes : region codes in id order.
    """
    made = list(runs)
    counts = np.sum([run.counts for run in made], axis=0)
    years = made[0].years.tolist()
    table = [[*COUNT_KEY, TOTAL, *codes]]
    for year in COUNT_YEARS:
        for t, tier in enumerate(TIERS):
            for a, axis in enumerate(AXES):
                row = counts[years.index(year), t, a]
                table.append([str(year), tier, axis, str(row.sum()), *map(str, row)])
    return table


def write_count_table(path: Path, table: Sequence[Sequence[str]]) -> None:
    """Write a table of counts, its header first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, table[0], table[1:])
