"""Comparisons of runs made by hand, with an anatomy made up: what figures and reports are tested on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sim.comparisons.anatomy.anatomy import Anatomy, ChannelRow, LeverPart, SwitchRow
from sim.comparisons.answers.answer import answers
from sim.comparisons.compare import beside_headlines
from sim.comparisons.comparison import AssumptionRow, Comparison
from sim.comparisons.effects import compare_runs
from sim.comparisons.pairing import labels
from sim.data.load import load_data
from sim.runs.folder import Run, write_run
from sim.scenarios.load import load_scenario
from tests.support.made_up import made_up
from tests.support.packaged import plan_of

DATA = load_data()


def run_of(scenario: str, root: Path, until: int = 2035, seed: int = 1) -> Run:
    """Write a small run of outcomes made by hand."""
    plan = plan_of(load_scenario(scenario), draws=3, replicates=2, researchers=500, until=until, seed=1)
    bend = replace(plan, seed=seed)
    every = (made_up(bend, draw, replicate) for draw in range(plan.draws) for replicate in range(plan.replicates))
    return write_run(plan, every, root, command=f"talentsim run {plan.scenario.name}")


def compared(base: Run, variants: Sequence[Run], with_anatomy: bool = True) -> Comparison:
    """Compare runs; the anatomy and the assumptions are made up."""
    comparison = compare_runs(base, variants, DATA)
    names = labels(base, variants)[1:]
    last = int(base.years[-1])
    assumptions = tuple(
        AssumptionRow(name, "seat elasticity", setting, last, "top20", "work", "USA", value, 0.2, 0.0, value)
        for name in names
        for setting, value in (("0 (fixed places)", -0.4), ("1 (a place for everyone)", -1.6))
    )
    made = [anatomy_of(base.name, name, last) for name in names] if with_anatomy else []
    anatomies = {each.variant: beside_headlines(each, comparison, number) for number, each in enumerate(made)}
    return replace(comparison, assumptions=assumptions, answers=answers(comparison), anatomies=anatomies)


def anatomy_of(base: str, variant: str, last: int) -> Anatomy:
    """Make up why a variant differs: numbers of a plausible size."""
    some = ("2026-17 (draw 0, replicate 1)", "2027-3 (draw 1, replicate 0)")
    switches = tuple(
        SwitchRow(*row, tuple(f"{row[0]}-{each}" for each in some))
        for row in (
            ("CHN", "study", "USA", "CHN", "student visa refused", 212, 95.4),
            ("CHN", "study", "USA", "GBR", "entry bar", 96, 43.2),
            ("CHN", "first job", "USA", "CHN", "ecosystem: fewer colleagues", 41, 18.5),
            ("CHN", "study", "USA", "out", "drops out", 12, 5.4),
            ("IND", "study", "IND", "USA", "places freed by others", 38, 17.1),
            ("REU", "next job", "DEU", "REU", "pay", 9, 4.0),
        )
    )
    channels = tuple(
        ChannelRow(last, "top20", axis, region, direct + feedback + 0.05, direct, feedback, 0.05)
        for axis, region, direct, feedback in (
            ("work", "USA", -1.1, -0.3),
            ("work", "CHN", 0.9, 0.2),
            ("study", "USA", -2.0, -0.1),
        )
    )
    levers = tuple(
        LeverPart(name, words, last, "top20", axis, region, part * total, part * total - 0.05, part * total + 0.05, total)
        for axis, region, total in (("work", "USA", -1.35), ("work", "CHN", 1.15))
        for name, words, part in (
            ("us-refusal", "student visas refused, CHN to USA, 2026-2035", 0.62),
            ("us-wider-bar", "entry bar, CHN to USA, 2026-2035", 0.38),
        )
    )
    return Anatomy(base, variant, last, 1500, ((0, 0), (0, 1), (1, 0)), switches, channels, levers, exact=False)
