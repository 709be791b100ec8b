"""The JSON Schemas: as the declarations make them, right by the standard, and of one mind with the reader of files."""

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import load_scenario
from sim.scenarios.reading.text import ScenarioError

ROOT = Path(__file__).parents[2]
Load = Callable[[str], ModuleType]
GOOD = {
    "title": "A bar",
    "groups": {"NORTH": ["USA", "CAN"]},
    "lever": [
        {
            "name": "entry_bar",
            "origin": ["CHN"],
            "destination": ["NORTH", "-CAN"],
            "from": 2026,
            "change": "set",
            "value": {"distribution": "beta", "mean": 0.2, "sd": 0.1},
            "evidence": "assumption",
        }
    ],
    "policy": [
        {"name": "student_visa_tightening", "origin": "*", "destination": ["DEU"], "from": 2027, "values": {"refusal": 1.2}}
    ],
    "parameters": {"exit_rate": 0.1},
}


@pytest.fixture(scope="module")
def scenario_check(script: Load) -> jsonschema.Draft202012Validator:
    return validator(script, "scenario.schema.json")


def validator(script: Load, name: str) -> jsonschema.Draft202012Validator:
    schema = script("write_schemas").schemas()[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_files_are_those_that_the_declarations_make(script: Load) -> None:
    made = script("write_schemas")
    for name, schema in made.schemas().items():
        assert (ROOT / "schemas" / name).read_text(encoding="utf-8") == made.text_of(schema), f"make {name} anew"
    for path, line in made.shipped_files().items():
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert first == line, path.name
        assert (path.parent / line.split()[1]).resolve().is_file()


def test_every_shipped_file_is_right(script: Load) -> None:
    for path, line in script("write_schemas").shipped_files().items():
        check = validator(script, Path(line.split()[1]).name)
        problems = [error.message for error in check.iter_errors(tomllib.loads(path.read_text(encoding="utf-8")))]
        assert problems == [], path.name


def accepted(document: dict[str, Any]) -> bool:
    try:
        load_scenario(document)
    except ScenarioError:
        return False
    return True


def test_schema_and_reader_accept_the_same(scenario_check: jsonschema.Draft202012Validator) -> None:
    assert accepted(GOOD)
    assert scenario_check.is_valid(GOOD)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "titel", "x"),
        ((), "title", " "),
        (("lever", 0), "name", "entry_ban"),
        (("lever", 0), "sector", ["industry"]),
        (("lever", 0), "destination", []),
        (("lever", 0), "destination", ["germany"]),
        (("lever", 0), "from", 1999),
        (("lever", 0), "from", "2026"),
        (("lever", 0), "change", "replace"),
        (("lever", 0), "value", 1.5),
        (("lever", 0), "value", {"distribution": "beta", "mean": 0.2}),
        (("lever", 0), "evidence", None),
        (("policy", 0), "name", "student_visa_tightning"),
        (("policy", 0), "destination", None),
        (("policy", 0), "from", None),
        (("policy", 0), "values", {"bar": 1.0}),
        (("policy", 0), "values", {"refusal": -1.0}),
        (("parameters",), "exit_rate", 7.0),
        (("parameters",), "exit_rat", 0.1),
        (("groups",), "north", ["USA"]),
    ],
)
def test_schema_and_reader_refuse_the_same(
    scenario_check: jsonschema.Draft202012Validator, place: tuple[Any, ...], key: str, value: object
) -> None:
    document: Any = copy.deepcopy(GOOD)
    where = document
    for step in place:
        where = where[step]
    if value is None:
        del where[key]
    else:
        where[key] = value
    assert not accepted(document)
    assert not scenario_check.is_valid(document)


@pytest.mark.parametrize("name", LEVERS)
def test_an_editor_is_told_of_every_lever(scenario_check: jsonschema.Draft202012Validator, name: str) -> None:
    told = scenario_check.schema["$defs"]["lever"]["properties"]["name"]["oneOf"]
    assert any(each["const"] == name and LEVERS[name].unit in each["description"] for each in told)


def test_designs_are_checked(script: Load) -> None:
    check = validator(script, "design.schema.json")
    good = {
        "scenarios": ["us-opening"],
        "keep": ["share(work, USA, top20, 2035)", "indicator(stay_rate, USA, 2030)"],
        "draws": "reference",
    }
    assert check.is_valid(good)
    for wrong in (
        {"keep": ["share(work, USA, 2035)"]},
        {"scenarios": []},
        {"draws": 0},
        {"factor": [{"low": 1}]},
        {"sampel": {}},
    ):
        assert not check.is_valid(good | wrong), wrong
    assert check.is_valid(
        good | {"factor": [{"lever": "x", "low": 0.1, "high": 0.2}], "sample": {"method": "sobol", "points": 8}}
    )
