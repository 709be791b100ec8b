"""Whatever text or structure a scenario file holds, it loads or is refused as a `ScenarioError`.

Texts are drawn as noise, as damage done to a good file, and as TOML written from drawn structures; structures
are also handed to the schema directly. Line numbers are checked against the text.
"""

import contextlib
import datetime
import json
import random
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.data.distributions import DISTRIBUTIONS as KINDS
from sim.data.load import load_data
from sim.scenarios.examples import policy_example
from sim.scenarios.levers.changes import value_range
from sim.scenarios.levers.declared import CHANGES, LEVERS
from sim.scenarios.load import load_scenario, named_policies
from sim.scenarios.reading.chain import shipped_folder
from sim.scenarios.reading.file import read_content
from sim.scenarios.reading.policy import PolicyTable
from sim.scenarios.reading.text import KeyPath, Problem, ScenarioError, key_lines, parse_text, show, toml_string
from sim.scenarios.reading.values import Vocabulary
from sim.scenarios.scenario import Scenario, scenario_effect
from tests.support.packaged import difference, expansion, replacements, resolved_toml

FUZZ = settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CODES = load_data().codes
POLICIES = named_policies()
USES = [policy_example(policy, CODES).partition("[[policy]]")[2] for policy in POLICIES.values()][:1]
GOOD = (shipped_folder() / "us-entry-restrictions.toml").read_text(encoding="utf-8") + "".join(
    f"\n[[policy]]{use}" for use in USES
)
PARAMETERS = {parameter.name: parameter for parameter in load_data().parameters}
WORDS = st.sampled_from([*LEVERS, *POLICIES, *CHANGES, *KINDS, *CODES, "EUROPE", "*", "-CHN", "industry", "China"])
TEXTS = st.one_of(WORDS, st.text(st.characters(exclude_categories=("Cs",)), max_size=12))
NUMBERS = st.one_of(
    st.booleans(),
    st.integers(-3, 10),
    st.integers(1990, 2060),
    st.integers(),
    st.floats(0, 1),
    st.floats(),
    st.sampled_from([10**400, -(10**400), 2**63]),
)
DATES = st.one_of(st.dates(), st.times(), st.datetimes())
SCALARS = st.one_of(TEXTS, NUMBERS, DATES)
DISTRIBUTIONS = st.dictionaries(
    st.sampled_from(["distribution", "mean", "sd", "low", "high", "mode", "median", "sigma", "value"]),
    st.one_of(st.sampled_from(list(KINDS)), NUMBERS),
    max_size=5,
)
VALUES = st.recursive(
    st.one_of(SCALARS, DISTRIBUTIONS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


FILTERS: Mapping[str, st.SearchStrategy[Any]] = {
    "origin": st.lists(st.sampled_from([*CODES, "EUROPE", "*", "-USA"]), min_size=1, max_size=4),
    "destination": st.lists(st.sampled_from([*CODES, "ANGLOPHONE"]), min_size=1, max_size=4) | st.just("*"),
    "sector": st.lists(st.sampled_from(["academia", "industry"]), min_size=1, max_size=2),
    "talent_class": st.lists(st.integers(0, 4), min_size=1, max_size=4),
    "stage": st.lists(st.sampled_from(["study", "work"]), min_size=1, max_size=2),
    "degree": st.lists(st.sampled_from(["here", "elsewhere"]), min_size=1, max_size=2),
}
REFUSALS = {"name": "student_visa_refusal", "change": "set", "value": 0.3, "from": 2020, "evidence": "Why."}


@st.composite
def levers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a lever that is nearly always right."""
    lever = LEVERS[draw(st.sampled_from(list(LEVERS)))]
    change = draw(st.sampled_from(CHANGES))
    low, high = value_range(lever, change)
    middle = {"distribution": "uniform", "low": low, "high": high}
    entries: dict[str, Any] = {"name": lever.name, "change": change, "evidence": "Why."}
    entries["from"] = draw(st.integers(2000, 2030))
    entries["value"] = draw(st.floats(low, high) | st.just(middle))
    for axis in lever.filters:
        if draw(st.booleans()):
            entries[axis] = draw(FILTERS[axis])
    optional = {"until": st.integers(2030, 2050), "ramp_years": st.integers(0, 5), "layer": st.integers(1, 3)}
    optional["id"] = st.text(string.ascii_lowercase, min_size=8, max_size=9)
    for key, strategy in optional.items():
        if draw(st.booleans()):
            entries[key] = draw(strategy)
    return entries


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the use of a named policy that is nearly always right."""
    policy = POLICIES[draw(st.sampled_from(list(POLICIES)))]
    entries: dict[str, Any] = {"name": policy.name, **{axis: draw(FILTERS[axis]) for axis in policy.asks}}
    entries["from"] = draw(st.integers(2000, 2025))
    optional: dict[str, st.SearchStrategy[Any]] = {"until": st.integers(2030, 2050), "ramp_years": st.integers(0, 5)}
    optional["id"] = st.text(string.ascii_lowercase, min_size=8, max_size=9)
    optional["evidence"] = st.just("Told.")
    sizes = {lever.id: st.floats(*value_range(LEVERS[lever.name], lever.change)) for lever in policy.levers}
    optional["values"] = st.fixed_dictionaries({}, optional=sizes)
    for key, strategy in optional.items():
        if draw(st.booleans()):
            entries[key] = draw(strategy)
    return entries


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document that is nearly right, then put anything anywhere, up to three times."""
    document: dict[str, Any] = {"title": "T", "lever": draw(st.lists(levers(), max_size=3))}
    if draw(st.booleans()):
        document["policy"] = draw(st.lists(policies(), max_size=2))
    if draw(st.booleans()):
        document |= {
            "extends": "baseline",
            "drop": draw(st.lists(st.sampled_from(["pp10043", "x"]), max_size=1)),
        }
    if draw(st.booleans()):
        names = draw(st.sets(st.sampled_from(list(PARAMETERS)), max_size=3))
        document["parameters"] = {name: draw(st.floats(PARAMETERS[name].low, PARAMETERS[name].high)) for name in sorted(names)}
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        tables = [
            document,
            *(each for key in ("lever", "policy") for each in listed(document.get(key)) if isinstance(each, dict)),
        ]
        tables += [each for each in [document.get("parameters")] if isinstance(each, dict)]
        table = draw(st.sampled_from(tables))
        key = draw(st.sampled_from([*table, *table, "policy", "values", "stage", "colour"]) | TEXTS)
        if draw(st.booleans()):
            table.pop(key, None)
        else:
            table[key] = draw(VALUES)
    return document


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


DOCUMENTS = documents()


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    data = load_data()
    return Vocabulary(
        data.codes,
        tuple(region.name for region in data.regions),
        frozenset(data.sources),
        {parameter.name: parameter for parameter in data.parameters},
        data.countries,
    )


def toml(value: Any) -> str:
    """Write a value as TOML: an independent writer for the tests, with tables inline."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | float():
            return repr(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case dict():
            return "{ " + ", ".join(f"{toml(key)} = {toml(each)}" for key, each in value.items()) + " }"
    raise AssertionError(type(value))


def document_text(document: Mapping[str, Any]) -> str:
    """Write a document with [[lever]] tables where it can be."""
    plain, tables = [], []
    for key, value in document.items():
        if key in ("lever", "policy") and isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            tables += [f"[[{key}]]\n" + "".join(f"{toml(k)} = {toml(v)}\n" for k, v in each.items()) for each in value]
        else:
            plain.append(f"{toml(key)} = {toml(value)}\n")
    return "".join(plain) + "\n".join(tables)


def load_or_problems(path: Path) -> Scenario | tuple[Problem, ...]:
    try:
        return load_scenario(str(path))
    except ScenarioError as error:
        return error.problems


def loads_or_refuses(folder: Path, content: bytes) -> None:
    """Load a file and use what was loaded; a refusal must name the file, a line in it, and say something."""
    path = folder / "fuzz.toml"
    path.write_bytes(content)
    loaded = load_or_problems(path)
    if not isinstance(loaded, Scenario):
        assert loaded
        for problem in loaded:
            assert problem.message
            assert problem.file != str(path) or 0 <= problem.line <= content.count(b"\n") + 1
            assert str(problem).isprintable()
            assert len(str(problem)) < 5000
        return
    scenario = loaded
    difference(scenario)
    replacements(scenario)
    told = [row for use in scenario.policies for row in expansion(use)]
    assert {row.id for row in told} <= {change.id for change in scenario.levers}
    assert all(str(row).isprintable() for row in told)
    again = folder / "resolved.toml"
    again.write_text(resolved_toml(scenario), encoding="utf-8")
    assert scenario_effect(load_scenario(str(again))) == scenario_effect(scenario)


def test_the_good_file_is_good(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD, encoding="utf-8")
    inherited = load_scenario("baseline").policies
    assert len(load_scenario(str(tmp_path / "good.toml")).policies) - len(inherited) == len(USES) > 0


@FUZZ
@given(content=st.binary(max_size=200))
def test_bytes(tmp_path: Path, content: bytes) -> None:
    loads_or_refuses(tmp_path, content)


@FUZZ
@given(text=st.text(st.sampled_from(string.printable + "ü\u0007\u202e\U0001f600"), max_size=200))
def test_text(tmp_path: Path, text: str) -> None:
    loads_or_refuses(tmp_path, text.encode())


@FUZZ
@given(
    seed=st.integers(0, 2**32),
    damages=st.integers(1, 4),
    pieces=st.lists(
        st.sampled_from(["[", "]", '"', "=", "\n", "{", "}", "0", "-", ".", ",", "nan", "[[lever]]", "[[policy]]", "#"])
    ),
)
def test_damage_to_a_good_file(tmp_path: Path, seed: int, damages: int, pieces: list[str]) -> None:
    generator = random.Random(seed)
    text = GOOD
    for _ in range(damages):
        begin = generator.randrange(len(text))
        end = min(len(text), begin + generator.choice([0, 1, 5, 40]))
        text = text[:begin] + "".join(pieces[: generator.randint(0, 3)]) + text[end:]
    loads_or_refuses(tmp_path, text.encode())


@FUZZ
@given(seed=st.integers(0, 2**32))
def test_lines_of_a_good_file_in_another_order(tmp_path: Path, seed: int) -> None:
    generator = random.Random(seed)
    lines = GOOD.splitlines()
    for _ in range(3):
        i, j = generator.randrange(len(lines)), generator.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i]
    loads_or_refuses(tmp_path, "\n".join(lines).encode())


@FUZZ
@given(document=DOCUMENTS)
def test_structures_written_as_toml(tmp_path: Path, document: dict[str, Any]) -> None:
    loads_or_refuses(tmp_path, document_text(document).encode())


@FUZZ
@given(document=DOCUMENTS)
def test_structures_given_to_the_schema(vocabulary: Vocabulary, document: dict[str, Any]) -> None:
    with contextlib.suppress(ScenarioError):
        assert read_content(document, "", "fuzz", vocabulary).title


@FUZZ
@given(policy=policies(), key=st.sampled_from(PolicyTable.words()), value=VALUES, with_lever=st.booleans())
def test_a_policy_with_anything_under_one_of_its_keys(
    tmp_path: Path, policy: dict[str, Any], key: str, value: Any, with_lever: bool
) -> None:
    document = {"title": "T", "policy": [{**policy, key: value}], "lever": [REFUSALS] if with_lever else []}
    loads_or_refuses(tmp_path, document_text(document).encode())


def test_keys_have_their_lines_in_a_text_with_traps() -> None:
    text = (
        r'''"a b".c = 1
d = """
x = 1 \""" e = 2
\\""""
f = '''.rstrip("\n")
        + "'''\ng = 1\\'''''"
        + r"""
h = [ # i = 1 ]
  "]", [1,
  2], { j = "}", k = [
  3] } ]
[[m]]
n = 2026-01-01 # o = 1
[m.p]
q = 1.5
[[m]]
"n\"" = "\\"
[[m.r]]
[m.r.s]
t = 1"""
    )
    lines = key_lines(text)
    assert set(lines) >= set(paths_in(tomllib.loads(text)))
    wanted = {"a b": 1, "d": 2, "f": 5, "h": 7, "m": 11}
    assert {path[0]: line for path, line in lines.items() if len(path) == 1} == wanted
    assert lines["h", 1, 1] == 9
    assert lines["h", 2, "k"] == 9
    assert lines["h", 2, "k", 0] == 10
    assert lines["m", 0, "p", "q"] == 14
    assert lines["m", 1, 'n"'] == 16
    assert lines["m", 1, "r", 0, "s", "t"] == 19


def paths_in(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    """Every key path of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, each in inner for p in [(*path, key), *paths_in(each, (*path, key))]]


@FUZZ
@given(document=DOCUMENTS, comment=st.sampled_from(["", "# [[lever]] = {\n", "\n\n"]))
def test_every_key_of_a_valid_text_has_a_line(document: dict[str, Any], comment: str) -> None:
    text = comment + document_text(document)
    try:
        parsed = parse_text(text, "fuzz")
    except ScenarioError:
        return
    lines = key_lines(text)
    assert set(paths_in(parsed)) <= set(lines)
    rows = text.split("\n")
    for path, line in lines.items():
        key = path[-1]
        if isinstance(key, str):
            assert key in rows[line - 1] or toml(key) in rows[line - 1]


@FUZZ
@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_a_text_written_as_toml_is_read_back(text: str) -> None:
    written = toml_string(text)
    assert tomllib.loads(f"x = {written}") == {"x": text}
    assert "\n" not in written


@FUZZ
@given(value=VALUES)
def test_any_value_can_be_shown_briefly(value: Any) -> None:
    assert len(show(value)) <= 60
    assert "\n" not in show(value)
