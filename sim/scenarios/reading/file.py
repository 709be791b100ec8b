"""What a scenario file may say: its keys, and lever changes with all names resolved.

Every error of a file is found at once (see `sim.scenarios.reading.tables`) and worded in `sim.scenarios.reading.tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar

import numpy as np

from sim.data.distributions import Distribution
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.scenarios.groups import Groups
from sim.scenarios.levers.changes import LeverChange, LeverValue, Mask, cells
from sim.scenarios.levers.named import PolicyUse
from sim.scenarios.reading.lever import LEVER_MISSING, LeverTable
from sim.scenarios.reading.policy import POLICY_MISSING, PolicyTable
from sim.scenarios.reading.tables import Kinds, Reading, Table, TableError, TableKey, TableKind, alone, problems_in, tables
from sim.scenarios.reading.text import KeyPath, Problem, ScenarioError, key_lines, key_text, line_of, show
from sim.scenarios.reading.values import RefusedError, Vocabulary, filled_text, id_list, own_groups, parameter_values, plain_text


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
    groups
        Groups of regions of its own.
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
    groups: Groups
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
    vocabulary = with_groups(vocabulary, document.get("groups", {}))
    problems: list[Problem] = []
    content: _File | None = None
    try:
        content = _File.read(document, vocabulary)
    except TableError as error:
        problems.extend(problems_in(error, _KINDS, file, lines))
    used = _right_ones(PolicyTable, document.get("policy"), vocabulary) if content is None else enumerate(content.policy)
    own = _right_ones(LeverTable, document.get("lever"), vocabulary) if content is None else enumerate(content.lever)
    policies = tuple(_file_policies(used, vocabulary, lines))
    levers = tuple(_file_levers(own, vocabulary, lines))
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
        content.groups,
        lines,
    )


def with_groups(vocabulary: Vocabulary, table: object) -> Vocabulary:
    """Add the groups of a file to what it may name; where they are wrong, whoever checks their table says so."""
    try:
        return replace(vocabulary, groups={**vocabulary.groups, **own_groups(table, vocabulary)})
    except RefusedError:
        return vocabulary


def _groups(value: object, reading: Reading) -> Groups:
    return own_groups(value, reading.vocabulary)


def _parameters(value: object, reading: Reading) -> dict[str, LeverValue]:
    return parameter_values(value, reading.vocabulary.parameters)


class _File(Table):
    """A whole scenario file."""

    keys: ClassVar[Mapping[str, TableKey]] = {
        "title": TableKey(alone(filled_text)),
        "question": TableKey(alone(plain_text), default=""),
        "note": TableKey(alone(plain_text), default=""),
        "extends": TableKey(alone(filled_text), default=""),
        "drop": TableKey(alone(id_list), default=()),
        "policy": TableKey(tables(PolicyTable), default=()),
        "lever": TableKey(tables(LeverTable), default=()),
        "parameters": TableKey(_parameters, default=MappingProxyType({})),
        "groups": TableKey(_groups, default=MappingProxyType({})),
    }
    title: str
    question: str
    note: str
    extends: str
    drop: tuple[str, ...]
    policy: tuple[PolicyTable, ...]
    lever: tuple[LeverTable, ...]
    parameters: Mapping[str, LeverValue]
    groups: Groups


_TITLE: Final = {"title": ("is missing; every scenario has a title", ())}
_KINDS: Final[Kinds] = {
    (): TableKind("a scenario", "", _File.words(), _TITLE),
    ("lever",): TableKind("a lever", "[[lever]]", LeverTable.words(), LEVER_MISSING),
    ("policy",): TableKind("a policy", "[[policy]]", PolicyTable.words(), POLICY_MISSING),
}


Kind = TypeVar("Kind", bound=Table)


def _right_ones(kind: type[Kind], items: object, vocabulary: Vocabulary) -> Iterator[tuple[int, Kind]]:
    """Yield the tables that are right by themselves, with their positions, whatever is wrong with the others."""
    for position, item in enumerate(items if isinstance(items, list) else []):
        try:
            yield position, kind.read(item, vocabulary)
        except TableError:
            continue


def _file_levers(
    tables: Iterable[tuple[int, LeverTable]], vocabulary: Vocabulary, lines: Mapping[KeyPath, int]
) -> Iterator[FileLever]:
    for position, lever in tables:
        path: KeyPath = ("lever", position)
        yield FileLever(lever.to_change(vocabulary.regions), path, line_of(lines, path), lever.layer, bool(lever.id))


def _file_policies(
    tables: Iterable[tuple[int, PolicyTable]], vocabulary: Vocabulary, lines: Mapping[KeyPath, int]
) -> Iterator[FilePolicy]:
    for position, policy in tables:
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
