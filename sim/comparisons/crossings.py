"""When one region passes another in number of top researchers: in which share of the runs, and what a policy does to that.

Notation: N runs, Y reporting years, R regions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.comparisons.comparison import CrossingRow
from sim.comparisons.pairing import Pair
from sim.comparisons.regions import passing_pair
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats, Integers
from sim.runs.folder import Run
from sim.runs.outcomes.indicators import crossing

CROSSED_TIERS = ("top20", "elite")
BEHIND_IN = 2022
"""Year of the last published shares: a challenger is behind in it."""
MOSTLY = 0.9
"""Share of runs of the base in which a challenger is behind."""
CLOSE = 0.05
"""Smallest share of runs in which a challenger passes for a pair to be told."""
SMALLEST_SHARE = 0.02
"""Pairs of regions with a smaller median share in the last year are not told."""
MOST_PAIRS = 5
AXIS = "work"


def work_counts(counts: Integers, tier: str) -> Integers:
    """Take the work counts of a tier, runs in one row: (..., Y, K, X, R) to (N, Y, R)."""
    cut = counts[..., TIERS.index(tier), AXES.index(AXIS), :]
    return cut.reshape(-1, *cut.shape[-2:])


def close_pairs(counts: Sequence[Integers], years: Integers, codes: Sequence[str]) -> list[tuple[int, int]]:
    """List who may pass whom: challengers behind in 2022 that pass before the horizon in some runs.

    Parameters
    ----------
    counts
        Work counts of the top 20 % of each scenario, (N, Y, R); the base first.
    years
        Reporting years.
    codes
        Region codes in id order.

    Returns
    -------
    list
        (challenger, leader) as region ids; CHN and USA first, then those with the most researchers.
    """
    always = codes.index(passing_pair()[0]), codes.index(passing_pair()[1])
    start = int(np.searchsorted(years, min(BEHIND_IN, int(years[-1]))))
    base = counts[0]
    last = np.median(base[:, -1], axis=0)
    large = [int(r) for r in np.argsort(-last, kind="stable") if last[r] >= SMALLEST_SHARE * last.sum()]
    found = []
    for leader in large:
        for challenger in large:
            if challenger == leader or (challenger, leader) == always:
                continue
            behind = (base[:, start, challenger] < base[:, start, leader]).mean()
            passed = max(passing(each[:, start:], years[start:], challenger, leader)[-1] for each in counts)
            if behind >= MOSTLY and passed >= CLOSE:
                found.append((challenger, leader))
    return [always, *found[: MOST_PAIRS - 1]]


def passing(counts: Integers, years: Integers, challenger: int, leader: int) -> Floats:
    """Return the share of runs in which a region has passed another in or before each year, (Y,)."""
    first = crossing(counts, years, challenger, leader)
    share: Floats = (first[:, None] <= years).mean(axis=0)
    return share


def crossing_rows(base: Run, names: Sequence[str], pairs: Sequence[Pair]) -> list[CrossingRow]:
    """List the shares of runs of the base and of every variant, by tier, pair of regions and year.

    Parameters
    ----------
    base
        The base run; its rows take all of its runs.
    names
        Of the base and the variants.
    pairs
        The base and each variant on the draws and replicates that they share.
    """
    top = [work_counts(base.counts, "top20"), *(work_counts(each.variant, "top20") for each in pairs)]
    told = close_pairs(top, base.years, base.codes)
    rows = []
    for tier in CROSSED_TIERS:
        ours = work_counts(base.counts, tier)
        for challenger, leader in told:
            who = tier, base.codes[challenger], base.codes[leader]
            chance = passing(ours, base.years, challenger, leader)
            rows += [CrossingRow(names[0], *who, int(y), float(p), 0.0) for y, p in zip(base.years, chance, strict=True)]
            for name, each in zip(names[1:], pairs, strict=True):
                before = passing(work_counts(each.base, tier), base.years, challenger, leader)
                after = passing(work_counts(each.variant, tier), base.years, challenger, leader)
                rows += [
                    CrossingRow(name, *who, int(y), float(p), float(p - q))
                    for y, p, q in zip(base.years, after, before, strict=True)
                ]
    return rows


def year_of_crossing(rows: Sequence[CrossingRow], share: float) -> int | None:
    """Return the first year by which a share of runs has crossed; None if that lies beyond the horizon.

    Parameters
    ----------
    rows
        Of one scenario, tier and pair, by year.
    share
        0..1; .5 is the median year.
    """
    return next((row.year for row in rows if row.share_of_runs >= share), None)
