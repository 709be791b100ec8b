"""The packaged library of named policies, ``sim/data/tables/policies.toml``, read and checked like a scenario file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from sim.data.checks import DataError
from sim.data.load import DATA_FOLDER
from sim.model.world import FIRST_YEAR
from sim.scenarios.levers.changes import cells, meet
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import ASKED, NamedPolicy, PolicyLever, expand
from sim.scenarios.reading.lever import BODY_MISSING, LeverBody, ramp_of, source_of, year_of
from sim.scenarios.reading.tables import Kinds, Reading, Table, TableError, TableKey, TableKind, alone, problems_in, tables
from sim.scenarios.reading.text import KeyPath, Problem, ScenarioError, key_lines, key_text, line_of, parse_text, read_text, show
from sim.scenarios.reading.values import Finding, Vocabulary, filled_text, known_name, plain_text, refuse, whole_number
from sim.sources import remembered_text

LIBRARY: Final = DATA_FOLDER / "policies.toml"
HIGHEST_POLICY_NUMBER: Final = 999
"""Largest row of a list of policies."""


def load_library(vocabulary: Vocabulary, path: Path = LIBRARY) -> dict[str, NamedPolicy]:
    """Read a library of named policies.

    Parameters
    ----------
    vocabulary
        Regions and sources.
    path
        The file; the packaged one unless another is named.

    Returns
    -------
    Policies by name, in file order.

    Raises
    ------
    DataError
        With every problem of the file, in the order of its lines: it is no input of the user.
    """
    try:
        return read_library(read_text(path, path.name), path.name, vocabulary)
    except ScenarioError as error:
        raise DataError(path.name, str(error)) from None


class PackagedLibrary(Mapping[str, NamedPolicy]):
    """The packaged policies by name, read when the first is asked for, each checked when it is; the tests check the whole file.

    Parameters
    ----------
    vocabulary
        Regions and sources.

    Raises
    ------
    DataError
        On access, with every problem of the file, if it cannot be read or the policy is wrong.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.checked: dict[str, NamedPolicy] = {}

    @cached_property
    def written(self) -> dict[str, object]:
        """The policies as the file writes them, by name."""
        try:
            text = read_text(LIBRARY, LIBRARY.name)
            parsed = remembered_text("library", {LIBRARY.name: text.encode()}, lambda: json.dumps(parse_text(text, LIBRARY.name)))
            return {item["name"]: item for item in json.loads(parsed)["policy"]}
        except (ScenarioError, TypeError, KeyError):
            self.checked = load_library(self.vocabulary)  # says what is wrong
            return dict(self.checked)

    def __getitem__(self, name: str) -> NamedPolicy:
        item = self.written[name]
        if name not in self.checked:
            try:
                self.checked[name] = _Policy.read(item, self.vocabulary).resolved()
            except TableError:
                self.checked = load_library(self.vocabulary)
        return self.checked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.written)

    def __len__(self) -> int:
        return len(self.written)


def read_library(text: str, file: str, vocabulary: Vocabulary) -> dict[str, NamedPolicy]:
    """Check the text of a library.

    Parameters
    ----------
    text
        TOML.
    file
        How messages name it.
    vocabulary
        Regions and sources.

    Raises
    ------
    ScenarioError
        With every problem, in the order of the lines.
    """
    document = parse_text(text, file)
    lines = key_lines(text)
    problems: list[Problem] = []
    try:
        _Library.read(document, vocabulary)
    except TableError as error:
        problems.extend(problems_in(error, _KINDS, file, lines))
    found: dict[str, tuple[NamedPolicy, int]] = {}
    for position, policy in _right_ones(document.get("policy"), vocabulary):
        path: KeyPath = ("policy", position)
        line = line_of(lines, path)
        problems.extend(Problem(file, line, key_text(path), message) for message in _contradictions(policy, vocabulary))
        first = found.setdefault(policy.name, (policy, line))
        if first[0] is not policy:
            message = f"the policy of line {first[1]} has this name already"
            problems.append(Problem(file, line, key_text((*path, "name")), message, show(policy.name)))
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: problem.line))
    return {name: policy for name, (policy, _) in found.items()}


def _name(value: object) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", plain_text(value)):
        raise refuse(Finding("is not the name of a policy", value, ("small letters", "digits", "_")))
    return plain_text(value)


def _number(value: object) -> int:
    return whole_number(value, 0, HIGHEST_POLICY_NUMBER, "the row of a list of policies")


def _asks(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise refuse(Finding('must be a list such as ["destination"], or [] for a policy that is fixed', value, ASKED))
    asked = tuple(known_name(each, ASKED, "an axis that a policy can ask for") for each in value)
    if len(set(asked)) < len(asked):
        raise refuse(Finding("names an axis twice", value))
    return asked


def _until(value: object, reading: Reading) -> int:
    year = year_of(value)
    start = reading.earlier.get("from_year")
    if start is None and "from_year" in reading.earlier:
        raise refuse(Finding("needs a from as well", value))
    if start is not None and year < start:
        raise refuse(Finding(f"the window is empty: until lies before from ({start})", value))
    return year


class _PolicyLever(LeverBody):
    """One ``[[policy.lever]]``."""

    keys: ClassVar[Mapping[str, TableKey]] = {**LeverBody.keys, "id": TableKey(alone(_name)), "source": TableKey(source_of)}
    id: str
    source: str

    def resolved(self) -> PolicyLever:
        return PolicyLever(self.id, self.name, self.change, self.value, self.evidence, self.source, self.stated())


class _Policy(Table):
    """One ``[[policy]]``."""

    keys: ClassVar[Mapping[str, TableKey]] = {
        "name": TableKey(alone(_name)),
        "number": TableKey(alone(_number)),
        "title": TableKey(alone(filled_text)),
        "about": TableKey(alone(filled_text)),
        "asks": TableKey(alone(_asks)),
        "from_year": TableKey(alone(year_of), word="from", default=None),
        "until_year": TableKey(_until, word="until", default=None),
        "ramp_years": TableKey(alone(ramp_of), default=1),
        "lever": TableKey(tables(_PolicyLever)),
    }
    lever: tuple[_PolicyLever, ...]

    def check_whole(self, vocabulary: Vocabulary) -> None:
        """Refuse a policy without a lever."""
        if not self.lever:
            raise refuse(Finding("has no lever; a policy changes something", below=("lever",)))

    def resolved(self) -> NamedPolicy:
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.keys if name != "lever"}
        return NamedPolicy(**fields, levers=tuple(each.resolved() for each in self.lever))


class _Library(Table):
    """The whole file."""

    keys: ClassVar[Mapping[str, TableKey]] = {"policy": TableKey(tables(_Policy))}


_KINDS: Final[Kinds] = {
    (): TableKind("a library", "", _Library.words(), {"policy": ("is missing; a library has policies", ())}),
    ("policy",): TableKind(
        "a policy of the library",
        "[[policy]]",
        _Policy.words(),
        {
            "name": ("is missing; scenarios use a policy by its name", ()),
            "number": ("is missing; the row of the list of policies, or 0", ()),
            "title": ("is missing; one sentence: what the measure is, since when", ()),
            "about": ("is missing; which levers it is made of and why these", ()),
            "asks": ("is missing; the axes that a scenario must name, [] for none", ASKED),
            "lever": ("is missing; a policy changes something: [[policy.lever]]", ()),
        },
    ),
    ("policy", "lever"): TableKind(
        "a lever of a policy",
        "[[policy.lever]]",
        _PolicyLever.words(),
        {
            **BODY_MISSING,
            "id": ("is missing; a short name, unique in the policy", ()),
            "source": ("is missing; the id of a source, ASSUMPTION where nothing was measured", ()),
        },
    ),
}


def _right_ones(items: object, vocabulary: Vocabulary) -> Iterator[tuple[int, NamedPolicy]]:
    """Yield the policies that are right by themselves, with their positions, whatever is wrong with the others."""
    for position, item in enumerate(items if isinstance(items, list) else []):
        try:
            yield position, _Policy.read(item, vocabulary).resolved()
        except TableError:
            continue


def _contradictions(policy: NamedPolicy, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what is wrong between the parts of a policy, whatever a scenario asks it for."""
    ids = [lever.id for lever in policy.levers]
    for repeated in sorted({each for each in ids if ids.count(each) > 1}):
        yield f"has two levers with the id {repeated}"
    for axis in policy.asks:
        if not any(axis in LEVERS[lever.name].filters and axis not in lever.stated for lever in policy.levers):
            yield f"asks for {axis}, but none of its levers leaves it open"
    regions = len(vocabulary.regions)
    window = (policy.from_year or FIRST_YEAR, policy.until_year, policy.ramp_years)
    changes = expand(policy, "x", {}, window, {}, "", regions).changes
    for lever, change in zip(policy.levers, changes, strict=True):
        if not np.any(cells(change, regions)):
            yield f"lever {lever.id} touches nobody: its origin is its destination"
    sets = [(lever, change) for lever, change in zip(policy.levers, changes, strict=True) if change.change == "set"]
    for (one, first), (other, second) in combinations(sets, 2):
        if meet(first, second, regions):
            yield f"levers {one.id} and {other.id} may set some of the same cells"
