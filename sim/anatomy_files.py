"""An anatomy in a folder: three tables and a record, written and read back whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sim.comparison import Anatomy, ChannelRow, LeverPart, SwitchRow
from sim.runs.atomic import FolderError

RECORD: Final = "anatomy.json"
TABLES: Final = ("switches.csv", "channels.csv", "levers.csv")
BETWEEN: Final = "; "
"""What stands between the examples of a row."""
WHOLE: Final = ("year", "researchers")
"""Columns with whole numbers."""
NUMBERS: Final = ("people", "total", "direct", "feedback", "interaction", "part", "low", "high")
Row = SwitchRow | ChannelRow | LeverPart


def write_anatomy(folder: Path, anatomy: Anatomy) -> None:
    """Write switches.csv, channels.csv, levers.csv and anatomy.json; numbers are written so that they read back to the bit.

    Parameters
    ----------
    folder : made if it is not there; files of these names are replaced.
    anatomy : what to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds: tuple[type[Row], ...] = (SwitchRow, ChannelRow, LeverPart)
    rows: tuple[Sequence[Row], ...] = (anatomy.switches, anatomy.channels, anatomy.levers)
    for name, kind, table in zip(TABLES, kinds, rows, strict=True):
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(kind._fields)
            writer.writerows([as_text(value) for value in row] for row in table)
    record = {
        "base": anatomy.base,
        "variant": anatomy.variant,
        "year": anatomy.year,
        "researchers": anatomy.researchers,
        "runs": anatomy.runs,
        "exact": anatomy.exact,
        "lever_researchers": anatomy.lever_researchers,
    }
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def as_text(value: Any) -> str:
    """Write a value of a row."""
    if isinstance(value, tuple):
        return BETWEEN.join(value)
    return repr(value) if isinstance(value, float) else str(value)


def read_anatomy(folder: Path) -> Anatomy:
    """Read what `write_anatomy` wrote.

    Raises
    ------
    sim.runs.atomic.FolderError : a file is missing or cannot be read.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        switches, channels, levers = (
            tuple(kind(**row) for row in read_rows(folder / name))
            for name, kind in zip(TABLES, (SwitchRow, ChannelRow, LeverPart), strict=True)
        )
        runs = tuple((int(draw), int(replicate)) for draw, replicate in record.pop("runs"))
        return Anatomy(**record, runs=runs, switches=switches, channels=channels, levers=levers)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FolderError(folder, f"holds no complete anatomy ({error}); compare the scenarios again") from error


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a table with numbers as numbers and examples as a list."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [{name: as_value(name, text) for name, text in row.items()} for row in csv.DictReader(stream)]


def as_value(name: str, text: str) -> Any:
    """Read a value of a column."""
    if name == "examples":
        return tuple(text.split(BETWEEN)) if text else ()
    return int(text) if name in WHOLE else float(text) if name in NUMBERS else text
