"""What the command line shows of an anatomy: who changed and why, channels, levers. Nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from sim.comparisons.anatomy.anatomy import Anatomy, LeverPart
from sim.comparisons.anatomy.reasons import NOT_LOOKED_AT
from sim.display_inputs import plain_table

MOST_SWITCHES: Final = 10
"""Rows of the switches that are printed; the file has all."""
LONGEST: Final = 160
"""Characters of a lever's words that are printed; the file has all."""
AXES: Final = {"work": "work", "study": "graduate school"}


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
    told = ", ".join(f"{reason} ({share(count, reasons.values())})" for reason, count in reasons.most_common(3))
    whose = f" of the {share(reasons.total(), (reasons.total(), unseen))} looked into" if unseen else ""
    told = f"Main reasons{whose}: {told}." if reasons else "No reason was looked into."
    return f"In {anatomy.year} about {people:,.0f} people are in another state than in {anatomy.base}. {told}"


def share(count: int, counts: Iterable[int]) -> str:
    """Write a count as a share of a sum."""
    return f"{100 * count / sum(counts):.0f} %"


def channel_line(anatomy: Anatomy) -> str:
    """Say which part of the largest effect is the policy's own."""
    row = max((each for each in anatomy.channels if each.year == anatomy.year), key=lambda each: abs(each.total), default=None)
    if row is None or row.total == 0.0:
        return "No share told here changes."
    return (
        f"{row.region}, {AXES[row.axis]}, {row.year}: {row.total:+.2f} = policy {row.direct:+.2f}, feedback {row.feedback:+.2f}, "
        f"both together {row.interaction:+.2f}."
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
    return f"{best.region}, {AXES[best.axis]}, {best.year}: {best.lever} brings {best.part:+.2f} of {best.total:+.2f} ({how})."


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
        for row in anatomy.switches[:MOST_SWITCHES]
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
            AXES[row.axis],
            row.region,
            *(f"{value:+.2f}" for value in (row.total, row.direct, row.feedback, row.interaction)),
        )
        for row in anatomy.channels
    ]
    return plain_table(("year", "share of", "region", "total", "policy", "feedback", "both together"), rows)


def lever_table(anatomy: Anatomy) -> RenderableType:
    """Lay out the parts of the share that changes most, largest first."""
    rows = [
        (row.lever, f"{row.part:+.2f}", "" if anatomy.exact else f"{row.low:+.2f} to {row.high:+.2f}", shortened(row.words))
        for row in sorted(main_parts(anatomy), key=lambda row: -abs(row.part))
    ]
    return plain_table(("lever", "brings", "" if anatomy.exact else "90 % of orders", "what it changes"), rows)


def shortened(text: str) -> str:
    """Cut a long text at a word."""
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " ..."


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
