"""What the command line shows of a comparison: answer, ranking, tables, notes and the JSON record. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.tables.anatomy import anatomy_lines, anatomy_record, anatomy_report
from sim.cli.tables.plain import plain_record, plain_table
from sim.comparisons.answers.answer import crossing_of
from sim.comparisons.answers.ranking import best_of, ranked_texts
from sim.comparisons.comparison import NO_CHANGE, AssumptionRow, Comparison, CrossingRow, Headline, RankRow
from sim.comparisons.crossings import year_of_crossing
from sim.comparisons.effects import leading, main_headline
from sim.comparisons.errors import decimals
from sim.comparisons.pairing import labels
from sim.comparisons.words import effect, interval, levels, numbers, percent, signed
from sim.data.load import is_packaged
from sim.reports.numbers import reading_notes
from sim.reports.words import tier_title

_ARROW: Final = "\N{RIGHTWARDS ARROW}"
_MOST_ANSWERED: Final = 5  # variants whose answers are printed where there are several; the file has all
_BRIEFLY: Final = {("top20", "work"): 6, ("top20", "study"): 2}
"""Most rows of a tier and axis in short."""
_MOST_TOLD: Final = 3  # variants of several of which a line says why
_NOTES: Final = (
    "Differences are variant less base, in percentage points, paired by draw and replicate: the mean, then what holds 90 % of "
    "the paired runs. Shares and people are means over the same pairs, so that they subtract to it. Digits that the Monte-Carlo "
    "error does not support are left out.",
    "clear: the mean difference lies farther from zero than a t test at 95 % allows; the error counts that draws share "
    "replicates. It says how well the mean over the draws is known, not that every draw agrees.",
    "priors: part of the spread between draws that goes with parameters set by judgement alone that no "
    "data inform (blank with few draws).",
)
_WAGE_FORM: Final = (
    "Wage form: version 1 knows the logarithm of pay only; a form linear in pay is not in it, so those rows vary the elasticity."
)


def answer_report(comparison: Comparison) -> RenderableType:
    """Lay out what is known before anything else is made: the ranking, and the answers."""
    names = labels(comparison.base, comparison.variants)
    rows = list(comparison.headlines)
    parts: list[RenderableType] = []
    if len(comparison.variants) == 1:
        return Group(_title(comparison, names[1]), Text(f"\n{comparison.answers[0]}"))
    parts.append(Text(f"\n{len(comparison.variants)} variants against {names[0]}", style="bold"))
    parts.append(Text(f"{rows[0].runs} paired runs of each · {_size(comparison)}", style="dim"))
    goals = dict.fromkeys(row.goal for row in comparison.ranking)
    parts += [ranking_table([row for row in comparison.ranking if row.goal == goal]) for goal in goals]
    if len(comparison.variants) <= _MOST_ANSWERED:
        parts.append(Text(""))
        parts += [Text(short_answer(comparison, name)) for name in names[1:]]
    else:
        parts.append(Text("\nThe answer of each is in answer.txt; --full prints them.", style="dim"))
    return Group(*parts)


def _title(comparison: Comparison, name: str, has_ids: bool = False) -> RenderableType:
    row = next(row for row in comparison.headlines if row.variant == name)
    runs = dict(zip(labels(comparison.base, comparison.variants), (comparison.base, *comparison.variants), strict=True))
    ids = f"{comparison.base.run_id} and {runs[name].run_id}"
    return Group(
        Text(f"\n{name} against {comparison.base.name}", style="bold"),
        Text(f"{row.runs} paired runs · {_size(comparison)}{f' · runs {ids}' if has_ids else ''}", style="dim"),
    )


def _size(comparison: Comparison) -> str:
    record = comparison.base.provenance
    return f"{record['researchers']:,} researchers in 2022 · seed {record['seed']}"


def short_answer(comparison: Comparison, name: str) -> str:
    """Answer for one of several variants in two lines: what moves most, the next, and the crossing."""
    main = main_headline(comparison.headlines, name)
    if main.verdict == NO_CHANGE:
        return f"{name}: no share of work of the top 20 % changes."
    second = next(row for row in leading(comparison.headlines, name) if row.year == main.year and row.region != main.region)
    crossed = crossing_of(comparison.crossings, name, main.year)
    told = "; ".join(f"{row.region} {effect(row)} ({interval(row)}; {row.verdict})" for row in (main, second))
    shares = f"{percent(crossed.share_of_runs - crossed.change, 0)} {_ARROW} {percent(crossed.share_of_runs, 0)}"
    return f"{name}: {told}; CHN passes USA in {shares} of the runs."


def ranking_table(rows: Sequence[RankRow]) -> RenderableType:
    """Lay out the ranking by one goal, best first."""
    unit = rows[0].unit
    cells = [(str(row.rank), row.variant, *ranked_texts(row), percent(row.best_share_of_draws, 0), row.verdict) for row in rows]
    columns = ("", "scenario", unit, "90 % of runs", "people", "best in draws", "verdict")
    return Group(Text(f"\nRanked by {rows[0].goal}", style="bold"), plain_table(columns, cells), Text(best_of(rows)))


def comparison_report(comparison: Comparison, is_full: bool) -> RenderableType:
    """Lay out what follows the answer: the effects, why, what it rests on; everything where it is asked for.

    Parameters
    ----------
    comparison
        With answers.
    is_full
        Whether all tables and notes are shown.
    """
    return effects_in_full(comparison) if is_full else effects_in_short(comparison)


def effects_in_short(comparison: Comparison) -> RenderableType:
    """Lay out the effects of the last year, and in a line each why and what it rests on."""
    names = labels(comparison.base, comparison.variants)
    last = int(comparison.base.years[-1])
    parts: list[RenderableType] = []
    if len(comparison.variants) == 1:
        rows = [row for row in comparison.headlines if row.year == last]
        title = f"\nIn {last}: mean share, change in points, what holds 90 % of the paired runs"
        parts += [Text(title, style="bold"), headline_table(rows, is_full=False)]
        if names[1] in comparison.anatomies:
            lines = anatomy_lines(comparison.anatomies[names[1]])
            parts += [Text(f"\nWhy: {lines[2]}"), *(Text(line) for line in (lines[3], lines[1]))]
    else:
        lines = [f"{name}: {anatomy_lines(comparison.anatomies[name])[3]}" for name in names[1:] if name in comparison.anatomies]
        parts += [Text("\nWhich lever brings most", style="bold"), *(Text(line) for line in lines[:_MOST_TOLD])] if lines else []
    rests = [rests_on(comparison, name) for name in names[1:2]]
    parts += [Text(line) for line in rests if line]
    levels = "Levels: `talentsim fit`." if is_packaged() else "Levels are uncalibrated: no data have weighed these draws."
    parts.append(Text(f"\n{levels} Effects are steadier than levels. --full prints all.", style="dim"))
    return Group(*parts)


def effects_in_full(comparison: Comparison) -> RenderableType:
    """Lay out everything: answers, headlines, crossings, assumptions, anatomies and notes."""
    parts: list[RenderableType] = []
    names = labels(comparison.base, comparison.variants)
    for name, answer in zip(names[1:], comparison.answers, strict=True):
        rows = [row for row in comparison.headlines if row.variant == name]
        parts.append(_title(comparison, name, has_ids=True))
        if len(comparison.variants) > 1:
            parts.append(Text(f"\n{answer}"))
        parts += [
            Text("\nHeadlines", style="bold"),
            headline_table(rows, is_full=True),
            Text("\nWho passes whom at work: share of runs by year", style="bold"),
            crossing_table(comparison.crossings, names[0], name),
        ]
        assumptions = [row for row in comparison.assumptions if row.variant == name]
        if assumptions:
            main = main_headline(comparison.headlines, name)
            parts += [Text(f"\nWhat it rests on: {rests_on(comparison, name)}", style="bold")]
            parts.append(assumption_table(assumptions, main.region))
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


def headline_table(rows: Sequence[Headline], is_full: bool) -> RenderableType:
    """Lay out headlines, those of one tier and axis together; those without any change are left out and counted."""
    kept = [row for row in rows if row.verdict != NO_CHANGE]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("", no_wrap=True)
    for title in ("share, %", "change", "90 % of runs"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("people", justify="right")
    table.add_column("verdict")
    for tier, axis in dict.fromkeys((row.tier, row.axis) for row in kept):
        own = [row for row in kept if (row.tier, row.axis) == (tier, axis)]
        if not is_full and (tier, axis) not in _BRIEFLY:
            continue
        own = own if is_full else own[: _BRIEFLY[tier, axis]]
        table.add_row(Text(f"{tier_title(tier)}, {axis}", style="bold"))
        for row in own:
            table.add_row(*headline_cells(row, is_full))
    zeros = len(rows) - len(kept)
    said = [f"{zeros} row{'s' * (zeros != 1)} without any change left out"] if zeros else []
    return Group(table, Text("; ".join(said), style="dim")) if said else table


def headline_cells(row: Headline, is_full: bool) -> list[str]:
    """Write the cells of one headline."""
    place = f"{row.region} {row.year}" if is_full else f"  {row.region}"
    shares, people = (f" {_ARROW} ".join(each) for each in (levels(row, ""), numbers(row)))
    return [place, shares, effect(row), interval(row), people, row.verdict]


def crossing_table(rows: Sequence[CrossingRow], base: str, variant: str) -> Table:
    """Lay out crossings: a row per tier and pair of regions, with some years and the median year of the base and the variant."""
    years = sorted({row.year for row in rows})
    shown = [year for year in years if (year % 5 == 0 and year > years[0] + 10) or year == years[-1]][-3:]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("passes")
    for year in (*map(str, shown), "median year"):
        table.add_column(year, justify="right", no_wrap=True)
    for tier, challenger, leader in dict.fromkeys((row.tier, row.challenger, row.leader) for row in rows):
        ours, theirs = (
            [row for row in rows if (row.scenario, row.tier, row.challenger, row.leader) == (name, tier, challenger, leader)]
            for name in (base, variant)
        )
        cells = [
            f"{percent(row.share_of_runs - row.change, 0)} {_ARROW} {percent(row.share_of_runs, 0)}"
            for row in theirs
            if row.year in shown
        ]
        medians = [str(year_of_crossing(each, 0.5) or "never") for each in (ours, theirs)]
        arrow = f" {_ARROW} ".join(medians)
        table.add_row(f"{tier_title(tier)}: {challenger} passes {leader}", *cells, arrow)
    return table


def rests_on(comparison: Comparison, name: str) -> str:
    """Say how far the main effect at the reference point is from the headline, and what moves it most; "" if unknown."""
    main = main_headline(comparison.headlines, name)
    rows = [
        row
        for row in comparison.assumptions
        if (row.variant, row.region, row.axis, row.year) == (name, main.region, "work", main.year)
    ]
    if not rows:
        return ""
    point, ends = rows[0], sorted(rows, key=lambda row: row.difference_points)
    between = " to ".join(f"{_in_digits(row)} ({row.assumption} {row.setting.partition(' (')[0]})" for row in (ends[0], ends[-1]))
    return (
        f"{main.region}, work, {main.year}: {effect(main)} over the draws; at the reference point {_in_digits(point)}, "
        f"{signed(point.from_headline_points, decimals(main.error_points))} from it, and under other assumptions {between}."
    )


def _in_digits(row: AssumptionRow) -> str:
    return signed(row.difference_points, decimals(row.error_points))


def assumption_table(rows: Iterable[AssumptionRow], region: str) -> Table:
    """Lay out the effect on work in a region under every assumption, a column per year."""
    kept = [row for row in rows if row.region == region and row.axis == "work"]
    years = sorted({row.year for row in kept})
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("points (standard error)", overflow="fold")
    for year in years:
        table.add_column(str(year), justify="right", no_wrap=True)
    for assumption, setting in dict.fromkeys((row.assumption, row.setting) for row in kept):
        cells = [
            f"{_in_digits(row)} ({row.error_points:.2g})"
            for row in kept
            if (row.assumption, row.setting) == (assumption, setting)
        ]
        table.add_row(f"{assumption}: {setting}", *cells)
    return table


def comparison_record(comparison: Comparison, folder: Path, was_there: bool) -> dict[str, Any]:
    """Return what ``--json`` says: answers, ranking, headlines, crossings, assumptions and notes; what is no number is null."""
    return {
        "folder": str(folder),
        "already_there": was_there,
        "base": {"name": comparison.base.name, "run_id": comparison.base.run_id},
        "variants": [{"name": run.name, "run_id": run.run_id} for run in comparison.variants],
        "answers": list(comparison.answers),
        "ranking": [plain_record(row._asdict()) for row in comparison.ranking],
        "headlines": [plain_record(row._asdict()) for row in comparison.headlines],
        "crossings": [plain_record(row._asdict()) for row in comparison.crossings],
        "assumptions": [plain_record(row._asdict()) for row in comparison.assumptions],
        "anatomies": {name: anatomy_record(anatomy) for name, anatomy in comparison.anatomies.items()},
        "groups": {name: list(members) for name, members in comparison.groups.items()},
        "notes": notes_of(comparison),
        "files": sorted(path.name for path in folder.iterdir()),
    }
