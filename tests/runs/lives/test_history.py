"""A life as told is the life as lived, and what is told explains it."""

from typing import Any

import numpy as np
import pytest

from sim.engines.agents import WorldModel
from sim.engines.arrays import run_years
from sim.model.choice.randomness import make_key
from sim.model.population import APPLY, OUT, STUDY, WORK
from sim.runs.lives.history import history
from sim.runs.lives.life import Life
from sim.runs.talent_model import life_of
from tests.support.toy import random_world

CODES = ("AAA", "BBB", "CCC", "DDD")
KEY = make_key(5, 2)
KINDS = ("graduate region", "another graduate region", "first job", "next job", "job after the loss of status")


@pytest.fixture(scope="module")
def lived() -> tuple[Any, list[Any], dict[tuple[int, int, int], list[dict[str, int]]]]:
    """A toy world with every mechanism on: its tables, and every researcher's state at every year's end."""
    world = random_world(11, 4, years=20, people=12.0, relocation_hazard=0.6, forced_exit=0.2)
    tables = []
    states: dict[tuple[int, int, int], list[dict[str, int]]] = {}
    for end in run_years(world, KEY):
        tables.append(end.tables)
        columns = {name: column[: end.entered].tolist() for name, column in end.researchers._asdict().items()}
        for row in range(end.entered):
            state = {name: column[row] for name, column in columns.items()}
            states.setdefault((state["origin"], state["cohort"], state["index"]), []).append(state)
    return world, tables, states


def told(lived: Any, who: tuple[int, int, int]) -> Life:
    _, tables, _ = lived
    origin, cohort, index = who
    return history(KEY, index, origin, cohort, tables, CODES)


def test_a_life_as_told_is_the_life_as_lived(lived: Any) -> None:
    states = lived[2]
    assert len(states) > 500
    for who, years in states.items():
        life = told(lived, who)
        for year, state in zip(life.years, years, strict=False):
            assert year.after == state
        assert len(life.years) == len(years) or life.years[-1].after["stage"] == OUT


def test_the_best_open_option_is_taken_and_the_odds_add_up(lived: Any) -> None:
    seen = dict.fromkeys(KINDS, 0)
    closed = postponed = fallen_back = 0
    for who in lived[2]:
        for year in told(lived, who).years:
            decision = year.decision
            if decision is None:
                continue
            seen[decision.kind] += 1
            totals = [option.total for option in decision.options]
            assert totals == sorted(totals, reverse=True)
            assert sum(option.probability for option in decision.options) == pytest.approx(1.0)
            best = next(option for option in decision.options if option.is_open)
            if not decision.chosen:
                postponed += 1
                assert "postpones" in decision.reason
            elif decision.reason.startswith("the two places") or decision.reason == "the place to fall back on":
                fallen_back += 1
            elif "graduate region" in decision.kind:
                assert decision.chosen == best.region
            else:
                assert decision.chosen == best.region or not decision.options[1].is_open
            closed += not decision.options[0].is_open
            if year.after["stage"] in (STUDY, WORK):
                assert CODES[year.after["place"]] == decision.chosen
    assert min(seen.values()) > 10
    assert closed > 50
    assert postponed > 0


def test_what_happens_is_what_the_draws_say(lived: Any) -> None:
    for who in list(lived[2])[::5]:
        for year in told(lived, who).years:
            events = {chance.event: chance.happened for chance in year.chances}
            if year.before["stage"] == STUDY:
                assert events["graduates"] == (year.after["stage"] == WORK)
            if year.after["stage"] == OUT:
                assert events.get("leaves research") or events.get("drops out")
                continue  # the tier is of the last year observed
            is_seen = events.get("is visible", False) and events.get("takes part in the conference", True)
            assert (year.after["tier"] > 0) == is_seen
            assert (year.after["tier"] == 2) == (is_seen and events["is of the elite"])


def test_a_life_reads_well() -> None:
    model = WorldModel(random_world(11, 4, years=20, people=12.0), seed=5, replicate=2)
    while model.running:
        model.step()
    name = next(each for each in model.everyone if each.stage == WORK and each.cohort < 2008)
    text = str(life_of(name))
    assert text.startswith(f"{name.name}: talent class ")
    assert "graduate region: " in text
    assert "first job: " in text
    assert "graduates: yes (draw " in text
    assert max(map(len, text.splitlines())) < 300
    assert model.researcher(str(name.origin), name.cohort, name.index) is name


def test_shocks_explain_choices_against_utility(lived: Any) -> None:
    # Over many researchers the chosen are not always those of highest utility: the shock is shown for that.
    by_shock = 0
    for who in lived[2]:
        decision = told(lived, who).years[0].decision
        assert decision is not None
        if decision.chosen:
            chosen = next(option for option in decision.options if option.region == decision.chosen)
            by_shock += chosen.utility < max(option.utility for option in decision.options)
    assert 0.2 < by_shock / len(lived[2]) < 0.8
    assert np.isfinite(by_shock)


def test_nobody_is_told_before_entering(lived: Any) -> None:
    life = told(lived, (1, 2010, 0))
    assert life.years[0].year == 2010
    assert life.years[0].before["stage"] == APPLY
