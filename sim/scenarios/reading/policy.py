"""One ``[[policy]]`` of a scenario file: the use of a named policy, checked against what it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np

from sim.scenarios.levers.changes import LeverValue, cells
from sim.scenarios.levers.named import ASKED, NamedPolicy, PolicyUse, expand
from sim.scenarios.reading.lever import YEARS, Filter, lever_value, ramp_of, year_of
from sim.scenarios.reading.tables import Missing, Reading, Table, TableKey, alone
from sim.scenarios.reading.text import nearest_name
from sim.scenarios.reading.values import (
    Finding,
    RefusedError,
    Vocabulary,
    filled_text,
    filter_ids,
    known_name,
    plain_text,
    refuse,
)


def _name(value: object, reading: Reading) -> str:
    return known_name(value, reading.vocabulary.policies, "a named policy")


def _own_id(value: object) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", plain_text(value)):
        allowed = ("letters", "digits", "- _")
        raise refuse(Finding("is not the id of a policy (at most 100 characters, no blanks, no dots)", value, allowed))
    return plain_text(value)


def _policy(reading: Reading) -> NamedPolicy | None:
    """Return the policy that the table names; None if it names none that exists."""
    return reading.vocabulary.policies.get(reading.earlier.get("name", ""))


def _asked(value: object, reading: Reading) -> tuple[int, ...] | None:
    axis, policy = reading.field, _policy(reading)
    if policy is not None:
        if value is None and axis in policy.asks:
            raise refuse(Finding(f'is missing; {policy.name} asks for it: a list such as ["USA"], or "*" for all'))
        if value is not None and axis not in policy.asks:
            asks = f"asks for {' and '.join(policy.asks)} only" if policy.asks else "asks for no axis: its places are fixed"
            raise refuse(Finding(f"{policy.name} {asks}; leave {axis} out", value))
    return None if value is None else filter_ids(value, axis, reading.vocabulary)


def _from(value: object, reading: Reading) -> int | None:
    if value is not None:
        return year_of(value)
    policy = _policy(reading)
    if policy is not None and policy.from_year is None:
        raise refuse(Finding(f"is missing; {policy.name} has no first year of its own", allowed=YEARS))
    return None if policy is None else policy.from_year


def _until(value: object, reading: Reading) -> int | None:
    start, policy = reading.earlier.get("from_year"), _policy(reading)
    year = year_of(value) if value is not None else None if policy is None else policy.until_year
    if start is not None and year is not None and year < start:
        if value is not None:
            raise refuse(Finding(f"the window is empty: until lies before from ({start})", value))
        raise refuse(Finding(f"is missing; the policy's own last year, {year}, lies before from ({start})", allowed=YEARS))
    return year


def _ramp(value: object, reading: Reading) -> int:
    if value is not None:
        return ramp_of(value)
    policy = _policy(reading)
    return 1 if policy is None else policy.ramp_years


def _values(value: object, reading: Reading) -> dict[str, LeverValue]:
    """Check other sizes of a policy's levers, each against the range of its own lever."""
    if not isinstance(value, dict):
        raise refuse(Finding("must be a table of sizes by lever id, such as { pay = 0.9 }", value))
    policy = _policy(reading)
    if policy is None:
        return {}
    levers = {lever.id: lever for lever in policy.levers}
    good: dict[str, LeverValue] = {}
    findings: list[Finding] = []
    for key, wanted in value.items():
        if key not in levers:
            near = nearest_name(key, levers)
            findings.append(Finding(f"is not a lever of {policy.name}", wanted, tuple(levers), near, (key,)))
            continue
        try:
            good[key] = lever_value(wanted, levers[key].name, levers[key].change)
        except RefusedError as error:
            findings.extend(replace(each, below=(key, *each.below)) for each in error.findings)
    if findings:
        raise refuse(*findings)
    return good


class PolicyTable(Table):
    """A named policy used in a scenario. A later field may look at an earlier one."""

    keys: ClassVar[Mapping[str, TableKey]] = {
        "name": TableKey(_name),
        "id": TableKey(alone(_own_id), default=""),
        "origin": TableKey(_asked, default=None, is_always_checked=True),
        "destination": TableKey(_asked, default=None, is_always_checked=True),
        "from_year": TableKey(_from, word="from", default=None, is_always_checked=True),
        "until_year": TableKey(_until, word="until", default=None, is_always_checked=True),
        "ramp_years": TableKey(_ramp, default=None, is_always_checked=True),
        "values": TableKey(_values, default=MappingProxyType({})),
        "evidence": TableKey(alone(filled_text), default=""),
    }
    name: str
    id: str
    origin: Filter
    destination: Filter
    from_year: int | None
    until_year: int | None
    ramp_years: int
    values: Mapping[str, LeverValue]
    evidence: str

    def check_whole(self, vocabulary: Vocabulary) -> None:
        """Refuse a policy that touches nobody."""
        regions = len(vocabulary.regions)
        if not any(np.any(cells(change, regions)) for change in self.to_use(vocabulary).changes):
            message = "touches nobody: everyone concerned would be a region's own people at home"
            raise refuse(Finding(message, self.name, below=("name",)))

    def to_use(self, vocabulary: Vocabulary) -> PolicyUse:
        """Return what the policy becomes; only for a table without problems."""
        policy = vocabulary.policies[self.name]
        assert self.from_year is not None
        asked = {axis: ids for axis in ASKED if (ids := getattr(self, axis)) is not None}
        window = (self.from_year, self.until_year, self.ramp_years)
        own_id = self.id or self.name
        return expand(policy, own_id, asked, window, self.values, self.evidence, len(vocabulary.regions))


POLICY_MISSING: Final[Missing] = {"name": ("is missing; it says which policy (`talentsim policies` lists them)", ())}
