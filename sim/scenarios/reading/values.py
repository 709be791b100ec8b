"""Single values of a scenario file: regions, sectors, years, numbers and distributions, checked and resolved.

Each function returns the value in the model's terms or raises ``refuse(...)`` with every finding about it.
The names that only the data know (regions, sources, parameters) come in as a ``Vocabulary``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sim.data.distributions import Distribution, DistributionFault, distribution_faults, is_usable, parse_distribution
from sim.data.schema import Parameter
from sim.model.world import DEGREES, LEVER_STAGES, SECTORS, TALENT_CLASSES
from sim.scenarios.groups import GROUPS, REFUSED, SPELLINGS, Groups, spelled
from sim.scenarios.levers.changes import axis_size
from sim.scenarios.levers.named import NamedPolicy
from sim.scenarios.reading.text import KeyPath, Problem, key_text, line_of, nearest_name, show

ALL: Final = "*"
"""Every region, sector or talent class."""


_ALIASES: Final[Mapping[str, str]] = {
    "US": "USA", "AMERICA": "USA", "UK": "GBR", "BRITAIN": "GBR", "ENGLAND": "GBR", "PRC": "CHN",
    "HONG KONG": "CHN", "KOREA": "KOR", "UAE": "GLF", "WORLD": ALL, "ALL": ALL,
}  # fmt: skip


_NAMED_AXES: Final[Mapping[str, tuple[str, ...]]] = {"sector": SECTORS, "stage": LEVER_STAGES, "degree": DEGREES}


@dataclass(frozen=True)
class Vocabulary:
    """The names a scenario may use that are not declared in code.

    Parameters
    ----------
    regions
        Region codes in id order.
    region_names
        English names in the same order; never accepted, only used to suggest the code.
    sources
        Ids of all sources.
    parameters
        Every parameter by name.
    countries
        Region code by code of a country inside a larger region; only used to suggest the region.
    policies
        Named policies by name.
    groups
        Groups of regions by name.
    """

    regions: tuple[str, ...]
    region_names: tuple[str, ...]
    sources: frozenset[str]
    parameters: Mapping[str, Parameter]
    countries: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, NamedPolicy] = field(default_factory=dict)
    groups: Groups = field(default_factory=lambda: GROUPS)


@dataclass(frozen=True)
class Finding:
    """A problem that has no file and line yet.

    Parameters
    ----------
    message
        What is wrong.
    value
        The wrong value; None if there is none (TOML has no null).
    allowed, nearest
        What would be accepted; the allowed name spelt most like the wrong one.
    below
        Where below the checked key the value stands.
    """

    message: str
    value: object = None
    allowed: tuple[str, ...] = ()
    nearest: str = ""
    below: KeyPath = ()


class RefusedError(ValueError):
    """A value is not accepted; carries the findings about it to whoever knows the file."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(finding.message for finding in self.findings))


def refuse(*findings: Finding) -> RefusedError:
    """Make the error that carries findings."""
    return RefusedError(findings)


def to_problem(finding: Finding, file: str, lines: Mapping[KeyPath, int] | None, path: KeyPath = ()) -> Problem:
    """Give a finding its file and line.

    Parameters
    ----------
    finding
        What is wrong.
    file
        How messages name the file.
    lines
        Line by key path; None if there is no file, then the line is 0.
    path
        Path of the checked key, above the finding's own.
    """
    where = (*path, *finding.below)
    return Problem(
        file,
        0 if lines is None else line_of(lines, where),
        key_text(where),
        finding.message,
        "" if finding.value is None else show(finding.value),
        finding.allowed,
        finding.nearest,
    )


def plain_text(value: object) -> str:
    """Check that a value is text."""
    if not isinstance(value, str):
        raise refuse(Finding("must be text in quotes", value))
    return value


def filled_text(value: object) -> str:
    """Check that a value is text and not blank."""
    if not plain_text(value).strip():
        raise refuse(Finding("must not be empty", value))
    return plain_text(value)


def whole_number(value: object, low: int, high: int, what: str) -> int:
    """Check that a value is a whole number from low to high; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise refuse(Finding(f"must be a whole number ({what}, {low} to {high})", value))
    if not low <= value <= high:
        raise refuse(Finding(f"{what} must lie in {low} to {high}", value))
    return value


def known_name(value: object, names: Iterable[str], what: str) -> str:
    """Check that a value is one of the names; ``what`` says what they are, with its article."""
    if not isinstance(value, str):
        raise refuse(Finding(f"must be {what}, as text in quotes", value, tuple(names)))
    if value not in names:
        allowed = tuple(names)
        raise refuse(Finding(f"is not {what}", value, allowed, nearest_name(value, allowed)))
    return value


def filter_ids(value: object, axis: str, vocabulary: Vocabulary) -> tuple[int, ...]:
    """Turn the list of one filter into ascending ids.

    Parameters
    ----------
    value
        What the file says: a list, or ``"*"`` for all.
    axis
        origin, destination, sector, talent_class, stage or degree.
    vocabulary
        The regions.
    """
    if value == ALL:
        return tuple(range(axis_size(axis, len(vocabulary.regions))))
    if not isinstance(value, list):
        examples = {"sector": '["industry"]', "talent_class": "[3, 4]", "stage": '["study"]', "degree": '["here"]'}
        example = examples.get(axis, '["CHN"]')
        raise refuse(Finding(f'must be a list such as {example}, or "*" for all', value))
    if not value:
        raise refuse(Finding("is an empty list; leave the key out to mean all", value))
    if axis == "talent_class":
        return _talent_classes(value)
    if axis in _NAMED_AXES:
        return _names(value, axis, _NAMED_AXES[axis])
    return _regions(value, vocabulary)


def _talent_classes(items: Sequence[object]) -> tuple[int, ...]:
    allowed = tuple(str(each) for each in range(TALENT_CLASSES))
    good = {item for item in items if isinstance(item, int) and not isinstance(item, bool)}
    good &= set(range(TALENT_CLASSES))
    findings = [
        Finding("is not a talent class (0 lowest to 4 highest fifth)", item, allowed, below=(position,))
        for position, item in enumerate(items)
        if isinstance(item, bool) or not isinstance(item, int) or item not in good
    ]
    if findings:
        raise refuse(*findings)
    return tuple(sorted(good))


def _names(items: Sequence[object], axis: str, names: Sequence[str]) -> tuple[int, ...]:
    findings = [
        Finding(f"is not a {axis}", item, tuple(names), nearest_name(show(item), names), (position,))
        for position, item in enumerate(items)
        if not isinstance(item, str) or item not in names
    ]
    if findings:
        raise refuse(*findings)
    return tuple(sorted({names.index(str(item)) for item in items}))


def _regions(items: Sequence[object], vocabulary: Vocabulary) -> tuple[int, ...]:
    """Resolve region codes and groups; a leading minus takes a region out (only minuses: out of all)."""
    taken: set[str] = set()
    left_out: set[str] = set()
    findings: list[Finding] = []
    for position, item in enumerate(items):
        name = spelled(item.removeprefix("-")) if isinstance(item, str) else ""
        if name == ALL:
            codes = vocabulary.regions
        elif name in vocabulary.groups:
            codes = vocabulary.groups[name]
        elif name in vocabulary.regions:
            codes = (name,)
        else:
            findings.append(_unknown_region(item, name, vocabulary, position))
            continue
        (left_out if str(item).startswith("-") else taken).update(codes)
    if findings:
        raise refuse(*findings)
    if not taken:
        taken = set(vocabulary.regions)
    chosen = tuple(i for i, code in enumerate(vocabulary.regions) if code in taken - left_out)
    if not chosen:
        raise refuse(Finding("leaves no region", list(items)))
    return chosen


def _unknown_region(item: object, name: str, vocabulary: Vocabulary, position: int) -> Finding:
    allowed = (*vocabulary.regions, *vocabulary.groups, ALL)
    if not isinstance(item, str):
        return Finding("must be a region code in quotes", item, allowed, below=(position,))
    if name in REFUSED:
        return Finding(REFUSED[name], item, below=(position,))
    code_of = dict(zip((n.upper() for n in vocabulary.region_names), vocabulary.regions, strict=True))
    code_of.update({spelling: code for spelling, code in _ALIASES.items() if code in allowed})
    code_of = {**vocabulary.countries, **code_of}
    code_of.update({code: code for code in allowed})
    wanted = name.strip().upper()
    nearest = code_of.get(wanted) or code_of.get(nearest_name(wanted, code_of), "")
    return Finding("is not a region", item, allowed, nearest, (position,))


def quantity(value: object, low: float, high: float, what: str) -> float | Distribution:
    """Check a number, or a distribution table whose median lies in the range.

    Parameters
    ----------
    value
        What the file says.
    low, high
        Range, in the unit of the value.
    what
        What the value is of, for messages; "" if that is not known and nothing is compared with the range.
    """
    if isinstance(value, dict):
        return _distribution(value, low, high, what)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(Finding("must be a number or a distribution table", value))
    number = _as_float(value)
    if not math.isfinite(number):
        raise refuse(Finding("must be a finite number", value))
    if not low <= number <= high:
        raise refuse(Finding(f"is outside the range of {what}", value, (f"{low:g} to {high:g}",)))
    return number


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _distribution(table: dict[str, Any], low: float, high: float, what: str) -> float | Distribution:
    faults = distribution_faults(table)
    if faults:
        raise refuse(*(_finding(fault, table) for fault in faults))
    distribution = parse_distribution(table)
    if not is_usable(distribution, -math.inf, math.inf):
        raise refuse(Finding("has numbers too extreme to draw from", table))
    if not is_usable(distribution, low, high):
        raise refuse(Finding(f"has its median outside the range of {what}", table, (f"{low:g} to {high:g}",)))
    return float(table["value"]) if distribution.kind == "fixed" else distribution


def _finding(fault: DistributionFault, table: Mapping[str, object]) -> Finding:
    """Say what is wrong with one key of a distribution table, with the nearest kind or key."""
    value = table.get(fault.key)
    wrong = value if fault.key == "distribution" else fault.key if fault.key in table else None
    nearest = nearest_name(wrong, fault.allowed) if isinstance(wrong, str) else ""
    return Finding(fault.message, value, fault.allowed, "" if nearest == wrong else nearest, (fault.key,))


def parameter_values(value: object, known: Mapping[str, Parameter]) -> dict[str, float | Distribution]:
    """Check the table of parameters: every name known, every value inside its parameter's range."""
    if not isinstance(value, dict):
        raise refuse(Finding("must be a table, [parameters]", value))
    good: dict[str, float | Distribution] = {}
    findings: list[Finding] = []
    for name, wanted in value.items():
        parameter = known.get(name)
        if parameter is None:
            nearest = nearest_name(name, known)
            findings.append(Finding("is not a parameter", wanted, tuple(known), nearest, (name,)))
            continue
        try:
            good[name] = quantity(wanted, parameter.low, parameter.high, f"{name} ({parameter.unit})")
        except RefusedError as error:
            findings.extend(replace(each, below=(name, *each.below)) for each in error.findings)
    if findings:
        raise refuse(*findings)
    return good


def id_list(value: object) -> tuple[str, ...]:
    """Check that a value is a list of texts."""
    if not isinstance(value, list):
        raise refuse(Finding('must be a list of ids such as ["us-refusal"]', value))
    findings = [
        Finding("must be an id in quotes", item, below=(position,))
        for position, item in enumerate(value)
        if not isinstance(item, str)
    ]
    if findings:
        raise refuse(*findings)
    return tuple(value)


GROUP_NAME: Final = r"[A-Z][A-Z0-9_]{1,29}"


def own_groups(value: object, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """Check the table of a user's own groups: new names, each with a list of regions and known groups."""
    if not isinstance(value, dict):
        raise refuse(Finding('must be a table, [groups], with lines such as NORDIC = ["DEU", "REU"]', value))
    good: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for name, members in value.items():
        taken = (*vocabulary.regions, *GROUPS, *_ALIASES, *vocabulary.countries, *SPELLINGS, *REFUSED)
        if not re.fullmatch(GROUP_NAME, name):
            findings.append(Finding("is no name for a group; write capitals, digits and _, 2 to 30 letters", below=(name,)))
        elif name in taken:
            findings.append(Finding("is the name of a region, a country or a group already; choose another", below=(name,)))
        elif not isinstance(members, list) or not members:
            findings.append(Finding('must be a list of regions such as ["DEU", "FRA"]', members, below=(name,)))
        else:
            try:
                good[name] = tuple(vocabulary.regions[region] for region in _regions(members, vocabulary))
            except RefusedError as error:
                findings.extend(replace(each, below=(name, *each.below)) for each in error.findings)
    if findings:
        raise refuse(*findings)
    return good
