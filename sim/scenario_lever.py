"""One lever change as a file writes it: its keys, each checked, and every name resolved to ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo, model_validator

from sim.distributions import Distribution
from sim.named_policies import axis_ids
from sim.parameters import CHANGES, FIRST_YEAR, LAST_YEAR, LEVERS
from sim.policy import LeverChange, absent_id, value_range
from sim.scenario_errors import Missing
from sim.scenario_values import (
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


def vocabulary_of(info: ValidationInfo) -> Vocabulary:
    """Return the names that a file may use."""
    assert isinstance(info.context, Vocabulary)
    return info.context


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


def source_of(value: object, info: ValidationInfo) -> str:
    """Check the id of a source."""
    return known_name(value, sorted(vocabulary_of(info).sources), "the id of a source")


def _lever_name(value: object) -> str:
    return known_name(value, LEVERS, "a lever")


def _change_kind(value: object, info: ValidationInfo) -> str:
    change = known_name(value, CHANGES, "a kind of change")
    lever = LEVERS.get(info.data.get("name", ""))
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


def _filter(value: object, info: ValidationInfo) -> tuple[int, ...]:
    axis = str(info.field_name)
    lever = LEVERS.get(info.data.get("name", ""))
    if lever is not None and axis not in lever.filters:
        raise refuse(Finding(f"{lever.name} has no filter {axis}", value, lever.filters))
    return filter_ids(value, axis, vocabulary_of(info))


def _until(value: object, info: ValidationInfo) -> int:
    year = year_of(value)
    start = info.data.get("from_year")
    if start is not None and year < start:
        raise refuse(Finding(f"the window is empty: until lies before from ({start})", value))
    return year


def _value(value: object, info: ValidationInfo) -> float | Distribution:
    name, change = info.data.get("name"), info.data.get("change")
    if name is None or change is None:
        return quantity(value, -np.inf, np.inf, "")
    return lever_value(value, name, change)


Filter = Annotated[tuple[int, ...] | None, PlainValidator(_filter)]
Quantity = float | Distribution


class LeverBody(BaseModel):
    """What a change moves, for whom and by how much. A later field may look at an earlier one."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: Annotated[str, PlainValidator(_lever_name)]
    change: Annotated[str, PlainValidator(_change_kind)]
    origin: Filter = None
    destination: Filter = None
    sector: Filter = None
    talent_class: Filter = None
    stage: Filter = None
    value: Annotated[Quantity, PlainValidator(_value)]
    evidence: Annotated[str, PlainValidator(filled_text)]

    def stated(self) -> dict[str, tuple[int, ...]]:
        """Return the ids of every axis that the table names."""
        given = {axis: getattr(self, axis) for axis in LEVERS[self.name].filters}
        return {axis: ids for axis, ids in given.items() if ids is not None}


class LeverTable(LeverBody):
    """One ``[[lever]]`` of a scenario file."""

    id: Annotated[str, PlainValidator(_lever_id)] = ""
    layer: Annotated[int, PlainValidator(_layer)] = 1
    from_year: Annotated[int, PlainValidator(year_of), Field(alias="from")]
    until_year: Annotated[int, PlainValidator(_until), Field(alias="until")] = LAST_YEAR
    ramp_years: Annotated[int, PlainValidator(ramp_of)] = 1
    source: Annotated[str, PlainValidator(source_of)] = ""

    @model_validator(mode="after")
    def _touches_something(self) -> LeverTable:
        same = self.origin is not None and self.origin == self.destination and len(self.origin) == 1
        if same and LEVERS[self.name].spares_own_pair:
            message = "is the origin itself; this lever never touches a region's own people at home"
            raise refuse(Finding(message, below=("destination",)))
        return self

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
