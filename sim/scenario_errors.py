"""The faults of the tables of a file, in words, with file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sim.scenario_tables import Fault, TableError, Wrong
from sim.scenario_text import KeyPath, Problem, nearest_name
from sim.scenario_values import Finding, to_problem

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
            return [Finding(f"{kind.what} has no such key", fault.value, kind.keys, nearest_name(names[-1], kind.keys))]
        case Wrong.NO_TABLE:
            return [Finding(f"must be a table, {kinds[names].header}", fault.value)]
        case Wrong.NO_LIST:
            header = kinds[names].header
            return [Finding(f"must be a list of tables; write {header} with two brackets", fault.value)]
