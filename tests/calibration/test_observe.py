"""Operators against counts made by hand, graduates who are followed against everybody, an engine run's counts."""

from typing import Any

import numpy as np
import pytest

from sim.calibration.graduates import Graduates
from sim.calibration.observe import OPERATORS, Observed, Question, observe, seen_in_run
from sim.engines.axes import AXES, STAGES, TIERS
from sim.engines.expected.years import expected_years
from sim.runs.outcomes.outcomes import Outcomes
from tests.support.toy import random_world

CODES = ("USA", "CHN", "GBR", "CAN", "AUS")
USA, CHN, GBR, CAN, AUS = range(5)
T, R = 23, 5
AT_2017, AT_2019, AT_2021, AT_2022 = 17, 19, 21, 22


def seen(**changes: np.ndarray) -> Observed:
    """A walk in which nobody lives, but for what is given."""
    pair = (T, R, R)
    shapes = {
        "shares": (T, len(TIERS), len(AXES), R), "careers": (T, R, R, R), "studying": pair, "remote": (T, R),
        "industry": (T, R, 2), "entry": pair, "students": pair, "degrees": pair, "first": pair,
        "staying": (T, T, R), "active": (T, T, R), "calm_entry": pair, "calm_degrees": pair, "calm_first": pair,
    }  # fmt: skip
    return Observed(CODES, **{name: changes.get(name, np.zeros(shape)) for name, shape in shapes.items()})


def zeros(*shape: int, at: dict[Any, Any]) -> np.ndarray:
    """Zeros but for some places; a place (years, ...) may name a range of years."""
    array = np.zeros(shape)
    for (year, *place), value in at.items():
        for t in [year] if isinstance(year, int) else year:
            array[t, *place] = value
    return array


def ask(walk: Observed, operator: str, year: int = 2022, **arguments: Any) -> float:
    return float(observe(walk, [Question(operator, arguments, year)])[0])


def test_shares_by_tier_axis_region_and_part() -> None:
    shares = np.zeros((T, 3, 5, R))
    shares[AT_2022, 0, AXES.index("work")] = [40, 30, 20, 10, 0]
    shares[AT_2022, 1, AXES.index("origin")] = [1, 3, 0, 0, 0]
    walk = seen(shares=shares)
    assert ask(walk, "share", axis="work", regions=["USA"]) == pytest.approx(0.4)
    assert ask(walk, "share", axis="work", regions=["CHN", "GBR"]) == pytest.approx(0.5)
    assert ask(walk, "share", axis="work", regions=["CHN"], part=0.9) == pytest.approx(0.27)
    assert ask(walk, "share", tier="elite", axis="origin", regions=["CHN"]) == pytest.approx(0.75)
    assert np.isnan(ask(walk, "share", year=2019, axis="work", regions=["USA"]))


def test_several_questions_of_one_operator_keep_their_order_and_years() -> None:
    shares = np.zeros((T, 3, 5, R))
    shares[AT_2019, 0, 0] = [1, 1, 2, 0, 0]
    shares[AT_2022, 0, 0] = [3, 1, 0, 0, 0]
    asked = [Question("share", {"axis": "origin", "regions": [code]}, year) for code in ("GBR", "USA") for year in (2022, 2019)]
    np.testing.assert_allclose(observe(seen(shares=shares), asked), [0.0, 0.5, 0.75, 0.25])


# Chinese origin: 6 studied in the US (5 work there, 1 in China), 4 in China (all work there), and 2 are students in the US.
# US origin: 8 studied and work in the US.
CAREERS = {(AT_2022, CHN, USA, USA): 5, (AT_2022, CHN, USA, CHN): 1, (AT_2022, CHN, CHN, CHN): 4, (AT_2022, USA, USA, USA): 8}
STUDYING = {(AT_2022, CHN, USA): 8, (AT_2022, CHN, CHN): 4, (AT_2022, USA, USA): 8}


def careers_walk() -> Observed:
    shares = np.zeros((T, 3, 5, R))
    shares[AT_2022, 0, AXES.index("origin"), :2] = [8, 12]
    return seen(careers=zeros(T, R, R, R, at=CAREERS), studying=zeros(T, R, R, at=STUDYING), shares=shares)


@pytest.mark.parametrize(
    ("operator", "arguments", "expected"),
    [
        ("study_of_origin", {"origin": ["CHN"], "study": ["USA"]}, 8 / 12),
        ("stay", {"study": ["USA"], "work": ["USA"]}, 13 / 14),
        ("stay", {"study": ["USA"], "work": ["USA"], "origin": ["CHN"]}, 5 / 6),
        ("stay", {"study": ["USA"], "work": ["CHN"], "origin": ["CHN"]}, 1 / 6),
        ("work_of_origin", {"origin": ["CHN"], "work": ["USA"]}, 7 / 12),
        ("workforce", {"origin": ["CHN"], "work": ["USA"]}, 7 / 15),
        ("abroad", {}, 7 / 20),
        ("students", {}, 2 / 20),
        ("visible", {}, 20.0),
    ],
)
def test_careers_by_hand(operator: str, arguments: dict[str, Any], expected: float) -> None:
    assert ask(careers_walk(), operator, **arguments) == pytest.approx(expected)


def test_headquarters_elsewhere_are_the_mean_of_the_years_asked_for() -> None:
    shares = np.zeros((T, 3, 5, R))
    shares[AT_2019, 0, AXES.index("location"), GBR] = 10
    shares[AT_2022, 0, AXES.index("location"), GBR] = 20
    walk = seen(shares=shares, remote=zeros(T, R, at={(AT_2019, GBR): 4, (AT_2022, GBR): 4}))
    assert ask(walk, "hq_elsewhere", regions=["GBR"], years=[2019, 2022]) == pytest.approx((0.4 + 0.2) / 2)


def test_new_doctors_and_students() -> None:
    walk = seen(
        industry=zeros(T, R, 2, at={(AT_2019, USA): [6, 3], (AT_2019, CAN): [4, 3]}),
        degrees=zeros(T, R, R, at={(AT_2021, USA, USA): 4, (AT_2021, CHN, USA): 5, (AT_2021, GBR, USA): 1}),
        students=zeros(T, R, R, at={(AT_2022, CHN, USA): 30, (AT_2022, GBR, USA): 10, (AT_2022, USA, USA): 99}),
    )
    assert ask(walk, "industry", 2019, study=["USA", "CAN"]) == pytest.approx(0.6)
    assert ask(walk, "foreign_doctors", 2021, study=["USA"], degrees=[2021, 2021]) == pytest.approx(0.6)
    assert ask(walk, "students_from", study=["USA"], origin=["GBR"], among=["GBR", "CHN"]) == pytest.approx(0.25)


def test_stay_after_the_degree_counts_foreign_doctors_of_the_years_asked_for() -> None:
    walk = seen(
        degrees=zeros(T, R, R, at={(AT_2017, CHN, USA): 10, (AT_2019, CHN, USA): 10, (AT_2019, USA, USA): 50}),
        first=zeros(T, R, R, at={(AT_2017, CHN, USA): 9, (AT_2019, CHN, USA): 5, (AT_2019, USA, USA): 50}),
        staying=zeros(T, T, R, at={(AT_2022, AT_2017, CHN): 3, (AT_2022, AT_2017, USA): 9, (AT_2021, AT_2017, CHN): 4}),
        active=zeros(T, T, R, at={(AT_2022, AT_2017, CHN): 6, (AT_2022, AT_2017, USA): 9, (AT_2021, AT_2017, CHN): 5}),
    )
    assert ask(walk, "first_stay", degrees=[2017, 2019]) == pytest.approx(14 / 20)
    assert ask(walk, "first_stay", degrees=[2019, 2019], origin=["CHN"]) == pytest.approx(0.5)
    assert ask(walk, "later_stay", degrees=[2015, 2017]) == pytest.approx(0.5)
    assert ask(walk, "later_stay", 2021, degrees=[2017, 2017], origin=["CHN"]) == pytest.approx(0.8)


def test_the_tension_experiment_compares_two_walks_over_its_three_years() -> None:
    years = range(17, 20)
    walk = seen(
        entry=zeros(T, R, R, at={(years, CHN, USA): 80, (years, CHN, GBR): 30, (years, CHN, AUS): 12, (16, CHN, USA): 7}),
        calm_entry=zeros(T, R, R, at={(years, CHN, USA): 100, (years, CHN, GBR): 22, (years, CHN, AUS): 10}),
        degrees=zeros(T, R, R, at={(years, CHN, USA): 50}),
        calm_degrees=zeros(T, R, R, at={(years, CHN, USA): 40}),
        first=zeros(T, R, R, at={(years, CHN, USA): 40}),
        calm_first=zeros(T, R, R, at={(years, CHN, USA): 34}),
    )
    assert ask(walk, "tension_entry", 2019) == pytest.approx(0.2)
    assert ask(walk, "tension_deflected", 2019) == pytest.approx(0.5)
    assert ask(walk, "tension_stay", 2019) == pytest.approx(0.05)


# Second choices of few who are refused are taken as proportional, and among the doctors of one region fewer are few: 1.2e-4 of a
# place where work visas are refused, nothing where none is.
@pytest.mark.parametrize(("changes", "apart"), [({}, 1e-3), ({"work_visa_odds": 1.0}, 1e-9)])
def test_the_doctors_of_all_regions_together_are_everybody(changes: dict[str, float], apart: float) -> None:
    """Doctors followed region by region add up to all workers of every origin and at every place, in every year."""
    regions, years = 3, 14
    world = random_world(1, regions, years, **changes)
    followed = [Graduates(years, regions, int(world.levers.post_study_attempts.max()), region, 3) for region in range(regions)]

    def watch(*year: Any) -> None:
        for graduates in followed:
            graduates.watch(*year)

    for t, year in enumerate(expected_years(world, None, 16, 3, watch)):
        active = sum(graduates.active[t].sum(axis=0) for graduates in followed)
        everybody = active + followed[0].students[t].sum(axis=1)
        np.testing.assert_allclose(everybody, year.shares[2, 0], rtol=1e-9)
        placed = sum(graduates.pool.workers.sum(axis=(0, 1, 2, 3, 4, 5)) for graduates in followed)
        np.testing.assert_allclose(placed + followed[0].students[t].sum(axis=0), year.shares[2, 3], rtol=apart)
        for graduates in followed:
            at_home = graduates.pool.workers[..., graduates.region].sum(axis=(1, 2, 3, 4, 5))
            np.testing.assert_allclose(graduates.staying[t].sum(axis=0), at_home)
        first = np.stack([graduates.first[t].sum(axis=1) for graduates in followed], axis=1)
        np.testing.assert_allclose(first, followed[0].degrees[t], rtol=1e-9, atol=1e-9)


def engine_run() -> Outcomes:
    flows = np.zeros((T, len(STAGES), R, R, R), dtype=np.int32)
    flows[17:20, STAGES.index("entry"), CHN, CHN, USA] = 8
    flows[17:20, STAGES.index("first_job"), CHN, USA] = [9, 1, 0, 0, 0]
    counts = np.zeros((T, 3, 5, R), dtype=np.int64)
    counts[AT_2022, 0, AXES.index("origin"), :2] = [8, 12]
    careers = zeros(T, R, R, R, at=CAREERS).astype(np.int32)
    years = np.arange(2000, 2023)
    return Outcomes(0, 0, years, counts, flows, careers, 2.0, np.zeros(T), np.zeros(T), ())


def test_an_engine_run_answers_what_it_counts_and_nothing_else() -> None:
    walk = seen_in_run(CODES, engine_run())
    assert ask(walk, "stay", study=["USA"], work=["USA"], origin=["CHN"]) == pytest.approx(5 / 6)
    assert ask(walk, "students") == pytest.approx(2 / 20)
    assert ask(walk, "visible") == pytest.approx(40.0)
    assert ask(walk, "first_stay", degrees=[2017, 2019]) == pytest.approx(0.9)
    for operator, arguments in (("abroad", {}), ("tension_entry", {}), ("later_stay", {"degrees": [2017, 2019]})):
        assert np.isnan(ask(walk, operator, **arguments)), operator


def test_two_engine_runs_answer_the_experiment() -> None:
    tense, calm = engine_run(), engine_run()
    calm.flows[17:20, STAGES.index("entry"), CHN, CHN, USA] = 10
    assert ask(seen_in_run(CODES, tense, calm), "tension_entry", 2019) == pytest.approx(0.2)


def test_every_operator_says_what_it_measures() -> None:
    assert all(operator.answer.__doc__ for operator in OPERATORS.values())
