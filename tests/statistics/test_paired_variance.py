"""What pairing is worth: the variance of an effect between seeds, paired and with independent seeds, at the reference point."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.data.load import load_data
from sim.engines.arrays import run_years
from sim.engines.axes import AXES, TIERS
from sim.engines.counts import YearEnd
from sim.model.choice.randomness import make_key
from sim.model.population import STUDY, WORK
from sim.model.world import Floats, World
from sim.runs.outcomes.statistics import variance_of_mean, variance_of_one, variance_parts
from sim.scenarios.load import load_scenario
from tests.support.packaged import world_named

SEEDS, RESEARCHERS, YEAR = 200, 5_000, 2030
LEAST_RATIO = 30.0
MOST_OF_TURNOVER = 1.5
LEVER = """
title = "Five points more refusals of Chinese students by the United States"
question = "What is pairing worth?"
extends = "baseline"

[[lever]]
name = "student_visa_refusal"
origin = ["CHN"]
destination = ["USA"]
from = 2026
change = "add"
value = 0.05
evidence = "A test."
"""


class Seed(NamedTuple):
    """One seed: the US work share in both futures, who changed, and how many are visible."""

    base: float
    variant: float
    differ: int  # visible in either, and 'visible and works in the US' differs
    visible: float  # mean of both futures


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Seed]:
    path = Path(tmp_path_factory.mktemp("lever")) / "five-points.toml"
    path.write_text(LEVER, encoding="utf-8")
    worlds = [world_named(load_scenario(name), -1, RESEARCHERS, YEAR) for name in ("baseline", str(path))]
    return list(run_seeds(*worlds))


def run_seeds(base: World, variant: World) -> Iterator[Seed]:
    usa = load_data().codes.index("USA")
    for seed in range(SEEDS):
        key = make_key(seed, 0)
        ends = [last(run_years(world, key)) for world in (base, variant)]
        shares, there = zip(*(works_in(end, usa) for end in ends), strict=True)
        ours, theirs = (end.researchers for end in ends)
        for column in ("origin", "cohort", "index"):  # the same row is the same researcher
            np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column))
        visible = [int(end.counts.shares[0, 0].sum()) for end in ends]
        yield Seed(*shares, int((there[0] != there[1]).sum()), sum(visible) / 2)


def last(years: Iterator[YearEnd]) -> YearEnd:
    for end in years:
        kept = end
    return kept


def works_in(end: YearEnd, region: int) -> tuple[float, NDArray[np.bool_]]:
    """Return the share of a region and who is 'visible and works there', checked against the counts of the engine."""
    people = end.researchers
    is_active = (people.stage == STUDY) | (people.stage == WORK)  # who has left keeps the last tier
    there = is_active & (people.tier > 0) & (people.employer == region)
    work = end.counts.shares[TIERS.index("top20"), AXES.index("work")]
    assert there.sum() == work[region]
    return float(work[region] / work.sum()), there


def test_pairing_is_worth_thirty_times_the_runs(seeds: list[Seed]) -> None:
    base, variant = np.array([[each.base, each.variant] for each in seeds]).T
    paired = float((variant - base).var(ddof=1))
    independent = float(base.var(ddof=1) + variant.var(ddof=1))
    found = f"independent / paired = {independent / paired:.1f}; effect {100 * (variant - base).mean():.3f} points"
    assert independent / paired >= LEAST_RATIO, found
    values: Floats = (variant - base)[None]
    error2 = variance_of_mean(variance_parts(values), *values.shape)
    unpaired = (variance_of_one(base[None]) + variance_of_one(variant[None])) / error2
    assert unpaired == pytest.approx(SEEDS * independent / paired)  # what the column runs_unpaired says


def test_the_paired_variance_is_that_of_those_who_changed(seeds: list[Seed]) -> None:
    paired = float(np.var([each.variant - each.base for each in seeds], ddof=1))
    visible = float(np.mean([each.visible for each in seeds]))
    turnover = float(np.mean([each.differ for each in seeds])) / visible
    found = f"q = {turnover:.5f}, N = {visible:.0f}, variance / (q / N) = {paired / (turnover / visible):.2f}"
    assert 0.0 < paired <= MOST_OF_TURNOVER * turnover / visible, found
