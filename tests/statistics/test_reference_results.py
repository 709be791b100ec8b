"""Every shipped scenario, run small at the reference point, gives the counts of results/reference to the last one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from sim.comparisons.shipped.effects import EffectDesign, effect_rows
from sim.scenarios.reading.chain import shipped_names
from tests.support.reference import first_difference, read_count_table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "reference"
REMEDY = "if that is intended, `make reference` writes them anew, and CHANGELOG.md needs a line that begins 'Results change:'"


@pytest.fixture(scope="module")
def writer(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("write_reference")


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_gives_its_reference_results(writer: ModuleType, name: str) -> None:
    difference = first_difference(read_count_table(FOLDER / f"{name}.csv"), writer.counts_of(name))
    assert not difference, f"{name}: {difference}; {REMEDY}"


def test_scenarios_differ_from_the_baseline() -> None:
    base = read_count_table(FOLDER / "baseline.csv")
    same = [name for name in shipped_names() if name != "baseline" and read_count_table(FOLDER / f"{name}.csv") == base]
    assert not same


def test_effects_do_not_depend_on_the_number_of_workers() -> None:
    small = EffectDesign(draws=3, replicates=1, researchers=500, elite_replicates=2, elite_researchers=500)
    told: list[int] = []
    one, two = (
        list(effect_rows(["us-opening"], replace(small, workers=workers), lambda _, done, of: told.append(done)))
        for workers in (1, 2)
    )
    assert one == two
    assert told == [1, 2, 3] * 2
    (main,) = [row for row in one if row.main]
    assert main.region == "USA"
    assert main.mean > 0
