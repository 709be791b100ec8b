"""The sections of a report: what is said, with numbers taken from the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from sim.comparisons.anatomy.anatomy import Anatomy, ChannelRow, LeverPart
from sim.comparisons.answers.ranking import best_of, ranked_texts
from sim.comparisons.comparison import NO_CHANGE, AssumptionRow, Comparison, Headline, RankRow
from sim.comparisons.errors import decimals
from sim.comparisons.words import MISSING, effect, interval, levels, numbers, parts_in_digits, percent, rounded_to, signed
from sim.engines.axes import AXES, TIERS
from sim.reports.figures.published import shown_groups
from sim.reports.figures.tables import shown_runs
from sim.reports.html import Answer, Block, Blocks, Bullets, DataTable, Folded, NumberCell, Paragraph, TableRow, TextCell
from sim.reports.numbers import ShareCell, reading_notes, share_cells, shown_years
from sim.reports.words import AXIS_WORDS, SHOWN_AXES, SHOWN_TIERS, TIER_WORDS, region_names, span
from sim.runs.folder import Run

HEADLINE_COLUMNS = ("share of", "year", "base", "variant", "change, points", "90 % of runs", "verdict")
_SURENESS_COLUMNS = (
    "share of",
    "year",
    "sd by draw",
    "sd by replicate",
    "no data on",
    "pairs",
    "verdict, and why",
)
_MOST_SWITCHES = 25  # rows of the table of who changed
_LEAST_SHARE = 0.005  # regions below this share in every year are added up in the tables of shares
_MOST_SHOWN: Final = 4
"""Regions in the table of the assumption that is varied."""
_SENSITIVE = "seat_elasticity"


def answer_part(comparison: Comparison) -> Blocks:
    """Return the rankings and the answers of several variants, one for each; nothing where one answer says all."""
    names = [series.label for series, _ in shown_runs(comparison)[1:]]
    if len(names) < 2:
        return _rankings(comparison)
    return [*_rankings(comparison), *(Answer(*pair) for pair in zip(names, comparison.answers, strict=True))]


def _rankings(comparison: Comparison) -> Blocks:
    """Return a table for each goal that scenarios are ranked by, and the sentence that says which is best."""
    blocks: list[Block] = []
    for goal in dict.fromkeys(row.goal for row in comparison.ranking):
        rows = [row for row in comparison.ranking if row.goal == goal]
        blocks += [goal_table(rows), Paragraph(best_of(rows))]
    return blocks


def goal_table(rows: Sequence[RankRow], most: int = 0) -> DataTable:
    """Return the table of a ranking by one goal, at most so many rows of it; all if 0."""
    columns = (
        "rank",
        "scenario",
        f"change, {rows[0].unit}",
        "90 % of runs",
        "change, people",
        "best in so many of the draws",
        "verdict",
    )
    shown = rows[: most or len(rows)]
    rest = f" (the first {len(shown)} of {len(rows)})" if len(shown) < len(rows) else ""
    return DataTable(f"Ranked by {rows[0].goal}{rest}", columns, [_ranked_cells(row) for row in shown])


def _ranked_cells(row: RankRow) -> TableRow:
    shown, between, number = ranked_texts(row)
    cells = NumberCell(shown), NumberCell(between), NumberCell(number), NumberCell(percent(row.best_share_of_draws, 0))
    return (NumberCell(str(row.rank)), TextCell(row.variant), *cells, TextCell(row.verdict))


def headline_part(comparison: Comparison) -> Blocks:
    """Return the headlines with shares, people, intervals and verdicts: a table for each variant."""
    base = shown_runs(comparison)[0][0].label
    blocks: list[Block] = []
    for series, _ in shown_runs(comparison)[1:]:
        every = [row for row in comparison.headlines if row.variant == series.label]
        rows = [row for row in every if row.verdict != NO_CHANGE]
        sure = DataTable(f"How sure that is: {series.label}", _SURENESS_COLUMNS, [_sureness_cells(row) for row in rows])
        caption = f"What {series.label} changes against {base}"
        blocks += [
            DataTable(caption, HEADLINE_COLUMNS, [effect_cells(row) for row in rows]),
            Folded(f"How sure that is, and why: {series.label}", [sure]),
        ]
        if len(rows) < len(every):
            blocks.insert(len(blocks) - 1, Paragraph(f"{len(every) - len(rows)} rows without any change are left out."))
    explained = Paragraph(
        "The change is the mean over pairs of runs with the same draw and the same random numbers, ± its Monte-Carlo standard "
        "error; shares are means over the same pairs, so that they subtract to it, with the mean number of people below them. "
        "Work is by headquarters of the employer; a share can fall while the number grows. Digits that the error does not "
        "support are left out. Clear: farther from zero than a t test at 95 % allows. No data on: the part of the variance "
        "between draws that goes with inputs that no data inform."
    )
    return [*blocks, explained]


def anatomy_part(comparison: Comparison) -> Blocks:
    """Return who changed, through which channel and by which lever; empty where no runs were made again."""
    blocks: list[Block] = []
    for series, _ in shown_runs(comparison)[1:]:
        anatomy = comparison.anatomies.get(series.label)
        if anatomy is not None:
            blocks += [*_switches(series.label, anatomy), *_channels(series.label, anatomy), *_levers(series.label, anatomy)]
    return blocks


def share_part(comparison: Comparison) -> Blocks:
    """Return the shares and the people of every run, folded."""
    explained = Paragraph(
        "Each cell: median share ± its Monte-Carlo standard error, with the 5 % and 95 % quantiles over the runs; below it the "
        "number of people with the same quantiles."
    )
    return [
        explained,
        *(
            Folded(f"{series.label}: {title}", [share_table(run, tier, axis) for axis in SHOWN_AXES])
            for series, run in shown_runs(comparison)
            for tier, title in SHOWN_TIERS.items()
        ),
    ]


def band_part(comparison: Comparison) -> Blocks:
    """Return what the bands contain and where the numbers are weak."""
    notes = [*comparison.notes, *reading_notes(comparison.base)[1:]]
    return [Bullets(list(dict.fromkeys(notes)))]


def assumption_part(comparison: Comparison) -> Blocks:
    """Return the effects under other assumptions, or of a run alone its headline for other seat elasticities."""
    blocks: list[Block] = [
        Paragraph(
            "No data settle the seat elasticity: whether a place that one origin loses goes to another (0: places are fixed; "
            "1: a place for everyone). Where the sign or size of a result changes between the rows, it rests "
            "on that assumption."
        )
    ]
    for series, _ in shown_runs(comparison)[1:]:
        rows = [_assumption_cells(row) for row in comparison.assumptions if row.variant == series.label]
        if rows:
            caption = f"{series.label}: the effect under other assumptions, at the reference point"
            columns = (
                "assumption",
                "setting",
                "share of",
                "effect here, points",
                "standard error",
                "over the draws",
                "less that",
            )
            blocks.append(DataTable(caption, columns, rows))
        headlines = [row for row in comparison.headlines if row.variant == series.label]
        blocks.append(Paragraph(prior_sentence(series.label, headlines)))
    return [
        *blocks,
        *(
            Folded(f"{series.label}: seat elasticity 0, one half and 1", [_variant_table(run)])
            for series, run in shown_runs(comparison)
            if run.variants
        ),
    ]


def effect_cells(row: Headline) -> TableRow:
    """Return the cells of a headline, as many as `HEADLINE_COLUMNS`."""
    return (
        TextCell(_subject(row)),
        NumberCell(str(row.year)),
        *(NumberCell(share, number) for share, number in zip(levels(row), numbers(row), strict=True)),
        NumberCell(effect(row), f"± {row.error_points:.2g}"),
        NumberCell(interval(row)),
        TextCell(row.verdict),
    )


def _assumption_cells(row: AssumptionRow) -> TableRow:
    return (
        TextCell(row.assumption),
        TextCell(row.setting),
        TextCell(_share_of(row)),
        NumberCell(signed(row.difference_points, decimals(row.error_points))),
        NumberCell(f"{row.error_points:.2g}"),
        NumberCell(signed(row.headline_points, decimals(row.error_points))),
        NumberCell(signed(row.from_headline_points, decimals(row.error_points))),
    )


def _sureness_cells(row: Headline) -> TableRow:
    return (
        TextCell(_subject(row)),
        NumberCell(str(row.year)),
        NumberCell(_size(row.sd_parameter_points)),
        NumberCell(_size(row.sd_replicate_points)),
        NumberCell(percent(row.prior_part, 0)),
        NumberCell(f"{row.runs:,}"),
        TextCell(f"{row.verdict}: {row.reason}"),
    )


def _subject(row: Headline) -> str:
    return f"{region_names().get(row.region, row.region)}, {row.axis}, {TIER_WORDS[row.tier]}"


def _share_of(row: AssumptionRow | ChannelRow | Headline | LeverPart) -> str:
    """Name the share that a row is about."""
    region = region_names().get(row.region, row.region)
    return f"{region}, {AXIS_WORDS[row.axis]}, {TIER_WORDS[row.tier]}, {row.year}"


def _size(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value:.2f}"


def _switches(label: str, anatomy: Anatomy) -> Blocks:
    rows = sorted(anatomy.switches, key=lambda row: -row.people)
    left = sum(row.people for row in rows[_MOST_SWITCHES:])
    kinds = max(len(rows) - _MOST_SWITCHES, 0)
    tail = f" Further {kinds} kinds with {left:,.0f} people are not listed." if left else ""
    runs = f"{len(anatomy.runs)} runs of {anatomy.researchers:,} researchers"
    names = region_names()
    columns = ("origin", "under the base", "under the variant", "where their lives part", "because of", "people", "simulated",
               "some of them")  # fmt: skip
    table = DataTable(
        f"Who changed under {label}: researchers who are elsewhere in {anatomy.year} ({runs})",
        columns,
        [
            (
                TextCell(names.get(row.origin, row.origin)),
                TextCell(names.get(row.base, row.base)),
                TextCell(names.get(row.variant, row.variant)),
                TextCell(row.stage),
                TextCell(row.reason),
                NumberCell(f"{row.people:,.1f}"),
                NumberCell(f"{row.researchers:,}"),
                TextCell("; ".join(row.examples[:2])),
            )
            for row in rows[:_MOST_SWITCHES]
        ],
    )
    return [table, Paragraph(f"`talentsim trace RUN --researcher NAME --draw N --replicate N` tells the life of each.{tail}")]


def _channels(label: str, anatomy: Anatomy) -> Blocks:
    rows: list[TableRow] = []
    for row in anatomy.channels:
        if row.year == anatomy.year and any((row.total_points, row.direct_points, row.feedback_points)):
            parts = row.direct_points, row.feedback_points, row.interaction_points
            whole, shown = parts_in_digits(parts, row.headline_points, row.headline_error_points)
            rows.append((TextCell(_share_of(row)), NumberCell(whole), *(NumberCell(part) for part in shown)))
    columns = ("share of", "effect", "direct", "feedback", "interaction", "other runs")
    return [DataTable(f"Through which channel, {label} (percentage points)", columns, rows)] if anatomy.channels else []


def _levers(label: str, anatomy: Anatomy) -> Blocks:
    how = "from all orders of the levers" if anatomy.exact else "from sampled orders, with the 90 % interval of the sampling"
    rows = [
        (
            TextCell(part.words),
            TextCell(_share_of(part)),
            NumberCell(signed(part.part_points)),
            NumberCell(span(part.low_points, part.high_points)),
            NumberCell(signed(part.other_runs_points)),
            NumberCell(parts_in_digits((), part.headline_points, part.headline_error_points)[0]),
        )
        for part in anatomy.levers
        if part.year == anatomy.year and part.total_points != 0.0
    ]
    caption = f"Which lever does how much, {label} (Shapley values {how}, percentage points)"
    return (
        [DataTable(caption, ("lever", "share of", "part", "90 %", "other runs", "of the effect"), rows)] if anatomy.levers else []
    )


def share_table(run: Run, tier: str, axis: str, most: int = 0) -> DataTable:
    """Return the shares and people of a run by region and year; at most so many rows if not 0, the small regions added up."""
    names = region_names()
    years = shown_years(run)
    share = run.shares.p50[:, TIERS.index(tier), AXES.index(axis)]
    large = [region for region in range(len(run.codes)) if not max(share[:, region]) < _LEAST_SHARE]
    large.sort(key=lambda region: -share[-1, region])
    large = large[: most - 1] if most else large
    small = [region for region in range(len(run.codes)) if region not in large]
    groups = [[region] for region in large] + ([small] if small else [])
    labels = [names[run.codes[region]] for region in large] + ([f"other ({len(small)} regions)"] if small else [])
    return DataTable(
        f"{SHOWN_TIERS[tier]}: {SHOWN_AXES[axis]}",
        ("region", *map(str, years)),
        [
            (TextCell(label), *map(_number_cell, line))
            for label, line in zip(labels, share_cells(run, tier, axis, groups), strict=True)
        ],
    )


def _number_cell(cell: ShareCell) -> NumberCell:
    low, middle, high = (100 * value for value in cell.share)
    if math.isnan(middle):
        return NumberCell("nobody")
    fewest, number, most = cell.people
    error = "" if math.isnan(cell.share_error) else f" ± {100 * cell.share_error:.1g}"
    shares = [rounded_to(value, cell.digits) for value in (middle, low, high)]
    return NumberCell(f"{shares[0]} %{error} ({shares[1]}–{shares[2]})", f"{number:,.0f} ({fewest:,.0f}–{most:,.0f})")


def prior_sentence(label: str, rows: Iterable[Headline]) -> str:
    """Say which part of the band of a variant comes from inputs that no data inform."""
    known = [row for row in rows if not math.isnan(row.prior_part)]
    if not known:
        return f"{label}: too few draws to say which part of the band comes from priors that no data inform."
    first = known[0]
    part = f"{percent(first.prior_part, 0)} of the variance between draws of the effect"
    return f"{label}: {part} ({_share_of(first)}) goes with inputs that no data inform."


def _variant_table(run: Run) -> DataTable:
    names = region_names()
    last = int(run.years[-1])
    values = sorted({row.value for row in run.variants})
    found = {(row.axis, row.region, row.value): row.share for row in run.variants if (row.year, row.tier) == (last, "top20")}
    shown = [group.codes[0] for group in shown_groups() if len(group.codes) == 1][:_MOST_SHOWN]
    keys = [(axis, region) for axis in ("work", "study") for region in shown if (axis, region, values[0]) in found]
    return DataTable(
        f"Shares of the top 20 % in {last} at the reference point, by {_SENSITIVE.replace('_', ' ')}",
        ("share of", *(f"{value:g}" for value in values)),
        [
            (
                TextCell(f"{names[region]}, {AXIS_WORDS[axis]}"),
                *(NumberCell(percent(found[axis, region, value])) for value in values),
            )
            for axis, region in keys
        ],
    )
