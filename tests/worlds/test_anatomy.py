"""Who changed and why, channels and parts of levers, in worlds where the answer is known, and against the object engine."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from sim.comparisons.anatomy.anatomy import Anatomy
from sim.comparisons.anatomy.dissect import Size, Worlds, dissect
from sim.comparisons.anatomy.futures import LIFE, is_visible, live_future
from sim.comparisons.anatomy.reasons import NOT_LOOKED_AT
from sim.comparisons.anatomy.switches import Switch, switches_of
from sim.engines.agents import WorldModel
from sim.engines.axes import AXES
from sim.engines.walk import years_of
from sim.model.choice.randomness import make_key
from sim.model.population import APPLY, OUT
from sim.model.world import FIRST_YEAR, World
from sim.scenarios.scenario import Scenario
from tests.support.toy import (
    CODES,
    FROZEN,
    LAST_COHORT,
    abroad,
    lever_change,
    plain_world,
    policy_world,
    random_world,
    with_change,
)

KEY = make_key(1, 0)
LETTERS = ("AAA", "BBB", "CCC", "DDD")
ALONE = {
    **FROZEN, "option_value_weight": 0.0, "refusal_deterrence": 0.0, "hostility_study": 0.0, "hostility_work": 0.0,
    "hostility_exit": 0.0, "delay_cost": 0.0, "residence_wait_cost": 0.0,
}  # fmt: skip
"""Coefficients without which a lever of friction reaches nobody's utility."""
CHANGED_FROM = 9


def named(*changes: Any) -> Scenario:
    """Make a scenario of a toy world."""
    return Scenario("toy", "", "", "", "toy.toml", ("toy.toml",), (False,), (), (tuple(changes),) if changes else (), {})


class ToyWorlds(Worlds):
    """`policy_world` with coefficients of one's own, whatever the draw."""

    codes = CODES
    people = 1000

    def __init__(self, coefficients: dict[str, float]) -> None:
        self.__dict__["coefficients"] = coefficients  # a frozen dataclass

    def draw(self, scenario: Scenario, number: int) -> Any:
        return None

    def world(self, scenario: Scenario, draw: Any, researchers: int, until: int) -> World:
        return policy_world(scenario.levers, people=30.0, **self.coefficients)  # type: ignore[attr-defined]


def toy_dissect(base: Scenario, variant: Scenario, **coefficients: float) -> Anatomy:
    """Take scenarios of a toy world apart."""
    size = Size(draws=(0,), replicates=(0, 1), researchers=1000, until=LAST_COHORT)
    return dissect(base, variant, ToyWorlds(coefficients), size)


STIPEND = lever_change("phd_stipend", 2.0, "multiply", (2020, 2034), origin=(1,), destination=(0,))
PAY = lever_change("research_pay", 2.0, "multiply", (2020, 2034), origin=(4,), destination=(2,))


def test_two_levers_that_add_up_get_each_its_own_effect() -> None:
    # One reaches people from CHN only, the other people from IND only; nobody answers to others, and everyone is always visible.
    world = {**FROZEN, "visibility_noise": 1e-6, "option_value_weight": 0.0}
    both = toy_dissect(named(), named(STIPEND, PAY), **world)
    alone = {lever.id: toy_dissect(named(), named(lever), **world) for lever in (STIPEND, PAY)}
    assert both.exact
    assert {row.lever for row in both.levers} == {"phd_stipend", "research_pay"}
    compared = 0
    for row in both.levers:
        for own in alone[row.lever].channels:
            if (own.year, own.axis, own.region) == (row.year, row.axis, row.region):
                assert row.part_points == pytest.approx(own.total_points, abs=1e-9)
                compared += own.total_points != 0.0
    assert compared > 6


def test_without_weights_on_what_others_do_there_is_no_feedback() -> None:
    frozen = toy_dissect(named(), named(STIPEND, PAY), **FROZEN)
    assert max(abs(row.total_points) for row in frozen.channels) > 1.0
    for row in frozen.channels:
        assert row.feedback_points == row.interaction_points == 0.0
        assert row.direct_points == row.total_points
    answered = toy_dissect(named(), named(STIPEND, PAY), ecosystem_pull=0.6)
    assert max(abs(row.feedback_points) for row in answered.channels) > 0.05
    for row in answered.channels:
        assert row.direct_points + row.feedback_points + row.interaction_points == pytest.approx(row.total_points, abs=1e-9)


def test_direct_and_feedback_are_mixtures_of_levers_and_paths() -> None:
    split = toy_dissect(named(), named(STIPEND, PAY), ecosystem_pull=0.6)
    worlds = [policy_world(levers, people=30.0, ecosystem_pull=0.6) for levers in ((), (STIPEND, PAY))]
    mixed: list[list[np.ndarray]] = [[], [], []]
    for replicate in (0, 1):
        key = make_key(1, replicate)
        paths = [[end.indices for end in years_of("arrays", world, key)] for world in worlds]
        for kept, world, path in zip(mixed, (worlds[0], worlds[1], worlds[0]), (paths[0], paths[0], paths[1]), strict=True):
            counts = [end.counts.shares[0] for end in years_of("arrays", world, key, held=path)][-1]
            kept.append(100.0 * counts / counts.sum(axis=-1, keepdims=True))
    base, direct, feedback = (np.mean(kept, axis=0) for kept in mixed)
    for row in split.channels:
        if row.year == LAST_COHORT:
            at = AXES.index(row.axis), CODES.index(row.region)
            assert row.direct_points == pytest.approx((direct - base)[at], abs=1e-9)
            assert row.feedback_points == pytest.approx((feedback - base)[at], abs=1e-9)


def switched(base: World, variant: World) -> list[Switch]:
    return switches_of(live_future(base, KEY), live_future(variant, KEY), LETTERS, (0, 0))


def two_worlds(name: str, value: Any, where: tuple[Any, ...] = (), **coefficients: Any) -> list[Switch]:
    """Switch one array of a world of four regions alike from a year on."""
    start = {
        "student_visa_refusal": abroad(0.2, 4), "mobility_area": np.eye(4), "work_visa_odds": 0.6,
        "post_study_attempts": 2.0, "residence_wait": abroad(6.0, 4),
        "forced_exit": 0.05 * abroad(1.0, 4)[:, :, np.newaxis], "hostility": abroad(0.3, 4), "visa_delay": abroad(2.0, 4),
        "relocation_hazard": 0.4,
    }  # fmt: skip
    base = plain_world(4, 20, **{"cohort": 40.0, **start, **ALONE, **coefficients})
    return switched(base, with_change(base, name, value, CHANGED_FROM, where))


ABROAD = np.nonzero(abroad(1.0, 4))
TO_FIRST = ((1, 2, 3), (0, 0, 0))
ANSWERS: dict[str, tuple[Any, set[str]]] = {
    "refusal": (("student_visa_refusal", 0.7, (slice(None), *TO_FIRST)), {"visa refusal"}),
    "bar": (("entry_bar", 0.5, (slice(None), *TO_FIRST)), {"entry bar"}),
    "closure": (("border_closure", 0.5, (slice(None), *TO_FIRST)), {"border closure"}),
    "gate": (("exit_gate", 0.4, (slice(None), 1)), {"exit gate"}),
    "odds": (("work_visa_odds", 0.1, (slice(None), 0)), {"work permit", "work visa attempts"}),
    "forced": (("forced_exit", 0.5, (slice(None), *TO_FIRST)), {"forced exit"}),
    "stipend": (("phd_stipend", 90_000.0, (slice(None), 1, 0)), {"stipend"}),
    "pay": (("research_pay", 180_000.0, (slice(None), 1, 0)), {"pay"}),
    "quality": (("study_drift", 1.0, (slice(None), 0)), {"quality and shocks"}),
    "bonus": (("return_bonus", 2.0, (slice(None), 1)), {"return bonus"}),
    "cohort": (("cohort", 60.0, (slice(None), 2)), {"cohort size"}),
}


@pytest.mark.parametrize("lever", ANSWERS)
def test_a_lever_that_acts_in_one_way_is_the_reason_of_all(lever: str) -> None:
    (name, value, where), expected = ANSWERS[lever]
    found = two_worlds(name, value, where[1:])
    assert len(found) > 20
    assert {each.reason for each in found} == expected
    assert all(each.year >= FIRST_YEAR + CHANGED_FROM for each in found)


TERMS_ALONE: dict[str, tuple[Any, dict[str, float], set[str]]] = {
    "hostility": (("hostility", 2.0), {"hostility_study": 1.0, "hostility_work": 1.0}, {"hostility"}),
    "opportunity": (("hostility", 2.0), {"hostility_exit": 1.0}, {"opportunity to move"}),
    "delay": (("visa_delay", 9.0), {"delay_cost": 1.0}, {"visa delay"}),
    "deterrence": (("student_visa_refusal", 0.6), {"refusal_deterrence": 2.0}, {"visa refusal", "expected visa success"}),
    "work after study": (("research_pay", 300_000.0), {"option_value_weight": 2.0}, {"pay", "work after study"}),
    "crowding": (("phd_places", 0.3), {"congestion": 2.0, "demand_2019": 30.0}, {"crowding and places"}),
    "ecosystem": (("research_capital", 400.0), {"ecosystem_pull": 1.0, "ecosystem_weight_capital": 0.5}, {"ecosystem"}),
}


@pytest.mark.parametrize("term", TERMS_ALONE)
def test_the_term_that_carries_a_lever_is_named(term: str) -> None:
    (name, value), coefficients, expected = TERMS_ALONE[term]
    where: tuple[Any, ...] = (0,) if name in ("phd_places", "research_capital") else TO_FIRST
    years = {"from_row": 21} if name == "phd_places" else {"from_row": CHANGED_FROM}
    start = {"hostility": abroad(0.3, 4), "visa_delay": abroad(2.0, 4), "student_visa_refusal": abroad(0.2, 4)}
    start |= {"mobility_area": np.eye(4)}
    base = plain_world(4, 28, **{"cohort": 30.0, **start, **ALONE, "relocation_hazard": 0.4, **coefficients})
    found = switched(base, with_change(base, name, value, years["from_row"], where))
    assert len(found) > 10
    assert {each.reason for each in found} == expected


def test_the_visible_are_some_of_all() -> None:
    base = random_world(31, 4, years=20, people=14.0)
    futures = [live_future(world, KEY) for world in (base, with_change(base, "student_visa_refusal", 0.9, 8, TO_FIRST))]
    every, visible = ({each.name for each in switches_of(*futures, LETTERS, (0, 0), only)} for only in (False, True))
    assert 0 < len(visible) < len(every)
    assert visible < every
    seen = set()
    for future in futures:
        rows = np.flatnonzero(is_visible(future))
        seen |= {f"{LETTERS[future.origin[k]]}-{future.cohort[k]}-{future.index[k]}" for k in rows}
    assert visible == every & seen


def test_those_beyond_the_limit_are_counted_and_said_not_to_be_looked_at() -> None:
    base = random_world(31, 4, years=20, people=60.0)
    futures = [live_future(world, KEY) for world in (base, with_change(base, "student_visa_refusal", 0.9, 8, TO_FIRST))]
    every, few = (switches_of(*futures, LETTERS, (0, 0), most=most) for most in (10_000, 30))
    assert [each[:4] for each in few] == [each[:4] for each in every]
    unseen = sum(each.reason == NOT_LOOKED_AT for each in few)
    assert len(every) - 30 >= unseen > len(every) / 3
    assert all(one.reason in (other.reason, NOT_LOOKED_AT) for one, other in zip(few, every, strict=True))
    assert not any(each.reason == NOT_LOOKED_AT for each in every)


def settled_by_the_object_engine(base: World, variant: World) -> tuple[Counter[tuple[str, str, str]], dict[str, int]]:
    """Compare two models of the object engine person by person: the matrix, and the year in which each switcher's lives part."""
    models = [WorldModel(world, seed=1, collect=False) for world in (base, variant)]
    lives: list[dict[str, dict[int, tuple[int, ...]]]] = [{}, {}]
    for model, kept in zip(models, lives, strict=True):
        while model.running:
            model.step()
            for each in model.everyone:
                kept.setdefault(each.name, {})[model.year] = tuple(getattr(each, name) for name in LIFE)
    places: list[dict[str, str]] = []
    for model in models:
        where = {OUT: "out", APPLY: "applying"}
        places.append({each.name: where.get(each.stage) or LETTERS[each.employer] for each in model.everyone})
    matrix: Counter[tuple[str, str, str]] = Counter()
    parted = {}
    for name in places[0].keys() | places[1].keys():
        pair = [place.get(name, "absent") for place in places]
        if pair[0] == pair[1]:
            continue
        origin = LETTERS[int(name.split("-")[0])]
        matrix[origin, *pair] += 1
        years = lives[0].get(name, {}).keys() | lives[1].get(name, {}).keys()
        first = min(year for year in years if lives[0].get(name, {}).get(year) != lives[1].get(name, {}).get(year))
        parted[f"{origin}-{name.split('-', 1)[1]}"] = first
    return matrix, parted


def test_the_matrix_is_that_of_the_object_engine() -> None:
    base = random_world(31, 4, years=20, people=14.0, relocation_hazard=0.5, demand_2019=1.0, forced_exit=0.08, postponement=1.0)
    variant = with_change(base, "student_visa_refusal", lambda x: np.minimum(1.0, x + 0.3), 8, (slice(None), 0))
    variant = with_change(variant, "cohort", lambda x: 1.2 * x, 9, (1,))
    variant = with_change(variant, "forced_exit", 0.3, 10, (slice(None), 2))
    variant = with_change(variant, "research_pay", lambda x: 2.0 * x, 10, (slice(None), 1))
    variant = with_change(variant, "border_closure", 0.9, 18, ABROAD)
    found = switched(base, variant)
    matrix, parted = settled_by_the_object_engine(base, variant)
    assert Counter((each.origin, each.base, each.variant) for each in found) == matrix
    assert {each.name: each.year for each in found} == parted
    kinds = {state for row in matrix for state in row[1:]}
    assert {"absent", "out", "applying", *LETTERS} <= kinds
    assert {"study", "first job", "next job", "forced move", "entry"} <= {each.stage for each in found}
