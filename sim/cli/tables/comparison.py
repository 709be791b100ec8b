"""What the command line shows of a comparison: answer, tables, notes and the JSON record. Nothing is printed here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.tables.plain import plain_record, plain_table
from sim.comparisons.anatomy.anatomy import Anatomy, LeverPart
from sim.comparisons.anatomy.reasons import NOT_LOOKED_AT
from sim.comparisons.comparison import AssumptionRow, Comparison, CrossingRow, Headline
from sim.comparisons.crossings import year_of_crossing
from sim.comparisons.effects import main_headline
from sim.comparisons.pairing import labels
from sim.comparisons.words import percent, signed
from sim.reports.numbers import reading_notes
from sim.reports.words import SHORT_AXES, tier_title

_ARROW: Final = "\N{RIGHTWARDS ARROW}"
_MOST_SWITCHES: Final = 10  # rows of the switches that are printed; the file has all
_LONGEST: Final = 160  # letters of a lever's words that are printed; the file has all
_NOTES: Final = (
    "Differences are variant less base, in percentage points, paired by draw and replicate; in brackets 90 % of the paired runs. "
    "Shares and people: median of the base, then of the variant.",
    "clear: the mean difference is more than two standard errors from zero; the error counts that draws share replicates. It "
    "says how well the mean over the draws is known, not that every draw agrees.",
    "runs needed: paired runs that put the mean at two standard errors; unpaired: runs of each scenario, with draws and random "
    "numbers of its own, that would know it as well as these paired runs do.",
    "priors: part of the spread between draws that goes with parameters set by judgement alone (blank with few draws). All draws "
    "come from priors that no data have weighed yet, so in a wider sense all of it does.",
)
_WAGE_FORM: Final = (
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
    forms = [_WAGE_FORM] if comparison.assumptions else []
    return [*comparison.notes, *_NOTES, *forms, *bands]


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
        table.add_row("", "", "", Text(f"{tier_title(tier)}, {axis}", style="bold"))
        kept = [row for row in rows if (row.tier, row.axis) == (tier, axis)]
        for row, before in zip(kept, [None, *kept], strict=False):
            table.add_row(*headline_cells(row, before is not None and before.region == row.region, has_prior_part(rows)))
    return table


def headline_cells(row: Headline, is_repeated: bool, has_priors: bool) -> list[str]:
    """Write the cells of one headline; a region that stands in the row above is left out."""
    cells = [
        "" if is_repeated else row.region,
        str(row.year),
        f"{_number(100.0 * row.base_share, 1)} {_ARROW} {_number(100.0 * row.variant_share, 1)}",
        f"{signed(row.difference)} ({signed(row.p05)} {signed(row.p95)})",
        f"{_number(row.base_people, 0)} {_ARROW} {_number(row.variant_people, 0)}",
        f" {row.verdict}",
        _number(row.runs_needed, 0),
        _number(row.runs_unpaired, 0),
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
            f"{percent(row.probability - row.change, 0)} {_ARROW} {percent(row.probability, 0)}"
            for row in theirs
            if row.year in shown
        ]
        medians = [str(year_of_crossing(each, 0.5) or "never") for each in (ours, theirs)]
        arrow = f" {_ARROW} ".join(medians)
        table.add_row(f"{tier_title(tier)}: {challenger} passes {leader}", *cells, arrow)
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


def _number(value: float, digits: int) -> str:
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
        "headlines": [plain_record(row._asdict()) for row in comparison.headlines],
        "crossings": [plain_record(row._asdict()) for row in comparison.crossings],
        "assumptions": [plain_record(row._asdict()) for row in comparison.assumptions],
        "anatomies": {name: anatomy_record(anatomy) for name, anatomy in comparison.anatomies.items()},
        "notes": notes_of(comparison),
        "files": sorted(path.name for path in folder.iterdir()),
    }


def anatomy_report(anatomy: Anatomy) -> RenderableType:
    """Return the printed anatomy: three tables with a sentence before each."""
    lines = anatomy_lines(anatomy)
    parts: list[RenderableType] = [Text(f"\n{anatomy.variant} against {anatomy.base}: who changed, and why", style="bold")]
    parts.append(Text(lines[0], style="dim"))
    parts.append(Text(lines[1]))
    if anatomy.switches:
        parts.append(switch_table(anatomy))
    parts.append(Text("\nThe policy itself, and what answers to it (percentage points of the visible)", style="bold"))
    parts.append(Text(lines[2]))
    parts.append(channel_table(anatomy))
    parts.append(Text("\nWhat each lever brings (percentage points of the visible)", style="bold"))
    parts.append(Text(lines[3]))
    if anatomy.levers:
        parts.append(lever_table(anatomy))
    return Group(*parts)


def anatomy_lines(anatomy: Anatomy) -> list[str]:
    """Return four sentences: what was looked at, who changed, which part is feedback, which lever brings most."""
    runs = len(anatomy.runs)
    size = f"{runs} run{'s' if runs > 1 else ''} of each made again with {anatomy.researchers:,} simulated researchers"
    return [
        f"Looked at: {size}, the same people and random numbers in both; the table of the comparison rests on more runs.",
        switch_line(anatomy),
        channel_line(anatomy),
        lever_line(anatomy),
    ]


def switch_line(anatomy: Anatomy) -> str:
    """Say how many changed, most of them where, and for which reasons."""
    if not anatomy.switches:
        return f"Nobody is in another state at the end of {anatomy.year}."
    people = sum(row.people for row in anatomy.switches)
    reasons = Counter[str]()
    for row in anatomy.switches:
        reasons[row.reason] += row.researchers
    unseen = reasons.pop(NOT_LOOKED_AT, 0)
    told = ", ".join(f"{reason} ({_share(count, reasons.values())})" for reason, count in reasons.most_common(3))
    whose = f" of the {_share(reasons.total(), (reasons.total(), unseen))} looked into" if unseen else ""
    told = f"Main reasons{whose}: {told}." if reasons else "No reason was looked into."
    return f"In {anatomy.year} about {people:,.0f} people are in another state than in {anatomy.base}. {told}"


def _share(count: int, counts: Iterable[int]) -> str:
    """Write a count as a share of a sum."""
    return f"{100 * count / sum(counts):.0f} %"


def channel_line(anatomy: Anatomy) -> str:
    """Say which part of the largest effect is the policy's own."""
    row = max((each for each in anatomy.channels if each.year == anatomy.year), key=lambda each: abs(each.total), default=None)
    if row is None or row.total == 0.0:
        return "No share told here changes."
    return (
        f"{row.region}, {SHORT_AXES[row.axis]}, {row.year}: {row.total:+.2f} = policy {row.direct:+.2f}, feedback "
        f"{row.feedback:+.2f}, both together {row.interaction:+.2f}."
    )


def lever_line(anatomy: Anatomy) -> str:
    """Say which lever brings most of the largest effect."""
    rows = main_parts(anatomy)
    if not rows:
        return "No lever differs."
    how = "all coalitions of levers" if anatomy.exact else "sampled orders of levers, with 90 % intervals"
    if anatomy.lever_researchers != anatomy.researchers:
        how += f"; runs of {anatomy.lever_researchers:,} researchers, so that this total is not quite the one above"
    best = max(rows, key=lambda row: abs(row.part))
    return (
        f"{best.region}, {SHORT_AXES[best.axis]}, {best.year}: {best.lever} brings {best.part:+.2f} of {best.total:+.2f} ({how})."
    )


def main_parts(anatomy: Anatomy) -> list[LeverPart]:
    """Return the parts of the share whose total is largest in the last year."""
    last = [row for row in anatomy.levers if row.year == anatomy.year]
    top = max(last, key=lambda row: abs(row.total), default=None)
    return [] if top is None else [row for row in last if (row.axis, row.region) == (top.axis, top.region)]


def switch_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the most frequent switches."""
    rows = [
        (
            row.origin,
            row.stage,
            f"{row.base} -> {row.variant}",
            row.reason,
            f"{row.researchers:,}",
            f"{row.people:,.0f}",
            row.examples[0] if row.examples else "",
        )
        for row in anatomy.switches[:_MOST_SWITCHES]
    ]
    headings = ("origin", "parted at", "from -> to", "reason", "simulated", "people", "one of them")
    more = len(anatomy.switches) - len(rows)
    table = plain_table(headings, rows)
    return Group(table, Text(f"and {more} more kinds in switches.csv", style="dim")) if more > 0 else table


def channel_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the channels."""
    rows = [
        (
            str(row.year),
            SHORT_AXES[row.axis],
            row.region,
            *(f"{value:+.2f}" for value in (row.total, row.direct, row.feedback, row.interaction)),
        )
        for row in anatomy.channels
    ]
    return plain_table(("year", "share of", "region", "total", "policy", "feedback", "both together"), rows)


def lever_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the parts of the share that changes most, largest first."""
    rows = [
        (row.lever, f"{row.part:+.2f}", "" if anatomy.exact else f"{row.low:+.2f} to {row.high:+.2f}", _cut(row.words))
        for row in sorted(main_parts(anatomy), key=lambda row: -abs(row.part))
    ]
    return plain_table(("lever", "brings", "" if anatomy.exact else "90 % of orders", "what it changes"), rows)


def _cut(text: str) -> str:
    """Cut a long text at a word."""
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " ..."


def anatomy_record(anatomy: Anatomy) -> dict[str, Any]:
    """Return what ``--json`` says about an anatomy."""
    return {
        "base": anatomy.base,
        "variant": anatomy.variant,
        "year": anatomy.year,
        "researchers": anatomy.researchers,
        "runs": [list(run) for run in anatomy.runs],
        "exact": anatomy.exact,
        "lever_researchers": anatomy.lever_researchers,
        "sentences": anatomy_lines(anatomy),
        "switches": [row._asdict() | {"examples": list(row.examples)} for row in anatomy.switches],
        "channels": [row._asdict() for row in anatomy.channels],
        "levers": [row._asdict() for row in anatomy.levers],
    }
