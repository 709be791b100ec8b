"""One lever change as a file writes it: its keys, each checked, and every name resolved to ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final

import numpy as np

from sim.data.distributions import Distribution
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.scenarios.levers.changes import LeverChange, LeverValue, absent_id, value_range
from sim.scenarios.levers.declared import CHANGES, LEVERS
from sim.scenarios.levers.named import axis_ids
from sim.scenarios.reading.tables import Missing, Reading, Table, TableKey, alone
from sim.scenarios.reading.values import (
    Finding,
    Vocabulary,
    filled_text,
    filter_ids,
    known_name,
    plain_text,
    quantity,
    refuse,
    whole_number,
)

YEARS: Final = (f"{FIRST_YEAR} to {LAST_YEAR}",)
BODY_MISSING: Final[Missing] = {
    "name": ("is missing; it says which lever", tuple(LEVERS)),
    "change": ("is missing; it says how the lever moves", CHANGES),
    "value": ("is missing; a number or a distribution table", ()),
    "evidence": ("is missing; say why this size: what was observed, where, when (or: assumption)", ()),
}
LEVER_MISSING: Final[Missing] = {**BODY_MISSING, "from": ("is missing; it is the first year of the change", YEARS)}


def lever_value(value: object, name: str, change: str) -> float | Distribution:
    """Check the size of a change against the range of its lever."""
    lever = LEVERS[name]
    unit = lever.unit if change != "multiply" else "a factor"
    return quantity(value, *value_range(lever, change), f'{name} with change = "{change}" ({unit})')


def year_of(value: object) -> int:
    """Check a year."""
    return whole_number(value, FIRST_YEAR, LAST_YEAR, "a year")


def ramp_of(value: object) -> int:
    """Check the years of a ramp; none and one both mean at once."""
    return max(1, whole_number(value, 0, LAST_YEAR - FIRST_YEAR, "years of ramp"))


def source_of(value: object, reading: Reading) -> str:
    """Check the id of a source."""
    return known_name(value, sorted(reading.vocabulary.sources), "the id of a source")


def _lever_name(value: object) -> str:
    return known_name(value, LEVERS, "a lever")


def _change_kind(value: object, reading: Reading) -> str:
    change = known_name(value, CHANGES, "a kind of change")
    lever = LEVERS.get(reading.earlier.get("name", ""))
    if lever is not None and change not in lever.changes:
        raise refuse(Finding(f"is not possible for {lever.name}", value, lever.changes))
    return change


def _lever_id(value: object) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:>*+/,-]{0,199}", plain_text(value)):
        allowed = ("letters", "digits", "- _ .")
        raise refuse(Finding("is not an id (at most 200 characters, no blanks)", value, allowed))
    return plain_text(value)


def _layer(value: object) -> int:
    return whole_number(value, 1, 1000, "a layer")


def _filter(value: object, reading: Reading) -> tuple[int, ...]:
    axis = reading.field
    lever = LEVERS.get(reading.earlier.get("name", ""))
    if lever is not None and axis not in lever.filters:
        raise refuse(Finding(f"{lever.name} has no filter {axis}", value, lever.filters))
    return filter_ids(value, axis, reading.vocabulary)


def _until(value: object, reading: Reading) -> int:
    year = year_of(value)
    start = reading.earlier.get("from_year")
    if start is not None and year < start:
        raise refuse(Finding(f"the window is empty: until lies before from ({start})", value))
    return year


def _value(value: object, reading: Reading) -> float | Distribution:
    name, change = reading.earlier.get("name"), reading.earlier.get("change")
    if name is None or change is None:
        return quantity(value, -np.inf, np.inf, "")
    return lever_value(value, name, change)


Filter = tuple[int, ...] | None


class LeverBody(Table):
    """What a change moves, for whom and by how much. A later field may look at an earlier one."""

    keys: ClassVar[Mapping[str, TableKey]] = {
        "name": TableKey(alone(_lever_name)),
        "change": TableKey(_change_kind),
        "origin": TableKey(_filter, default=None),
        "destination": TableKey(_filter, default=None),
        "sector": TableKey(_filter, default=None),
        "talent_class": TableKey(_filter, default=None),
        "stage": TableKey(_filter, default=None),
        "degree": TableKey(_filter, default=None),
        "value": TableKey(_value),
        "evidence": TableKey(alone(filled_text)),
    }
    name: str
    change: str
    origin: Filter
    destination: Filter
    sector: Filter
    talent_class: Filter
    stage: Filter
    degree: Filter
    value: LeverValue
    evidence: str

    def stated(self) -> dict[str, tuple[int, ...]]:
        """Return the ids of every axis that the table names."""
        given = {axis: getattr(self, axis) for axis in LEVERS[self.name].filters}
        return {axis: ids for axis, ids in given.items() if ids is not None}


class LeverTable(LeverBody):
    """One ``[[lever]]`` of a scenario file."""

    keys: ClassVar[Mapping[str, TableKey]] = {
        **LeverBody.keys,
        "id": TableKey(alone(_lever_id), default=""),
        "layer": TableKey(alone(_layer), default=1),
        "from_year": TableKey(alone(year_of), word="from"),
        "until_year": TableKey(_until, word="until", default=LAST_YEAR),
        "ramp_years": TableKey(alone(ramp_of), default=1),
        "source": TableKey(source_of, default=""),
    }
    id: str
    layer: int
    from_year: int
    until_year: int
    ramp_years: int
    source: str

    def check_whole(self, vocabulary: Vocabulary) -> None:
        """Refuse a lever that touches nobody."""
        same = self.origin is not None and self.origin == self.destination and len(self.origin) == 1
        if same and LEVERS[self.name].spares_own_pair:
            message = "is the origin itself; this lever never touches a region's own people at home"
            raise refuse(Finding(message, below=("destination",)))

    def to_change(self, regions: Sequence[str]) -> LeverChange:
        """Return the change with every axis spelt out and an id."""
        change = LeverChange(
            id=self.id,
            name=self.name,
            from_year=self.from_year,
            until_year=self.until_year,
            ramp_years=self.ramp_years,
            change=self.change,
            value=self.value,
            evidence=self.evidence,
            source=self.source,
            **axis_ids(self.name, self.stated(), len(regions)),
        )
        return change if self.id else replace(change, id=absent_id(change, regions))
