"""The answer to a comparison in two sentences, with numbers taken from its tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.comparisons.comparison import CLEAR, NO_CHANGE, TOO_FEW, WITHIN_NOISE, Comparison, CrossingRow, Effects, Headline
from sim.comparisons.effects import leading, main_headline
from sim.comparisons.pairing import labels
from sim.comparisons.regions import passing_pair
from sim.comparisons.words import effect, interval, levels, numbers, percent

WORDS = {CLEAR: "clear of noise", WITHIN_NOISE: "within noise", TOO_FEW: "too few draws for a verdict"}


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
    first = (
        f"By {until}, “{title}” moves the share of the top 20 % who work in {main.region} by {effect(main)} percentage points "
        f"(90 % of {main.runs} paired runs: {interval(main)}), from {' to '.join(levels(main))} and from "
        f"{' to '.join(numbers(main))} people (means of the same pairs): {verdict_words(main)}."
    )
    second = next(row for row in rows if row.year == until and row.region != main.region)
    other = f"{second.region} moves by {effect(second)} percentage points ({interval(second)}; {verdict_words(second)})"
    return f"{first} {other}; {crossing_sentence(comparison, name, until)}"


def verdict_words(row: Headline) -> str:
    """Write a verdict; one that is none with its reason up to the first semicolon."""
    return WORDS.get(row.verdict) or f"{row.verdict}: {row.reason.partition(';')[0]}"


def no_change(effects: Effects, base: str, title: str, until: int) -> str:
    """Say that nothing changes, or that the leading numbers do not."""
    if np.nan_to_num(effects.difference_points).any() or effects.people.any():
        return f"“{title}” changes no share of the top 20 % by place of work in {until} against {base}, but other numbers."
    return f"“{title}” changes nothing against {base}: every number of every paired run until {until} is equal to the last bit."


def crossing_sentence(comparison: Comparison, name: str, until: int) -> str:
    """Say in which share of the runs the challenger has passed the leader in the last year, and in which without the variant."""
    challenger, leader = passing_pair()
    row = crossing_of(comparison.crossings, name, until)
    return (
        f"{challenger} has more of them at work than {leader} in some year until {until} in {percent(row.share_of_runs, 0)} of "
        f"the runs ({percent(row.share_of_runs - row.change, 0)} without)."
    )


def crossing_of(rows: Sequence[CrossingRow], name: str, year: int) -> CrossingRow:
    """Find the row on challenger and leader among the top 20 % of a scenario in a year."""
    return next(
        row
        for row in rows
        if (row.scenario, row.tier, row.challenger, row.leader, row.year) == (name, "top20", *passing_pair(), year)
    )
