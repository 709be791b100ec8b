"""What a scenario file may say: its keys, and lever changes with all names resolved.

The schema is declared with pydantic, which finds every error of a file at once; the wording is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, ValidationInfo

from sim.distributions import Distribution
from sim.named_policies import PolicyUse
from sim.parameters import FIRST_YEAR, LAST_YEAR
from sim.policy import LeverChange, Mask, cells
from sim.scenario_errors import Kinds, TableKind, keys_of, problems_in
from sim.scenario_lever import LEVER_MISSING, LeverTable, Quantity, vocabulary_of
from sim.scenario_policy import POLICY_MISSING, PolicyTable
from sim.scenario_text import KeyPath, Problem, ScenarioError, key_lines, key_text, line_of, show
from sim.scenario_values import Vocabulary, filled_text, id_list, parameter_values, plain_text


@dataclass(frozen=True)
class FileLever:
    """A lever change that a file makes.

    Parameters
    ----------
    change
        The change.
    path, line
        Where the file makes it: its own table, or that of the policy it belongs to.
    layer
        Layer within the file.
    is_named
        Whether the file names its id.
    """

    change: LeverChange
    path: KeyPath
    line: int
    layer: int
    is_named: bool

    @property
    def is_of_policy(self) -> bool:
        """Whether it belongs to a named policy."""
        return self.path[0] == "policy"

    @property
    def place(self) -> str:
        """How messages about another lever name this one."""
        if self.is_of_policy:
            return f"{self.change.id} of the policy of line {self.line}"
        return f"the lever of line {self.line} ({self.change.id})"


@dataclass(frozen=True)
class FilePolicy:
    """A named policy that a file uses, with the path and line of its table."""

    use: PolicyUse
    path: KeyPath
    line: int


@dataclass(frozen=True)
class FileContent:
    """What one scenario file says, checked as far as one file alone can be.

    Parameters
    ----------
    title, question, note, extends
        As written; "" where the file has none.
    drop
        Ids of inherited levers and policies that do not apply.
    levers
        In file order, those of policies among them.
    policies
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
    policies: tuple[FilePolicy, ...]
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
        Regions, sources, parameters and named policies.

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
        problems.extend(problems_in(error, _KINDS, file, lines))
    policies = tuple(_file_policies(document.get("policy"), vocabulary, lines))
    levers = tuple(_file_levers(document.get("lever"), vocabulary, lines))
    problems.extend(_equal_ids(levers, policies, file))
    of_policies = (lever for policy in policies for lever in _levers_of(policy))
    levers = tuple(sorted((*levers, *of_policies), key=lambda lever: lever.line))
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
        policies,
        content.parameters,
        lines,
    )


def _parameters(value: object, info: ValidationInfo) -> dict[str, Quantity]:
    return parameter_values(value, vocabulary_of(info).parameters)


class _File(BaseModel):
    """A whole scenario file."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    title: Annotated[str, PlainValidator(filled_text)]
    question: Annotated[str, PlainValidator(plain_text)] = ""
    note: Annotated[str, PlainValidator(plain_text)] = ""
    extends: Annotated[str, PlainValidator(filled_text)] = ""
    drop: Annotated[tuple[str, ...], PlainValidator(id_list)] = ()
    policy: list[PolicyTable] = Field(default_factory=list)
    lever: list[LeverTable] = Field(default_factory=list)
    parameters: Annotated[dict[str, Quantity], PlainValidator(_parameters)] = Field(default_factory=dict)


_TITLE: Final = {"title": ("is missing; every scenario has a title", ())}
_KINDS: Final[Kinds] = {
    (): TableKind("a scenario", "", keys_of(_File), _TITLE),
    ("lever",): TableKind("a lever", "[[lever]]", keys_of(LeverTable), LEVER_MISSING),
    ("policy",): TableKind("a policy", "[[policy]]", keys_of(PolicyTable), POLICY_MISSING),
}


def _file_levers(items: object, vocabulary: Vocabulary, lines: Mapping[KeyPath, int]) -> Iterator[FileLever]:
    """Yield the levers of a file that are right by themselves, whatever is wrong with the others."""
    for position, item in enumerate(items if isinstance(items, list) else []):
        try:
            lever = LeverTable.model_validate(item, context=vocabulary)
        except ValidationError:
            continue
        path: KeyPath = ("lever", position)
        yield FileLever(lever.to_change(vocabulary.regions), path, line_of(lines, path), lever.layer, bool(lever.id))


def _file_policies(items: object, vocabulary: Vocabulary, lines: Mapping[KeyPath, int]) -> Iterator[FilePolicy]:
    """Yield the policies of a file that are right by themselves."""
    for position, item in enumerate(items if isinstance(items, list) else []):
        try:
            policy = PolicyTable.model_validate(item, context=vocabulary)
        except ValidationError:
            continue
        path: KeyPath = ("policy", position)
        yield FilePolicy(policy.to_use(vocabulary), path, line_of(lines, path))


def _levers_of(policy: FilePolicy) -> Iterator[FileLever]:
    for change in policy.use.changes:
        yield FileLever(change, policy.path, policy.line, layer=1, is_named=True)


def _equal_ids(levers: Sequence[FileLever], policies: Sequence[FilePolicy], file: str) -> Iterator[Problem]:
    seen: dict[str, FileLever] = {}
    for lever in levers:
        first = seen.setdefault(lever.change.id, lever)
        told_as_overlap = not lever.is_named and lever.change.change == "set" and lever.layer == first.layer
        if first is not lever and not told_as_overlap:
            message = f"the lever of line {first.line} has this id already; give each lever an id of its own"
            if not lever.is_named:
                message = f"the lever of line {first.line} changes the same cells alike; give this one an id"
            yield Problem(file, lever.line, key_text((*lever.path, "id")), message, show(lever.change.id, 240))
    used: dict[str, FilePolicy] = {}
    for policy in policies:
        key, own_id = key_text((*policy.path, "id")), show(policy.use.id, 240)
        before = used.setdefault(policy.use.id, policy)
        if before is not policy:
            message = f"the policy of line {before.line} has this id already; give each policy an id of its own"
            yield Problem(file, policy.line, key, message, own_id)
            continue
        for taken in (policy.use.id, *(change.id for change in policy.use.changes)):
            if taken in seen:
                message = f"the lever of line {seen[taken].line} has the id {taken} already; give the policy another id"
                yield Problem(file, policy.line, key, message, own_id)


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
            by_whom = f" by {change.id}" if lever.is_of_policy else ""
            message = (
                f"{change.name} is set{by_whom} for some of the same cells and years by {first.place}; "
                "two set of one file must not overlap"
            )
            yield Problem(file, lever.line, key_text(lever.path), message)
        window[:, mask] = number
