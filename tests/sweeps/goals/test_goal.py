"""Goals: read by the parser of conditions, and margins that are at least 0 exactly where the condition holds."""

import numpy as np
import pytest

from sim.data.load import load_data
from sim.runs.formulas.expressions import ExpressionError, evaluate
from sim.sweeps.goals.goal import margin, parse_goal

CODES = load_data().codes
A, B = "share(work, CHN, top20, 2030)", "share(work, USA, top20, 2030)"


@pytest.mark.parametrize(
    "text",
    [
        f"{A} >= 0.3",
        f"{A} < {B} * 0.5 + 0.1",
        f"{A} > {B} and {B} <= 0.4",
        f"not {A} > {B} or {A} / {B} > 2",
        f"share(work, DEU, top20, 2035) >= share(work, DEU, top20, 2022) or {A} > {B}",
        "passes(CHN, USA, work, top20, 2012) and researchers(work, CHN, all, 2012) > 30",
        "indicator(entrants_home, IND, 2035) >= 0.3",
    ],
)
def test_a_margin_is_positive_where_the_condition_holds(text: str) -> None:
    goal = parse_goal(text, CODES, 2035)
    rng = np.random.default_rng(4)
    columns = {str(measure): rng.uniform(0.1, 0.6, 500) for measure in goal.measures}
    found, holds = margin(goal.condition, columns), evaluate(goal.condition, columns) == 1.0
    assert 20 < holds.sum() < 500 or "researchers" in text
    assert ((found >= 0.0) == holds).all()


def test_passing_is_being_ahead_in_some_year() -> None:
    goal = parse_goal("passes(CHN, USA, work, top20, 2012)", CODES, 2035)
    assert goal.last_year == 2012
    assert len(goal.measures) == 6
    columns = {str(m): np.array([0.2]) for m in goal.measures}
    assert margin(goal.condition, columns) == pytest.approx(0.0)
    columns["share(work, CHN, top20, 2011)"] = np.array([0.23])
    columns["share(work, CHN, top20, 2012)"] = np.array([0.1])
    assert margin(goal.condition, columns) == pytest.approx(0.03)


def test_a_missing_measure_has_no_margin() -> None:
    goal = parse_goal(f"{A} >= 0.3", CODES, 2035)
    assert np.isnan(margin(goal.condition, {A: np.array([np.nan])})).all()


def test_a_formula_against_a_number_is_a_line() -> None:
    assert parse_goal(f"{A} >= 0.3", CODES, 2035).line == (1.0, 0.3)
    assert parse_goal(f"{A} / {B} < 2", CODES, 2035).line == (-1.0, 2.0)
    assert parse_goal(f"{A} >= {B}", CODES, 2035).line is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (A, "this is a number; write a condition"),
        (f"{A} == 0.3", "== is no goal; write >= or <="),
        ("share(work, CHM, top20, 2030) > 0.3", "did you mean CHN"),
        ("passes(CHN, USA, work, 2030)", "takes 5 parts, passes(REGION, REGION, AXIS, TIER, YEAR)"),
        ("passes(CHN, USA, wrk, top20, 2030)", "did you mean work"),
        ("passes(CHN, USA, work, top20, 2060)", "allowed: 2010 to 2035"),
        ("0.4 > 0.3", "names no measure; write one such as share(work, USA, top20, 2035)"),
    ],
)
def test_what_is_no_goal_is_said(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse_goal(text, CODES, 2035)
    assert said in str(error.value)
