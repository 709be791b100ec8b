"""Read the packaged tables, check checksum, unit, range and coverage, and return read-only arrays.

The tables (``*.csv``, ``parameters.toml``, ``reference.toml``) stand in ``tables/`` beside this module;
``scripts/build_data.py`` makes the CSV files and docs/decisions/0002-data.md says how.
"""

from __future__ import annotations

import copyreg
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sim.data import arrays
from sim.data.checks import (
    COLUMNS,
    DataError,
    cell_error,
    check_marks,
    check_quantities,
    number_in,
    one_of,
    read_checksums,
    read_table,
    unique,
    year_in,
)
from sim.data.lookup import answer
from sim.data.parameters import read_parameters, read_reference
from sim.data.schema import (
    ATTRIBUTIONS,
    DATA_YEARS,
    TARGET_AXES,
    TARGET_KINDS,
    TARGET_TIERS,
    Category,
    Data,
    Gap,
    Parameter,
    Quantity,
    Region,
    Row,
    Source,
    SourceAnswer,
    Target,
)
from sim.model.world import Floats

__all__ = [
    "DATA_FOLDER",
    "Category",
    "Data",
    "DataError",
    "Gap",
    "Quantity",
    "Region",
    "Row",
    "Source",
    "SourceAnswer",
    "Target",
    "find_source",
    "load_data",
]

DATA_FOLDER = Path(__file__).resolve().parent / "tables"
"""Folder of the packaged tables."""
REGION_COUNT = 20
CAPITAL_FLOOR = 0.01
"""Added to private AI investment, bn US$, so that its logarithm exists."""
ACADEMIC_ODDS = 0.98
"""Success of a work visa in academia, which no cap limits."""
SYSTEMS = ("tracker1", "tracker2", "census")
"""Publications with categories of their own: trackers of 2019 and 2022, census of authors."""
CONFERENCES = (2019, 2022)
"""Conference years of the published targets."""
YEARLY = (
    "phd_pay",
    "pay_academia",
    "pay_industry",
    "research_funding",
    "capital",
    "work_visa_odds",
    "post_study_attempts",
    "residence_wait",
    "student_visa_refusal",
)
"""Variables that become arrays by year."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "regions": ("id",),
    "mapping": ("code",),
    "categories": ("system", "axis", "category", "region"),
    "shares_2019": ("axis", "region"),
    "covariates": ("variable", "region", "year"),
    "world": ("variable", "year"),
    "ties": ("variable", "origin", "destination"),
    "visas": ("variable", "origin", "destination", "year"),
    "visa_records": ("variable", "origin", "destination", "year"),
    "targets": ("id",),
    "sources": ("id",),
}
"""Columns that name a row of each table once."""
PROSE_COLUMNS = frozenset({"name", "holds", "source", "unit", "confidence", "rule", "sd_rule"})
"""Columns that say something of a number and decide none."""


def load_data(folder: Path | None = None) -> Data:
    """Load the packaged data (the same object every time in one process) or tables from another folder.

    Parameters
    ----------
    folder
        Folder of the tables; None for the packaged ones.

    Raises
    ------
    DataError
        If a table is missing, damaged, wrong or incomplete: names the table, row, column, value, what is
        allowed and the remedy.
    """
    if folder is None or folder.resolve() == DATA_FOLDER:
        return _packaged()
    return _load(folder)


def find_source(name: str) -> SourceAnswer:
    """Say where a number comes from.

    Parameters
    ----------
    name
        A source id, a parameter, a target id, a table, a variable, or ``table:key`` and ``variable:key``
        with a region (or ``ORIGIN->DESTINATION``) as key.

    Returns
    -------
    What was found with the lines to print; for an unknown name no kind, and the nearest names.
    """
    return answer(load_data(), name)


@cache
def _packaged() -> Data:
    return _load(DATA_FOLDER)


@cache
def _received(folder: Path) -> Data:
    """Load the tables that another process works with."""
    return load_data(folder)


def _load(folder: Path) -> Data:
    checksums = read_checksums(folder)
    tables = {name: read_table(folder, name, checksums[name]) for name in COLUMNS}
    sources = {row.cells["id"]: Source(**row.cells) for row in tables["sources"]}
    for name, rows in tables.items():
        unique(name, rows, KEYS[name])
        if name != "sources":
            check_marks(name, rows, sources)
    regions = _regions(tables["regions"])
    codes = tuple(region.code for region in regions)
    for name in ("covariates", "world", "ties", "visas"):
        check_quantities(name, tables[name])
    _check_places(tables, codes)
    parameters, reference = read_parameters(folder, sources), read_reference(folder)
    return Data(
        regions=regions,
        codes=codes,
        **_arrays(tables, codes),
        targets=_targets(tables["targets"], codes),
        categories=_categories(tables["categories"], codes),
        countries=_countries(tables["mapping"], codes),
        parameters=parameters,
        reference=MappingProxyType(reference),
        sources=MappingProxyType(sources),
        gaps=_gaps(tables),
        version=_version(folder),
        checksums=MappingProxyType(checksums),
        tables=MappingProxyType(tables),
        folder=folder,
        numbers=_number_hash(tables, parameters),
    )


copyreg.pickle(Data, lambda data: (_received, (data.folder,)))  # another process loads the tables itself


def _number_hash(tables: Mapping[str, Sequence[Row]], parameters: Sequence[Parameter]) -> str:
    """Hash what can decide a draw: every cell but prose, every parameter's range and prior."""
    cells = {
        name: [[value for column, value in row.cells.items() if column not in PROSE_COLUMNS] for row in rows]
        for name, rows in tables.items()
        if name != "sources"
    }
    priors = [[p.name, p.default, p.low, p.high, None if p.prior is None else p.prior.table(), p.role] for p in parameters]
    text = json.dumps([cells, priors], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _regions(rows: Sequence[Row]) -> tuple[Region, ...]:
    found = (
        Region(
            int(number_in("regions", row, "id", 0, REGION_COUNT - 1)),
            row.cells["code"],
            row.cells["name"],
            one_of("regions", row, "anglophone", ("0", "1")) == "1",
            row.cells["holds"],
        )
        for row in rows
    )
    regions = tuple(sorted(found, key=lambda region: region.id))
    if len(regions) != REGION_COUNT:
        raise DataError("regions", f"{len(regions)} regions", allowed=f"{REGION_COUNT} regions with ids 0, 1, 2, ...")
    unique("regions", rows, ("id",))
    unique("regions", rows, ("code",))
    return regions


def _check_places(tables: Mapping[str, Sequence[Row]], codes: tuple[str, ...]) -> None:
    """Check that tables by region name regions only, and that every country of the visa records is mapped."""
    for name, columns in (
        ("covariates", ("region",)),
        ("shares_2019", ("region",)),
        ("categories", ("region",)),
        ("ties", ("origin", "destination")),
        ("visas", ("origin", "destination")),
    ):
        for row in tables[name]:
            for column in columns:
                one_of(name, row, column, codes)
    places = {row.cells["code"] for row in tables["mapping"]}
    for row in tables["visa_records"]:
        number_in("visa_records", row, "value", -1e12, 1e12)
        year_in("visa_records", row, 1990, 2030)
        for column in ("origin", "destination"):
            if row.cells[column] not in places and (column == "destination" or row.cells[column]):
                raise cell_error("visa_records", row, column, "no such country", "a code of mapping.csv")


def _arrays(tables: Mapping[str, Sequence[Row]], codes: tuple[str, ...]) -> dict[str, Any]:
    """Make every array of ``Data`` from the checked rows."""
    rows = arrays.points(tables["covariates"], ("variable", "region"))
    made = {
        name: arrays.by_region(rows, name, codes)
        for name in arrays.complete_variables()
        if name not in ("distance_km", "common_language")
    }
    ties = arrays.points(tables["ties"], ("variable", "origin", "destination"))
    visas = arrays.points(tables["visas"], ("variable", "origin", "destination"))
    world = arrays.points(tables["world"], ("variable",))
    free = arrays.free_movement(codes)
    odds = np.stack([np.full_like(made["work_visa_odds"], ACADEMIC_ODDS), made["work_visa_odds"]], axis=2)
    pool = np.full(len(DATA_YEARS), np.nan)
    for year, value in world["pool_size",].items():
        pool[DATA_YEARS.index(year)] = value
    shares = {axis: _shares(tables["shares_2019"], axis, codes) for axis in ("work", "origin")}
    return {
        "phd_pay": made["phd_pay"],
        "research_pay": np.stack([made["pay_academia"], made["pay_industry"]], axis=2),
        "research_funding": made["research_funding"],
        "capital": made["capital"] + CAPITAL_FLOOR,
        "origin_weight": made["origin_weight"][0].copy(),
        "distance_km": arrays.by_pair(ties, "distance_km", codes, 0.0),
        "common_language": arrays.by_pair(ties, "common_language", codes, 1.0),
        "student_visa_refusal": arrays.refusal(visas, free, codes),
        "work_visa_odds": odds,
        "post_study_attempts": np.floor(made["post_study_attempts"]).astype(np.int64),
        "free_movement": free,
        "residence_wait": arrays.wait(made["residence_wait"], visas, free, codes),
        "pool_size": pool,
        "industry_entry": arrays.over_years(world["industry_entry",], linear=True),
        "gbr_usa_hq_share": _abroad_headquarters(tables["targets"]),
        "hong_kong_share": _hong_kong(tables["categories"]),
        "work_target_2019": shares["work"],
        "origin_target_2019": shares["origin"],
    }


def _shares(rows: Sequence[Row], axis: str, codes: tuple[str, ...]) -> Floats:
    """Return the shares of 2019 on an axis over all regions; DataError unless complete with sum 1."""
    values = {
        row.cells["region"]: number_in("shares_2019", row, "value", 0, 1, "share") for row in rows if row.cells["axis"] == axis
    }
    missing = [code for code in codes if code not in values]
    if missing:
        raise DataError("shares_2019", f"{axis} has no row for {', '.join(missing)}", allowed="one row for every region")
    array = np.array([values[code] for code in codes])
    if abs(float(array.sum()) - 1) > 1e-9:
        raise DataError("shares_2019", f"the {axis} shares sum to {array.sum():.12g}", allowed="a sum of 1")
    return array


def _abroad_headquarters(rows: Sequence[Row]) -> float:
    """Return the share of those in GBR whose headquarters are in the USA: mean of both census years."""
    values = {row.cells["id"]: float(row.cells["value"]) for row in rows}
    try:
        shares = [1 - values[f"{year}H-GB"] / values[f"{year}L-GB"] for year in ("C19", "C22")]
    except KeyError as missing:
        raise DataError("targets", f"row {missing} is missing", allowed="the four census rows of GBR") from None
    return sum(shares) / len(shares)


def _hong_kong(rows: Sequence[Row]) -> float:
    for row in rows:
        if row.cells["category"] == "China (HK)":
            return number_in("categories", row, "part", 0, 1, "part of CHN")
    raise DataError("categories", "there is no row 'China (HK)'", allowed="the part of CHN that is Hong Kong")


def _targets(rows: Sequence[Row], codes: tuple[str, ...]) -> tuple[Target, ...]:
    targets = []
    for row in rows:
        cells = row.cells
        most = 1e9 if one_of("targets", row, "unit", ("share", "rate", "count")) == "count" else 1.0
        targets.append(
            Target(
                cells["id"],
                one_of("targets", row, "tier", TARGET_TIERS),
                one_of("targets", row, "axis", TARGET_AXES),
                one_of("targets", row, "attribution", ATTRIBUTIONS),
                year_in("targets", row, *CONFERENCES),
                _codes_in(row, "origin", codes),
                _codes_in(row, "study", codes),
                _codes_in(row, "destination", codes),
                number_in("targets", row, "part", 0, 1),
                number_in("targets", row, "value", 0, most, cells["unit"]),
                number_in("targets", row, "sd", 0, most, cells["unit"]),
                one_of("targets", row, "kind", TARGET_KINDS),
                cells["unit"],
                cells["source"],
                cells["confidence"],
                cells["holds"],
            )
        )
        if targets[-1].year not in CONFERENCES:
            raise cell_error("targets", row, "year", "not a published year", " or ".join(map(str, CONFERENCES)))
    return tuple(targets)


def _codes_in(row: Row, column: str, codes: tuple[str, ...]) -> tuple[str, ...] | None:
    found = tuple(row.cells[column].split())
    if any(code not in codes for code in found):
        raise cell_error("targets", row, column, "no such region", "region codes separated by spaces, or nothing")
    return found or None


def _categories(rows: Sequence[Row], codes: tuple[str, ...]) -> tuple[Category, ...]:
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        system = one_of("categories", row, "system", SYSTEMS)
        axis = one_of("categories", row, "axis", ("origin", "work"))
        grouped.setdefault((system, axis, row.cells["category"]), []).append(row)
    table = []
    for (system, axis, name), members in grouped.items():
        part = tuple(number_in("categories", row, "part", 0, 1) for row in members)
        share = tuple(number_in("categories", row, "share", 0, 1) for row in members)
        if abs(sum(share) - 1) > 1e-9:
            problem = f"the {axis} shares of {name!r} ({system}) sum to {sum(share):.12g}"
            raise DataError(
                "categories",
                problem,
                row=members[0].number,
                column="share",
                value=members[0].cells["share"],
                allowed="a sum of 1 over its regions",
            )
        regions = tuple(row.cells["region"] for row in members)
        table.append(Category(system, axis, name, regions, part, share, members[0].cells["holds"]))
    return tuple(table)


def _countries(rows: Sequence[Row], codes: tuple[str, ...]) -> Mapping[str, str]:
    countries = {}
    for row in rows:
        if one_of("mapping", row, "kind", ("country", "aggregate")) == "country":
            number_in("mapping", row, "share", 1, 1)
            countries[row.cells["code"]] = one_of("mapping", row, "region", codes)
    return MappingProxyType(countries)


def _gaps(tables: Mapping[str, Sequence[Row]]) -> tuple[Gap, ...]:
    found = [gap for name in ("covariates", "ties", "visas") for gap in arrays.gaps(name, tables[name], YEARLY)]
    found += [
        Gap(f"shares_2019: {row.cells['axis']}", row.cells["region"], "2019", row.cells["rule"])
        for row in tables["shares_2019"]
        if row.cells["filled"] == "1"
    ]
    found.append(
        Gap(
            "world: industry_entry",
            "all",
            "2000-2009, 2011-2018, 2020-2050",
            "straight between 2010 and 2019, first and last held",
        )
    )
    return tuple(found)


def _version(folder: Path) -> str:
    path = folder / "VERSION"
    if not path.is_file() or not path.read_text(encoding="utf-8").strip():
        raise DataError("VERSION", "the version of the data is missing")
    return path.read_text(encoding="utf-8").strip()
