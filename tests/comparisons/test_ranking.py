"""Ranking by a goal: units, paired bests, people, and which way is better."""

from pathlib import Path

import numpy as np
import pytest

from sim.comparisons.answers.ranking import GoalError, best_of, best_shares, rank_variants, read_goal, usual_goal
from sim.comparisons.comparison import Comparison
from sim.comparisons.effects import compare_runs
from sim.comparisons.pairing import Pair, pair
from sim.engines.axes import AXES, TIERS
from sim.runs.outcomes.statistics import shares_of
from sim.scenarios.groups import GROUPS
from tests.support.comparisons import DATA, run_of

CODES = DATA.codes
SHARE = "share(work, USA, top20, 2035)"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, list[Pair]]:
    root = Path(tmp_path_factory.mktemp("runs"))
    base = run_of("baseline", root)
    variants = [run_of(name, root, seed=seed) for seed, name in enumerate(("us-opening", "ai-winter"), start=2)]
    return compare_runs(base, variants, DATA), [pair(base, each, DATA) for each in variants]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (SHARE, "points"),
        (f"{SHARE} - share(work, CHN, top20, 2035)", "points"),
        (f"0.5 * {SHARE} + share(work, EUROPE, top20, 2035) / 2", "points"),
        ("researchers(work, USA, top20, 2035)", "people"),
        (f"{SHARE} / share(work, USA, top20, 2022)", "number"),
        (f"{SHARE} + 1", "number"),
    ],
)
def test_the_unit_is_that_of_what_is_added_up(text: str, unit: str) -> None:
    assert read_goal(text, CODES, 2035, GROUPS).unit == unit


def test_a_goal_that_cannot_be_told_is_refused() -> None:
    for text, message in (
        ("indicator(stay_rate, USA, 2030)", "not kept run by run"),
        (f"{SHARE} > 0.3", "condition"),
        ("share(work, GERMANY, top20, 2035)", "GERMANY"),
        ("1 + 1", "names no measure"),
    ):
        with pytest.raises(GoalError, match=message):
            read_goal(text, CODES, 2035, GROUPS)


def test_in_each_draw_one_is_the_best_and_equal_ones_share_it() -> None:
    values = np.array([[0.0, 0.0, 0.0, 0.0], [1.0, -1.0, 0.0, 2.0], [0.5, -2.0, 0.0, np.nan]])
    assert best_shares(values, False).tolist() == pytest.approx([(0 + 1 + 1 / 3 + 0) / 4, (1 + 0 + 1 / 3 + 1) / 4, (1 / 3) / 4])
    assert best_shares(values, True).sum() == pytest.approx(1.0)
    assert best_shares(values, True)[2] > best_shares(values, False)[2]


def test_the_difference_is_that_of_the_pairs_and_the_order_follows_the_goal(found: tuple[Comparison, list[Pair]]) -> None:
    comparison, pairs = found
    for is_lower in (False, True):
        rows = rank_variants(comparison, [read_goal(SHARE, CODES, 2035, GROUPS, is_lower)], pairs)
        differences = [row.difference for row in rows]
        assert differences == sorted(differences, reverse=not is_lower)
        assert [row.rank for row in rows] == [1, 2, 3]
        assert sum(row.best_share_of_draws for row in rows) == pytest.approx(1.0)
    by_name = {row.variant: row for row in rows}
    cell = np.s_[:, :, -1, TIERS.index("top20"), AXES.index("work")]
    shares = [shares_of(counts[cell])[..., CODES.index("USA")] for counts in (pairs[0].base, pairs[0].variant)]
    assert by_name["us-opening"].difference == pytest.approx(100.0 * (shares[1] - shares[0]).mean())
    people = (pairs[0].variant - pairs[0].base)[cell][..., CODES.index("USA")].mean() * comparison.base.weight
    assert by_name["us-opening"].people == pytest.approx(people)
    assert by_name["baseline"].verdict == "base"
    main = next(row for row in comparison.headlines if (row.variant, row.region, row.axis, row.year, row.tier) ==
                ("us-opening", "USA", "work", 2035, "top20"))  # fmt: skip
    assert (by_name["us-opening"].p05, by_name["us-opening"].error) == pytest.approx((main.p05_points, main.error_points))


def test_without_a_goal_what_moves_most_is_ranked(found: tuple[Comparison, list[Pair]]) -> None:
    comparison, pairs = found
    goal = read_goal(usual_goal(comparison), CODES, 2035, GROUPS)
    rows = rank_variants(comparison, [goal], pairs)
    assert max(abs(row.difference) for row in rows) == max(
        abs(row.difference_points) for row in comparison.headlines
        if (row.tier, row.axis, row.year) == ("top20", "work", 2035) and row.region in CODES
    )  # fmt: skip
    assert rows[0].variant in best_of(rows)
