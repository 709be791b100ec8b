"""The words that pages, figures and printed tables share: tiers, axes, numbers, remarks. Imports nothing slow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sim.comparisons.words import MISSING, signed
from sim.data.load import load_data

if TYPE_CHECKING:
    from sim.runs.outcomes.outcomes import Remark
    from sim.scenarios.expansions import ExpansionRow

TIER_WORDS: Final = {"top20": "top 20 %", "elite": "elite", "all": "all researchers"}


SHOWN_TIERS: Final = {"top20": "Top 20 %", "elite": "Elite, top 2 %"}
"""Tiers that tables of shares show, as their titles."""


AXIS_WORDS: Final = {
    "work": "where they work",
    "study": "where they went to graduate school",
    "origin": "where they come from",
    "location": "where they are",
    "graduates": "where those with a completed degree work",
}


SHOWN_AXES: Final = {
    "work": "where they work (headquarters of the employer; students: their university)",
    "study": "where they went to graduate school",
    "origin": "where they come from (first degree)",
}
"""Axes that tables of shares show, as their titles."""


SHORT_AXES: Final = {"work": "work", "study": "graduate school"}
"""Axes in a cell of a table."""


def tier_title(tier: str) -> str:
    """Name a tier at the beginning of a line."""
    words = TIER_WORDS[tier]
    return words[0].upper() + words[1:]


def region_names() -> dict[str, str]:
    """Return the names of the regions by code."""
    return {region.code: region.name for region in load_data().regions}


def with_article(name: str) -> str:
    """Write the name of a region inside a sentence: the United States, the Netherlands."""
    return f"the {name}" if name.startswith(("United", "Rest of", "Gulf")) or name.endswith("lands") else name


def span(low: float, high: float, digits: int = 2) -> str:
    """Write an interval."""
    return f"{signed(low, digits)} to {signed(high, digits)}"


def people(number: float) -> str:
    """Write a number of people; what is missing is a dash."""
    return MISSING if math.isnan(number) else f"{number:,.0f}"


def shortened(text: str, most: int) -> str:
    """Cut a text, with an ellipsis, to at most so many letters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def assumption_line(levers: Sequence[ExpansionRow]) -> str:
    """Say how many of the levers of a scenario rest on assumptions."""
    if not levers:
        return "It has no lever of its own."
    alone = sum(lever.source == "ASSUMPTION" for lever in levers)
    mixed = sum(lever.source != "ASSUMPTION" and "assumption" in lever.evidence.lower() for lever in levers)
    return (
        f"Of its {len(levers)} lever{'' if len(levers) == 1 else 's'}, {alone} {'is' if alone == 1 else 'are'} assumed outright "
        f"and {mixed} {'has' if mixed == 1 else 'have'} a source for a part of the size and an assumption for the rest."
    )


def remark_text(remark: Remark) -> str:
    """Say where an assumption of one run was cut off, or how closely its draw meets the published targets.

    Parameters
    ----------
    remark
        Of `sim.runs.outcomes.outcomes.Outcomes`: a cut with the first and the last year, or a miss in percentage points.
    """
    return f"draw {remark.draw}: {_what(remark)}{_when(remark)}"


def remark_notes(remarks: Sequence[Remark], runs: int) -> list[str]:
    """Say each remark on the runs of a scenario once, with the years it spans and the number of runs that made it.

    Parameters
    ----------
    remarks
        Of all runs, at most one of a kind for each run.
    runs
        Number of runs.

    Returns
    -------
    list
        Sentences in alphabetical order of what is remarked.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for remark in remarks:
        found.setdefault(_what(remark), []).append(remark.years or (0, 0))
    return [
        f"In {len(years)} of {runs} runs, {what}{_between(min(first for first, _ in years), max(last for _, last in years))}"
        for what, years in sorted(found.items())
    ]


def _what(remark: Remark) -> str:
    if remark.kind == "visible_share_cut":
        return "the visible share is cut at .95"
    points = remark.points or 0.0
    whole = f"{math.ceil(points)} point{'s' if points > 1.0 else ''}"
    return f"the parameters meet some published target only to within {whole}"


def _when(remark: Remark) -> str:
    if remark.years is None:
        return ""
    first, last = remark.years
    return f" in {first}" if first == last else f" in {first}-{last}"


def _between(first: int, last: int) -> str:
    if not first:
        return ""
    return f" in {first}" if first == last else f" in years between {first} and {last}"
