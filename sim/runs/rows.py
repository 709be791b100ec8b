"""CSV files: one form on every system, exact numbers, and the named tuples in their rows. Imports nothing slow."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_origin, get_type_hints

RowKind = TypeVar("RowKind", bound=NamedTuple)
_BETWEEN = "; "  # stands between the texts of a cell that holds several


class RunTableError(ValueError):
    """A table cannot be read."""


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file with the line ends of every system alike; numbers are exact, what is not a number is blank."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_text(value) for value in row] for row in rows)


def write_columns(path: Path, header: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
    """Write a CSV file of columns of texts, all of one length, as `write_csv` writes rows."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(zip(*columns, strict=True))


def read_csv(path: Path, encoding: str = "utf-8") -> list[list[str]]:
    """Read the rows of a CSV file as texts, its header first.

    Raises
    ------
    OSError, ValueError, csv.Error
        If it cannot be read.
    """
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.reader(stream))


def read_columns(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Read the rows of a CSV file as texts, without its header.

    Raises
    ------
    RunTableError
        If the file cannot be read or has other columns.
    """
    try:
        header, *rows = read_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        raise RunTableError(f"{path}: cannot be read ({error})") from error
    if tuple(header) != tuple(columns):
        raise RunTableError(f"{path}: columns {header}, expected {list(columns)}")
    return rows


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> None:
    """Write a small CSV table, numbers that are not whole with six decimals and missing ones blank."""
    write_csv(path, columns, ([rounded(v, "{:.6f}") if isinstance(v, float) else v for v in row] for row in rows))


def write_rows(path: Path, kind: type[RowKind], rows: Iterable[RowKind]) -> None:
    """Write named tuples of one kind so that they read back to the bit."""
    write_csv(path, kind._fields, rows)


def read_rows(path: Path, kind: type[RowKind]) -> tuple[RowKind, ...]:
    """Read the rows of a CSV file as named tuples: texts, numbers (a blank one is missing), yes or blank, lists.

    Raises
    ------
    RunTableError
        If the file cannot be read or has other columns.
    ValueError
        If a cell is not of its column's type, or a row has too few or too many.
    """
    types = get_type_hints(kind).values()
    rows = read_columns(path, kind._fields)
    return tuple(kind(*(_value(each, text) for each, text in zip(types, row, strict=True))) for row in rows)


def _text(value: Any) -> Any:
    if isinstance(value, tuple):
        return _BETWEEN.join(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return value


def _value(kind: Any, text: str) -> Any:
    if get_origin(kind) is tuple:
        return tuple(text.split(_BETWEEN)) if text else ()
    if kind is bool:
        return text == "yes"
    return math.nan if kind is float and not text else kind(text)


def rounded_all(values: Iterable[float], decimals: int) -> list[str]:
    """Write many numbers with so many decimals, each as `rounded` does."""
    found = list(values)
    texts = (f"%.{decimals}f\n" * len(found) % tuple(found)).split("\n")[:-1]
    zero = f"{0:.{decimals}f}"
    special = {"nan": "", "inf": "never", "-inf": "never", f"-{zero}": zero}
    return [special.get(text, text) for text in texts]


def rounded(value: float, form: str) -> str:
    """Write a number in a form such as ``{:.6f}``; blank if it is missing, "never" if it is infinite, zero without a sign."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "never"
    text = form.format(value)
    return text.lstrip("-") if float(text) == 0.0 else text
