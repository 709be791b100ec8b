"""The tables of a file: which keys each has and how each is checked, read so that every error is found at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Final, Self

from sim.scenarios.reading.text import KeyPath, Problem, nearest_name
from sim.scenarios.reading.values import Finding, RefusedError, Vocabulary, to_problem

REQUIRED: Final = object()
"""Default of a key that every table must have."""


class Wrong(Enum):
    """What may be wrong with a place in a file."""

    REFUSED = "a check found something"
    MISSING = "a required key is not there"
    UNKNOWN = "there is no such key"
    NO_TABLE = "is not a table"
    NO_LIST = "is not a list of tables"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a table.

    Parameters
    ----------
    wrong
        What kind of thing.
    path
        Where, below the table.
    value
        What stands there.
    findings
        What a check found.
    """

    wrong: Wrong
    path: KeyPath
    value: object = None
    findings: Sequence[Finding] = ()


class TableError(Exception):
    """A table is not right; carries all its faults, key by key as declared, superfluous keys last."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(self.faults)} faults")

    def below(self, *path: str | int) -> Iterator[Fault]:
        """List the faults as those of a table that holds this one at a path."""
        return (Fault(fault.wrong, (*path, *fault.path), fault.value, fault.findings) for fault in self.faults)


@dataclass(frozen=True)
class Reading:
    """What the check of a key may look at: its field, the names that the data know, and the fields that passed before it."""

    field: str
    vocabulary: Vocabulary
    earlier: Mapping[str, Any]


Check = Callable[[object, Reading], Any]
"""Turns what a file says into the model's terms; raises what `sim.scenarios.reading.values.refuse` makes."""


@dataclass(frozen=True)
class TableKey:
    """A key of a table.

    Parameters
    ----------
    check
        Its check.
    word
        How a file writes it, if not as its field is called.
    default
        What holds where a file leaves it out.
    is_always_checked
        Whether the default goes through the check too.
    """

    check: Check
    word: str = ""
    default: object = REQUIRED
    is_always_checked: bool = False


def alone(check: Callable[[object], Any]) -> Check:
    """Make a check of one that looks at nothing but the value."""
    return lambda value, _: check(value)


def tables(kind: type[Table]) -> Check:
    """Make the check of a list of tables of a kind."""

    def check(value: object, reading: Reading) -> tuple[Table, ...]:
        if not isinstance(value, list | tuple):
            raise TableError([Fault(Wrong.NO_LIST, (), value)])
        good: list[Table] = []
        faults: list[Fault] = []
        for position, item in enumerate(value):
            try:
                good.append(kind.read(item, reading.vocabulary))
            except TableError as error:
                faults.extend(error.below(position))
        if faults:
            raise TableError(faults)
        return tuple(good)

    return check


class Table:
    """A table that passed all checks; its fields are attributes. A subclass declares them and their keys, in order."""

    keys: ClassVar[Mapping[str, TableKey]] = {}
    """By field."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        vars(self).update(fields)

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """List the keys as a file writes them."""
        return tuple(key.word or field for field, key in cls.keys.items())

    @classmethod
    def read(cls, table: object, vocabulary: Vocabulary) -> Self:
        """Check a table key by key, then as a whole.

        Raises
        ------
        TableError
            With everything that is wrong.
        """
        if not isinstance(table, dict):
            raise TableError([Fault(Wrong.NO_TABLE, (), table)])
        fields: dict[str, Any] = {}
        faults: list[Fault] = []
        for own, key in cls.keys.items():
            word = key.word or own
            value = table.get(word, key.default)
            if value is REQUIRED:
                faults.append(Fault(Wrong.MISSING, (word,)))
                continue
            if word not in table and not key.is_always_checked:
                fields[own] = value
                continue
            try:
                fields[own] = key.check(value, Reading(own, vocabulary, fields))
            except RefusedError as error:
                faults.append(Fault(Wrong.REFUSED, (word,), value, error.findings))
            except TableError as error:
                faults.extend(error.below(word))
        known = cls.words()
        faults += [Fault(Wrong.UNKNOWN, (word,), value) for word, value in table.items() if word not in known]
        if faults:
            raise TableError(faults)
        made = cls(fields)
        try:
            made.check_whole(vocabulary)
        except RefusedError as error:
            raise TableError([Fault(Wrong.REFUSED, (), table, error.findings)]) from None
        return made

    def check_whole(self, vocabulary: Vocabulary) -> None:
        """Check what no key can say alone; raises what `refuse` makes."""


Missing = Mapping[str, tuple[str, tuple[str, ...]]]
"""By key: what to say if it is missing, and what would be accepted."""


@dataclass(frozen=True)
class TableKind:
    """A kind of table in a file.

    Parameters
    ----------
    what
        What one is, with its article: ``a lever``.
    header
        How a file begins one: ``[[lever]]``.
    keys
        Its keys in the order in which they are listed.
    missing
        What to say of a key that it must have.
    """

    what: str
    header: str
    keys: tuple[str, ...]
    missing: Missing = field(default_factory=dict)


OTHER_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "to": ("until", "destination"), "end": ("until",), "stop": ("until",), "until_year": ("until",), "end_year": ("until",),
    "to_year": ("until",), "last": ("until",), "start": ("from",), "begin": ("from",), "since": ("from",), "year": ("from",),
    "from_year": ("from",), "start_year": ("from",), "first": ("from",), "ramp": ("ramp_years",), "phase_in": ("ramp_years",),
    "country": ("destination",), "region": ("destination",), "countries": ("destination",), "host": ("destination",),
    "target": ("destination",), "where": ("destination",), "citizenship": ("origin",), "nationality": ("origin",),
    "lever": ("name",), "variable": ("name",), "type": ("change",), "mode": ("change",), "operation": ("change",),
    "amount": ("value",), "size": ("value",), "factor": ("value",), "reason": ("evidence",), "why": ("evidence",),
    "reference": ("source",), "base": ("extends",), "baseline": ("extends",), "parent": ("extends",), "name": ("title",),
    "description": ("note",), "levers": ("lever",), "policies": ("policy",), "remove": ("drop",), "parameter": ("parameters",),
}  # fmt: skip
"""Keys of other tools, with what they are called here; of several the last is for values that are no years."""


def word_meant(word: str, value: object, keys: Sequence[str]) -> str:
    """Return the key that a key of another tool probably means; "" if none."""
    meant = OTHER_WORDS.get(word.lower(), ())
    if not meant:
        return ""
    chosen = meant[0] if isinstance(value, int) else meant[-1]
    return chosen if chosen in keys else ""


Kinds = Mapping[tuple[str, ...], TableKind]
"""Kinds of tables by the keys that lead to one, positions left out; ``()`` is the whole file."""


def problems_in(error: TableError, kinds: Kinds, file: str, lines: Mapping[KeyPath, int]) -> Iterator[Problem]:
    """Word all errors of a file.

    Parameters
    ----------
    error
        What is wrong with the whole file.
    kinds
        The kinds of tables the file may hold.
    file
        How messages name the file.
    lines
        Line by key path.
    """
    for fault in error.faults:
        for finding in _findings(fault, kinds):
            yield to_problem(finding, file, lines, fault.path)


def _findings(fault: Fault, kinds: Kinds) -> Sequence[Finding]:
    """Word one fault: several findings where a check found several."""
    names = tuple(part for part in fault.path if isinstance(part, str))
    match fault.wrong:
        case Wrong.REFUSED:
            return fault.findings
        case Wrong.MISSING:
            message, allowed = kinds[names[:-1]].missing[names[-1]]
            return [Finding(message, allowed=allowed)]
        case Wrong.UNKNOWN:
            kind = kinds[names[:-1]]
            meant = word_meant(names[-1], fault.value, kind.keys) or nearest_name(names[-1], kind.keys)
            return [Finding(f"{kind.what} has no such key", fault.value, kind.keys, meant)]
        case Wrong.NO_TABLE:
            return [Finding(f"must be a table, {kinds[names].header}", fault.value)]
        case Wrong.NO_LIST:
            header = kinds[names].header
            return [Finding(f"must be a list of tables; write {header} with two brackets", fault.value)]
