"""What the command line shows of a comparison: answer, tables, notes and the JSON record. Nothing is printed here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.comparisons.answer import percent, signed
from sim.comparisons.comparison import AssumptionRow, Comparison, CrossingRow, Headline
from sim.comparisons.crossings import year_of_crossing
from sim.comparisons.effects import main_headline
from sim.comparisons.pairing import labels
from sim.display_anatomy import anatomy_record, anatomy_report
from sim.reports.words import reading_notes

ARROW: Final = "\N{RIGHTWARDS ARROW}"
TIER_TITLES: Final = {"top20": "Top 20 %", "elite": "Elite"}
NOTES: Final = (
    "Differences are variant less base, in percentage points, paired by draw and replicate; in brackets 90 % of the paired runs. "
    "Shares and people: median of the base, then of the variant.",
    "clear: the mean difference is more than two standard errors from zero; the error counts that draws share replicates. It "
    "says how well the mean over the draws is known, not that every draw agrees.",
    "runs needed: paired runs that put the mean at two standard errors; unpaired: runs of each scenario, with draws and random "
    "numbers of its own, that would know it as well as these paired runs do.",
    "priors: part of the spread between draws that goes with parameters set by judgement alone (blank with few draws). All draws "
    "come from priors that no data have weighed yet, so in a wider sense all of it does.",
)
WAGE_FORM: Final = (
    "Wage form: version 1 knows the logarithm of pay only; a form linear in pay is not in it, so those rows vary the elasticity."
)


def comparison_report(comparison: Comparison) -> RenderableType:
    """Lay out a comparison: the answer, headlines, crossings, assumptions and notes.

    Parameters
    ----------
    comparison
        With answers.
    """
    parts: list[RenderableType] = []
    names = labels(comparison.base, comparison.variants)
    for name, variant, answer in zip(names[1:], comparison.variants, comparison.answers, strict=True):
        rows = [row for row in comparison.headlines if row.variant == name]
        parts += [
            Text(f"\n{name} against {names[0]}", style="bold"),
            Text(
                f"{rows[0].runs} paired runs · {variant.provenance['researchers']:,} researchers in 2022 · seed "
                f"{variant.provenance['seed']} · runs {comparison.base.run_id} and {variant.run_id}",
                style="dim",
            ),
            Text(f"\n{answer}"),
            Text("\nHeadlines", style="bold"),
            headline_table(rows),
            Text("\nWho passes whom at work: share of runs by year", style="bold"),
            crossing_table(comparison.crossings, names[0], name),
        ]
        assumptions = [row for row in comparison.assumptions if row.variant == name]
        if assumptions:
            main = main_headline(comparison.headlines, name)
            title = f"\nWhat it rests on: work in {main.region}, top 20 %, at the reference point (percentage points)"
            parts += [Text(title, style="bold"), assumption_table(assumptions, main.region)]
        if name in comparison.anatomies:
            parts.append(anatomy_report(comparison.anatomies[name]))
    notes = Table.grid(padding=(0, 1, 0, 0))
    for line in notes_of(comparison):
        notes.add_row("-", Text(line))
    return Group(*parts, Text("\nHow to read this", style="bold"), notes)


def notes_of(comparison: Comparison) -> list[str]:
    """List what a reader should know: about these runs first, then about the tables."""
    bands = [note for note in reading_notes(comparison.base) if note.startswith("The bands contain")]
    forms = [WAGE_FORM] if comparison.assumptions else []
    return [*comparison.notes, *NOTES, *forms, *bands]


def headline_table(rows: Sequence[Headline]) -> Table:
    """Lay out headlines: a row each, those of one tier and axis together."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("", min_width=4, no_wrap=True)
    titles = ("year", "share, %", "difference (90 %)", "people")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(" verdict", no_wrap=True)
    for title in ("needed", "unpaired", *(["priors"] if has_prior_part(rows) else [])):
        table.add_column(title, justify="right", no_wrap=True)
    for tier, axis in dict.fromkeys((row.tier, row.axis) for row in rows):
        table.add_row()
        table.add_row("", "", "", Text(f"{TIER_TITLES[tier]}, {axis}", style="bold"))
        kept = [row for row in rows if (row.tier, row.axis) == (tier, axis)]
        for row, before in zip(kept, [None, *kept], strict=False):
            table.add_row(*headline_cells(row, before is not None and before.region == row.region, has_prior_part(rows)))
    return table


def headline_cells(row: Headline, is_repeated: bool, has_priors: bool) -> list[str]:
    """Write the cells of one headline; a region that stands in the row above is left out."""
    cells = [
        "" if is_repeated else row.region,
        str(row.year),
        f"{number(100.0 * row.base_share, 1)} {ARROW} {number(100.0 * row.variant_share, 1)}",
        f"{signed(row.difference)} ({signed(row.p05)} {signed(row.p95)})",
        f"{number(row.base_people, 0)} {ARROW} {number(row.variant_people, 0)}",
        f" {row.verdict}",
        number(row.runs_needed, 0),
        number(row.runs_unpaired, 0),
    ]
    part = "" if math.isnan(row.prior_part) else percent(row.prior_part, 0)
    return [*cells, part] if has_priors else cells


def has_prior_part(rows: Sequence[Headline]) -> bool:
    """Tell whether any headline knows how much goes with priors."""
    return not all(math.isnan(row.prior_part) for row in rows)


def crossing_table(rows: Sequence[CrossingRow], base: str, variant: str) -> Table:
    """Lay out crossings: a row per tier and pair of regions, with some years and the median year of the base and the variant."""
    years = sorted({row.year for row in rows})
    shown = [year for year in years if (year % 5 == 0 and year > years[0] + 10) or year == years[-1]]
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("passes", min_width=20)
    for year in shown:
        table.add_column(f"{year}", justify="right", min_width=16, no_wrap=True)
    table.add_column("median year", justify="right", min_width=14, no_wrap=True)
    for tier, challenger, leader in dict.fromkeys((row.tier, row.challenger, row.leader) for row in rows):
        ours, theirs = (
            [row for row in rows if (row.scenario, row.tier, row.challenger, row.leader) == (name, tier, challenger, leader)]
            for name in (base, variant)
        )
        cells = [
            f"{percent(row.probability - row.change, 0)} {ARROW} {percent(row.probability, 0)}"
            for row in theirs
            if row.year in shown
        ]
        medians = [str(year_of_crossing(each, 0.5) or "never") for each in (ours, theirs)]
        arrow = f" {ARROW} ".join(medians)
        table.add_row(f"{TIER_TITLES[tier]}: {challenger} passes {leader}", *cells, arrow)
    return table


def assumption_table(rows: Sequence[AssumptionRow], region: str) -> Table:
    """Lay out the effect on work in a region under every assumption, a column per year."""
    kept = [row for row in rows if row.region == region and row.axis == "work"]
    years = sorted({row.year for row in kept})
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("assumption", min_width=20)
    table.add_column("setting", min_width=28)
    for year in years:
        table.add_column(f"{year} (standard error)", justify="right", min_width=22)
    for assumption, setting in dict.fromkeys((row.assumption, row.setting) for row in kept):
        cells = [
            f"{signed(row.difference)} ({row.error:.2f})"
            for row in kept
            if (row.assumption, row.setting) == (assumption, setting)
        ]
        table.add_row(assumption, setting, *cells)
    return table


def number(value: float, digits: int) -> str:
    """Write a number; blank if there is none."""
    if math.isnan(value):
        return ""
    return "\N{INFINITY}" if math.isinf(value) else f"{value:,.{digits}f}"


def comparison_record(comparison: Comparison, folder: Path, was_there: bool) -> dict[str, Any]:
    """Return what ``--json`` says: answers, headlines, crossings, assumptions and notes; what is no number is null."""
    return {
        "folder": str(folder),
        "already_there": was_there,
        "base": {"name": comparison.base.name, "run_id": comparison.base.run_id},
        "variants": [{"name": run.name, "run_id": run.run_id} for run in comparison.variants],
        "answers": list(comparison.answers),
        "headlines": [plain(row._asdict()) for row in comparison.headlines],
        "crossings": [plain(row._asdict()) for row in comparison.crossings],
        "assumptions": [plain(row._asdict()) for row in comparison.assumptions],
        "anatomies": {name: anatomy_record(anatomy) for name, anatomy in comparison.anatomies.items()},
        "notes": notes_of(comparison),
        "files": sorted(path.name for path in folder.iterdir()),
    }


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Replace what is no finite number by None."""
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
