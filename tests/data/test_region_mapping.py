"""Who belongs to which region: Europe with and without the UK and Russia, Hong Kong, every country once."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import sim.data.load
from sim.data.load import load_data

FOLDER = sim.data.load.DATA_FOLDER
DATA = load_data()
CATEGORIES = {(c.system, c.axis, c.name): c for c in DATA.categories}
TARGETS = {target.id: target for target in DATA.targets}
CONTINENT = {"DEU", "FRA", "CHE", "NLD", "REU"}


def rows(table: str) -> list[dict[str, str]]:
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def total(shares: np.ndarray, codes: tuple[str, ...] | None) -> float:
    return float(sum(shares[DATA.region_id(code)] for code in codes or ()))


def test_regions_have_permanent_ids_in_the_stated_order() -> None:
    order = "USA CHN GBR DEU FRA CHE NLD REU CAN IND KOR JPN SGP ISR AUS IRN TWN RUS GLF ROW"
    assert " ".join(DATA.codes) == order
    assert [region.id for region in DATA.regions] == list(range(20))
    assert {region.code for region in DATA.regions if region.anglophone} == {"USA", "GBR", "CAN", "AUS"}
    assert all(region.holds for region in DATA.regions)


def test_every_country_is_mapped_once_and_to_a_region() -> None:
    codes = [row["code"] for row in rows("mapping")]
    assert len(codes) == len(set(codes))
    assert set(DATA.countries.values()) == set(DATA.codes)
    assert len(DATA.countries) == 249
    for code in DATA.codes:
        if code not in ("REU", "GLF", "ROW"):
            assert DATA.countries[code] == code


def test_every_place_named_in_a_table_is_known() -> None:
    known = {row["code"] for row in rows("mapping")}
    for table, columns in (
        ("covariates", ["region"]),
        ("ties", ["origin", "destination"]),
        ("visas", ["origin", "destination"]),
    ):
        assert {row[column] for row in rows(table) for column in columns} == set(DATA.codes), table
    used = {row[column] for row in rows("visa_records") for column in ("origin", "destination")} - {""}
    assert used <= known


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("HKG", "CHN"),
        ("MAC", "CHN"),
        ("TWN", "TWN"),
        ("GBR", "GBR"),
        ("IRL", "REU"),
        ("NOR", "REU"),
        ("UKR", "REU"),
        ("SRB", "REU"),
        ("RUS", "RUS"),
        ("TUR", "ROW"),
        ("ARE", "GLF"),
        ("SAU", "GLF"),
        ("QAT", "GLF"),
        ("BRA", "ROW"),
        ("NZL", "ROW"),
        ("PRK", "ROW"),
    ],
)
def test_countries_that_are_easily_put_wrong(country: str, region: str) -> None:
    assert DATA.countries[country] == region


def test_europe_of_the_trackers_excludes_the_united_kingdom_and_russia() -> None:
    for system in ("tracker1", "tracker2"):
        for axis in ("origin", "work"):
            assert set(CATEGORIES[system, axis, "Europe (excl. UK)"].regions) == CONTINENT
    assert set(CATEGORIES["tracker1", "origin", "Europe incl. UK"].regions) == CONTINENT | {"GBR"}
    for key in ("M19-O-EU", "M22-O-EU", "M19-W-EU"):
        origin_or_place = TARGETS[key].origin or TARGETS[key].destination
        assert set(origin_or_place or ()) == CONTINENT


def test_europe_of_the_census_includes_russia_and_excludes_the_united_kingdom() -> None:
    assert set(CATEGORIES["census", "work", "Europe (excl. UK)"].regions) == CONTINENT | {"RUS"}
    for key in ("C19L-EU", "C19H-EU", "C22L-EU", "C22H-EU"):
        assert set(TARGETS[key].destination or ()) == CONTINENT | {"RUS"}
        assert "including Russia" in TARGETS[key].holds


def test_russia_iran_and_israel_are_where_each_tracker_puts_them() -> None:
    first = CATEGORIES["tracker1", "origin", "Rest of world"].regions
    second = CATEGORIES["tracker2", "origin", "Rest of world"].regions
    assert "RUS" in first
    assert not {"IRN", "ISR"} & set(first)
    assert not {"RUS", "KOR"} & set(second)
    assert {"IRN", "ISR"} <= set(second)


def test_hong_kong_is_a_fixed_part_of_china() -> None:
    assert DATA.countries["HKG"] == "CHN"
    (part,) = {row.part[0] for row in DATA.categories if row.name == "China (HK)"}
    assert 0.02 < part < 0.04
    for year, level in (("C19", "H"), ("C19", "L"), ("C22", "H"), ("C22", "L")):
        mainland, city = TARGETS[f"{year}{level}-CN"], TARGETS[f"{year}{level}-HK"]
        assert mainland.destination == city.destination == ("CHN",)
        assert city.part == pytest.approx(part)
        assert mainland.part + city.part == pytest.approx(1)
        china = mainland.value + city.value
        assert china * city.part == pytest.approx(city.value, abs=city.sd), "within the row's standard error"
    assert TARGETS["M19-W-CN"].part == 1


def test_shares_of_every_category_sum_to_one() -> None:
    for category in DATA.categories:
        assert sum(category.share) == pytest.approx(1, abs=1e-9), category
        assert category.holds
        assert len(set(category.regions)) == len(category.regions)


def test_origin_categories_of_each_tracker_cover_every_region_once() -> None:
    names = {
        "tracker1": ("China", "United States", "Europe (excl. UK)", "India", "Canada", "United Kingdom",
                     "Iran", "Israel", "Rest of world"),
        "tracker2": ("China", "United States", "Europe (excl. UK)", "India", "Canada", "United Kingdom",
                     "South Korea", "Russia", "Rest of world"),
    }  # fmt: skip
    for system, listed in names.items():
        held = [code for name in listed for code in CATEGORIES[system, "origin", name].regions]
        assert sorted(held) == sorted(DATA.codes), system


def test_work_categories_of_the_2019_tracker_cover_every_region_once() -> None:
    names = (
        "United States",
        "China",
        "Europe (excl. UK)",
        "Canada",
        "United Kingdom",
        "Rest of world (work)",
    )
    held = [code for name in names for code in CATEGORIES["tracker1", "work", name].regions]
    assert sorted(held) == sorted(DATA.codes)


def test_shares_of_2019_sum_to_one_and_are_positive() -> None:
    for shares in (DATA.work_target_2019, DATA.origin_target_2019):
        assert shares.sum() == pytest.approx(1, abs=1e-9)
        assert (shares > 0).all()


def test_published_origin_categories_are_reproduced() -> None:
    published = [t for t in DATA.targets if t.axis == "origin" and t.year == 2019 and t.tier == "top20"]
    assert len(published) == 10
    for target in published:
        assert total(DATA.origin_target_2019, target.origin) == pytest.approx(target.value, abs=1e-9), target.id


def test_published_census_rows_are_reproduced() -> None:
    published = [target for target in DATA.targets if target.id.startswith("C19H-")]
    assert len(published) == 17
    for target in published:
        share = total(DATA.work_target_2019, target.destination) * target.part
        tolerance = 0.0005 if target.part < 1 else 1e-9
        assert share == pytest.approx(target.value, abs=tolerance), target.id
    china = TARGETS["C19H-CN"].value + TARGETS["C19H-HK"].value
    assert DATA.work_target_2019[DATA.region_id("CHN")] == pytest.approx(china, abs=1e-9)


def test_within_a_category_origins_split_by_first_degrees_and_work() -> None:
    for name, by_work in (("Europe (excl. UK)", 0.0), ("Rest of world", 0.5)):
        codes = CATEGORIES["tracker1", "origin", name].regions
        ids = [DATA.region_id(code) for code in codes]
        degrees, work = (values[ids] / values[ids].sum() for values in (DATA.origin_weight, DATA.work_target_2019))
        split = DATA.origin_target_2019[ids] / DATA.origin_target_2019[ids].sum()
        np.testing.assert_allclose(split, by_work * work + (1.0 - by_work) * degrees, rtol=1e-6)


def test_regions_without_a_census_row_are_marked_filled() -> None:
    filled = {row["region"] for row in rows("shares_2019") if row["axis"] == "work" and row["filled"] == "1"}
    assert filled == {"REU", "IRN", "TWN", "RUS", "ROW"}
