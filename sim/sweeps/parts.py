"""The parts of a sweep: Parquet files of many runs, whole or absent, few whatever happens.

A part is written beside its place and moved into it. When there are many small ones they are put together; the new part names
those that it replaces, so that a kill in between leaves nothing twice once the folder is opened again.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.files.manifest import OLD, AlteredError, OldFolderWarning, sum_of
from sim.files.paths import inside_folder
from sim.files.reading import UnreadableError, check_ordinary
from sim.runs.atomic import FolderError, explained
from sim.runs.reading.tables import DAMAGE
from sim.sweeps.design.design import Design

PARTS = "parts"
UNFINISHED = ".tmp-"
REPLACES = b"talentsim.replaces"
"""Key of a part's metadata: names of the parts whose runs it holds."""
FULL = 50_000
"""Runs of a part that is left as it is."""
MOST_SMALL = 120
"""Small parts of a folder before they are put together."""
RUN_COLUMNS = ("key", "scenario", "point", "draw", "replicate")
COLUMN_TYPES: Mapping[str, pa.DataType] = {
    **dict(zip(RUN_COLUMNS, (pa.string(), pa.string(), pa.int64(), pa.int32(), pa.int32()), strict=True)),
    "error": pa.string(),
}
"""Types of the columns that are not numbers of a factor or measure."""
KEY = re.compile("[0-9a-f]{32}")
SUM_DIGITS, OLD_DIGITS = 32, 8
"""At the end of a part's name: of the sum of its content; of the random number that older versions put there."""
MOST_PART_BYTES, MOST_PART_ROWS = 1_000_000_000, 20 * FULL


@dataclass(frozen=True)
class PartRow:
    """One run as it is stored.

    Parameters
    ----------
    key
        Of the run, 32 hex digits.
    scenario, point, draw, replicate
        Name; number of the point in the design that made the run; draw, -1 for the reference point.
    factors, measures
        Values in the order of the design; measures are NaN for a failed run.
    error
        What went wrong; "" for a run that is right.
    seconds
        Time of the run on its worker: its world, if it is the first of its draw, the simulation and the measures.
    """

    key: str
    scenario: str
    point: int
    draw: int
    replicate: int
    factors: tuple[float, ...]
    measures: tuple[float, ...]
    error: str
    seconds: float


def schema_of(design: Design) -> pa.Schema:
    """Name the columns of a part."""
    numbers = [factor.name for factor in design.factors] + [str(measure) for measure in design.keep]
    columns = [*((name, COLUMN_TYPES[name]) for name in RUN_COLUMNS), *((name, pa.float64()) for name in numbers)]
    return pa.schema([*columns, ("error", pa.string()), ("seconds", pa.float64())])


def part_table(rows: Sequence[PartRow], design: Design) -> pa.Table:
    """Turn rows into a table."""
    columns: list[Any] = [[getattr(row, name) for row in rows] for name in RUN_COLUMNS]
    columns += [[row.factors[k] for row in rows] for k in range(len(design.factors))]
    columns += [np.array([row.measures[k] for row in rows]) for k in range(len(design.keep))]
    columns += [[row.error for row in rows], np.array([row.seconds for row in rows])]
    schema = schema_of(design)
    return pa.table([pa.array(column, type=kind.type) for column, kind in zip(columns, schema, strict=True)], schema=schema)


def write_part(folder: Path, table: pa.Table, replaces: Sequence[str] = ()) -> str:
    """Write a part, whole or not at all, and return its name, which ends in the sum of its content."""
    metadata = {REPLACES: json.dumps(list(replaces)).encode()} if replaces else None
    partial = folder / PARTS / f"{UNFINISHED}{secrets.token_hex(8)}.parquet"
    with explained(folder), partial.open("xb") as file:
        pq.write_table(table.replace_schema_metadata(metadata), file)
    with explained(folder):
        name = f"{table['key'][0].as_py()[:12]}-{sum_of(partial)[:SUM_DIGITS]}.parquet"
        partial.replace(folder / PARTS / name)
    return name


def part_paths(folder: Path) -> list[Path]:
    """List the parts of a folder in a fixed order; none if it is no sweep's."""
    return sorted((folder / PARTS).glob("*.parquet"))


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a part or some of its columns.

    Raises
    ------
    FolderError
        If it is damaged.
    """
    try:
        check_part(path)
        rows = pq.read_metadata(path).num_rows
        if rows > MOST_PART_ROWS:
            raise UnreadableError(f"{rows:,} runs, more than a part can have")
        table = pq.read_table(path, columns=None if columns is None else list(columns), partitioning=None)
        check_columns(table)
        return table
    except DAMAGE as error:
        raise FolderError(path, f"is damaged ({error}); run the sweep again, which makes its runs anew") from error


def check_part(path: Path) -> None:
    """Check that a part is an ordinary file with the content that its name says; an older name says nothing, which is warned of.

    Raises
    ------
    UnreadableError, AlteredError
        If it is not.
    """
    said = path.stem.rpartition("-")[2]
    if len(said) == OLD_DIGITS:
        check_ordinary(path, MOST_PART_BYTES)
        warn_old(path.parent.parent)
    elif sum_of(path, MOST_PART_BYTES)[:SUM_DIGITS] != said:
        raise AlteredError("its content is not what its name says")


def check_columns(table: pa.Table) -> None:
    """Check that columns of a part are of their kinds and keys are keys; UnreadableError if not."""
    for name in table.column_names:
        kind, column = table.schema.field(name).type, table[name]
        if kind != COLUMN_TYPES.get(name, pa.float64()) or (name in COLUMN_TYPES and column.null_count):
            raise UnreadableError(f"column {name} is not of its kind")
    if "key" in table.column_names and not all(KEY.fullmatch(key) for key in table["key"].to_pylist()):
        raise UnreadableError("a key is none")


@cache
def warn_old(folder: Path) -> None:
    """Say once of a folder that its parts cannot be checked."""
    warnings.warn(f"{folder} {OLD}", OldFolderWarning, stacklevel=2)


def states_of(table: pa.Table) -> Iterator[tuple[bytes, bool]]:
    """Give for each row the run's key, 16 bytes, and whether it failed."""
    for key, error in zip(table["key"].to_pylist(), table["error"].to_pylist(), strict=True):
        yield bytes.fromhex(key), bool(error)


def known_runs(folder: Path) -> dict[bytes, bool]:
    """Tell of each run in a folder whether all its tries failed; damaged parts count as absent, nothing is changed."""
    known: dict[bytes, bool] = {}
    for path in part_paths(folder):
        with contextlib.suppress(FolderError):
            note_states(known, read_part(path, ["key", "error"]))
    return known


def note_states(known: dict[bytes, bool], table: pa.Table) -> None:
    """Add the rows of a part to what is known; a run that was right once has not failed."""
    for key, has_failed in states_of(table):
        known[key] = has_failed and known.get(key, True)


def clean(folder: Path) -> list[str]:
    """Remove what a kill left: unfinished files, and parts whose runs are in another one; set damaged parts aside.

    Returns
    -------
    Names of the damaged ones.
    """
    damaged = []
    for left in (folder / PARTS).glob(UNFINISHED + "*"):
        left.unlink()
    for path in part_paths(folder):
        if not path.exists():
            continue
        try:
            replaced = replaced_by(path)
        except FolderError:
            path.replace(path.with_suffix(".damaged"))
            damaged.append(path.name)
            continue
        for other in replaced:
            if other != path:
                other.unlink(missing_ok=True)
    return damaged


def replaced_by(path: Path) -> list[Path]:
    """List the parts of the same folder whose runs a part holds; FolderError if it is damaged or names anything else."""
    metadata: Mapping[bytes, bytes] = read_part(path, ["key", "error"]).schema.metadata or {}
    try:
        names = json.loads(metadata.get(REPLACES, b"[]"))
        return [inside_folder(path.parent, name) for name in names if str(name).endswith(path.suffix)]
    except DAMAGE as error:
        raise FolderError(path, f"is damaged ({error}); run the sweep again, which makes its runs anew") from error


def small_parts(folder: Path) -> list[tuple[Path, int]]:
    """List the parts that are not full, with their number of runs."""
    counted = [(path, pq.read_metadata(path).num_rows) for path in part_paths(folder)]
    return [(path, runs) for path, runs in counted if runs < FULL]


def compact(folder: Path) -> int:
    """Put small parts together, at most `FULL` runs in each; return how many small ones there are afterwards.

    Of a run that is there twice one row stays, one without error if there is one.
    """
    by_columns: dict[tuple[str, ...], list[list[Path]]] = {}
    filled: dict[tuple[str, ...], int] = {}
    for path, runs in small_parts(folder):
        columns = tuple(pq.read_schema(path).names)
        groups = by_columns.setdefault(columns, [])
        if not groups or filled[columns] + runs > FULL:
            groups.append([])
            filled[columns] = 0
        groups[-1].append(path)
        filled[columns] += runs
    for group in (group for groups in by_columns.values() for group in groups if len(group) > 1):
        whole = each_once(pa.concat_tables([read_part(path).replace_schema_metadata(None) for path in group]))
        write_part(folder, whole, [path.name for path in group])
        for path in group:
            path.unlink()
    return len(small_parts(folder))


def each_once(table: pa.Table) -> pa.Table:
    """Keep one row of each run, one without error if there is one."""
    return table.take(sorted(best_rows(table).values()))


def best_rows(table: pa.Table) -> dict[str, int]:
    """Tell for each run's key which row to take: the first without error, else the first."""
    best: dict[str, int] = {}
    errors = table["error"].to_pylist()
    for position, key in enumerate(table["key"].to_pylist()):
        if key not in best or (errors[best[key]] and not errors[position]):
            best[key] = position
    return best
