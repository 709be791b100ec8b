"""What a design file says, and the problems found in it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.scenarios.reading.text import KeyPath, Problem, key_lines, key_text, line_of, nearest_name, parse_text, read_text, show


class DesignText:
    """A design file that is being read.

    Parameters
    ----------
    path
        Of the file.

    Raises
    ------
    ScenarioError
        If it cannot be read, or is no TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = str(path)
        self.text = read_text(path, self.shown)
        self.document: Mapping[str, Any] = parse_text(self.text, self.shown)
        self.lines = key_lines(self.text)
        self.problems: list[Problem] = []

    def refuse(self, path: KeyPath, message: str, value: object = None, allowed: Sequence[str] = (), nearest: str = "") -> None:
        """Note a problem."""
        line = line_of(self.lines, path) if path else 0
        shown = "" if value is None else show(value)
        self.problems.append(Problem(self.shown, line, key_text(path) if path else "", message, shown, tuple(allowed), nearest))

    def keys(self, path: KeyPath, table: Mapping[str, Any], allowed: Sequence[str], what: str) -> None:
        """Refuse keys that do not exist."""
        for key in table:
            if key not in allowed:
                self.refuse((*path, key), f"{what} has no such key", None, allowed, nearest_name(key, allowed))

    def whole(self, path: KeyPath, value: object, default: int, low: int, high: int) -> int:
        """Read a whole number."""
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(path, f"must be a whole number from {low} to {high}", value)
            return default
        return value

    def tables(self) -> list[Any]:
        """Return the factors as written."""
        tables = self.document.get("factor", [])
        return tables if isinstance(tables, list) else []

    def method(self) -> object:
        """Return the method as written; the usual one if none is."""
        table = self.document.get("sample", {})
        usual = "grid" if self.document.get("factor") else "none"
        return table.get("method", usual) if isinstance(table, dict) else usual
