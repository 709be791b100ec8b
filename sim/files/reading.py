"""Reading what others can have written: ordinary files of bounded size, records of bounded depth, arrays that are whole."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any, Final

from sim.files.words import briefly

MOST_RECORD_BYTES: Final = 20_000_000
MOST_RECORD_PARTS: Final = 500_000
"""Values of a JSON record: each takes up to twenty times its bytes in memory."""
MOST_TABLE_BYTES: Final = 500_000_000
"""Of a CSV or Parquet table that is read whole."""
MOST_TOML_BYTES: Final = 4_000_000
"""Of a resolved scenario: its file may have 1 MB."""
MOST_CSV_BYTES: Final = 50_000_000
MOST_CSV_ROWS: Final = 200_000
MOST_CSV_CELLS: Final = 5_000_000
"""Of a CSV table that is read; the longest of ours has some 20,000 rows."""
MOST_RECORD_DEPTH: Final = 40
"""Lists and objects within each other in a record; ours have ten."""


class UnreadableError(ValueError):
    """A file that is not read; says which and why."""


def check_ordinary(path: Path, most: int = MOST_TABLE_BYTES) -> None:
    """Check, before it is opened, that a file is an ordinary one and not too large.

    Parameters
    ----------
    path
        Links are followed.
    most
        Bytes.

    Raises
    ------
    UnreadableError
        If it is missing, a folder, a device, a pipe or a socket, or larger.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path.name} cannot be read ({reason_of(error)})") from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no ordinary file"
        raise UnreadableError(f"{path.name} is {kind}")
    if status.st_size > most:
        raise UnreadableError(f"{path.name} is {status.st_size / 1e6:,.0f} MB large; at most {most / 1e6:,.0f} MB are read")


def read_bounded(path: Path, most: int = MOST_RECORD_BYTES) -> bytes:
    """Read an ordinary file of at most so many bytes; errors as of `check_ordinary`."""
    check_ordinary(path, most)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read ({reason_of(error)})") from error
    if len(content) > most:
        raise UnreadableError(f"{path.name} grew beyond {most / 1e6:,.0f} MB while it was read")
    return content


def check_csv(path: Path, bytes_most: int = MOST_CSV_BYTES, rows_most: int = MOST_CSV_ROWS) -> None:
    """Check, before it is parsed, that a CSV file is an ordinary one of bounded size and length.

    Raises
    ------
    UnreadableError
        If it is not read (see `check_ordinary`) or has more lines.
    """
    content = read_bounded(path, bytes_most)
    if content.count(b"\n") + content.count(b"\r") > 2 * rows_most:
        raise UnreadableError(f"{path.name} has more than {rows_most:,} rows")
    if content.count(b",") > max(MOST_CSV_CELLS, 10 * rows_most):
        raise UnreadableError(f"{path.name} has more cells than any table of ours")


def check_toml(path: Path) -> None:
    """Check that a file is TOML with something in it; UnreadableError if not."""
    try:
        found = tomllib.loads(read_bounded(path, MOST_TOML_BYTES).decode("utf-8"))
    except RecursionError as error:
        raise UnreadableError(f"{path.name} is nested too deeply") from error
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"{path.name} is no TOML ({briefly(str(error), 200)})") from error
    if not found:
        raise UnreadableError(f"{path.name} is empty")


def read_object(path: Path, most: int = MOST_RECORD_BYTES, parts: int = MOST_RECORD_PARTS) -> dict[str, Any]:
    """Read a JSON object of at most so many bytes and values.

    Raises
    ------
    UnreadableError
        If the file is not read (see `check_ordinary`), is no JSON, no object, or nested deeper than any of ours.
    """
    content = read_bounded(path, most)
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > parts:
        raise UnreadableError(f"{path.name} has more than {parts:,} values")
    try:
        found = json.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise UnreadableError(f"{path.name} is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError(f"{path.name} is no JSON ({briefly(str(error), 200)})") from error
    if not isinstance(found, dict):
        raise UnreadableError(f"{path.name} holds {type(found).__name__}, not an object")
    if depth_of(found, MOST_RECORD_DEPTH + 1) > MOST_RECORD_DEPTH:
        raise UnreadableError(f"{path.name} is nested too deeply")
    return found


def depth_of(value: object, most: int) -> int:
    """Count how deep lists and objects lie within each other, up to `most`."""
    level, depth = [value], 0
    while level and depth < most:
        level = [
            each
            for one in level
            if isinstance(one, list | dict)
            for each in (one.values() if isinstance(one, dict) else one)
            if isinstance(each, list | dict)
        ]
        depth += 1
    return depth


def reason_of(error: Exception) -> str:
    """Say why the system refused, without its numbers and paths."""
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else briefly(str(error), 200)
