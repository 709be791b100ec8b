"""Reference results read back and compared, and what the changelog says of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.comparisons.shipped.counts import COUNT_KEY
from sim.runs.rows import read_csv


def read_count_table(path: Path) -> list[list[str]]:
    """Read a table of counts, its header first; empty if there is no such file."""
    return read_csv(path) if path.is_file() else []


def first_difference(stored: Sequence[Sequence[str]], made: Sequence[Sequence[str]]) -> str:
    """Say where two tables of counts differ first: row, column and both values; "" if they are equal."""
    for old, new in zip(stored, made, strict=False):
        if list(old) != list(new):
            where = " ".join(new[: len(COUNT_KEY)])
            cells = zip(made[0], old, new, strict=False)
            column, before, after = next((cell for cell in cells if cell[1] != cell[2]), ("columns", len(old), len(new)))
            return f"{where}, {column}: stored {before}, now {after}"
    return "" if len(stored) == len(made) else f"stored {len(stored)} rows, now {len(made)}"


def newest_change(changelog: str) -> str:
    """Return the newest "Results change:" of a changelog, its continued lines joined; "" if there is none.

    The newest version stands first in the file, and the newest line last in its version.
    """
    for section in changelog.split("\n## ")[1:]:
        found = [item for item in _items(section) if item.startswith("Results change:")]
        if found:
            return found[-1]
    return ""


def _items(section: str) -> Iterator[str]:
    for item in ("\n" + section).split("\n- ")[1:]:
        yield " ".join(item.split())
