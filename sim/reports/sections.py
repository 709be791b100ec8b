"""The sections of a report: what is said, with numbers taken from the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sim.comparisons.anatomy.anatomy import Anatomy
from sim.comparisons.comparison import Comparison, Headline
from sim.engines.counts import AXES, TIERS
from sim.reports.figures.tables import region_names, runs_of
from sim.reports.html import Number, Words, bullets, data_table, escaped, folded, paragraph, people, percent, signed, span
from sim.reports.words import AXIS_WORDS, SHOWN_AXES, SHOWN_TIERS, TIER_WORDS, cells, reading_notes, shown_years
from sim.runs.folder import Run

HEADLINE_COLUMNS = ("share of", "year", "base", "variant", "difference, points", "90 % of runs", "50 % of runs", "verdict")
SURENESS_COLUMNS = (
    "share of",
    "year",
    "sd by draw",
    "sd by replicate",
    "no data on",
    "made",
    "needed",
    "unpaired",
    "verdict, and why",
)
MOST_SWITCHES = 25
"""Most rows of the table of who changed."""
LEAST_SHARE = 0.005
"""Regions below this share in every year are added up in the tables of shares."""
SENSITIVE = "seat_elasticity"


def answer_part(comparison: Comparison) -> str:
    """Return the answers, one for each variant, or what a run alone says."""
    labels = [series.label for series, _ in runs_of(comparison)]
    shown = labels[1:] or labels
    return "".join(
        f'<div class="answer"><p class="who">{escaped(label)}</p>{paragraph(answer)}</div>'
        for label, answer in zip(shown, comparison.answers, strict=True)
    )


def headline_part(comparison: Comparison) -> str:
    """Return the headlines with shares, people, intervals and verdicts: a table for each variant."""
    base = runs_of(comparison)[0][0].label
    tables = ""
    for series, _ in runs_of(comparison)[1:]:
        rows = [row for row in comparison.headlines if row.variant == series.label]
        tables += data_table(f"What {series.label} changes against {base}", HEADLINE_COLUMNS, map(_headline_cells, rows))
        sure = data_table(f"How sure that is: {series.label}", SURENESS_COLUMNS, map(_sureness_cells, rows))
        tables += folded(f"How sure that is, and how many runs it takes: {series.label}", sure)
    return tables + paragraph(
        "Shares are medians over the runs with the median number of people below them; work is by headquarters of the "
        "employer; a share can fall while the number grows. The difference is the mean over pairs of runs with the same "
        "draw and the same random numbers. Needed: pairs that would put the mean two standard errors from zero; unpaired: "
        "runs of each scenario that give today's precision without pairing. No data on: the part of the variance between "
        "draws that goes with inputs that no data inform."
    )


def anatomy_part(comparison: Comparison) -> str:
    """Return who changed, through which channel and by which lever; empty where no runs were made again."""
    parts = []
    for series, _ in runs_of(comparison)[1:]:
        anatomy = comparison.anatomies.get(series.label)
        if anatomy is not None:
            parts.append(
                _switch_table(series.label, anatomy) + _channel_table(series.label, anatomy) + _lever_table(series.label, anatomy)
            )
    return "".join(parts)


def share_part(comparison: Comparison) -> str:
    """Return the shares and the people of every run, folded."""
    names = region_names()
    parts = []
    for series, run in runs_of(comparison):
        for tier, tier_title in SHOWN_TIERS.items():
            tables = "".join(_share_table(run, tier, axis, names) for axis in SHOWN_AXES)
            parts.append(folded(f"{series.label}: {tier_title}", tables))
    return paragraph(
        "Each cell: median share with the 5 % and 95 % quantiles over the runs; below it the number of people with the same "
        "quantiles."
    ) + "".join(parts)


def band_part(comparison: Comparison) -> str:
    """Return what the bands contain and where the numbers are weak."""
    notes = [*comparison.notes, *reading_notes(comparison.base)[1:]]
    return bullets(dict.fromkeys(notes))


def assumption_part(comparison: Comparison) -> str:
    """Return the effects under other assumptions, or of a run alone its headline for other seat elasticities."""
    parts = []
    names = region_names()
    for series, _ in runs_of(comparison)[1:]:
        rows = [row for row in comparison.assumptions if row.variant == series.label]
        if rows:
            parts.append(
                data_table(
                    f"{series.label}: the effect under other assumptions, at the reference point",
                    ("assumption", "setting", "share of", "difference, points", "standard error"),
                    (
                        (
                            Words(row.assumption),
                            Words(row.setting),
                            Words(_what(row.tier, row.axis, names.get(row.region, row.region), row.year)),
                            Number(signed(row.difference)),
                            Number(f"{row.error:.2f}"),
                        )
                        for row in rows
                    ),
                )
            )
        parts.append(paragraph(_prior_sentence(series.label, [h for h in comparison.headlines if h.variant == series.label])))
    for series, run in runs_of(comparison):
        if run.variants:
            parts.append(folded(f"{series.label}: seat elasticity 0, one half and 1", _variant_table(run, names)))
    return paragraph(
        "No data settle the seat elasticity: whether a place that one origin loses goes to another (0: places are fixed; "
        "1: a place for everyone). Where the sign or size of a result changes between the rows, it rests "
        "on that assumption."
    ) + "".join(parts)


def _headline_cells(row: Headline) -> tuple[Words | Number, ...]:
    return (
        Words(_subject(row)),
        Number(str(row.year)),
        Number(percent(row.base_share), people(row.base_people)),
        Number(percent(row.variant_share), people(row.variant_people)),
        Number(signed(row.difference), f"± {row.error:.2f}"),
        Number(span(row.p05, row.p95)),
        Number(span(row.p25, row.p75)),
        Words(row.verdict),
    )


def _sureness_cells(row: Headline) -> tuple[Words | Number, ...]:
    return (
        Words(_subject(row)),
        Number(str(row.year)),
        Number(_size(row.sd_parameter)),
        Number(_size(row.sd_replicate)),
        Number("–" if math.isnan(row.prior_part) else f"{100 * row.prior_part:.0f} %"),
        Number(f"{row.runs:,}"),
        Number(_runs(row.runs_needed)),
        Number(_runs(row.runs_unpaired)),
        Words(f"{row.verdict}: {row.reason}"),
    )


def _subject(row: Headline) -> str:
    return f"{region_names().get(row.region, row.region)}, {row.axis}, {TIER_WORDS[row.tier]}"


def _what(tier: str, axis: str, region: str, year: int) -> str:
    return f"{region}, {AXIS_WORDS[axis]}, {TIER_WORDS[tier]}, {year}"


def _size(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _runs(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "never" if math.isinf(value) else f"{math.ceil(value):,}"


def _switch_table(label: str, anatomy: Anatomy) -> str:
    rows = sorted(anatomy.switches, key=lambda row: -row.people)
    shown = rows[:MOST_SWITCHES]
    left = sum(row.people for row in rows[MOST_SWITCHES:])
    tail = f" Further {len(rows) - len(shown)} kinds with {left:,.0f} people are not listed." if left else ""
    runs = f"{len(anatomy.runs)} runs of {anatomy.researchers:,} researchers"
    names = region_names()

    def place(state: str) -> str:
        return names.get(state, state)

    return data_table(
        f"Who changed under {label}: researchers who are elsewhere in {anatomy.year} ({runs})",
        (
            "origin",
            "under the base",
            "under the variant",
            "where their lives part",
            "because of",
            "people",
            "simulated",
            "some of them",
        ),
        (
            (
                Words(place(row.origin)),
                Words(place(row.base)),
                Words(place(row.variant)),
                Words(row.stage),
                Words(row.reason),
                Number(f"{row.people:,.1f}"),
                Number(f"{row.researchers:,}"),
                Words("; ".join(row.examples[:2])),
            )
            for row in shown
        ),
    ) + paragraph(f"`talentsim trace RUN --researcher NAME --draw N --replicate N` tells the life of each.{tail}")


def _channel_table(label: str, anatomy: Anatomy) -> str:
    names = region_names()
    return (
        data_table(
            f"Through which channel, {label} (percentage points)",
            ("share of", "whole effect", "direct", "feedback", "interaction"),
            (
                (
                    Words(_what(row.tier, row.axis, names.get(row.region, row.region), row.year)),
                    *(Number(signed(each)) for each in (row.total, row.direct, row.feedback, row.interaction)),
                )
                for row in anatomy.channels
                if row.year == anatomy.year
            ),
        )
        if anatomy.channels
        else ""
    )


def _lever_table(label: str, anatomy: Anatomy) -> str:
    names = region_names()
    how = "from all orders of the levers" if anatomy.exact else "from sampled orders, with the 90 % interval of the sampling"
    return (
        data_table(
            f"Which lever does how much, {label} (Shapley values {how}, percentage points)",
            ("lever", "share of", "part", "90 %", "of the whole"),
            (
                (
                    Words(part.words),
                    Words(_what(part.tier, part.axis, names.get(part.region, part.region), part.year)),
                    Number(signed(part.part)),
                    Number(span(part.low, part.high)),
                    Number(signed(part.total)),
                )
                for part in anatomy.levers
                if part.year == anatomy.year
            ),
        )
        if anatomy.levers
        else ""
    )


def _share_table(run: Run, tier: str, axis: str, names: dict[str, str]) -> str:
    years = shown_years(run)
    share = run.shares.p50[:, TIERS.index(tier), AXES.index(axis)]
    large = [region for region in range(len(run.codes)) if not max(share[:, region]) < LEAST_SHARE]
    large.sort(key=lambda region: -share[-1, region])
    small = [region for region in range(len(run.codes)) if region not in large]
    groups = [[region] for region in large] + ([small] if small else [])
    labels = [names[run.codes[region]] for region in large] + ([f"other ({len(small)} regions)"] if small else [])
    return data_table(
        f"{SHOWN_TIERS[tier]}: {SHOWN_AXES[axis]}",
        ("region", *map(str, years)),
        (
            (Words(label), *(Number(*_share_cell(cell)) for cell in line))
            for label, line in zip(labels, cells(run, tier, axis, groups), strict=True)
        ),
    )


def _share_cell(cell: Any) -> tuple[str, str]:
    low, middle, high = (100 * value for value in cell.share)
    if math.isnan(middle):
        return "nobody", ""
    fewest, number, most = cell.people
    return f"{middle:.1f} % ({low:.1f}–{high:.1f})", f"{number:,.0f} ({fewest:,.0f}–{most:,.0f})"


def _prior_sentence(label: str, rows: Iterable[Headline]) -> str:
    known = [row for row in rows if not math.isnan(row.prior_part)]
    if not known:
        return f"{label}: too few draws to say which part of the band comes from priors that no data inform."
    first = known[0]
    what = _what(first.tier, first.axis, region_names().get(first.region, first.region), first.year)
    part = f"{100 * first.prior_part:.0f} % of the variance between draws of the effect"
    return f"{label}: {part} ({what}) goes with inputs that no data inform."


def _variant_table(run: Run, names: dict[str, str]) -> str:
    last = int(run.years[-1])
    values = sorted({row.value for row in run.variants})
    found = {(row.axis, row.region, row.value): row.share for row in run.variants if (row.year, row.tier) == (last, "top20")}
    keys = [
        (axis, region)
        for axis in ("work", "study")
        for region in ("USA", "CHN", "GBR", "CAN")
        if (axis, region, values[0]) in found
    ]
    return data_table(
        f"Shares of the top 20 % in {last} at the reference point, by {SENSITIVE.replace('_', ' ')}",
        ("share of", *(f"{value:g}" for value in values)),
        (
            (Words(f"{names[region]}, {AXIS_WORDS[axis]}"), *(Number(percent(found[axis, region, value])) for value in values))
            for axis, region in keys
        ),
    )
