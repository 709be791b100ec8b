"""A sweep's folder: its parts, the record of its design, a log of what happened, and a lock.

The log is for people and may end in a torn line; which runs are there is read from the parts alone.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from sim.data.load import data_folder, is_packaged
from sim.data.package import keep_copy, kept_copy
from sim.files.ending import undone_by
from sim.files.manifest import SEAL, check_seal, sealed
from sim.files.paths import OutsideError, check_unlinked
from sim.files.reading import UnreadableError, read_bounded, read_object
from sim.runs.atomic import FolderError, explained, made_folder
from sim.runs.provenance import digest, model_id, source_state, system, versions
from sim.runs.reading.record import Rule, are_texts, check_entries, is_count, is_list, is_text, is_whole
from sim.runs.reading.tables import DAMAGE
from sim.scenarios.load import load_basis, whole_toml
from sim.scenarios.scenario import scenario_effect
from sim.sources import write_whole
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import MOST_DESIGN_POINTS, MOST_RUNS
from sim.sweeps.design.points import NESTED
from sim.sweeps.keys import scenario_keys
from sim.sweeps.parts import (
    FULL,
    MOST_SMALL,
    PARTS,
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
    warn_old,
    write_part,
)

LOG, DESIGN, LOCK, DESIGN_RECORD = "status.log", "design.toml", "lock", "design.json"
MOST_DESIGN_BYTES, MOST_DESIGN_PARTS = 200_000_000, 10_000_000
"""Of the record of a design: a million points of several factors."""
SWEEP_SHAPE: Mapping[str, Rule] = {
    **dict.fromkeys(("title", "method", "group"), is_text),
    **dict.fromkeys(("scenarios", "keys", "keep"), are_texts),
    **dict.fromkeys(("points", "draws", "replicates", "researchers", "until"), is_count),
    **dict.fromkeys(("factors", "rows"), is_list),
    **dict.fromkeys(("seed", "sample_seed"), is_whole),
}
"""What each entry of a design's record must be."""
SAMPLED = ("method", "points", "sample_seed", "factors")
"""What a record has of how points are made."""
MADE_BY = ("source", "platform", SEAL)
"""What a record has of where it was made. Keys of runs and the group hold what decides numbers: shards of two machines, or of two
commits of one model, belong together."""
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
        with made_folder(folder), undone_by(partial(forget, folder)):
            self.open()

    def open(self) -> None:
        """Hold the folder and write down what the sweep is; where that is interrupted or refused nothing of it stays."""
        folder, design = self.folder, self.design
        self.lock = opened(folder)
        try:
            record = design_record(design)
            check_extends(known_record(folder), record, folder)
            with explained(folder):
                if not is_packaged():
                    keep_copy(data_folder(), folder)
                write_whole(folder / DESIGN_RECORD, json.dumps(sealed(record), indent=1))
                write_whole(folder / DESIGN, design.text)
                self.log = open_log(folder / LOG)
                for name in clean(folder):
                    self.note("damaged part set aside", part=name)
                self.small = len(small_parts(folder))
        except BaseException:
            forget(folder)
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


def forget(folder: Path) -> None:
    """Remove what a sweep begins with from a folder that has neither its design nor a part."""
    if not os.path.lexists(folder / DESIGN_RECORD):
        with contextlib.suppress(OSError):
            (folder / PARTS).rmdir()
            (folder / LOCK).unlink(missing_ok=True)


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
    """Read what the folder's design was; None if it is no sweep's.

    Raises
    ------
    FolderError
        If the record is damaged or was changed.
    """
    place = folder / DESIGN_RECORD
    if not os.path.lexists(place):
        return None
    try:
        record = read_object(place, MOST_DESIGN_BYTES, MOST_DESIGN_PARTS)
        if not check_seal(record, DESIGN_RECORD):
            warn_old(folder)
        check_entries(record, SWEEP_SHAPE, DESIGN_RECORD)
        runs = record["points"] * max(1, len(record["scenarios"])) * max(1, record["draws"]) * record["replicates"]
        if record["points"] > MOST_DESIGN_POINTS or runs > MOST_RUNS:
            raise UnreadableError(f"{DESIGN_RECORD} has more points or runs than a sweep can have")
        return record
    except DAMAGE as error:
        raise FolderError(folder, f"damaged: {error}; the design run again with `talentsim sweep` writes it anew") from error


def known_record(folder: Path) -> dict[str, Any] | None:
    """Read what the folder's design was; None if it is no sweep's or damaged: parts say which runs are there."""
    try:
        return read_record(folder)
    except FolderError:
        return None


def opened(folder: Path) -> IO[str]:
    """Make the folder of a sweep if it is absent and hold it; return the lock.

    Raises
    ------
    FolderError
        If it cannot be written, is held by another process, or its files lead elsewhere.
    """
    with explained(folder):
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
        try:
            for name in (PARTS, LOCK, LOG):
                check_unlinked(folder / name)
        except OutsideError as error:
            raise FolderError(folder, str(error)) from error
        return lock_of(folder)


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
    return path.open("a", encoding="utf-8", newline="\n")


def merge(folders: Sequence[Path], out: Path) -> int:
    """Put the runs of shards into one folder; what is there already is left out, a failed run gives way to one that is right.

    The copy of data of one's own that the shards keep is kept there too.

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
    lock = opened(out)
    try:
        with explained(out):
            clean(out)
            own_data = next(filter(None, map(kept_copy, folders)), None)
            if own_data is not None:
                keep_copy(own_data, out)
            write_whole(out / DESIGN_RECORD, json.dumps(first, indent=1))
            text = read_bounded(folders[0] / DESIGN).decode("utf-8", "replace") if (folders[0] / DESIGN).exists() else ""
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
    there = known_record(out)
    first: Mapping[str, Any] | None = None
    for folder, record in [*records.items(), *([(out, there)] if there is not None else [])]:
        if record is None:
            raise FolderError(folder, "holds no sweep; `talentsim sweep DESIGN --shard I/N` makes a shard")
        first = first or record
        if any(record.get(name) != first.get(name) for name in {*record, *first}.difference(MADE_BY)):
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
