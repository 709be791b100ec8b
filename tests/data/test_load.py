"""The packaged tables: what the loader returns, and that it refuses damaged or wrong tables by row."""

from __future__ import annotations

import csv
import hashlib
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sim.data.load
from sim.data.arrays import over_years, spans
from sim.data.checks import COLUMNS, DataError
from sim.data.declared import LAST_OUTCOME, QUANTITIES
from sim.data.load import find_source, load_data
from sim.data.schema import DATA_YEARS, TARGET_AXES

FOLDER = sim.data.load.DATA_FOLDER
DATA = load_data()
R, Y = 20, 51


def read_rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sign(folder: Path, name: str) -> None:
    """Write the checksum of a changed table, so that only its content is wrong."""
    path = folder / "CHECKSUMS"
    digest = hashlib.sha256((folder / f"{name}.csv").read_bytes()).hexdigest()
    lines = [line for line in path.read_text().splitlines() if not line.endswith(f"  {name}.csv")]
    path.write_text("\n".join([*lines, f"{digest}  {name}.csv"]) + "\n")


Rows = list[dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the packaged tables."""
    copy = tmp_path / "tables"
    copy.mkdir()
    for path in FOLDER.iterdir():
        if path.is_file() and path.suffix != ".py":
            shutil.copy(path, copy / path.name)
    return copy


def change(folder: Path, table: str, edit: Callable[[Rows], Rows]) -> None:
    """Rewrite a table through `edit` and sign it."""
    rows = edit(read_rows(folder, table))
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS[table], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sign(folder, table)


def set_cell(number: int, column: str, value: str) -> Callable[[Rows], Rows]:
    """Make an edit of one cell; `number` counts data rows from 1."""

    def edit(rows: Rows) -> Rows:
        rows[number - 1][column] = value
        return rows

    return edit


def test_arrays_have_the_stated_shapes_ranges_and_are_read_only() -> None:
    shapes = {
        "phd_pay": (Y, R),
        "research_pay": (Y, R, 2),
        "research_funding": (Y, R),
        "capital": (Y, R),
        "origin_weight": (R,),
        "distance_km": (R, R),
        "common_language": (R, R),
        "student_visa_refusal": (Y, R, R),
        "work_visa_odds": (Y, R, 2),
        "post_study_attempts": (Y, R),
        "free_movement": (Y, R, R),
        "residence_wait": (Y, R, R),
        "pool_size": (Y,),
        "industry_entry": (Y,),
        "work_target_2019": (R,),
        "origin_target_2019": (R,),
    }
    for name, shape in shapes.items():
        array = getattr(DATA, name)
        assert array.shape == shape, name
        assert name == "pool_size" or np.isfinite(array).all(), name
        with pytest.raises(ValueError, match="read-only"):
            array[(0,) * array.ndim] = 1
    for name in ("phd_pay", "research_pay", "research_funding", "capital", "origin_weight"):
        assert (getattr(DATA, name) > 0).all(), name
    for name in ("student_visa_refusal", "work_visa_odds", "common_language", "industry_entry"):
        array = getattr(DATA, name)
        assert ((array >= 0) & (array <= 1)).all(), name


def test_pay_is_flat_and_money_varies_only_inside_the_observed_years() -> None:
    assert (DATA.phd_pay == DATA.phd_pay[0]).all()
    assert (DATA.research_pay == DATA.research_pay[0]).all()
    usa = DATA.region_id("USA")
    assert DATA.phd_pay[0, usa] == 40_000
    assert DATA.research_pay[0, usa].tolist() == [85_000, 170_000]
    first, last = DATA_YEARS.index(2013), DATA_YEARS.index(2021)
    assert (DATA.capital[:first] == DATA.capital[first]).all()
    assert (DATA.capital[last:] == DATA.capital[last]).all()
    assert DATA.capital[last, usa] == pytest.approx(52.875 + 0.01)
    assert DATA.capital[DATA_YEARS.index(2019), usa] == pytest.approx(21.648 + 0.01)


def test_private_investment_adds_up_to_the_world_of_its_vintage() -> None:
    world_2021 = 93.536
    total = (DATA.capital[DATA_YEARS.index(2021)] - 0.01).sum()
    assert total == pytest.approx(world_2021, abs=0.02)


def test_ties_are_symmetric_with_a_plain_diagonal() -> None:
    for tie, diagonal in ((DATA.distance_km, 0.0), (DATA.common_language, 1.0)):
        np.testing.assert_allclose(tie, tie.T)
        assert (np.diag(tie) == diagonal).all()
    assert DATA.distance_km[DATA.region_id("USA"), DATA.region_id("CHN")] > 10_000
    assert DATA.common_language[DATA.region_id("GBR"), DATA.region_id("AUS")] == 1


def test_free_movement_ends_for_the_united_kingdom_after_2020() -> None:
    gbr, deu, chn = (DATA.region_id(code) for code in ("GBR", "DEU", "CHN"))
    before, after = DATA_YEARS.index(2020), DATA_YEARS.index(2021)
    free = DATA.free_movement
    assert free[before, gbr, deu]
    assert free[before, deu, gbr]
    assert not free[after, gbr, deu]
    assert free[:, deu, DATA.region_id("CHE")].all()
    assert not free[:, chn, deu].any()
    assert free[:, range(R), range(R)].all()
    assert (DATA.student_visa_refusal[free] == 0).all()
    assert (DATA.residence_wait[free] == 0).all()
    assert (DATA.student_visa_refusal[~free] > 0).all()
    assert (DATA.residence_wait[~free] > 0).all()


def test_visa_rules_say_what_their_sources_say() -> None:
    usa, chn, ind = (DATA.region_id(code) for code in ("USA", "CHN", "IND"))
    attempts = DATA.post_study_attempts[:, usa]
    assert [attempts[DATA_YEARS.index(year)] for year in (2000, 2007, 2008, 2015, 2016, 2050)] == [
        1,
        1,
        2,
        2,
        3,
        3,
    ]
    assert (DATA.work_visa_odds[:, :, 0] == 0.98).all()
    assert DATA.work_visa_odds[DATA_YEARS.index(2024), usa, 1] == pytest.approx(0.248)
    assert DATA.work_visa_odds[0, usa, 1] == DATA.work_visa_odds[DATA_YEARS.index(2015), usa, 1]
    assert DATA.student_visa_refusal[DATA_YEARS.index(2019), chn, usa] == pytest.approx(0.2)
    assert (DATA.residence_wait[:, ind, usa] >= 10).all()
    assert (DATA.residence_wait[:, chn, usa] == 4).all()


def test_pool_and_entry_into_industry() -> None:
    known = {2010: 733, 2014: 1078, 2016: 1600, 2018: 3129, 2019: 4413, 2021: 8520, 2022: 9943}
    for i, year in enumerate(DATA_YEARS):
        if year in known:
            assert DATA.pool_size[i] == known[year]
        else:
            assert np.isnan(DATA.pool_size[i])
    entry = dict(zip(DATA_YEARS, DATA.industry_entry, strict=True))
    assert entry[2000] == entry[2010] == pytest.approx(0.444)
    assert entry[2019] == entry[2050] == pytest.approx(0.65)
    assert entry[2013] == pytest.approx(0.444 + (0.65 - 0.444) / 3)


def test_headquarters_abroad_is_the_mean_of_both_census_years() -> None:
    (row,) = DATA.solved_on("remote_share")
    values = {target.id: target.value for target in DATA.targets}
    assert row.value == sum(1 - values[f"{year}H-GB"] / values[f"{year}L-GB"] for year in ("C19", "C22")) / 2


@pytest.mark.parametrize(
    ("known", "linear", "expected"),
    [
        ({2010: 1.0}, False, {2000: 1.0, 2050: 1.0}),
        ({2010: 1.0, 2020: 3.0}, False, {2015: 1.0, 2016: 3.0, 2000: 1.0, 2050: 3.0}),
        ({2010: 1.0, 2020: 3.0}, True, {2015: 2.0, 2000: 1.0, 2050: 3.0}),
        ({2019: 0.2, 2023: 0.25, 2025: 1.0}, False, {2021: 0.2, 2022: 0.25, 2024: 0.25, 2025: 1.0}),
    ],
)
def test_years_without_a_row(known: dict[int, float], linear: bool, expected: dict[int, float]) -> None:
    values = over_years(known, linear=linear)
    for year, value in expected.items():
        assert values[DATA_YEARS.index(year)] == pytest.approx(value)


def test_spans_of_years() -> None:
    assert spans([2000, 2001, 2002, 2005, 2007, 2008]) == "2000-2002, 2005, 2007-2008"
    assert spans([]) == ""


def test_targets_carry_their_whole_key() -> None:
    ids = [target.id for target in DATA.targets]
    assert len(ids) == len(set(ids)) > 140
    for target in DATA.targets:
        assert target.year in (2019, 2022)
        assert target.tier in ("top20", "elite")
        assert target.axis in TARGET_AXES
        assert target.source in DATA.sources
        assert target.unit == "count" or target.sd > 0
        assert target.holds
        placed = target.axis in ("origin", "study_by_origin", "origin_mix", "sample")
        assert (target.attribution == "n/a") == placed, target.id
        assert (target.attribution == "location") == (target.axis == "location"), target.id
    by_id = {target.id: target for target in DATA.targets}
    assert (by_id["M19-W-US"].value, by_id["M19-W-US"].sd) == (0.59, 0.033)
    assert by_id["C22H-US"].attribution == "headquarters"
    assert by_id["C22L-US"].axis == "location"
    assert by_id["M19-T-INSTAY"].kind == "at_most"
    assert by_id["M19-T-INSTAY"].value == 0.05
    assert by_id["M19E-W-US"].kind == "context"
    assert by_id["M22-T-USGUS"].study == by_id["M22-T-USGUS"].destination == ("USA",)
    assert by_id["M22-T-USGUS"].origin is None
    assert by_id["M22-T-CNUSG"].origin == ("CHN",)
    assert by_id["M22-T-CNUSG"].study == ("USA",)
    assert (by_id["M19-T-CNPHDCN"].study, by_id["M19-T-CNPHDCN"].destination) == (("USA",), ("CHN",))
    assert by_id["D19-CNUS"].kind == "derived"


def test_no_outcome_is_later_than_2022() -> None:
    """Later rows are rules, odds, refusals, fees, waits and pay; the faculty list is the one exception."""
    rules = {"work_visa_odds", "post_study_attempts", "residence_wait", "student_visa_refusal"}
    money = {"phd_pay", "pay_academia", "pay_industry"}
    for table in ("covariates", "world", "visas", "ties"):
        for row in read_rows(FOLDER, table):
            if int(row["year"]) > LAST_OUTCOME:
                assert row["variable"] in rules | money | {"cs_faculty"}, row
    people = ("issued", "petitions", "registrations", "granted", "students", "stay", "enrolment_total")
    for row in read_rows(FOLDER, "visa_records"):
        if int(row["year"]) > LAST_OUTCOME:
            assert not any(word in row["variable"] for word in people) or "post_study" in row["variable"], row
    limit = {name for name, quantity in QUANTITIES.items() if quantity.last > LAST_OUTCOME}
    assert limit == rules | money | {"cs_faculty", "distance_km", "common_language"}


def test_every_row_says_where_it_comes_from_and_gaps_are_marked() -> None:
    for table in COLUMNS:
        if table == "sources":
            continue
        for row in read_rows(FOLDER, table):
            assert all(part in DATA.sources for part in row["source"].split(";")), row
            assert row["filled"] != "1" or row["rule"], row
    assert all(gap.rule and gap.years for gap in DATA.gaps)
    listed = {(gap.table, gap.region) for gap in DATA.gaps}
    assert ("covariates: phd_pay", "KOR") in listed
    assert ("covariates: capital", "JPN") in listed
    assert ("visas: student_visa_refusal", "RUS->USA") in listed
    assert ("ties: distance_km", "REU->USA") in listed
    assert ("shares_2019: work", "TWN") in listed
    filled = {(row["variable"], row["region"]) for row in read_rows(FOLDER, "covariates") if row["filled"] == "1"}
    assert {(f"covariates: {variable}", region) for variable, region in filled} <= listed


def test_parameters_are_read_with_their_sources() -> None:
    names = [parameter.name for parameter in DATA.parameters]
    assert len(names) == len(set(names))
    for parameter in DATA.parameters:
        assert parameter.low <= parameter.default <= parameter.high


def test_literature_ids_exist() -> None:
    needed = (
        "FLYNN24 KAHN20 SHIH16 GAULE14 MORETTI21 GLENNON24 AKCIGIT16 ZEITHAMMER13 ZWETSLOOT21 VACCARIO21 "
        "BEINE14 CHEN23 AGARWAL23 XIE23 CSET19 ASSUMPTION MODEL_MAP"
    )
    assert all(key in DATA.sources for key in needed.split())


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("FLYNN24", "source", "Building a Wall"),
        ("M22-W-CN", "target", "0.28"),
        ("phd_pay", "table", "40000"),
        ("phd_pay:CHN", "table", "P_THE_CN"),
        ("covariates", "table", "rows in covariates"),
        ("student_visa_refusal:CHN->USA", "table", "guess"),
        ("shares_2019:TWN", "table", "filled"),
        ("work_visa_odds:USA", "table", "P_ILG"),
    ],
)
def test_find_source(name: str, kind: str, word: str) -> None:
    found = find_source(name)
    assert found.kind == kind
    assert any(word in line for line in found.lines), found.lines


def test_find_source_of_a_parameter() -> None:
    if not DATA.parameters:
        pytest.skip("no parameter table yet")
    parameter = DATA.parameters[0]
    found = find_source(parameter.name)
    assert found.kind == "parameter"
    assert parameter.meaning in found.lines[0]


def test_find_source_names_the_nearest_spellings() -> None:
    found = find_source("phd_pai")
    assert found.kind is None
    assert "phd_pay" in found.nearest
    assert find_source("M22-W-CM").nearest[0] in {"M22-W-CN", "M22E-W-CN"}
    assert find_source("").kind is None


def test_loading_twice_gives_the_same_object() -> None:
    assert load_data() is DATA
    assert load_data(FOLDER) is DATA


def test_a_copy_elsewhere_gives_the_same_numbers(folder: Path) -> None:
    copy = load_data(folder)
    assert copy is not DATA
    np.testing.assert_array_equal(copy.student_visa_refusal, DATA.student_visa_refusal)


@pytest.mark.parametrize("table", list(COLUMNS))
def test_one_changed_byte_is_noticed(folder: Path, table: str) -> None:
    path = folder / f"{table}.csv"
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="checksum") as caught:
        load_data(folder)
    assert caught.value.table == table
    assert "build_data.py" in str(caught.value)


def test_a_missing_table_or_checksum_list_is_an_error(folder: Path) -> None:
    (folder / "ties.csv").rename(folder / "gone.csv")
    with pytest.raises(DataError, match=r"ties\.csv: the file is missing"):
        load_data(folder)
    (folder / "CHECKSUMS").unlink()
    with pytest.raises(DataError, match=r"datapackage\.json is missing"):
        load_data(folder)


@pytest.mark.parametrize(
    ("table", "number", "column", "value", "allowed"),
    [
        ("covariates", 3, "unit", "US$/year", "'PPP $/year'"),
        ("covariates", 3, "value", "-5", "from 1000 to 150000 PPP $/year"),
        ("covariates", 3, "value", "nan", "from 1000"),
        ("covariates", 3, "value", "many", "from 1000"),
        ("covariates", 3, "value", "", "from 1000"),
        ("covariates", 3, "region", "XYZ", "USA, CHN"),
        ("covariates", 3, "variable", "phd_wage", "phd_pay"),
        ("covariates", 3, "year", "1789", "a year from 1990"),
        ("covariates", 3, "year", "20 22", "a year from 1990"),
        ("covariates", 3, "source", "NOBODY25", "ids of sources.csv"),
        ("covariates", 3, "confidence", "certain", "high, medium"),
        ("covariates", 3, "filled", "yes", "0 or 1"),
        ("visas", 2, "value", "1.2", "from 0 to 1 share"),
        ("ties", 4, "destination", "EUR", "USA, CHN"),
        ("world", 3, "value", "0", "from 10 to"),
        ("targets", 5, "tier", "top10", "top20, elite"),
        ("targets", 5, "value", "8", "from 0 to 1"),
        ("targets", 5, "axis", "employer", "origin, work"),
        ("targets", 5, "attribution", "hq", "headquarters, location"),
        ("targets", 5, "year", "2020", "2019 or 2022"),
        ("targets", 5, "origin", "EUROPE", "region codes"),
        ("mapping", 7, "region", "EUR", "USA, CHN"),
        ("regions", 2, "id", "99", "from 0 to 63"),
        ("shares_2019", 1, "value", "1.5", "from 0 to 1"),
        ("visa_records", 9, "destination", "Neverland", "mapping.csv"),
    ],
)
def test_a_wrong_cell_is_named(folder: Path, table: str, number: int, column: str, value: str, allowed: str) -> None:
    change(folder, table, set_cell(number, column, value))
    with pytest.raises(DataError) as caught:
        load_data(folder)
    error = caught.value
    assert (error.table, error.row, error.column, error.value) == (table, number, column, value)
    message = str(error)
    for part in (
        f"{table}.csv",
        f"row {number} (line {number + 1})",
        repr(column),
        repr(value),
        allowed,
        "Remedy",
    ):
        assert part in message, (part, message)


def test_a_filled_row_without_a_rule_is_an_error(folder: Path) -> None:
    rows = read_rows(folder, "covariates")
    number = next(i for i, row in enumerate(rows, 1) if row["filled"] == "1")
    change(folder, "covariates", set_cell(number, "rule", ""))
    with pytest.raises(DataError, match="states no rule") as caught:
        load_data(folder)
    assert caught.value.row == number


@pytest.mark.parametrize(
    ("table", "wanted", "message"),
    [
        ("covariates", {"variable": "phd_pay", "region": "JPN"}, "phd_pay has no row for region JPN"),
        ("ties", {"origin": "IND", "destination": "KOR"}, "no row for IND -> KOR"),
        ("visas", {"origin": "IND", "destination": "USA"}, "student_visa_refusal has no row for IND -> USA"),
        ("shares_2019", {"axis": "origin", "region": "KOR"}, "origin has no row for KOR"),
        ("regions", {"code": "ROW"}, "'ROW': not allowed here"),
    ],
)
def test_missing_rows_are_an_error(folder: Path, table: str, wanted: dict[str, str], message: str) -> None:
    change(folder, table, lambda rows: [row for row in rows if any(row[key] != wanted[key] for key in wanted)])
    with pytest.raises(DataError, match=message):
        load_data(folder)


def test_a_repeated_row_is_an_error(folder: Path) -> None:
    change(folder, "covariates", lambda rows: [*rows, rows[0]])
    with pytest.raises(DataError, match="repeats row 1"):
        load_data(folder)


def test_shares_that_do_not_sum_to_one_are_an_error(folder: Path) -> None:
    change(folder, "shares_2019", set_cell(1, "value", "0.5"))
    with pytest.raises(DataError, match="the work shares sum to"):
        load_data(folder)
    change(folder, "categories", set_cell(1, "share", "0.5"))
    change(folder, "shares_2019", set_cell(1, "value", "0.5693"))
    with pytest.raises(DataError, match=r"sum to 0\.5"):
        load_data(folder)


def test_a_wrong_header_or_an_empty_table_is_an_error(folder: Path) -> None:
    path = folder / "world.csv"
    text = path.read_text().splitlines()
    path.write_text("\n".join([text[0].replace("year", "when"), *text[1:]]) + "\n")
    sign(folder, "world")
    with pytest.raises(DataError, match="the columns are"):
        load_data(folder)
    path.write_text(text[0] + "\n")
    sign(folder, "world")
    with pytest.raises(DataError, match="no rows"):
        load_data(folder)
    path.write_text(text[0] + "\nshort,row\n")
    sign(folder, "world")
    with pytest.raises(DataError, match="2 cells"):
        load_data(folder)


PARAMETER = """
[[parameter]]
name = "pull"
unit = "logit"
default = 0.3
low = 0
high = 1
prior = { distribution = "normal", mean = 0.3, sd = 0.1 }
role = "prior"
meaning = "A pull."
source = "ASSUMPTION"
tag = "M"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("default = 0.3", "default = 3", "outside 0..1"),
        ('source = "ASSUMPTION"', 'source = "NOBODY25"', "no such source: NOBODY25"),
        ("sd = 0.1", "sd = -0.1", "not above 0"),
        ("sd = 0.1", "width = 0.1", "sd"),
        ("low = 0\n", "", "missing: low"),
        ('tag = "M"', 'tag = "M"\ncolour = "red"', "no such key: colour"),
        ('unit = "logit"', 'unit = ""', "not empty"),
        ('meaning = "A pull."', "meaning = A pull", "not valid TOML"),
    ],
)
def test_a_wrong_parameter_is_named(folder: Path, old: str, new: str, message: str) -> None:
    path = folder / "parameters.toml"
    path.write_text(PARAMETER)
    assert load_data(folder).parameters[0].name == "pull"
    assert old in PARAMETER
    path.write_text(PARAMETER.replace(old, new))
    with pytest.raises(DataError, match=message):
        load_data(folder)
    path.write_text(PARAMETER + PARAMETER)
    with pytest.raises(DataError, match="stands above"):
        load_data(folder)


def test_reference_values_are_read_by_name(folder: Path) -> None:
    (folder / "reference.toml").write_text("[values]\npull = 1\n")
    assert dict(load_data(folder).reference) == {"pull": 1.0}


def test_another_process_is_sent_the_folder_and_loads_the_tables_itself(folder: Path) -> None:
    sent = pickle.dumps(load_data(folder))
    assert len(sent) < 1000
    back = pickle.loads(sent)
    assert back.folder == folder
    np.testing.assert_array_equal(back.student_visa_refusal, DATA.student_visa_refusal)


def test_loading_imports_nothing_slow() -> None:
    code = (
        "import sys, numpy, sim.data.schema, sim.data.load; sim.data.load.load_data(); "
        "slow = ('pandas', 'numba', 'scipy.stats', 'matplotlib', 'pyarrow'); "
        "print([m for m in slow if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
