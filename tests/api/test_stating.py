"""Scenarios from Python: the same as from a file, and as strictly checked."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.scenarios.scenario import scenario_effect

BAR = {"origin": "CHN", "destination": "USA", "start": 2026, "change": "add", "value": 0.1, "evidence": "assumption"}
FILE = """
title = "A bar"
extends = "baseline"

[[lever]]
name = "entry_bar"
origin = ["CHN"]
destination = ["USA"]
from = 2026
change = "add"
value = 0.1
evidence = "assumption"
"""


def test_a_file_a_dictionary_and_levers_over_a_name_are_one_scenario(tmp_path: Path) -> None:
    (tmp_path / "bar.toml").write_text(FILE, encoding="utf-8")
    file = sim.load_scenario(tmp_path / "bar.toml")
    lever = sim.lever("entry_bar", **BAR)
    stated = sim.load_scenario({"title": "A bar", "extends": "baseline", "lever": [lever]})
    over = sim.load_scenario("baseline", levers=[lever], name="bar")
    assert scenario_effect(file) == scenario_effect(stated) == scenario_effect(over)
    assert scenario_effect(file) != scenario_effect(sim.load_scenario("baseline"))
    assert (file.name, stated.name, over.name) == ("bar", "own", "bar")


def test_every_problem_is_told_by_its_key_without_a_line() -> None:
    with pytest.raises(sim.ScenarioError) as caught:
        sim.load_scenario({"title": "x", "lever": [sim.lever("entry_bar", **BAR), {"name": "entry_ban", "value": 2}], "until": 3})
    said = [str(problem) for problem in caught.value.problems]
    assert 'scenario: lever[2].name = "entry_ban": is not a lever; did you mean entry_bar?' in said[0] + said[1]
    assert any("until" in each for each in said)
    assert all(each.startswith("scenario: ") for each in said)


def test_a_lever_is_checked_where_it_is_stated() -> None:
    with pytest.raises(sim.ScenarioError, match=r"lever\[1\].value = 7"):
        sim.lever("entry_bar", **{**BAR, "value": 7})
    with pytest.raises(sim.ScenarioError, match=r"is not a region; .*allowed: USA"):
        sim.lever("entry_bar", **{**BAR, "origin": ("DEI", "IND")})


def test_equal_levers_are_told_by_their_places() -> None:
    lever = sim.lever("entry_bar", **BAR)
    with pytest.raises(sim.ScenarioError, match=r"the lever\[1\] changes the same cells alike"):
        sim.load_scenario("baseline", levers=[lever, lever])


def test_a_run_in_memory_has_its_researchers() -> None:
    made = sim.simulate("baseline", researchers=500, until=2024, follow=[2020, 2024])
    people = made.researchers(2024)
    working = people[people.stage == "working"]
    location = made.shares().query("year == 2024 and tier == 'all' and region == 'USA'")
    active = people[people.stage.isin(["studying", "working"])]
    assert (active.place == "USA").sum() == location[location["axis"] == "location"].researchers.item()
    assert set(working.sector) <= {"academia", "industry"}
    assert len(made.researchers(2020)) < len(people)
    with pytest.raises(ValueError, match=r"2023 were not kept \(kept: 2020, 2024\)"):
        made.researchers(2023)
    same = sim.simulate("baseline", researchers=500, until=2024)
    assert np.array_equal(same.outcomes.counts, made.outcomes.counts)
