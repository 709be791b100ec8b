"""Read the evidence: country rows, bilateral rows, published targets and sources, as they were collected."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

CONFIDENCE = ("high", "medium", "low", "derived", "assumption")
"""Confidence marks, best first."""

Series = dict[int, "Cell"]


@dataclass(frozen=True)
class Cell:
    """One number with what is known about it."""

    value: float
    unit: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Row:
    """One value of a table to be written, with its provenance."""

    value: float
    source: str
    confidence: str
    filled: bool = False
    rule: str = ""


class Evidence:
    """The rows of the evidence folder by (place, variable) and by (origin, destination, variable)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.countries: dict[tuple[str, str], Series] = defaultdict(dict)
        self.pairs: dict[tuple[str, str, str], Series] = defaultdict(dict)
        self.codes: set[str] = set()
        for row in self.read("countries.csv"):
            self.countries[row["country_iso3"], row["variable"]][int(row["year"])] = _cell(row)
            self.codes.add(row["country_iso3"])
        for row in self.read("bilateral.csv"):
            key = row["origin_iso3"], row["dest_iso3"], row["variable"]
            self.pairs[key][int(row["year"])] = _cell(row)
            self.codes.update(key[:2])

    def read(self, name: str) -> list[dict[str, str]]:
        """Read one file of the folder as dictionaries."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def series(self, place: str, variable: str, unit: str = "") -> Series:
        """Return the rows of a variable for a place by year; with `unit`, those whose unit contains it."""
        found = self.countries.get((place, variable), {})
        return {year: cell for year, cell in sorted(found.items()) if unit in cell.unit}

    def pair(self, origin: str, destination: str, variable: str) -> Series:
        """Return the rows of a bilateral variable by year."""
        return dict(sorted(self.pairs.get((origin, destination, variable), {}).items()))


def _cell(row: dict[str, str]) -> Cell:
    return Cell(float(row["value"]), row["unit"], row["source_id"], row["confidence"])


def at(series: Series, year: int) -> Cell:
    """Return the cell of the nearest year; of two equally near, the earlier."""
    return series[min(series, key=lambda known: (abs(known - year), known))]


def worst(marks: list[str]) -> str:
    """Return the weakest of some confidence marks."""
    return max(marks, key=CONFIDENCE.index)


def joined(sources: list[str]) -> str:
    """Join source ids, each once, in order of first use."""
    return ";".join(dict.fromkeys(part for source in sources for part in source.split(";")))


def guessed(cell: Cell, value: float) -> Row:
    """Make a row of a suggested index: a guess is marked filled, a restated observation is not."""
    if cell.confidence != "assumption":
        return Row(value, cell.source, cell.confidence)
    return Row(value, cell.source, "assumption", True, cell.unit.removeprefix("0-1 "))
