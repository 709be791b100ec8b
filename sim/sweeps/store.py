"""A sweep's folder: its parts, the record of its design, a log of what happened, and a lock.

The log is for people and may end in a torn line; which runs are there is read from the parts alone.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from sim.runs.atomic import FolderError, explained
from sim.runs.provenance import digest, model_id, source_state, system, versions
from sim.scenarios.load import load_basis, whole_toml
from sim.scenarios.scenario import scenario_effect
from sim.sweeps.design.design import Design
from sim.sweeps.design.points import NESTED
from sim.sweeps.keys import scenario_keys
from sim.sweeps.parts import (
    FULL,
    MOST_SMALL,
    PARTS,
    UNFINISHED,
    PartRow,
    clean,
    compact,
    each_once,
    known_runs,
    note_states,
    part_paths,
    part_table,
    read_part,
    small_parts,
    write_part,
)

LOG, DESIGN, LOCK, DESIGN_RECORD = "status.log", "design.toml", "lock", "design.json"
SAMPLED = ("method", "points", "sample_seed", "factors")
"""What a record has of how points are made."""
fcntl: Any = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None
"""Locks of files, where the system has them; without, two processes at one sweep do some runs twice."""


def design_group(design: Design) -> str:
    """Hash what decides the numbers of a design's runs but for points, draws and replicates."""
    effects = [scenario_effect(scenario) for scenario in design.scenarios]
    factors = [[factor.name, factor.kind, factor.target] for factor in design.factors]
    kept = [measure.identity for measure in design.keep]
    return digest([model_id(load_basis().data), effects, factors, design.seed, design.researchers, design.until, kept])[:16]


def design_record(design: Design) -> dict[str, Any]:
    """Write down what a reader of the parts has to know, as plain values."""
    return {
        "title": design.title,
        "scenarios": [scenario.name for scenario in design.scenarios],
        "keys": scenario_keys(design),
        "method": design.method,
        "points": design.points,
        "sample_seed": design.sample_seed,
        "factors": [[f.name, f.kind, f.target, f.low, f.high, list(f.values)] for f in design.factors],
        "rows": [list(row) for row in design.rows],
        "keep": [str(measure) for measure in design.keep],
        "groups": {name: list(members) for name, members in design.groups.items()},
        "draws": design.draws,
        "replicates": design.replicates,
        "researchers": design.researchers,
        "seed": design.seed,
        "until": design.until,
        "group": design_group(design),
        "texts": [whole_toml(scenario, load_basis().data.codes) for scenario in design.scenarios],
        "ensemble": {"name": design.ensemble.name, "digest": design.ensemble.digest, "file": design.ensemble.file},
        "versions": versions(),
        "source": dict(source_state()),
        "platform": system(),
    }


class Store:
    """The folder of one sweep, held by one process at a time.

    Parameters
    ----------
    folder
        Made if absent.
    design
        What the sweep runs.

    Raises
    ------
    FolderError
        If it cannot be written, another process holds it, or it holds a design that cannot be extended to this one.
    """

    def __init__(self, folder: Path, design: Design) -> None:
        self.folder = folder
        self.design = design
        with explained(folder):
            (folder / PARTS).mkdir(parents=True, exist_ok=True)
            self.lock = lock_of(folder)
        try:
            record = design_record(design)
            check_extends(read_record(folder), record, folder)
            with explained(folder):
                write_whole(folder / DESIGN_RECORD, json.dumps(record, indent=1))
                write_whole(folder / DESIGN, design.text)
                self.log = open_log(folder / LOG)
                for name in clean(folder):
                    self.note("damaged part set aside", part=name)
                self.small = len(small_parts(folder))
        except BaseException:
            self.lock.close()
            raise

    def known(self) -> dict[bytes, bool]:
        """Tell of each run that is there, whatever design made it, whether it failed."""
        return known_runs(self.folder)

    def write(self, rows: Sequence[PartRow]) -> None:
        """Write a part, and put small ones together when there are many."""
        name = write_part(self.folder, part_table(rows, self.design))
        failed = [row.error for row in rows if row.error]
        self.note("part", part=name, runs=len(rows), failed=len(failed), **({"message": failed[0]} if failed else {}))
        self.small += 1
        if self.small > MOST_SMALL:
            with explained(self.folder):
                before, self.small = self.small, compact(self.folder)
            self.note("parts put together", before=before, after=self.small)

    def note(self, event: str, **details: Any) -> None:
        """Add a line to the log."""
        note(self.log, event, **details)

    def close(self) -> None:
        """Let another process have the folder."""
        self.log.close()
        self.lock.close()


def note(log: IO[str], event: str, **details: Any) -> None:
    """Add a line to a log; a log that cannot be written stops no sweep."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with contextlib.suppress(OSError):
        log.write(json.dumps({"time": when, "event": event, **details}) + "\n")
        log.flush()


def check_extends(known: Mapping[str, Any] | None, record: Mapping[str, Any], folder: Path) -> None:
    """Refuse a folder whose points cannot be extended to those of the new record.

    Raises
    ------
    FolderError
        Saying which method cannot be extended and what to do.
    """
    if known is None or known["method"] in NESTED or all(known[name] == record[name] for name in SAMPLED):
        return
    raise FolderError(
        folder,
        f"holds {known['points']} points of method {known['method']}, which cannot be extended: with other numbers every "
        "point is another. Choose another folder with --out; draws and replicates can be raised in this one",
    )


def read_record(folder: Path) -> dict[str, Any] | None:
    """Read what the folder's design was; None if it is no sweep's or not readable."""
    try:
        record = json.loads((folder / DESIGN_RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def write_whole(path: Path, text: str) -> None:
    """Write a file that is whole or as before."""
    partial = path.with_name(f"{UNFINISHED}{path.name}-{secrets.token_hex(4)}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def lock_of(folder: Path) -> IO[str]:
    """Hold the folder; the system lets go when the process ends, however it ends.

    Raises
    ------
    FolderError
        If another process holds it.
    """
    lock = (folder / LOCK).open("a", encoding="utf-8")
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        message = "another process is at work on this sweep; wait for it, or share the work by --shard in folders of their own"
        raise FolderError(folder, message) from None
    except OSError:  # a file system without locks
        pass
    return lock


def open_log(path: Path) -> IO[str]:
    """Open the log to add to it, on a new line if the last one was torn."""
    log = path.open("a+b")
    size = log.seek(0, os.SEEK_END)
    if size:
        log.seek(size - 1)
        if log.read(1) != b"\n":
            log.write(b"\n")
    log.close()
    return path.open("a", encoding="utf-8")


def merge(folders: Sequence[Path], out: Path) -> int:
    """Put the runs of shards into one folder; what is there already is left out, a failed run gives way to one that is right.

    Parameters
    ----------
    folders
        Of shards of one design.
    out
        A sweep's folder, made if absent; none of the shards'.

    Returns
    -------
    Runs added.

    Raises
    ------
    FolderError
        If a folder holds no sweep, or the shards are of different designs or models.
    """
    records = {folder: read_record(folder) for folder in folders}
    first = same_records(records, out)
    with explained(out):
        (out / PARTS).mkdir(parents=True, exist_ok=True)
        lock = lock_of(out)
    try:
        with explained(out):
            clean(out)
            write_whole(out / DESIGN_RECORD, json.dumps(first, indent=1))
            text = (folders[0] / DESIGN).read_text(encoding="utf-8") if (folders[0] / DESIGN).exists() else ""
            write_whole(out / DESIGN, text)
            log = open_log(out / LOG)
        with log:
            added = sum(copy_parts(folder, out) for folder in folders)
            with explained(out):
                compact(out)
            note(log, "merged", shards=[folder.name for folder in folders], added=added)
    finally:
        lock.close()
    return added


def same_records(records: Mapping[Path, Mapping[str, Any] | None], out: Path) -> Mapping[str, Any]:
    """Return the record that all shards share; refuse what cannot be put together.

    Raises
    ------
    FolderError
        If a folder holds no sweep, is the one to write, or its design or model differs.
    """
    if any(folder.resolve() == out.resolve() for folder in records):
        raise FolderError(out, "is one of the shards; choose another folder with --out")
    there = read_record(out)
    first: Mapping[str, Any] | None = None
    for folder, record in [*records.items(), *([(out, there)] if there is not None else [])]:
        if record is None:
            raise FolderError(folder, "holds no sweep; `talentsim sweep DESIGN --shard I/N` makes a shard")
        first = first or record
        if record != first:
            raise FolderError(folder, "was made from another design, or by another version of the model, than the first shard")
    if first is None:
        raise FolderError(out, "nothing to merge")
    return first


def copy_parts(folder: Path, out: Path) -> int:
    """Copy the runs of one folder that another one lacks, many to a part; return how many."""
    known = known_runs(out)
    before, held, count = len(known), [], 0
    for path in part_paths(folder):
        table = read_part(path)
        errors = table["error"].to_pylist()
        keys = [bytes.fromhex(key) for key in table["key"].to_pylist()]
        new = [k for k, key in enumerate(keys) if key not in known or (known[key] and not errors[k])]
        if not new:
            continue
        held.append(table.take(new).replace_schema_metadata(None))
        note_states(known, held[-1])
        count += len(new)
        if count >= FULL:
            write_part(out, each_once(pa.concat_tables(held)))
            held, count = [], 0
    if held:
        write_part(out, each_once(pa.concat_tables(held)))
    return len(known) - before
