"""A first scenario file from a question, with a comment on every line that can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sim.guide.entries import lever_entries
from sim.guide.rank import find, levers_by_stage
from sim.scenarios.differences import number_text
from sim.scenarios.levers.changes import axis_names
from sim.scenarios.levers.declared import LEVERS, Lever
from sim.scenarios.reading.text import toml_string

COMMENT_COLUMN: Final = 34
CHANGE_WORDS: Final = {
    "multiply": "times what holds otherwise",
    "add": "added to what holds otherwise",
    "set": "instead of what holds",
}
LEFT_TO_ALL: Final = {
    "origin": ("CHN", "from where they come; without it from everywhere"),
    "destination": ("USA", "where it applies; without it everywhere"),
    "sector": ("industry", "academia or industry; without it both"),
    "talent_class": (4, "0, lowest, to 4, highest fifth; without it all"),
    "stage": ("work", "study or work; without it both"),
    "degree": ("here", "of people with a degree from there (here) or not (elsewhere); without it both"),
}
"""Filters that a draft leaves open: an example, and what holds without it."""


@dataclass(frozen=True)
class Draft:
    """What a first scenario says.

    Parameters
    ----------
    lever
        What changes.
    countries, origins
        Region codes: whose policy it is, and for whom from abroad; empty for all.
    change, value
        Kind of change and its size.
    first_year
        From which on.
    question, evidence
        In words; the evidence may be an assumption, which then says so.
    """

    lever: Lever
    countries: tuple[str, ...]
    origins: tuple[str, ...]
    change: str
    value: float
    first_year: int
    question: str
    evidence: str


def country_axis(lever: Lever) -> str:
    """Name the filter of a lever that a country is meant by: its destination, else its origin; "" if it knows neither.

    A gate on leaving is the policy of the origin: its destination is a finer choice.
    """
    return next((axis for axis in ("destination", "origin") if axis in lever.filters and axis not in lever.later), "")


def levers_for(words: str, stage: str = "", most: int = 5) -> list[str]:
    """Find the levers that somebody's words may mean, best first; of one step of a career if it is named.

    Parameters
    ----------
    words
        Of a user; a name of a lever is that lever alone. Blank: all of the step.
    stage
        study, work or stay; "" for all.
    most
        Names returned.
    """
    if words in LEVERS:
        return [words]
    allowed = levers_by_stage()[stage] if stage else tuple(LEVERS)
    if not words.strip():
        return list(allowed)
    return [hit.entry.name for hit in find(words, [entry for entry in lever_entries() if entry.name in allowed], most)]


def draft_text(draft: Draft, name: str) -> str:
    """Write the file.

    Parameters
    ----------
    draft
        What it says.
    name
        Of the file, for the commands that come next.
    """
    lever = draft.lever
    named = {"destination": draft.countries, "origin": draft.origins}
    if country_axis(lever) == "origin":
        named = {"origin": draft.countries}
    rows = [("name", toml_string(lever.name), f"{lever.unit}, {number_text(lever.low)} to {number_text(lever.high)}")]
    rows += [filter_row(lever, axis, named.get(axis, ())) for axis in lever.filters]
    rows += [
        ("from", f"{draft.first_year}", "first year in force"),
        ("# until", f"{draft.first_year + 5}", "last year; without it for good"),
        ("ramp_years", "1", "years until it has its full strength"),
        ("change", toml_string(draft.change), "; ".join(f"{each}: {CHANGE_WORDS[each]}" for each in lever.changes)),
        ("value", f"{draft.value:.6g}", 'or a distribution, as in { dist = "uniform", low = 1, high = 2 }'),
        ("evidence", toml_string(draft.evidence), "who says so, or that it is assumed"),
        ("# source", '"ASSUMPTION"', "an id of `talentsim sources`"),
    ]
    title = draft.question.rstrip("?").strip() or f"{lever.name} from {draft.first_year}"
    head = [
        f"# {lever.meaning}",
        f"# Without this file: {lever.default}.",
        "# What begins with # is a comment. Take the # away to use a line; write a second [[lever]] for a second change.",
        "",
        f"title    = {toml_string(title)}",
        f"question = {toml_string(draft.question or title + '?')}",
        'extends  = "baseline"             # history, and the policies in force at the end of 2025: only differences stand here',
        "",
        "[[lever]]",
    ]
    last = [
        "",
        "# Next:",
        f"#   talentsim check {name}                 says what it changes",
        f"#   talentsim run {name}                   simulates it",
        f"#   talentsim compare baseline {name}      says what it does",
    ]
    return "\n".join([*head, *(commented(*row) for row in rows), *last]) + "\n"


def filter_row(lever: Lever, axis: str, codes: Sequence[str]) -> tuple[str, str, str]:
    """Write the line of a filter: in force if regions are named, else as a comment with an example."""
    example, what = LEFT_TO_ALL[axis]
    if axis in lever.usual:
        usual = " and ".join(axis_names(axis, ())[k] for k in lever.usual[axis])
        what = f"{what.split(';')[0]}; without it {usual} alone"
    if codes:
        return axis, f"[{', '.join(toml_string(code) for code in codes)}]", what
    return f"# {axis}", f"[{toml_string(example) if isinstance(example, str) else example}]", what


def commented(key: str, value: str, what: str) -> str:
    """Write one line with its comment."""
    return f"{f'{key:11} = {value}':{COMMENT_COLUMN - 2}}  # {what}"
