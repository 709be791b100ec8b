"""The errors that pydantic finds in a file, in our words, with file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.scenario_text import KeyPath, Problem, nearest_name
from sim.scenario_values import Finding, to_problem

_KEYS: Final[Mapping[str, str]] = {"from_year": "from", "until_year": "until"}
"""Keys whose fields have another name, as the key is a word of Python or unclear alone."""

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


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """List the keys of a table as a file writes them, in the order of their declaration."""
    return tuple(each.alias or name for name, each in model.model_fields.items())


def problems_in(error: ValidationError, kinds: Kinds, file: str, lines: Mapping[KeyPath, int]) -> Iterator[Problem]:
    """Word all errors of a file.

    Parameters
    ----------
    error
        What pydantic found in the whole file.
    kinds
        The kinds of tables the file may hold.
    file
        How messages name the file.
    lines
        Line by key path.
    """
    for details in error.errors(include_url=False):
        path: KeyPath = tuple(details["loc"])
        if details["type"] == "scenario":  # the check of a missing key is known by its field, not by its key
            path = tuple(_KEYS.get(part, part) if isinstance(part, str) else part for part in path)
        for finding in _findings(details, path, kinds):
            yield to_problem(finding, file, lines, path)


def _findings(details: ErrorDetails, path: KeyPath, kinds: Kinds) -> Sequence[Finding]:
    """Word one of pydantic's errors: several findings where one of our checks found several."""
    value: Any = details["input"]
    names = tuple(part for part in path if isinstance(part, str))
    match details["type"]:
        case "scenario":
            findings: Sequence[Finding] = details["ctx"]["findings"]
            return findings
        case "missing":
            message, allowed = kinds[names[:-1]].missing[names[-1]]
            return [Finding(message, allowed=allowed)]
        case "extra_forbidden":
            kind = kinds[names[:-1]]
            return [Finding(f"{kind.what} has no such key", value, kind.keys, nearest_name(names[-1], kind.keys))]
    header = kinds[names].header
    if isinstance(path[-1], int):
        return [Finding(f"must be a table, {header}", value)]
    return [Finding(f"must be a list of tables; write {header} with two brackets", value)]
