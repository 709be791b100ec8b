"""Read the tables of a folder, check checksum, unit, range and coverage, and return read-only arrays.

The packaged tables (``*.csv``, ``parameters.toml``, ``reference.toml``) stand in ``tables/`` beside this module;
``scripts/build_data.py`` makes most of the CSV files and docs/decisions/0002-data.md says how. One's own are a data package
(docs/data.md); a process, or a part of it, works with one folder at a time, that of `data_in_force`.
"""

from __future__ import annotations

import copyreg
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sim.data import arrays, nouns
from sim.data.checks import (
    COLUMNS,
    DataError,
    cell_error,
    check_marks,
    check_quantities,
    check_sources,
    number_in,
    one_of,
    read_checksums,
    read_table,
    unique,
    year_in,
)
from sim.data.declared import Quantity
from sim.data.lookup import answer
from sim.data.package import DESCRIPTOR, MAY_LACK, Package, read_package
from sim.data.parameters import check_names, read_parameters, read_reference
from sim.data.schema import DATA_YEARS, PACKAGED, Category, Data, Gap, Parameter, Region, Role, Row, Source, SourceAnswer, Target
from sim.model.world import REFERENCE_YEAR, REPORT_FROM, Floats

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
    "data_folder",
    "data_in_force",
    "find_source",
    "is_packaged",
    "load_data",
    "work_with",
]

DATA_FOLDER = Path(__file__).resolve().parent / "tables"
"""Folder of the packaged tables."""
CAPITAL_FLOOR = 0.01
"""Added to private AI investment, bn US$, so that its logarithm exists."""
ACADEMIC_ODDS = 0.98
"""Success of a work visa in academia, which no cap limits."""
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
    "roles": ("role", "region"),
    "solved": ("id",),
    "groups": ("group", "region"),
    "tiles": ("region",),
    "sources": ("id",),
}
"""Columns that name a row of each table once."""
PROSE_COLUMNS = frozenset({"name", "holds", "source", "unit", "confidence", "rule", "sd_rule"})
"""Columns that say something of a number and decide none."""
DECIDE_NOTHING = ("sources", "groups", "tiles")
"""Tables that no number depends on."""

_IN_FORCE: ContextVar[Path] = ContextVar("data folder", default=DATA_FOLDER)


def load_data(folder: str | Path | None = None) -> Data:
    """Load the tables of a folder; the same object as long as no file of it changes.

    Parameters
    ----------
    folder
        Folder of the tables, a data package as docs/data.md describes it; None for the folder in force, the packaged one unless
        `data_in_force` says otherwise.

    Raises
    ------
    DataError
        If a table is missing, damaged, wrong or incomplete: names the table, row, column, value, what is
        allowed and the remedy.

    Examples
    --------
    >>> import sim
    >>> sim.load_data().codes[:3]
    ('USA', 'CHN', 'GBR')
    """
    asked = _IN_FORCE.get() if folder is None else Path(folder).resolve()
    return _packaged() if asked == DATA_FOLDER else _own(asked, _stamp(asked))


def data_folder() -> Path:
    """Return the folder in force."""
    return _IN_FORCE.get()


def is_packaged() -> bool:
    """Tell whether the packaged tables are in force."""
    return _IN_FORCE.get() == DATA_FOLDER


def work_with(folder: Path) -> None:
    """Work with the tables of a folder to the end of the process: for the workers of one that does."""
    _IN_FORCE.set(folder)


@contextmanager
def data_in_force(data: Data | str | Path | None) -> Iterator[Data]:
    """Work with the tables of another folder until the block ends; with those in force already if None.

    Raises
    ------
    DataError
        As `load_data`.
    """
    folder = None if data is None else data.folder if isinstance(data, Data) else Path(data).resolve()
    if folder is None:
        yield load_data()
        return
    found = load_data(folder)
    before = _IN_FORCE.set(found.folder)
    try:
        yield found
    finally:
        _IN_FORCE.reset(before)


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
    return _load(DATA_FOLDER, None)


@cache
def _own(folder: Path, stamp: tuple[Any, ...]) -> Data:
    """Load tables of one's own; a fault of them is the user's to mend."""
    if (folder / "CHECKSUMS").is_file():
        return _load(folder, None)  # a copy of the packaged tables
    try:
        return _load(folder, read_package(folder))
    except DataError as error:
        raise error.in_package(folder) from None


def _stamp(folder: Path) -> tuple[Any, ...]:
    """Return what changes when a file of a folder does."""
    files = sorted(path for path in (*folder.glob("*.*"), *folder.glob("scenarios/*.toml")) if path.is_file())
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)


def _received(folder: Path, numbers: str) -> Data:
    """Load the tables that another process works with.

    Raises
    ------
    DataError
        If they have changed since.
    """
    data = load_data(folder)
    if data.numbers != numbers:
        raise DataError(
            DESCRIPTOR, f"the tables of {folder} changed while they were in use", allowed="tables that stay as they are"
        )
    return data


def _load(folder: Path, package: Package | None) -> Data:
    checksums = read_checksums(folder) if package is None else package.checksums
    lacking = () if package is None else tuple(name for name in MAY_LACK if name not in checksums)
    tables = {name: () if name in lacking else read_table(folder, name, checksums[name], name in MAY_LACK) for name in COLUMNS}
    sources = {row.cells["id"]: Source(**row.cells) for row in tables["sources"]}
    check_sources(tables["sources"])
    for name, rows in tables.items():
        unique(name, rows, KEYS[name])
        if name != "sources":
            check_marks(name, rows, sources)
    regions = nouns.parse_regions(tables["regions"])
    codes = tuple(region.code for region in regions)
    for name in ("covariates", "world", "ties", "visas"):
        check_quantities(name, tables[name])
    _check_places(tables, codes)
    parameters, reference = read_parameters(folder, sources), read_reference(folder)
    if package is not None:
        check_names(parameters, _packaged().parameters, codes, _packaged().codes)
    targets, roles = nouns.parse_targets(tables["targets"], codes), nouns.parse_roles(tables["roles"], codes)
    groups, labels, told = nouns.parse_groups(tables["groups"], codes)
    return Data(
        regions=regions,
        codes=codes,
        **_arrays(tables, roles, codes),
        roles=roles,
        solved=nouns.parse_solved(tables["solved"], codes, targets),
        groups=groups,
        labels=labels,
        told=told,
        tiles=nouns.parse_tiles(tables["tiles"], codes),
        targets=targets,
        categories=nouns.parse_categories(tables["categories"], codes),
        countries=nouns.parse_countries(tables["mapping"], codes),
        parameters=parameters,
        reference=MappingProxyType(reference),
        sources=MappingProxyType(sources),
        gaps=_gaps(tables),
        version=_version(folder) if package is None else package.version,
        name=PACKAGED if package is None else package.name,
        checksums=MappingProxyType(checksums),
        tables=MappingProxyType(tables),
        folder=folder,
        numbers=_number_hash(tables, parameters),
    )


copyreg.pickle(Data, lambda data: (_received, (data.folder, data.numbers)))  # another process loads the tables itself


def _number_hash(tables: Mapping[str, Sequence[Row]], parameters: Sequence[Parameter]) -> str:
    """Hash what can decide a draw: every cell but prose, every parameter's range and prior."""
    cells = {
        name: [[value for column, value in row.cells.items() if column not in PROSE_COLUMNS] for row in rows]
        for name, rows in tables.items()
        if name not in DECIDE_NOTHING
    }
    priors = [[p.name, p.default, p.low, p.high, None if p.prior is None else p.prior.table(), p.role] for p in parameters]
    text = json.dumps([cells, priors], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


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


def _arrays(tables: Mapping[str, Sequence[Row]], roles: Sequence[Role], codes: tuple[str, ...]) -> dict[str, Any]:
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
    _check_world(world)
    free = arrays.free_movement(roles, codes)
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
        **{name: _single(world, name) for name in ("researchers", "work_sample", "origin_sample")},
        "work_target_2019": shares["work"],
        "origin_target_2019": shares["origin"],
    }


def _check_world(world: Mapping[tuple[str, ...], arrays.Points]) -> None:
    """DataError unless the series of the world have the years that solving asks for."""
    for name, years in (("pool_size", (REPORT_FROM, REFERENCE_YEAR)), ("industry_entry", ())):
        known = world.get((name,), {})
        missing = [year for year in years if year not in known]
        if missing or not known:
            wanted = f"rows of {' and '.join(map(str, years))}" if years else "at least one row"
            raise DataError("world", f"{name} has no row of {', '.join(map(str, missing)) or 'any year'}", allowed=wanted)


def _single(world: Mapping[tuple[str, ...], arrays.Points], name: str) -> float:
    """Return the one value of a variable of the world."""
    known = world.get((name,), {})
    if len(known) != 1:
        raise DataError("world", f"{name} has {len(known)} rows", allowed="one row")
    return next(iter(known.values()))


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


def _gaps(tables: Mapping[str, Sequence[Row]]) -> tuple[Gap, ...]:
    found = [gap for name in ("covariates", "ties", "visas") for gap in arrays.gaps(name, tables[name], YEARLY)]
    found += [
        Gap(f"shares_2019: {row.cells['axis']}", row.cells["region"], "2019", row.cells["rule"])
        for row in tables["shares_2019"]
        if row.cells["filled"] == "1"
    ]
    known = [int(row.cells["year"]) for row in tables["world"] if row.cells["variable"] == "industry_entry"]
    missing = arrays.spans([year for year in DATA_YEARS if year not in known])
    rule = f"straight between {' and '.join(map(str, sorted(known)))}, first and last held"
    found.append(Gap("world: industry_entry", "all", missing, rule))
    return tuple(found)


def _version(folder: Path) -> str:
    path = folder / "VERSION"
    if not path.is_file() or not path.read_text(encoding="utf-8").strip():
        raise DataError("VERSION", "the version of the data is missing")
    return path.read_text(encoding="utf-8").strip()
