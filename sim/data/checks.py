"""Reading a packaged table and checking it: checksum, columns, units, ranges. An error names the row."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from sim.data.declared import QUANTITIES
from sim.data.schema import CONFIDENCE, SOURCE_KINDS, Row

REMEDY: Final = (
    "restore the file as published with this version, or make all tables anew with `python scripts/build_data.py EVIDENCE_FOLDER`"
)
OWN_REMEDY: Final = "mend the file, then write its digest anew with `talentsim pack FOLDER` (docs/data.md)"
MARKS: Final = ("source", "unit", "confidence", "filled", "rule")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "regions": ("id", "code", "name", "anglophone", "holds", *MARKS),
    "mapping": ("kind", "code", "region", "share", "holds", *MARKS),
    "categories": ("system", "axis", "category", "region", "part", "share", "holds", *MARKS),
    "shares_2019": ("axis", "region", "value", *MARKS),
    "covariates": ("variable", "region", "year", "value", *MARKS),
    "world": ("variable", "year", "value", *MARKS),
    "ties": ("variable", "origin", "destination", "year", "value", *MARKS),
    "visas": ("variable", "origin", "destination", "year", "value", *MARKS),
    "visa_records": ("variable", "origin", "destination", "year", "value", *MARKS),
    "targets": (
        "id",
        "tier",
        "axis",
        "attribution",
        "year",
        "origin",
        "study",
        "destination",
        "part",
        "value",
        "sd",
        "sd_rule",
        "kind",
        "holds",
        *MARKS,
    ),
    "roles": ("role", "region", "first", "last", *MARKS),
    "solved": ("id", "unknown", "origin", "destination", "year", "value", "sd", *MARKS),
    "groups": ("group", "label", "region", "told", *MARKS),
    "tiles": ("region", "row", "column", *MARKS),
    "sources": ("id", "title", "publisher", "year", "url", "kind", "licence"),
}
"""Columns of every table, in order."""


class DataError(Exception):
    """A packaged table is damaged or wrong.

    Parameters
    ----------
    table
        Name of the table without ``.csv``.
    problem
        What is wrong, in words.
    row, column, value
        Where (first data row is 1) and what stands there, if it is one cell.
    allowed
        What would be right.
    """

    def __init__(
        self,
        table: str,
        problem: str,
        *,
        row: int | None = None,
        column: str = "",
        value: str = "",
        allowed: str = "",
    ) -> None:
        self.table, self.problem, self.row = table, problem, row
        self.column, self.value, self.allowed, self.remedy = column, value, allowed, REMEDY
        self.folder: Path | None = None
        super().__init__(self.words())

    def in_package(self, folder: Path) -> DataError:
        """Return the same error about a package of one's own, which the user mends."""
        self.folder, self.remedy = folder, OWN_REMEDY
        self.args = (self.words(),)
        return self

    def words(self) -> str:
        """Say where, what, what is allowed and what to do."""
        table, row, column, value, allowed = self.table, self.row, self.column, self.value, self.allowed
        place = f"data table {table}" if "." in table or table.isupper() else f"data table {table}.csv"
        if row is not None:
            place += f", row {row} (line {row + 1})"
        if column:
            place += f", column {column!r}, value {value!r}"
        wanted = f"; allowed: {allowed}" if allowed else ""
        where = "" if self.folder is None else f"{self.folder}: "
        return f"{where}{place}: {self.problem}{wanted}. Remedy: {self.remedy}."


def read_checksums(folder: Path) -> dict[str, str]:
    """Read the sha256 of every table by name; DataError if the list is missing or incomplete."""
    path = folder / "CHECKSUMS"
    if not path.is_file():
        raise DataError("CHECKSUMS", f"the list of checksums is missing in {folder}")
    pairs = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    sums = {pair[1].removesuffix(".csv"): pair[0] for pair in pairs if len(pair) == 2}
    for name in COLUMNS:
        if name not in sums:
            raise DataError(name, "the table is not in the list of checksums")
    return sums


def read_table(folder: Path, name: str, checksum: str, may_be_empty: bool = False) -> tuple[Row, ...]:
    """Read one table.

    Parameters
    ----------
    folder
        Folder of the tables.
    name
        Key of ``COLUMNS``.
    checksum
        Its sha256, 64 hexadecimal digits.
    may_be_empty
        Whether it may have no rows.

    Raises
    ------
    DataError
        If the file is missing, its bytes do not match the checksum, the columns or the length of a row are
        wrong.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise DataError(name, f"the file is missing in {folder}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != checksum:
        raise DataError(name, f"checksum {found[:12]}... does not match the published {checksum[:12]}...")
    lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    header = next(lines, [])
    columns = COLUMNS[name]
    if tuple(header) != columns:
        raise DataError(name, f"the columns are {', '.join(header)}", allowed=", ".join(columns))
    rows = []
    for number, cells in enumerate(lines, 1):
        if len(cells) != len(columns):
            raise DataError(name, f"{len(cells)} cells", row=number, allowed=f"{len(columns)} cells")
        rows.append(Row(number, dict(zip(columns, cells, strict=True))))
    if not rows and not may_be_empty:
        raise DataError(name, "the table has no rows")
    return tuple(rows)


def check_marks(name: str, rows: Sequence[Row], sources: Collection[str]) -> None:
    """Check the provenance columns of every row: known sources, a confidence mark, a rule where filled."""
    known = set(sources)
    good: set[str] = set()
    for row in rows:
        cells = row.cells
        stated = cells["source"]
        if stated not in good:
            for part in stated.split(";"):
                if part not in known:
                    raise cell_error(name, row, "source", "no such source", "ids of sources.csv, joined by ';'")
            good.add(stated)
        if cells["confidence"] not in CONFIDENCE:
            raise cell_error(name, row, "confidence", "no such mark", ", ".join(CONFIDENCE))
        if cells["filled"] not in ("0", "1"):
            raise cell_error(name, row, "filled", "not a flag", "0 or 1")
        if cells["filled"] == "1" and not cells["rule"]:
            raise cell_error(name, row, "rule", "a filled value states no rule", "the rule that filled it")
        if not cells["unit"]:
            raise cell_error(name, row, "unit", "no unit", "a unit")


def check_sources(rows: Sequence[Row]) -> None:
    """Check that every source has an id, a title, a kind and a licence."""
    for row in rows:
        for column in ("id", "title", "licence"):
            if not row.cells[column].strip():
                raise cell_error(
                    "sources", row, column, "is empty", "a licence, or that none is stated" if column == "licence" else "a text"
                )
        one_of("sources", row, "kind", SOURCE_KINDS)


def check_quantities(name: str, rows: Sequence[Row]) -> None:
    """Check variable, unit, year and range of every row against ``QUANTITIES``."""
    for row in rows:
        cells = row.cells
        quantity = QUANTITIES.get(cells["variable"])
        if quantity is None:
            raise cell_error(name, row, "variable", "no such variable", ", ".join(QUANTITIES))
        if cells["unit"] != quantity.unit:
            raise cell_error(name, row, "unit", f"wrong unit of {cells['variable']}", repr(quantity.unit))
        number_in(name, row, "value", quantity.low, quantity.high, quantity.unit)
        year_in(name, row, 1990, quantity.last)


def cell_error(name: str, row: Row, column: str, problem: str, allowed: str) -> DataError:
    """Make the error about one cell."""
    return DataError(name, problem, row=row.number, column=column, value=row.cells[column], allowed=allowed)


def number_in(name: str, row: Row, column: str, low: float, high: float, unit: str = "") -> float:
    """Return a cell as a number; DataError unless it is finite and within low..high."""
    try:
        value = float(row.cells[column])
        problem = "out of range"
    except ValueError:
        value, problem = math.nan, "not a number"
    if math.isfinite(value) and low <= value <= high:
        return value
    raise cell_error(name, row, column, problem, f"a number from {low:g} to {high:g} {unit}".rstrip())


def year_in(name: str, row: Row, low: int, high: int) -> int:
    """Return the year of a row; DataError unless it is whole and within low..high."""
    text = row.cells["year"]
    is_year = text.isdecimal()
    if is_year and low <= int(text) <= high:
        return int(text)
    raise cell_error(name, row, "year", "out of range" if is_year else "not a year", f"a year from {low} to {high}")


def one_of(name: str, row: Row, column: str, allowed: Collection[str]) -> str:
    """Return a cell; DataError unless it is one of the allowed texts."""
    value = row.cells[column]
    if value not in allowed:
        raise cell_error(name, row, column, "not allowed here", ", ".join(allowed))
    return value


def unique(name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """DataError at the first row whose key columns repeat an earlier row's."""
    keys = [tuple([row.cells[column] for column in columns]) for row in rows]
    if len(set(keys)) == len(keys):
        return
    seen: dict[tuple[str, ...], int] = {}
    for row, key in zip(rows, keys, strict=True):
        if key in seen:
            what = ", ".join(columns)
            raise DataError(name, f"repeats row {seen[key]}", row=row.number, column=what, value=", ".join(key))
        seen[key] = row.number
