"""Whatever stands in a design file, it is read or refused with problems; nothing else is ever raised."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.scenarios.reading.text import ScenarioError
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import read_design

GOOD = """title = "Good"
scenarios = ["us-entry-restrictions"]
keep = ["share(work, USA, top20, 2035)"]
draws = 3
[sample]
method = "sobol"
points = 8
[[factor]]
lever = "us-refusal"
low = 0.2
high = 0.6
[[factor]]
from = "us-wider-bar"
values = [2027, 2029]
"""
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
VALUES = st.one_of(
    st.integers(-(10**400), 10**400), st.integers(-3, 3000), st.floats(), st.booleans(), st.text(max_size=12),
    st.sampled_from(["us-refusal", "us-wider-bar", "sobol", "grid", "csv", "morris", "saltelli", "lhs", "reference", "baseline",
                     "share(work, USA, top20, 2035)", "ecosystem_pull", "\0", "..", "points.csv"]),
)  # fmt: skip
NESTED = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
TABLE = st.dictionaries(
    st.sampled_from(["name", "lever", "from", "until", "parameter", "low", "high", "values", "steps", "method", "points", "seed",
                     "file", "x"]), NESTED, max_size=6,
)  # fmt: skip
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "title": NESTED, "scenarios": NESTED, "until": NESTED, "researchers": NESTED, "seed": NESTED, "draws": NESTED,
        "replicates": NESTED, "keep": NESTED, "sample": st.one_of(TABLE, NESTED),
        "factor": st.one_of(st.lists(TABLE, max_size=3), NESTED), "other": NESTED,
    },
)  # fmt: skip


def toml(value: Any) -> str:
    """Write a value as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value) if value == value and abs(value) != float("inf") else str(value).replace("infinity", "inf")
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" if not 0xD800 <= ord(c) < 0xE000 else "?" for c in value) + '"'
    return str(value)


def read(folder: Path, text: str) -> Design | tuple[str, ...]:
    path = folder / "fuzz.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return read_design(str(path))
    except ScenarioError as error:
        problems = tuple(map(str, error.problems))
    assert problems
    assert all(problem and "\n" not in problem for problem in problems)
    return problems


@CALM
@given(document=DOCUMENTS)
def test_structures(tmp_path: Path, document: dict[str, Any]) -> None:
    read(tmp_path, "".join(f"{key} = {toml(value)}\n" for key, value in document.items()))


@CALM
@given(line=st.integers(0, 12), value=NESTED)
def test_one_value_of_a_good_design_replaced(tmp_path: Path, line: int, value: Any) -> None:
    lines = GOOD.splitlines()
    if "=" in lines[line]:
        lines[line] = f"{lines[line].split('=')[0]}= {toml(value)}"
    read(tmp_path, "\n".join(lines))


@CALM
@given(start=st.integers(0, len(GOOD)), length=st.integers(0, 30), text=st.text(max_size=8))
def test_text_cut_and_pasted(tmp_path: Path, start: int, length: int, text: str) -> None:
    read(tmp_path, GOOD[:start] + text + GOOD[start + length :])


def test_the_good_one_is_good(tmp_path: Path) -> None:
    design = read(tmp_path, GOOD)
    assert isinstance(design, Design)
    assert design.run_count == 8 * 3 * 2


@pytest.mark.parametrize("key", ["researchers", "replicates", "until", "seed", "draws"])
def test_a_number_too_large_for_any_machine_is_refused(tmp_path: Path, key: str) -> None:
    assert read(tmp_path, f"{key} = {10**300}\n" + GOOD.replace("draws = 3\n", "")) != ()
