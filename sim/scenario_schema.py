"""What a scenario file may say: its keys, and lever changes with all names resolved.

The schema is declared with pydantic, which finds every error of a file at once; the wording is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from sim.distributions import Distribution
from sim.parameters import CHANGES, FIRST_YEAR, LAST_YEAR, LEVERS
from sim.policy import LeverChange, Mask, absent_id, axis_size, cells, value_range
from sim.scenario_text import (
    KeyPath,
    Problem,
    ScenarioError,
    key_lines,
    key_text,
    line_of,
    nearest_name,
    show,
)
from sim.scenario_values import (
    Finding,
    Vocabulary,
    filled_text,
    filter_ids,
    id_list,
    known_name,
    parameter_values,
    plain_text,
    quantity,
    refuse,
    to_problem,
    whole_number,
)


@dataclass(frozen=True)
class FileLever:
    """A lever of one file: the change, its position, layer and line, whether it names its id."""

    change: LeverChange
    position: int
    layer: int
    line: int
    is_named: bool


@dataclass(frozen=True)
class FileContent:
    """What one scenario file says, checked as far as one file alone can be.

    Parameters
    ----------
    title, question, note, extends
        As written; "" where the file has none.
    drop
        Ids of inherited levers that do not apply.
    levers
        In file order.
    parameters
        Parameters the file fixes or gives another distribution.
    lines
        Line by key path.
    """

    title: str
    question: str
    note: str
    extends: str
    drop: tuple[str, ...]
    levers: tuple[FileLever, ...]
    parameters: Mapping[str, float | Distribution]
    lines: Mapping[KeyPath, int]


def read_content(document: Mapping[str, object], text: str, file: str, vocabulary: Vocabulary) -> FileContent:
    """Check a parsed scenario file and resolve its names.

    Parameters
    ----------
    document
        What ``tomllib`` read.
    text
        The text it was read from, for line numbers.
    file
        How messages name the file.
    vocabulary
        Regions, sources and parameters.

    Raises
    ------
    ScenarioError
        With every problem of the file, in the order of its lines.
    """
    lines = key_lines(text)
    problems: list[Problem] = []
    content: _File | None = None
    try:
        content = _File.model_validate(document, context=vocabulary)
    except ValidationError as error:
        problems.extend(p for details in error.errors(include_url=False) for p in _problems(details, file, lines))
    levers = tuple(_file_levers(document.get("lever"), vocabulary, lines))
    problems.extend(_equal_ids(levers, file))
    problems.extend(_overlapping_sets(levers, file, vocabulary.regions))
    if problems or content is None:
        raise ScenarioError(sorted(problems, key=lambda problem: problem.line))
    return FileContent(
        content.title,
        content.question,
        content.note,
        content.extends,
        content.drop,
        levers,
        content.parameters,
        lines,
    )


def _vocabulary(info: ValidationInfo) -> Vocabulary:
    assert isinstance(info.context, Vocabulary)
    return info.context


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
    return filter_ids(value, axis, _vocabulary(info))


def _year(value: object, info: ValidationInfo) -> int:
    year = whole_number(value, FIRST_YEAR, LAST_YEAR, "a year")
    start = info.data.get("from_year")
    if info.field_name == "until_year" and start is not None and year < start:
        raise refuse(Finding(f"the window is empty: until lies before from ({start})", value))
    return year


def _ramp(value: object) -> int:
    return max(1, whole_number(value, 0, LAST_YEAR - FIRST_YEAR, "years of ramp"))


def _value(value: object, info: ValidationInfo) -> float | Distribution:
    lever = LEVERS.get(info.data.get("name", ""))
    change = info.data.get("change")
    if lever is None or change is None:
        return quantity(value, -np.inf, np.inf, "")
    unit = lever.unit if change != "multiply" else "a factor"
    return quantity(value, *value_range(lever, change), f'{lever.name} with change = "{change}" ({unit})')


def _source(value: object, info: ValidationInfo) -> str:
    return known_name(value, sorted(_vocabulary(info).sources), "the id of a source")


def _parameters(value: object, info: ValidationInfo) -> dict[str, float | Distribution]:
    return parameter_values(value, _vocabulary(info).parameters)


def _no_policies(value: object) -> None:
    message = "named policies are not available yet; write [[lever]] entries with these levers instead"
    raise refuse(Finding(message, value, tuple(LEVERS)))


_Filter = Annotated[tuple[int, ...] | None, PlainValidator(_filter)]
_Quantity = float | Distribution


class _Lever(BaseModel):
    """One [[lever]]. Fields are checked in this order; a later one may look at an earlier one."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: Annotated[str, PlainValidator(_lever_name)]
    change: Annotated[str, PlainValidator(_change_kind)]
    id: Annotated[str, PlainValidator(_lever_id)] = ""
    layer: Annotated[int, PlainValidator(_layer)] = 1
    origin: _Filter = None
    destination: _Filter = None
    sector: _Filter = None
    talent_class: _Filter = None
    from_year: Annotated[int, PlainValidator(_year), Field(alias="from")]
    until_year: Annotated[int, PlainValidator(_year), Field(alias="until")] = LAST_YEAR
    ramp_years: Annotated[int, PlainValidator(_ramp)] = 1
    value: Annotated[_Quantity, PlainValidator(_value)]
    evidence: Annotated[str, PlainValidator(filled_text)]
    source: Annotated[str, PlainValidator(_source)] = ""

    @model_validator(mode="after")
    def _touches_something(self) -> _Lever:
        if self.origin is not None and self.origin == self.destination and len(self.origin) == 1:
            message = "is the origin itself; a lever never touches a region's own people at home"
            raise refuse(Finding(message, below=("destination",)))
        return self

    def to_change(self, regions: Sequence[str]) -> LeverChange:
        """Return the change with every axis spelt out and an id."""
        lever = LEVERS[self.name]
        given = {
            "origin": self.origin,
            "destination": self.destination,
            "sector": self.sector,
            "talent_class": self.talent_class,
        }
        ids: dict[str, tuple[int, ...]] = dict.fromkeys(given, ())
        for axis in lever.filters:
            chosen = given[axis]
            ids[axis] = tuple(range(axis_size(axis, len(regions)))) if chosen is None else chosen
        change = LeverChange(
            self.id,
            self.name,
            ids["origin"],
            ids["destination"],
            ids["sector"],
            ids["talent_class"],
            self.from_year,
            self.until_year,
            self.ramp_years,
            self.change,
            self.value,
            self.evidence,
            self.source,
        )
        return change if self.id else replace(change, id=absent_id(change, regions))


class _File(BaseModel):
    """A whole scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    title: Annotated[str, PlainValidator(filled_text)]
    question: Annotated[str, PlainValidator(plain_text)] = ""
    note: Annotated[str, PlainValidator(plain_text)] = ""
    extends: Annotated[str, PlainValidator(filled_text)] = ""
    drop: Annotated[tuple[str, ...], PlainValidator(id_list)] = ()
    lever: list[_Lever] = Field(default_factory=list)
    parameters: Annotated[dict[str, _Quantity], PlainValidator(_parameters)] = Field(default_factory=dict)
    policy: Annotated[None, PlainValidator(_no_policies)] = None


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


_FILE_KEYS: Final = _keys(_File)
_LEVER_KEYS: Final = _keys(_Lever)
_MISSING: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "title": ("is missing; every scenario has a title", ()),
    "name": ("is missing; it says which lever", tuple(LEVERS)),
    "change": ("is missing; it says how the lever moves", CHANGES),
    "from": ("is missing; it is the first year of the change", (f"{FIRST_YEAR} to {LAST_YEAR}",)),
    "value": ("is missing; a number or a distribution table", ()),
    "evidence": ("is missing; say why this size: what was observed, where, when (or: assumption)", ()),
}


def _problems(details: ErrorDetails, file: str, lines: Mapping[KeyPath, int]) -> Iterator[Problem]:
    """Word one of pydantic's errors: several problems where one of our checks found several."""
    path: KeyPath = tuple(details["loc"])
    value: Any = details["input"]
    kind = details["type"]
    if kind == "scenario":
        findings: Sequence[Finding] = details["ctx"]["findings"]
    elif kind == "missing":
        message, allowed = _MISSING[str(path[-1])]
        findings = [Finding(message, allowed=allowed)]
    elif kind == "extra_forbidden":
        allowed = _LEVER_KEYS if len(path) > 1 else _FILE_KEYS
        what = "a lever" if len(path) > 1 else "a scenario"
        message = f"{what} has no such key"
        findings = [Finding(message, value, allowed, nearest_name(str(path[-1]), allowed))]
    elif path == ("lever",):
        findings = [Finding("must be a list of tables; write [[lever]] with two brackets", value)]
    else:
        findings = [Finding("must be a table, [[lever]]", value)]
    for finding in findings:
        yield to_problem(finding, file, lines, path)


def _file_levers(items: object, vocabulary: Vocabulary, lines: Mapping[KeyPath, int]) -> Iterator[FileLever]:
    """Yield the levers of a file that are right by themselves, whatever is wrong with the others."""
    for position, item in enumerate(items if isinstance(items, list) else []):
        try:
            lever = _Lever.model_validate(item, context=vocabulary)
        except ValidationError:
            continue
        change = lever.to_change(vocabulary.regions)
        yield FileLever(change, position, lever.layer, line_of(lines, ("lever", position)), bool(lever.id))


def _equal_ids(levers: Sequence[FileLever], file: str) -> Iterator[Problem]:
    seen: dict[str, FileLever] = {}
    for lever in levers:
        first = seen.setdefault(lever.change.id, lever)
        told_as_overlap = not lever.is_named and lever.change.change == "set" and lever.layer == first.layer
        if first is not lever and not told_as_overlap:
            message = f"the lever of line {first.line} has this id already; give each lever an id of its own"
            if not lever.is_named:
                message = f"the lever of line {first.line} changes the same cells alike; give this one an id"
            yield Problem(
                file,
                lever.line,
                key_text(("lever", lever.position, "id")),
                message,
                show(lever.change.id, 240),
            )


def _overlapping_sets(levers: Sequence[FileLever], file: str, regions: Sequence[str]) -> Iterator[Problem]:
    """Find ``set`` changes of one layer that set the same cell in the same year."""
    setter: dict[tuple[int, str], Any] = {}
    for number, lever in enumerate(levers, start=1):
        change = lever.change
        if change.change != "set":
            continue
        mask: Mask = cells(change, len(regions))
        years = (LAST_YEAR - FIRST_YEAR + 1, *mask.shape)
        by = setter.setdefault((lever.layer, change.name), np.zeros(years, dtype=np.int32))
        window = by[change.from_year - FIRST_YEAR : change.until_year - FIRST_YEAR + 1]
        earlier = window[:, mask]
        if np.any(earlier):
            first = levers[int(earlier[earlier > 0][0]) - 1]
            message = (
                f"{change.name} is set for some of the same cells and years by the lever of line "
                f"{first.line} ({first.change.id}); two set of one file must not overlap"
            )
            yield Problem(file, lever.line, key_text(("lever", lever.position)), message)
        window[:, mask] = number
