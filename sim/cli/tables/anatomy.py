"""What the command line shows of an anatomy: who changed, through which channel, by which lever. Nothing is printed here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from sim.cli.tables.plain import plain_record, plain_table
from sim.comparisons.anatomy.anatomy import Anatomy, ChannelRow, LeverPart
from sim.comparisons.anatomy.reasons import NOT_LOOKED_AT
from sim.comparisons.words import parts_in_digits, signed
from sim.reports.words import SHORT_AXES

_MOST_SWITCHES: Final = 10  # rows of the switches that are printed; the file has all
_LONGEST: Final = 160  # letters of a lever's words that are printed; the file has all


def anatomy_report(anatomy: Anatomy) -> RenderableType:
    """Return the whole printed anatomy: three tables with a sentence before each."""
    lines = anatomy_lines(anatomy)
    parts: list[RenderableType] = [Text(f"\n{anatomy.variant} against {anatomy.base}: who changed, and why", style="bold")]
    parts.append(Text(lines[0], style="dim"))
    parts.append(Text(lines[1]))
    if anatomy.switches:
        parts.append(switch_table(anatomy))
    parts.append(Text("\nThe policy itself, and what answers to it (percentage points)", style="bold"))
    parts.append(Text(lines[2]))
    parts.append(channel_table(anatomy))
    parts.append(Text("\nWhat each lever brings (percentage points)", style="bold"))
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
    """Say which part of the headline is the policy's own, and how much of it these runs do not show."""
    row = main_channel(anatomy)
    if row is None or row.total_points == 0.0:
        return "No share told here changes."
    whole, (direct, feedback, both, rest) = channel_numbers(row)
    other = "" if math.isnan(row.headline_points) else f", other runs {rest} (these runs alone: {signed(row.total_points)})"
    return (
        f"{row.region}, {SHORT_AXES[row.axis]}, {row.year}: {whole} = policy {direct}, feedback {feedback}, both together "
        f"{both}{other}."
    )


def main_channel(anatomy: Anatomy) -> ChannelRow | None:
    """Return the row of the largest effect on a share of work in the last year; on another axis if none of work is told."""
    rows = [row for row in anatomy.channels if row.year == anatomy.year]
    work = [row for row in rows if row.axis == "work"]
    return max(work or rows, key=_size_of, default=None)


def _size_of(row: ChannelRow | LeverPart) -> float:
    return abs(row.total_points if math.isnan(row.headline_points) else row.headline_points)


def channel_numbers(row: ChannelRow) -> tuple[str, list[str]]:
    """Write the headline of a row and its four parts, the last for other runs, so that they add up as written."""
    parts = (row.direct_points, row.feedback_points, row.interaction_points)
    return parts_in_digits(parts, row.headline_points, row.headline_error_points)


def lever_line(anatomy: Anatomy) -> str:
    """Say which lever brings most of the headline, and how much of it these runs do not show."""
    rows = main_parts(anatomy)
    if not rows:
        return "No lever differs."
    how = "all coalitions of levers" if anatomy.exact else "sampled orders of levers"
    if anatomy.lever_researchers != anatomy.researchers:
        how += f", runs of {anatomy.lever_researchers:,} researchers"
    best = max(rows, key=lambda row: abs(row.part_points))
    whole, parts = parts_in_digits([best.part_points], best.headline_points, best.headline_error_points)
    rest = signed(best.other_runs_points)
    other = "" if math.isnan(best.headline_points) else f"; other runs {rest}, these runs alone {signed(best.total_points)}"
    if math.isnan(best.headline_points):
        whole = signed(best.total_points)
    return f"{best.region}, {SHORT_AXES[best.axis]}, {best.year}: {best.lever} brings {parts[0]} of {whole} ({how}{other})."


def main_parts(anatomy: Anatomy) -> list[LeverPart]:
    """Return the parts of the share of work whose effect is largest in the last year; of another axis if none of work is told."""
    last = [row for row in anatomy.levers if row.year == anatomy.year]
    work = [row for row in last if row.axis == "work"]
    top = max(work or last, key=_size_of, default=None)
    return [] if top is None else [row for row in last if (row.axis, row.region) == (top.axis, top.region)]


def switch_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the most frequent switches."""
    rows = [
        (row.origin, row.stage, f"{row.base} -> {row.variant}", row.reason, f"{row.people:,.0f}",
         row.examples[0].partition(" ")[0] if row.examples else "")
        for row in anatomy.switches[:_MOST_SWITCHES]
    ]  # fmt: skip
    table = plain_table(("origin", "parted at", "from -> to", "reason", "people", "one of them"), rows)
    more = len(anatomy.switches) - len(rows)
    return Group(table, Text(f"and {more} more kinds in switches.csv", style="dim")) if more > 0 else table


def channel_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the channels; rows without any effect are left out and counted."""
    kept = [row for row in anatomy.channels if any((row.total_points, row.direct_points, row.feedback_points))]
    rows = []
    for row in kept:
        whole, parts = channel_numbers(row)
        rows.append((str(row.year), SHORT_AXES[row.axis], row.region, whole, *parts))
    table = plain_table(("year", "share of", "region", "effect", "policy", "feedback", "both", "other runs"), rows)
    return _counted(table, len(anatomy.channels) - len(kept))


def lever_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the parts of the share that changes most, largest first, then what these runs miss; zeros are counted."""
    parts = sorted(main_parts(anatomy), key=lambda row: -abs(row.part_points))
    kept = [row for row in parts if row.part_points != 0.0]
    rows = [
        (row.lever, signed(row.part_points), "" if anatomy.exact else f"{signed(row.low_points)} to {signed(row.high_points)}",
         _cut(row.words))
        for row in kept
    ]  # fmt: skip
    if parts and not math.isnan(parts[0].headline_points):
        whole, _ = parts_in_digits((), parts[0].headline_points, parts[0].headline_error_points)
        rows.append(("other runs", signed(parts[0].other_runs_points), "", "what the runs of this table miss of the effect"))
        rows.append(("effect", whole, "", "the headline"))
    table = plain_table(("lever", "brings", "" if anatomy.exact else "90 % of orders", "what it changes"), rows)
    return _counted(table, len(parts) - len(kept))


def _counted(table: RenderableType, zeros: int) -> RenderableType:
    """Say below a table how many rows of zeros it leaves out."""
    words = f"{zeros} row{'s' * (zeros != 1)} without any effect left out"
    return Group(table, Text(words, style="dim")) if zeros else table


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
        "channels": [plain_record(row._asdict()) for row in anatomy.channels],
        "levers": [plain_record(row._asdict()) for row in anatomy.levers],
    }
