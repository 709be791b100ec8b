"""A run alone as a comparison without variants, so that pages and figures know one kind of thing."""

from __future__ import annotations

import numpy as np

from sim.comparisons.comparison import Comparison, CrossingRow
from sim.comparisons.regions import passing_pair
from sim.engines.axes import AXES, TIERS
from sim.reports.words import AXIS_WORDS, TIER_WORDS, region_names
from sim.runs.folder import Run
from sim.runs.outcomes.indicators import crossing


def as_comparison(run: Run) -> Comparison:
    """Return a run as a comparison without variants: what there is to draw and to say of it."""
    rows = []
    for tier in ("top20", "elite"):
        counts = run.counts[:, :, TIERS.index(tier), AXES.index("work")]
        first = crossing(counts, run.years, *(run.codes.index(code) for code in passing_pair()))
        rows += [
            CrossingRow(run.name, tier, *passing_pair(), int(year), float((first <= year).mean()), 0.0) for year in run.years
        ]
    return Comparison(
        base=run,
        variants=(),
        effects=(),
        headlines=(),
        crossings=tuple(rows),
        assumptions=(),
        answers=(_answer(run, rows),),
        anatomies={},
    )


def _answer(run: Run, rows: list[CrossingRow]) -> str:
    """Answer for a run alone, in two sentences."""
    last, names = int(run.years[-1]), region_names()
    cell = -1, TIERS.index("top20"), AXES.index("work")
    shares = {name: getattr(run.shares, name)[cell] for name in ("p05", "p50", "p95", "researchers_p50")}
    order = [int(region) for region in np.argsort(-np.nan_to_num(shares["p50"]), kind="stable")[:2]]
    found = [
        f"{names[run.codes[region]]} {100 * shares['p50'][region]:.0f} % (90 % of the runs: {100 * shares['p05'][region]:.0f} to "
        f"{100 * shares['p95'][region]:.0f}; {shares['researchers_p50'][region]:,.0f} people)"
        for region in order
    ]
    passed = next(row.share_of_runs for row in rows if (row.tier, row.year) == ("top20", last))
    challenger, leader = passing_pair()
    return (
        f"In {last}, of the {TIER_WORDS['top20']} by {AXIS_WORDS['work']}, the largest shares are {found[0]} and {found[1]}. "
        f"In {100 * passed:.0f} % of the runs {names[challenger]} has passed {names[leader]} in or before {last}."
    )
