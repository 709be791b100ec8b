"""The reference results as files: complete, what their checksum says, named in the changelog, and the page made of them.

tests/statistics/test_reference_results.py runs the scenarios again.
"""

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from sim.comparisons.shipped.counts import COUNT_YEARS, write_count_table
from sim.comparisons.shipped.effects import EffectDesign
from sim.comparisons.shipped.reference import (
    CHECKSUM,
    SENSITIVITY,
    checksum_text,
    read_effects,
    reference_folder,
    results_name,
    write_effects,
)
from sim.data.load import load_data
from sim.runs.outcomes.statistics import ELITE_REPLICATES, ELITE_RESEARCHERS
from sim.scenarios.reading.chain import shipped_names
from tests.support.reference import newest_change, read_count_table

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results" / "reference"
PAGE = ROOT / "docs" / "scenarios.md"
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
VARIANTS = [name for name in shipped_names() if name != "baseline"]


def test_every_shipped_scenario_has_its_table_and_no_other_is_left() -> None:
    assert reference_folder() == FOLDER
    assert {path.name for path in FOLDER.glob("*.csv")} == {f"{name}.csv" for name in shipped_names()} | {SENSITIVITY}


@pytest.mark.parametrize("name", shipped_names())
def test_a_table_counts_everybody_once_on_every_axis(name: str) -> None:
    header, *rows = read_count_table(FOLDER / f"{name}.csv")
    assert header == ["year", "tier", "axis", "all", *load_data().codes]
    assert [int(year) for year in dict.fromkeys(row[0] for row in rows)] == list(COUNT_YEARS)
    counts = {tuple(row[:3]): [int(cell) for cell in row[3:]] for row in rows}
    for (year, tier, axis), (total, *by_region) in counts.items():
        assert total == sum(by_region) > 0
        if axis in ("study", "work", "location"):
            assert total == counts[year, tier, "origin"][0]
    assert counts["2035", "elite", "work"][0] < counts["2035", "top20", "work"][0] < counts["2035", "all", "work"][0]


def test_the_checksum_is_that_of_the_tables_and_of_the_data() -> None:
    stored = (FOLDER / CHECKSUM).read_text(encoding="utf-8")
    assert stored == checksum_text(FOLDER, load_data().version), "`make reference` writes the reference results anew"


def test_the_changelog_names_the_reference_results() -> None:
    name = results_name(FOLDER, load_data().version)
    assert name in newest_change(CHANGELOG), f'CHANGELOG.md: the newest "Results change:" must say why, and "{name}"'


def test_one_other_digit_is_another_name_in_the_changelog(tmp_path: Path) -> None:
    copy, version = tmp_path / "copy", load_data().version
    shutil.copytree(FOLDER, copy)
    assert results_name(copy, version) in newest_change(CHANGELOG)
    table = read_count_table(copy / "baseline.csv")
    table[1][4] = str(int(table[1][4]) + 1)
    write_count_table(copy / "baseline.csv", table)
    assert results_name(copy, version) not in newest_change(CHANGELOG)
    assert checksum_text(copy, version) != (FOLDER / CHECKSUM).read_text(encoding="utf-8")
    assert results_name(FOLDER, "2099.1-1") not in newest_change(CHANGELOG)


def test_the_newest_change_is_the_last_of_the_newest_version_that_has_one() -> None:
    text = (
        "# C\n\n## 2\n\n- A.\n\n## 1\n\n- Results change: old.\n- Results change: new,\n  in two lines.\n- B.\n\n"
        "## 0\n\n- Results change: older.\n"
    )
    assert newest_change(text) == "Results change: new, in two lines."
    assert newest_change(text.replace("- A.", "- Results change: newest.")) == "Results change: newest."
    assert newest_change("# C\n\n## 1\n\n- Not a Results change: word.\n") == ""


def test_every_scenario_has_effects_with_one_main_row() -> None:
    rows = read_effects()
    assert list(dict.fromkeys(row.scenario for row in rows)) == VARIANTS
    for name in VARIANTS:
        own = [row for row in rows if row.scenario == name]
        (main,) = [row for row in own if row.main]
        assert main.axis == "work"
        assert abs(main.mean) == max(abs(row.mean) for row in own if row.axis == "work")
        assert {(row.axis, row.region) for row in own} >= {(axis, code) for axis in ("work", "study") for code in ("USA", "CHN")}
        assert all(row.p05 <= row.p50 <= row.p95 and abs(row.second_rho) <= abs(row.first_rho) <= 1 for row in own)
    names = {parameter.name for parameter in load_data().parameters}
    assert all(each in names or each.startswith("lever ") or not each for row in rows for each in (row.first, row.second))


def test_effects_are_read_back_as_written(tmp_path: Path) -> None:
    write_effects(tmp_path / "e.csv", read_effects())
    assert (tmp_path / "e.csv").read_bytes() == (FOLDER / SENSITIVITY).read_bytes()
    (tmp_path / "e.csv").write_text("scenario,axis\nbaseline,work\n", encoding="utf-8")
    with pytest.raises(ValueError, match="columns"):
        read_effects(tmp_path / "e.csv")
    assert read_effects(tmp_path / "nothing.csv") == ()


def test_the_page_on_scenarios_is_made_of_the_files_as_they_are(script: Callable[[str], ModuleType]) -> None:
    module, text = script("write_scenarios"), PAGE.read_text(encoding="utf-8")
    assert text == module.page(read_effects()), "python scripts/write_scenarios.py writes the page anew"
    assert text.count("\nWrong if") == len(shipped_names())
    assert text.count("\n- Effect on work: ") == len(VARIANTS)
    assert "has not been computed" not in text


def test_the_page_follows_the_table(script: Callable[[str], ModuleType]) -> None:
    module, rows = script("write_scenarios"), list(read_effects())
    rows[0] = rows[0]._replace(p50=12.3)
    assert "+12.3" in module.page(rows)
    without = [row for row in rows if row.scenario != VARIANTS[0]]
    assert "has not been computed" in module.page(without)


def test_an_installed_package_finds_its_own_effects(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "sim"
    (package / "reference").mkdir(parents=True)
    assert reference_folder(package) == package / "reference"
    assert read_effects(reference_folder(package) / SENSITIVITY) == ()
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert shipped["force-include"][f"results/reference/{SENSITIVITY}"] == f"sim/reference/{SENSITIVITY}"


def test_nothing_is_said_of_the_elite_below_its_size() -> None:
    assert (EffectDesign().elite_researchers, EffectDesign().elite_replicates) == (ELITE_RESEARCHERS, ELITE_REPLICATES)
    assert ELITE_RESEARCHERS >= 20_000
    assert ELITE_REPLICATES >= 10
