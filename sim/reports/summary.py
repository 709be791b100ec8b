"""The first sheet of a page, which stands alone: the answer, one figure, one table, three caveats, how to cite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.comparisons.answers.ranking import best_of
from sim.comparisons.comparison import NO_CHANGE, AssumptionRow, Comparison, Headline
from sim.comparisons.effects import main_headline
from sim.comparisons.errors import decimals
from sim.comparisons.words import signed
from sim.reports.evidence import citation
from sim.reports.figures.published import LAST_OBSERVED
from sim.reports.figures.tables import shown_runs
from sim.reports.html import Answer, Block, Blocks, Bullets, DataTable, Heading, Paragraph
from sim.reports.sections import HEADLINE_COLUMNS, effect_cells, goal_table, prior_sentence, share_table
from sim.reports.words import region_names, shortened

MOST_SUMMED: Final = 8
"""Rows of the one table."""
MOST_QUOTED: Final = 160
"""Letters of a scenario's title inside the answer."""


def summary_part(comparison: Comparison, figures: Sequence[Block]) -> Blocks:
    """Return the answer, the figures given, the table, the caveats and how to cite.

    Parameters
    ----------
    comparison
        With answers; a run alone is a comparison without variants.
    figures
        What is shown between the answer and the table: one figure, or none where the page has no room for it.
    """
    return [
        *_answers(comparison),
        *figures,
        _table(comparison),
        Heading("What to keep in mind"),
        Bullets(caveats(comparison)),
        Paragraph(f"Cite as: {citation(comparison)}", "cite"),
    ]


def caveats(comparison: Comparison) -> list[str]:
    """Write the three caveats: what is projected, what the intervals hold, what the result rests on."""
    base = comparison.base
    projected = f"A projection under assumptions, not a forecast: everything after {LAST_OBSERVED} is simulated. {base.record}"
    held = (
        f"Intervals are of {base.draws} draws x {base.replicates} replicates and contain {base.provenance['bands']}; what the "
        "model leaves out is not in them."
    )
    return [projected, held, _rests_on(comparison)]


def _rests_on(comparison: Comparison) -> str:
    """Name the assumption that moves the main effect most, or for a run alone what its shares count."""
    if not comparison.variants:
        return (
            "Work is by headquarters of the employer, students count at their university; a share can fall while the number "
            "grows."
        )
    rows = [row for row in comparison.assumptions if row.from_headline_points == row.from_headline_points]
    if not rows:
        name = shown_runs(comparison)[1][0].label
        return prior_sentence(name, [row for row in comparison.headlines if row.variant == name])
    row = max(rows, key=lambda each: abs(each.from_headline_points))
    return f"It rests on assumptions that no data settle, most of all on this one: {_assumed(row)}"


def _assumed(row: AssumptionRow) -> str:
    digits = decimals(row.error_points)
    return (
        f"with {row.assumption} {row.setting} the effect of {row.variant} on {region_names().get(row.region, row.region)} is "
        f"{signed(row.difference_points, digits)} points, not {signed(row.headline_points, digits)}."
    )


def _answers(comparison: Comparison) -> Blocks:
    """Return the answer of one variant, of a run alone, or which of several variants is the best."""
    runs = shown_runs(comparison)
    if len(runs) > 2 and comparison.ranking:
        first = [row for row in comparison.ranking if row.goal == comparison.ranking[0].goal]
        return [Answer(f"Ranked by {first[0].goal}", best_of(first))]
    series, run = runs[min(1, len(runs) - 1)]
    more = len(comparison.answers) - 1
    tail = f" And {more} more variant{'' if more == 1 else 's'}, see the table." if more else ""
    short = comparison.answers[0].replace(run.title, shortened(run.title, MOST_QUOTED))
    return [Answer(series.label, short + tail)]


def _table(comparison: Comparison) -> DataTable:
    """Return the ranking of several variants, the main effects of one, or the shares of a run alone."""
    if not comparison.variants:
        return share_table(comparison.base, "top20", "work", MOST_SUMMED)
    if comparison.ranking:
        rows = [row for row in comparison.ranking if row.goal == comparison.ranking[0].goal]
        return goal_table(rows, MOST_SUMMED)
    return DataTable("The main effects", HEADLINE_COLUMNS, [effect_cells(row) for row in _main_rows(comparison)[:MOST_SUMMED]])


def _main_rows(comparison: Comparison) -> list[Headline]:
    """List what moves in the last year: of one variant all regions at work, of several the main headline of each."""
    names = [series.label for series, _ in shown_runs(comparison)[1:]]
    if len(names) > 1:
        return [main_headline(comparison.headlines, name) for name in names]
    last = int(comparison.base.years[-1])
    rows = [row for row in comparison.headlines if (row.year, row.tier) == (last, "top20") and row.axis != "origin"]
    return [row for row in rows if row.verdict != NO_CHANGE] or rows[:1]
