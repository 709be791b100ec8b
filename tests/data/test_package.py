"""Tables of one's own as a data package: both examples load, faults are refused by their place, one folder is in force."""

from __future__ import annotations

import ast
import csv
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from sim.data.checks import COLUMNS, DataError
from sim.data.declared import ROLES, UNKNOWNS
from sim.data.load import data_folder, data_in_force, is_packaged, load_data
from sim.data.package import BESIDE_TABLES, DESCRIPTOR, MAY_HAVE, keep_copy, kept_copy, write_package
from sim.scenarios.groups import GROUPS
from sim.scenarios.load import load_basis, load_scenario
from sim.sources import PACKAGE

EXAMPLES = PACKAGE.parent / "examples"
CHIPS, HONG_KONG = EXAMPLES / "chips", EXAMPLES / "hong-kong"
MAY_NAME_REGIONS = ("calibration", "explorer", "guide", "data/declared.py", "draws/reference.py", "scenarios/reading/values.py")
"""What speaks of the packaged evidence, page and words alone."""
PUBLISHED = "reports/figures/published.py"  # a published row for Europe may hold Russia
Rows = list[dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHIPS, tmp_path / "chips"))


def change(folder: Path, table: str, edit: Callable[[Rows], Rows]) -> None:
    """Rewrite a table and the descriptor, so that only the content is wrong."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = edit(list(csv.DictReader(file)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS[table], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    write_package(folder)


def set_cell(number: int, column: str, value: str) -> Callable[[Rows], Rows]:
    return lambda rows: [row | ({column: value} if k == number else {}) for k, row in enumerate(rows, 1)]


def without_cells(**cells: str) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if not cells.items() <= row.items()]


def numbered(row: dict[str, str], k: int) -> dict[str, str]:
    return row | {"id": str(k), "code": f"A{chr(65 + k // 26)}{chr(65 + k % 26)}"}


def test_the_examples_are_what_they_say() -> None:
    chips, city = load_data(CHIPS), load_data(HONG_KONG)
    assert chips.codes == ("USA", "TWN", "KOR", "NLD", "ROW")
    assert chips.passing == ("TWN", "USA")
    assert city.codes == (*load_data().codes, "HKG")
    for axis in ("work_target_2019", "origin_target_2019"):
        whole, parts = getattr(load_data(), axis)[1], getattr(city, axis)
        assert parts[1] + parts[20] == pytest.approx(whole)
    assert len({load_data().numbers, chips.numbers, city.numbers}) == 3
    assert all(source.licence for data in (load_data(), chips, city) for source in data.sources.values())


@pytest.mark.parametrize("example", [CHIPS, HONG_KONG])
def test_descriptors_are_current(example: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(example, tmp_path / example.name))
    assert write_package(copy).read_bytes() == (example / DESCRIPTOR).read_bytes()


def test_the_examples_can_be_written_again(script: Callable[[str], ModuleType], tmp_path: Path) -> None:
    script("build_examples").main(tmp_path)
    for example in (CHIPS, HONG_KONG):
        names = sorted(path.relative_to(example).as_posix() for path in example.rglob("*") if path.is_file())
        made = tmp_path / example.name
        assert sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()) == names
        assert [name for name in names if (made / name).read_bytes() != (example / name).read_bytes()] == []


def test_one_folder_is_in_force_at_a_time() -> None:
    packaged = load_data()
    with data_in_force(CHIPS) as chips:
        assert load_data() is chips is load_basis().data
        assert dict(GROUPS) == {"EAST_ASIA": ("TWN", "KOR")}
        assert load_scenario("taiwan-retention").regions == chips.codes
        with data_in_force(HONG_KONG) as city:
            assert load_data() is city
            assert data_folder() == HONG_KONG
        with data_in_force(None):
            assert load_data() is chips
        assert not is_packaged()
    assert load_data() is packaged
    assert is_packaged()
    assert "EUROPE" in GROUPS


def test_changed_tables_are_read_anew_and_refused_by_who_still_holds_the_old(folder: Path) -> None:
    before = load_data(folder)
    assert load_data(folder) is before
    sent = pickle.dumps(before)
    assert pickle.loads(sent) is before
    change(folder, "world", set_cell(1, "value", "2500"))
    after = load_data(folder)
    assert after.numbers != before.numbers
    with pytest.raises(DataError, match="changed while they were in use"):
        pickle.loads(sent)


def test_prose_licences_groups_and_tiles_decide_no_number(folder: Path) -> None:
    before = load_data(folder).numbers
    change(folder, "sources", set_cell(1, "licence", "CC-BY-4.0"))
    change(folder, "groups", lambda rows: [row | {"label": "Other"} for row in rows])
    change(folder, "tiles", set_cell(1, "row", "5"))
    assert load_data(folder).numbers == before


@pytest.mark.parametrize(
    ("table", "edit", "words"),
    [
        ("regions", set_cell(5, "id", "9"), "5 regions with ids"),
        ("regions", set_cell(2, "code", "Tw"), "no region code"),
        ("regions", lambda rows: rows[:1], "2 to 64"),
        ("regions", lambda rows: rows + [numbered(rows[4], k) for k in range(5, 65)], "out of range"),
        ("roles", lambda rows: rows[1:], "0 regions have the role leader"),
        ("roles", set_cell(2, "region", "USA"), "USA is leader and challenger"),
        ("roles", without_cells(role="first_jobs"), "no region has the role first_jobs"),
        ("roles", set_cell(3, "role", "boss"), "column 'role', value 'boss'"),
        ("solved", set_cell(1, "unknown", "constant"), "column 'unknown', value 'constant'"),
        ("solved", set_cell(1, "origin", "CHN"), "column 'origin', value 'CHN'"),
        ("solved", set_cell(1, "destination", "TWN KOR"), "not what this unknown asks for"),
        ("solved", set_cell(3, "origin", "USA"), "a place effect has no origin"),
        ("solved", set_cell(4, "destination", "USA"), "row 3 solves it already"),
        ("solved", set_cell(1, "year", "2020"), "not a published year"),
        ("solved", set_cell(1, "value", "1.2"), "out of range"),
        ("tiles", lambda rows: rows[1:], "no place for USA"),
        ("tiles", set_cell(2, "column", "0"), "repeats row"),
        ("groups", set_cell(1, "group", "USA"), "no name of a group"),
        ("groups", set_cell(2, "label", "Asia"), "not the label of EAST_ASIA"),
        ("world", lambda rows: rows[1:], "no row of 2010"),
        ("world", without_cells(variable="researchers"), "researchers has 0 rows"),
        ("shares_2019", set_cell(1, "value", "0.5"), "sum to"),
        ("covariates", without_cells(variable="capital", region="TWN"), "for region TWN"),
        ("sources", set_cell(1, "licence", ""), "column 'licence'"),
        ("ties", lambda rows: rows[1:], "no row for"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_by_its_place(folder: Path, table: str, edit: Callable[[Rows], Rows], words: str) -> None:
    change(folder, table, edit)
    with pytest.raises(DataError) as found:
        load_data(folder)
    assert words in str(found.value)
    assert str(folder) in str(found.value)
    assert "talentsim pack" in found.value.remedy


def without(name: str) -> Callable[[str], str]:
    return lambda text: "[[parameter]]\n".join(
        block for block in text.split("[[parameter]]\n") if f'name = "{name}"' not in block
    )


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (without("ecosystem_pull"), "no parameter ecosystem_pull"),
        (
            lambda text: text.replace('name = "drift_offset_nld"', 'name = "drift_offset_deu"'),
            "drift_offset_deu: nothing reads it",
        ),
        (lambda text: text.replace('name = "drift_offset_nld"', 'name = "own_idea"'), "own_idea: nothing reads it"),
    ],
)
def test_parameters_are_those_that_are_read(folder: Path, edit: Callable[[str], str], words: str) -> None:
    path = folder / "parameters.toml"
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    write_package(folder)
    with pytest.raises(DataError, match=words):
        load_data(folder)


def test_a_region_may_have_any_regional_parameter(folder: Path) -> None:
    path = folder / "parameters.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("drift_offset_nld", "home_work_twn"), encoding="utf-8")
    write_package(folder)
    assert "home_work_twn" in {parameter.name for parameter in load_data(folder).parameters}


def test_content_without_its_digest_is_refused(folder: Path) -> None:
    for name in ("ties.csv", "parameters.toml", "scenarios/baseline.toml"):
        path = folder / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        with pytest.raises(DataError, match=rf"'{name}': its content does not have the digest"):
            load_data(folder)
        path.write_bytes(before)
    load_data(folder)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda stated: stated["resources"].append({"path": "../../x.csv", "hash": ""}), "is not known"),
        (lambda stated: stated["resources"].append(stated["resources"][0]), "two resources have one path"),
        (lambda stated: stated["resources"].pop(0), "no resource for regions.csv"),
        (lambda stated: stated.pop("version"), "no descriptor of a data package"),
        (lambda stated: stated.update(name="Not A Name"), "name 'Not A Name'"),
        (lambda stated: stated.update(version=" "), "version and title"),
    ],
)
def test_a_wrong_descriptor_is_refused(folder: Path, edit: Callable[[dict], object], words: str) -> None:  # type: ignore[type-arg]
    path = folder / DESCRIPTOR
    stated = json.loads(path.read_text(encoding="utf-8"))
    edit(stated)
    path.write_text(json.dumps(stated), encoding="utf-8")
    with pytest.raises(DataError, match=words):
        load_data(folder)


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    for place, words in ((tmp_path / "gone", "the folder is not there"), (tmp_path, "datapackage.json is missing")):
        with pytest.raises(DataError, match=words):
            load_data(place)


def test_tables_that_may_lack_are_empty(folder: Path) -> None:
    change(folder, "solved", lambda _: [])
    (folder / "groups.csv").unlink()
    write_package(folder)
    data = load_data(folder)
    assert (data.solved, dict(data.groups), data.targets) == ((), {}, ())


def test_a_copy_is_kept_whole(tmp_path: Path) -> None:
    keep_copy(CHIPS, tmp_path)
    keep_copy(HONG_KONG, tmp_path)  # what is there stays
    kept = kept_copy(tmp_path)
    assert kept is not None
    assert load_data(kept).numbers == load_data(CHIPS).numbers
    assert kept_copy(CHIPS) is None


def test_a_copy_that_was_interrupted_is_made_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = iter(range(3))

    def copy_three(source: Path, place: Path) -> None:
        next(copies)
        place.write_bytes(source.read_bytes())

    with monkeypatch.context() as patched:
        patched.setattr("sim.data.package.shutil.copyfile", copy_three)
        with pytest.raises(StopIteration):
            keep_copy(CHIPS, tmp_path)
    assert kept_copy(tmp_path) is None
    keep_copy(CHIPS, tmp_path)
    kept = kept_copy(tmp_path)
    assert kept is not None
    assert load_data(kept).numbers == load_data(CHIPS).numbers


def test_the_page_names_every_table_and_role() -> None:
    page = (PACKAGE.parent / "docs" / "data.md").read_text(encoding="utf-8")
    for name in (*(f"{table}.csv" for table in COLUMNS), *BESIDE_TABLES, *MAY_HAVE):
        assert f"`{name}`" in page, name
    for name, meaning in ROLES.items():
        assert f"| `{name}` | {meaning}" in page.replace("`", "").replace(f"| {name} |", f"| `{name}` |"), name
    for unknown in UNKNOWNS:
        assert f"| `{unknown}` |" in page


def test_no_formula_names_a_region() -> None:
    codes = set(load_data().codes)
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(MAY_NAME_REGIONS):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)} & codes
        assert named == ({"RUS"} if name == PUBLISHED else set()), name
