"""Every shipped scenario, run small at the reference point, gives the counts of results/reference to the last one."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from sim.reference_results import first_difference, read_rows
from sim.scenario import shipped_names

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "reference"
REMEDY = "if that is intended, `make reference` writes them anew, and CHANGELOG.md needs a line that begins 'Results change:'"


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "scripts" / "write_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_gives_its_reference_results(writer: ModuleType, name: str) -> None:
    difference = first_difference(read_rows(FOLDER / f"{name}.csv"), writer.counts_of(name))
    assert not difference, f"{name}: {difference}; {REMEDY}"


def test_scenarios_differ_from_the_baseline() -> None:
    base = read_rows(FOLDER / "baseline.csv")
    same = [name for name in shipped_names() if name != "baseline" and read_rows(FOLDER / f"{name}.csv") == base]
    assert not same
