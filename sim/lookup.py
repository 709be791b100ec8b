"""Where a number comes from: find a variable, parameter, target or source in the packaged tables."""

from __future__ import annotations

import csv
import difflib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.provenance import DATA

NAMED: Final = {
    "targets.csv": "id",
    "categories.csv": "system",
    "mapping.csv": "code",
    "shares_2019.csv": "axis",
}
"""Tables whose rows are called by another column than ``variable``."""
PLACES: Final = ("region", "origin", "study", "destination")


class UnknownNameError(LookupError):
    """No table knows the name.

    Parameters
    ----------
    name
        What was asked for.
    nearest
        Names spelt most like it, best first.
    """

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        super().__init__(f"nothing is called {name!r}")
        self.name, self.nearest = name, tuple(nearest)


class Source(NamedTuple):
    """A published or assumed origin of numbers."""

    id: str
    title: str
    publisher: str
    year: str
    url: str


class Entry(NamedTuple):
    """A number, or rows of one table that share everything but place, year and value.

    Parameters
    ----------
    table
        File below ``sim/data``.
    name
        Variable, parameter, target or category.
    holds
        Which regions and years, in words.
    value
        The value, or the smallest and largest of several.
    unit, confidence
        As the table states them.
    source
        Ids of sources, separated by a semicolon.
    rule
        The rule by which a gap was filled or a value changed; "" for a plain observation.
    filled
        Whether the number is not an observation.
    """

    table: str
    name: str
    holds: str
    value: str
    unit: str
    confidence: str
    source: str
    rule: str
    filled: bool


@dataclass(frozen=True)
class Found:
    """Everything the tables say about one name."""

    name: str
    entries: tuple[Entry, ...]
    sources: tuple[Source, ...]


def find_origin(name: str) -> Found:
    """Look a name up in every table.

    Parameters
    ----------
    name
        A variable, parameter, target or source id; ``variable/REGION`` keeps the rows of one region.

    Raises
    ------
    UnknownNameError
        If no table knows it.
    """
    wanted, _, place = name.partition("/")
    sources = read_sources()
    entries = [entry for entry in _table_entries(wanted, place) if wanted]
    entries += [entry for entry in _parameter_entries(wanted) if not place]
    if wanted in sources and not place:
        entries += _entries_from(wanted)
    elif not entries:
        raise UnknownNameError(name, difflib.get_close_matches(wanted, known_names(), n=3, cutoff=0.5))
    used = dict.fromkeys([wanted, *(each for entry in entries for each in entry.source.split(";"))])
    return Found(name, tuple(entries), tuple(sources[each] for each in used if each in sources))


def known_names() -> list[str]:
    """Return every name that `find_origin` knows: variables, parameters, targets, then sources."""
    variables = {_name(table, row) for table, row in _rows()}
    return [*sorted(variables), *(row["name"] for row in _parameters()), *read_sources()]


def read_sources() -> dict[str, Source]:
    """Return all sources by id."""
    with (DATA / "sources.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {row["id"]: Source(*(row[field] for field in Source._fields)) for row in rows}


def _rows() -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(DATA.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if "source" in row:
                    yield path.name, row


def _parameters() -> list[dict[str, object]]:
    with (DATA / "parameters.toml").open("rb") as stream:
        rows: list[dict[str, object]] = tomllib.load(stream)["parameter"]
    return rows


def _name(table: str, row: dict[str, str]) -> str:
    return row[NAMED.get(table, "variable" if "variable" in row else "code")]


def _table_entries(name: str, place: str) -> list[Entry]:
    return _together(
        (table, row)
        for table, row in _rows()
        if _name(table, row) == name and (not place or any(place in row.get(p, "").split() for p in PLACES))
    )


def _entries_from(source: str) -> list[Entry]:
    rows = ((table, row) for table, row in _rows() if source in row["source"].split(";"))
    parameters = [entry for row in _parameters() for entry in _parameter_entries(str(row["name"]))]
    return [*_together(rows), *(entry for entry in parameters if entry.source == source)]


def _parameter_entries(name: str) -> list[Entry]:
    kinds = {"R": "read in the source", "C": "computed from published data", "M": "judgement"}
    return [
        Entry(
            "parameters.toml",
            name,
            str(row["meaning"]),
            f"{row['default']} in {row['low']}..{row['high']}",
            str(row["unit"]),
            kinds.get(str(row["tag"]), str(row["tag"])),
            str(row["source"]),
            "",
            False,
        )
        for row in _parameters()
        if row["name"] == name
    ]


def _together(rows: Iterator[tuple[str, dict[str, str]]]) -> list[Entry]:
    """Join rows that differ in place, year and value only."""
    joined: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for table, row in rows:
        name = _name(table, row)
        same = (row["unit"], row.get("confidence", ""), row["source"], row["rule"], row["filled"])
        joined.setdefault((table, name, *same), []).append(row)
    return [
        Entry(table, name, _holds(members), _values(members), unit, confidence, source, rule, filled == "1")
        for (table, name, unit, confidence, source, rule, filled), members in joined.items()
    ]


def _holds(rows: list[dict[str, str]]) -> str:
    places = dict.fromkeys(" > ".join(filter(None, (row.get(place, "") for place in PLACES))) for row in rows)
    named = [place for place in places if place]
    text = ", ".join(named) if len(named) <= 8 else f"{len(named)} places, {named[0]} to {named[-1]}"
    years = sorted({row["year"] for row in rows if row.get("year")})
    if years:
        text = f"{text} {years[0] if len(years) == 1 else f'{years[0]}-{years[-1]}'}".strip()
    note = rows[0].get("holds", "")
    return f"{text}; {note}" if note and len(rows) == 1 else text


def _values(rows: list[dict[str, str]]) -> str:
    texts = [row.get("value") or row.get("share") or "" for row in rows]
    numbers = sorted({float(text) for text in texts if text})
    if not numbers:
        return ""
    return f"{numbers[0]:g}" if len(numbers) == 1 else f"{numbers[0]:g} to {numbers[-1]:g}"
