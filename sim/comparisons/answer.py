"""The answer to a comparison in two sentences, with numbers taken from its tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.comparisons.comparison import CLEAR, NO_CHANGE, WITHIN_NOISE, Comparison, CrossingRow, Effects
from sim.comparisons.effects import leading, main_headline
from sim.comparisons.pairing import labels
from sim.comparisons.regions import PASSING
from sim.comparisons.words import percent, signed

WORDS = {CLEAR: "clear of noise", WITHIN_NOISE: "within noise"}


def answers(comparison: Comparison) -> tuple[str, ...]:
    """Write the answer for every variant."""
    names = labels(comparison.base, comparison.variants)
    return tuple(
        variant_answer(comparison, name, variant.title, effects)
        for name, variant, effects in zip(names[1:], comparison.variants, comparison.effects, strict=True)
    )


def variant_answer(comparison: Comparison, name: str, title: str, effects: Effects) -> str:
    """Write the answer for one variant: the share that moves most, then who gains or loses against it and the crossing."""
    rows = leading(comparison.headlines, name)
    main = main_headline(comparison.headlines, name)
    until = main.year
    if main.verdict == NO_CHANGE:
        return f"{no_change(effects, comparison.base.name, title, until)} {crossing_sentence(comparison, name, until)}"
    verdict = WORDS.get(main.verdict, f"{main.verdict}: {main.reason}")
    first = (
        f"By {until}, “{title}” moves the share of the top 20 % who work in {main.region} by {_points(main.difference)} "
        f"(90 % of {main.runs} paired runs: {signed(main.p05)} to {signed(main.p95)}), from {percent(main.base_share)} to "
        f"{percent(main.variant_share)} and from {main.base_people:,.0f} to {main.variant_people:,.0f} people "
        f"(medians): {verdict}."
    )
    second = next(row for row in rows if row.year == until and row.region != main.region)
    verdict = WORDS.get(second.verdict, second.verdict)
    other = f"{second.region} moves by {_points(second.difference)} ({signed(second.p05)} to {signed(second.p95)}; {verdict})"
    return f"{first} {other}; {lower(crossing_sentence(comparison, name, until))}"


def no_change(effects: Effects, base: str, title: str, until: int) -> str:
    """Say that nothing changes, or that the leading numbers do not."""
    if np.nan_to_num(effects.difference).any() or effects.people.any():
        return f"“{title}” changes no share of the top 20 % by place of work in {until} against {base}, but other numbers."
    return f"“{title}” changes nothing against {base}: every number of every paired run until {until} is equal to the last bit."


def crossing_sentence(comparison: Comparison, name: str, until: int) -> str:
    """Say how probable it is that CHN has passed USA in the last year, and what the variant does to that."""
    challenger, leader = PASSING
    row = crossing_of(comparison.crossings, name, until)
    return (
        f"The probability that {challenger} has more of them at work than {leader} in some year until {until} is "
        f"{percent(row.probability, 0)} ({percent(row.probability - row.change, 0)} without)."
    )


def crossing_of(rows: Sequence[CrossingRow], name: str, year: int) -> CrossingRow:
    """Find the row on CHN and USA among the top 20 % of a scenario in a year."""
    return next(
        row for row in rows if (row.scenario, row.tier, row.challenger, row.leader, row.year) == (name, "top20", *PASSING, year)
    )


def lower(sentence: str) -> str:
    """Begin a sentence in lower case, to go on after a semicolon."""
    return sentence[0].lower() + sentence[1:]


def _points(value: float) -> str:
    return f"{signed(value)} percentage points"
