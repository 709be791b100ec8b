"""One ``[[policy]]`` of a scenario file: the use of a named policy, checked against what it asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from sim.named_policies import ASKED, NamedPolicy, PolicyUse, expand
from sim.policy import cells
from sim.scenario_errors import Missing
from sim.scenario_lever import YEARS, Quantity, lever_value, ramp_of, vocabulary_of, year_of
from sim.scenario_text import nearest_name
from sim.scenario_values import (
    Finding,
    Vocabulary,
    filled_text,
    filter_ids,
    findings_in,
    known_name,
    plain_text,
    refuse,
)


def _name(value: object, info: ValidationInfo) -> str:
    return known_name(value, vocabulary_of(info).policies, "a named policy")


def _own_id(value: object) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", plain_text(value)):
        allowed = ("letters", "digits", "- _")
        raise refuse(Finding("is not the id of a policy (at most 100 characters, no blanks, no dots)", value, allowed))
    return plain_text(value)


def _policy(info: ValidationInfo) -> NamedPolicy | None:
    """Return the policy that the table names; None if it names none that exists."""
    return vocabulary_of(info).policies.get(info.data.get("name", ""))


def _asked(value: object, info: ValidationInfo) -> tuple[int, ...] | None:
    axis, policy = str(info.field_name), _policy(info)
    if policy is not None:
        if value is None and axis in policy.asks:
            raise refuse(Finding(f'is missing; {policy.name} asks for it: a list such as ["USA"], or "*" for all'))
        if value is not None and axis not in policy.asks:
            asks = f"asks for {' and '.join(policy.asks)} only" if policy.asks else "asks for no axis: its places are fixed"
            raise refuse(Finding(f"{policy.name} {asks}; leave {axis} out", value))
    return None if value is None else filter_ids(value, axis, vocabulary_of(info))


def _from(value: object, info: ValidationInfo) -> int | None:
    if value is not None:
        return year_of(value)
    policy = _policy(info)
    if policy is not None and policy.from_year is None:
        raise refuse(Finding(f"is missing; {policy.name} has no first year of its own", allowed=YEARS))
    return None if policy is None else policy.from_year


def _until(value: object, info: ValidationInfo) -> int | None:
    start, policy = info.data.get("from_year"), _policy(info)
    year = year_of(value) if value is not None else None if policy is None else policy.until_year
    if start is not None and year is not None and year < start:
        if value is not None:
            raise refuse(Finding(f"the window is empty: until lies before from ({start})", value))
        raise refuse(Finding(f"is missing; the policy's own last year, {year}, lies before from ({start})", allowed=YEARS))
    return year


def _ramp(value: object, info: ValidationInfo) -> int:
    if value is not None:
        return ramp_of(value)
    policy = _policy(info)
    return 1 if policy is None else policy.ramp_years


def _values(value: object, info: ValidationInfo) -> dict[str, Quantity]:
    """Check other sizes of a policy's levers, each against the range of its own lever."""
    if not isinstance(value, dict):
        raise refuse(Finding("must be a table of sizes by lever id, such as { pay = 0.9 }", value))
    policy = _policy(info)
    if policy is None:
        return {}
    levers = {lever.id: lever for lever in policy.levers}
    good: dict[str, Quantity] = {}
    findings: list[Finding] = []
    for key, wanted in value.items():
        if key not in levers:
            near = nearest_name(key, levers)
            findings.append(Finding(f"is not a lever of {policy.name}", wanted, tuple(levers), near, (key,)))
            continue
        try:
            good[key] = lever_value(wanted, levers[key].name, levers[key].change)
        except PydanticCustomError as error:
            findings.extend(replace(each, below=(key, *each.below)) for each in findings_in(error))
    if findings:
        raise refuse(*findings)
    return good


_Axis = Annotated[tuple[int, ...] | None, PlainValidator(_asked), Field(validate_default=True)]


class PolicyTable(BaseModel):
    """A named policy used in a scenario. A later field may look at an earlier one."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: Annotated[str, PlainValidator(_name)]
    id: Annotated[str, PlainValidator(_own_id)] = ""
    origin: _Axis = None
    destination: _Axis = None
    from_year: Annotated[int | None, PlainValidator(_from), Field(alias="from", validate_default=True)] = None
    until_year: Annotated[int | None, PlainValidator(_until), Field(alias="until", validate_default=True)] = None
    ramp_years: Annotated[int, PlainValidator(_ramp), Field(validate_default=True)] = None  # type: ignore[assignment]
    values: Annotated[dict[str, Quantity], PlainValidator(_values)] = Field(default_factory=dict)
    evidence: Annotated[str, PlainValidator(filled_text)] = ""

    @model_validator(mode="after")
    def _touches_something(self, info: ValidationInfo) -> PolicyTable:
        vocabulary = vocabulary_of(info)
        regions = len(vocabulary.regions)
        if not any(np.any(cells(change, regions)) for change in self.to_use(vocabulary).changes):
            message = "touches nobody: everyone concerned would be a region's own people at home"
            raise refuse(Finding(message, self.name, below=("name",)))
        return self

    def to_use(self, vocabulary: Vocabulary) -> PolicyUse:
        """Return what the policy becomes; only for a table without problems."""
        policy = vocabulary.policies[self.name]
        assert self.from_year is not None
        asked = {axis: ids for axis in ASKED if (ids := getattr(self, axis)) is not None}
        window = (self.from_year, self.until_year, self.ramp_years)
        own_id = self.id or self.name
        return expand(policy, own_id, asked, window, self.values, self.evidence, len(vocabulary.regions))


POLICY_MISSING: Final[Missing] = {"name": ("is missing; it says which policy (`talentsim policies` lists them)", ())}
