"""From a file's bytes to a TOML document with line numbers, and how a problem in it is described.

``tomllib`` reads TOML but forgets on which line a key stood; ``key_lines`` finds that out again. Nothing here
knows what a scenario means.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 1_000_000
"""Largest scenario file read; a larger one is refused unread."""

MOST_LINE: Final = 20_000
"""Longest line read, in characters."""
MOST_NAMES: Final = 80
"""More allowed names than this are counted in a message, not listed."""

MOST_DEPTH: Final = 12
"""Keys deeper than this get the line of the key above them; no scenario needs five."""

CURLY: Final = re.compile("[\u2018-\u201f\u00ab\u00bb\u2039\u203a\uff02\uff07]")
"""Quotes that TOML does not know."""

KeyPath = tuple[str | int, ...]
"""Where a value stands in a document: keys, and positions in lists counted from 0."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario file.

    Parameters
    ----------
    file
        The file as the user named it; ``--set`` for a value given on the command line.
    line
        Line in the file, from 1; 0 if the problem is the file itself.
    key
        Path of the key, e.g. ``lever[2].origin[1]``, positions counted from 1; "" if no key is to blame.
    message
        What is wrong.
    value
        The wrong value as the file writes it; "" if there is none.
    allowed
        What would be accepted.
    nearest
        The allowed name spelt most like the wrong one; "" if none is close.
    """

    file: str
    line: int
    key: str
    message: str
    value: str = ""
    allowed: tuple[str, ...] = ()
    nearest: str = ""

    def __str__(self) -> str:
        """Render on one line: file, line, key, value, what is wrong, the nearest name, what is allowed."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f"{self.key} = {self.value}" if self.key and self.value else self.key or self.value
        text = f"{place}: {key}: {self.message}" if key else f"{place}: {self.message}"
        if self.nearest:
            text += f"; did you mean {self.nearest}?"
        if self.allowed:
            shown = ", ".join(self.allowed) if len(self.allowed) <= MOST_NAMES else f"{len(self.allowed)} names"
            text += f"{'' if self.nearest else ';'} allowed: {shown}"
        return text


class ScenarioError(Exception):
    """A scenario that cannot be used, with every problem found.

    Parameters
    ----------
    problems
        All problems, in file and line order; never empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[Problem, ...]]]:
        """Rebuild from the problems, so that the error survives a move between processes."""
        return (ScenarioError, (self.problems,))


def nearest_name(wrong: str, names: Iterable[str]) -> str:
    """Return the name spelt most like a wrong one, ignoring case; "" if none is close."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wrong[:100].lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def show(value: object, most: int = 60) -> str:
    """Return a value roughly as TOML writes it, shortened to ``most`` characters.

    Long tables and lists are described, not printed, and so are whole numbers of very many digits.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        if len(value) > 6 or any(isinstance(each, dict | list) for each in value.values()):
            return "a table"
        text = "{ " + ", ".join(f"{key_text((str(k),))} = {show(v, most)}" for k, v in value.items()) + " }"
        return text if len(text) <= most else "a table"
    if isinstance(value, list):
        if len(value) > 10 or any(isinstance(each, list) for each in value):
            return f"a list of {len(value)}"
        text = "[" + ", ".join(show(item, most) for item in value) + "]"
        return text if len(text) <= most else f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a whole number of more than 60 digits"
    text = toml_string(value) if isinstance(value, str) else str(value)
    return text if len(text) <= most else text[: most - 3] + "..."


def toml_string(text: str) -> str:
    """Write a text as a TOML basic string in one line."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else f"\\U{ord(c):08X}") for c in text) + '"'


def key_text(path: KeyPath) -> str:
    """Write a key path for people: ``("lever", 1, "origin")`` is ``lever[2].origin``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else show(part)
            text += f".{name}" if text else name
    return text


def read_text(path: Path, file: str) -> str:
    """Read a scenario file as text.

    Parameters
    ----------
    path
        Where it is.
    file
        How messages name it.

    Raises
    ------
    ScenarioError
        If it is missing, a folder, no ordinary file, unreadable, above ``MOST_BYTES``, empty or not UTF-8.
    """

    def refuse(message: str, line: int = 0) -> ScenarioError:
        return ScenarioError([Problem(file, line, "", message)])

    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refuse("is a folder, not a scenario file")
        if not stat.S_ISREG(status.st_mode):
            raise refuse("is not an ordinary file")
        if status.st_size > MOST_BYTES:
            size = status.st_size / 1e6
            raise refuse(f"is {size:.1f} MB large; a scenario file has at most {MOST_BYTES / 1e6:.0f} MB")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise refuse("does not exist") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise refuse(f"cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise refuse(f"is larger than {MOST_BYTES / 1e6:.0f} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse("is not UTF-8 text; save it as UTF-8", line) from None
    if not text.strip():
        raise refuse("is empty; a scenario needs at least a title")
    return text


def parse_text(text: str, file: str) -> dict[str, object]:
    """Read TOML.

    Raises
    ------
    ScenarioError
        With the line of the first syntax error, as TOML allows no reading on after one; if a line is longer
        than ``MOST_LINE``.
    """
    for number, row in enumerate(text.split("\n"), start=1):
        if len(row) > MOST_LINE:
            raise ScenarioError([Problem(file, number, "", f"has a line of more than {MOST_LINE:,} characters")])
    try:
        return tomllib.loads(text)
    except RecursionError:
        problem = Problem(file, 0, "", "is not a scenario: its brackets are nested too deeply")
    except ValueError as error:  # includes TOMLDecodeError and numbers or dates that Python refuses
        message = str(error)
        digits = re.search(r"[0-9]{4301}", text.replace("_", ""))
        if digits and message.startswith("Exceeds the limit"):
            message = "a whole number has too many digits"
        found = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)", message)
        line = int(found[1]) if found and found[1] else text.count("\n") + 1 if found else 0
        reason = message[: found.start()] if found else message
        column = f" (column {found[2]})" if found and found[2] else ""
        curly = CURLY.search(text.split("\n")[line - 1]) if found and found[1] else None
        if curly is not None:
            reason += f"; the quotes {curly[0]} are curly, as a text program writes them: write straight ones, \" or '"
        problem = Problem(file, line, "", f"is not valid TOML: {reason}{column}")
    raise ScenarioError([problem])


def key_lines(text: str) -> dict[KeyPath, int]:
    """Find the line of every key, table and list item of a valid TOML text.

    Parameters
    ----------
    text
        Text that ``parse_text`` accepts.

    Returns
    -------
    Line from 1 by key path. A table that several lines extend has the first of them.
    """
    locator = _Locator(text)
    with contextlib.suppress(RecursionError):  # deeper than any scenario: the lines so far are enough
        locator.locate()
    return locator.lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a key path, or of the nearest enclosing key that has one; 1 if none has."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")


class _Locator:
    """Walks over a valid TOML text once and notes where each key path begins."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line = 1
        self.counted = 0
        self.lines: dict[KeyPath, int] = {}
        self.items: dict[KeyPath, int] = {}  # how many [[tables]] a path has so far

    def locate(self) -> None:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self) -> KeyPath:
        is_list = self.text.startswith("[[", self.at)
        self.at += 2 if is_list else 1
        path: KeyPath = ()
        keys = self.keys()
        for position, key in enumerate(keys):
            path = (*path, key)
            self.note(path)
            if is_list and position == len(keys) - 1:
                self.items[path] = self.items.get(path, 0) + 1
            if path in self.items:
                path = (*path, self.items[path] - 1)
                self.note(path)
        self.at += 2 if is_list else 1
        return path

    def pair(self, table: KeyPath) -> None:
        path = table
        for key in self.keys():
            path = (*path, key)
            self.note(path)
        self.at += 1  # the equals sign
        self.value(path)

    def keys(self) -> list[str]:
        """Read a dotted key and stop at the character after it."""
        keys: list[str] = []
        while True:
            self.skip(_SPACE)
            if self.text[self.at] in "\"'":
                begin = self.at
                self.string()
                keys.append(str(tomllib.loads(f"k = {self.text[begin : self.at]}")["k"]))
            else:
                keys.append(self.skip(_BARE))
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def value(self, path: KeyPath) -> None:
        self.skip(_SPACE)
        first = self.text[self.at]
        if first in "\"'":
            self.string()
        elif first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        self.at += 1
        position = 0
        while True:
            self.skip(_BLANK)
            if self.text[self.at] == "]":
                break
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.note((*path, position))
            self.value((*path, position))
            position += 1
        self.at += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while True:
            self.skip(_BLANK)
            if self.text[self.at] == "}":
                break
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.pair(path)
        self.at += 1

    def string(self) -> None:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            self.at += 3
            while not self.text.startswith(quote * 3, self.at):
                self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
            while self.text.startswith(quote, self.at):  # up to two quotes may stand before the closing three
                self.at += 1
            return
        self.at += 1
        while self.text[self.at] != quote:
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        assert found is not None, "the text is not valid TOML"
        self.at = found.end()
        return found[0]

    def note(self, path: KeyPath) -> None:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        if len(path) <= MOST_DEPTH:
            self.lines.setdefault(path, self.line)
