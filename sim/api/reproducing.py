"""Make the folder of a run, a comparison or a sweep again from its provenance, elsewhere, and say what differs and why."""

from __future__ import annotations

import filecmp
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from sim.comparisons.compare import Extent, compare_into
from sim.data.load import data_in_force
from sim.data.package import kept_copy
from sim.draws.ensemble import EnsembleError, find_ensemble
from sim.files.manifest import check_seal
from sim.files.paths import inside_folder
from sim.files.reading import read_bounded, read_object
from sim.runs.atomic import FolderError
from sim.runs.execute import run_command, run_tasks, variant_tasks
from sim.runs.executors import InThisProcess, Processes, Progress, available_cores
from sim.runs.folder import RUN_FILES, Run, write_run
from sim.runs.plan import RunPlan, tasks_of
from sim.runs.provenance import model_id, source_state, versions
from sim.runs.reading.record import COMPARISON_SHAPE, RUN_SHAPE, Rule, check_entries, is_count, is_table, is_text, is_whole
from sim.scenarios.groups import Groups
from sim.scenarios.load import load_basis, load_scenario
from sim.sweeps.design.file import read_design
from sim.sweeps.execute import sweep_into
from sim.sweeps.keys import WHOLE
from sim.sweeps.results import read_sweep
from sim.sweeps.store import DESIGN, DESIGN_RECORD, MOST_DESIGN_BYTES, MOST_DESIGN_PARTS, SWEEP_SHAPE, Store

ORIGIN_FILE: Final = "provenance.json"
SIZE_NAMES: Final = ("draws", "replicates", "seed", "researchers", "until")
ASKED_SHAPE: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(("name", "scenario", "text", "ensemble.name", "ensemble.digest"), is_text),
    **dict.fromkeys(("draws", "replicates", "researchers", "until"), is_count),
    "seed": is_whole,
}
"""What the record of a comparison says of each run, as far as it decides it."""
TEXTS_SHAPE: Final[Mapping[str, Rule]] = {"ensemble": is_table, "ensemble.name": is_text, "ensemble.digest": is_text}
MOST_NAMED = 5
"""Figures of a table that are named one by one."""


class ReproduceError(ValueError):
    """A folder cannot be made again; says why and what to do."""


@dataclass(frozen=True)
class Reproduced:
    """A folder that was made again.

    Parameters
    ----------
    source, folder
        What was there, and what was made.
    same
        Files, or tables, that are equal.
    differing
        Those that are not, with what differs.
    missing
        Files of the source that are not part of what was recorded: drawn or written later.
    why
        Versions, commits and data that are not those recorded.
    """

    source: Path
    folder: Path
    same: tuple[str, ...]
    differing: Mapping[str, str]
    missing: tuple[str, ...]
    why: tuple[str, ...]


def reproduce(source: Path, out: Path, workers: int | None = None, progress: Progress | None = None) -> Reproduced:
    """Make what a folder holds again below another one; the source is never touched.

    Parameters
    ----------
    source
        Folder of a run, a comparison or a sweep.
    out
        Results folder, elsewhere.
    workers
        Threads or processes; all cores if None.
    progress
        Called with (what is done, how much, of how much).

    Raises
    ------
    ReproduceError
        If the folder is none of these, was made before provenance held the scenario, or `out` is its own place.
    sim.runs.atomic.FolderError
        If a folder cannot be read or written.
    """
    if out.resolve() == source.resolve() or out.resolve() in source.resolve().parents:
        raise ReproduceError(f"{source} lies below {out}; choose another place with --out: what is there is never touched")
    many = workers or available_cores()
    with data_in_force(kept_copy(source)):
        return made_again(source, out, many, progress)


def made_again(source: Path, out: Path, many: int, progress: Progress | None) -> Reproduced:
    """Make what a folder holds again with the data in force; arguments and errors as of `reproduce`."""
    if (source / DESIGN_RECORD).is_file():
        return sweep_again(source, out, many)
    record = read_json(source / ORIGIN_FILE)
    if "comparison_id" in record:
        check_said(record, COMPARISON_SHAPE, source)
        return comparison_again(source, record, out, many, progress)
    if "run_id" in record:
        check_said(record, {**RUN_SHAPE, **TEXTS_SHAPE}, source)
        text = record["scenario"].get("text") or read_bounded(source / "scenario.toml").decode("utf-8")
        numbers = {"name": record["scenario"]["name"], "text": text, **{name: record[name] for name in (*SIZE_NAMES, "ensemble")}}
        made = run_again(numbers, out, many, progress)
        names = [path.name for path in source.iterdir() if path.is_file() and path.name != ORIGIN_FILE]
        return compared_files(source, made.folder, names, differences_of_origin(record))
    raise ReproduceError(f"{source} is no run, comparison or sweep: it has neither a complete {ORIGIN_FILE} nor {DESIGN_RECORD}")


def read_json(path: Path) -> dict[str, Any]:
    """Read a record.

    Raises
    ------
    ReproduceError
        If it is not there or damaged.
    """
    try:
        record = read_object(path, MOST_DESIGN_BYTES, MOST_DESIGN_PARTS)
        check_seal(record, path.name)
    except ValueError as error:
        raise ReproduceError(f"{path.parent} is no run, comparison or sweep: {path.name} cannot be read ({error})") from error
    return record


def check_said(record: Any, shape: Mapping[str, Rule], source: Path) -> None:
    """Check that a record says all that is needed; ReproduceError if not."""
    try:
        check_entries(record if isinstance(record, dict) else {}, shape, "its record")
    except ValueError as error:
        raise ReproduceError(f"{source} cannot be made again: {error}") from error


def run_again(record: Mapping[str, Any], out: Path, workers: int, progress: Progress | None) -> Run:
    """Make a run again from the text of its scenario, its sizes and its ensemble."""
    from sim.reports.figures.catalogue import save_run_figures  # plotting libraries are slow to import

    if not record["text"]:
        raise ReproduceError(f"{record['name']}: its provenance holds no scenario; it was made by an older version: run it again")
    sizes: dict[str, Any] = {name: int(record[name]) for name in SIZE_NAMES}
    ensemble = ensemble_recorded(record["ensemble"])
    with tempfile.TemporaryDirectory() as place:
        file = inside_folder(Path(place), f"{record['name']}.toml")
        file.write_text(record["text"], encoding="utf-8", newline="\n")
        scenario = load_scenario(file)
    plan = replace(RunPlan(scenario, load_basis()), **sizes, workers=workers, ensemble=ensemble)
    variants = variant_tasks(plan)
    ends = {value: list(run_tasks([task], 1)) for value, task in variants.items()}
    outcomes = run_tasks(tasks_of(plan), workers, progress)
    return write_run(plan, outcomes, out, command=run_command(plan, ()), variants=ends, finish=save_run_figures)


def ensemble_recorded(known: Mapping[str, str]) -> Any:
    """Find the ensemble of a record, by its content.

    Raises
    ------
    ReproduceError
        If it is gone or another now.
    """
    try:
        found = find_ensemble(known.get("file", known["name"]))
    except EnsembleError as error:
        raise ReproduceError(f"the draws cannot be made again: {error}") from error
    if found.digest != known["digest"]:
        raise ReproduceError(
            f"the ensemble {known['name']} was {known['digest'] or 'the prior'} and is {found.digest or 'the prior'} now; "
            "install the version of the record, or put its file back"
        )
    return found


def comparison_again(source: Path, record: Mapping[str, Any], out: Path, workers: int, progress: Progress | None) -> Reproduced:
    """Make the runs of a comparison again, and compare them."""
    if not record.get("asked"):
        raise ReproduceError(f"{source}: its provenance does not say what was asked; it was made by an older version")
    for run in record["runs"]:
        check_said(run, ASKED_SHAPE, source)
    runs = [run_again({**run, "name": run["scenario"]}, out, workers, progress) for run in record["runs"]]
    assumptions, anatomy, explained, goals, is_lower = record["asked"]
    groups: Groups = {name: tuple(members) for name, members in record["groups"].items()}
    every = explained == len(runs) - 1
    extent = Extent(assumptions, anatomy, workers, every, tuple(goals), is_lower, groups)
    _, folder, _ = compare_into(runs, out, extent, str(record["command"]), progress)
    names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file() and path.name != ORIGIN_FILE]
    return compared_files(source, folder, names, differences_of_origin(record))


def sweep_again(source: Path, out: Path, workers: int) -> Reproduced:
    """Make the runs of a sweep again; its table is compared by key, without the times."""
    record = read_json(source / DESIGN_RECORD)
    if "texts" not in record:
        raise ReproduceError(f"{source}: its record holds no scenarios; it was made by an older version: run the design again")
    check_said(record, {**SWEEP_SHAPE, **TEXTS_SHAPE}, source)
    if record["method"] == "csv":
        raise ReproduceError(f"{source}: its points came from a CSV file that its record does not hold; run the design beside it")
    with tempfile.TemporaryDirectory() as place:
        for name, text in zip(record["scenarios"], record["texts"], strict=True):
            inside_folder(Path(place), f"{name}.toml").write_text(text, encoding="utf-8", newline="\n")
        file = inside_folder(Path(place), f"{source.resolve().name}.toml")
        file.write_bytes(read_bounded(source / DESIGN))
        design = replace(read_design(str(file)), ensemble=ensemble_recorded(record["ensemble"]))
    store = Store(out / "sweeps" / source.name, design)
    try:
        sweep_into(store, InThisProcess() if workers == 1 else Processes(workers), workers, WHOLE, False, None)
    finally:
        store.close()
    tables = [read_sweep(each).frame().drop(columns="seconds") for each in (source, store.folder)]
    before, after = (table.drop(columns="key").sort_values(["scenario", "point", "draw", "replicate"]) for table in tables)
    said = differing_cells(before.reset_index(drop=True), after.reset_index(drop=True))
    same = () if said else ("runs",)
    return Reproduced(source, store.folder, same, {"runs": said} if said else {}, (), tuple(differences_of_origin(record)))


def compared_files(source: Path, made: Path, names: list[str], why: list[str]) -> Reproduced:
    """Compare files byte by byte, and the tables among those that differ cell by cell."""
    there = sorted(name for name in names if (made / name).is_file())
    lost = [name for name in RUN_FILES if name in names and name not in there]
    if lost:
        raise FolderError(made, f"made again without {', '.join(lost)}")
    same = [name for name in there if filecmp.cmp(source / name, made / name, shallow=False)]
    differing = {name: difference_of_files(source / name, made / name) for name in there if name not in same}
    missing = sorted(set(names) - set(there))
    return Reproduced(source, made, tuple(same), differing, tuple(missing), tuple(why))


def difference_of_files(first: Path, second: Path) -> str:
    """Say what differs between two files: the figures of a table, else that bytes do."""
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet}.get(first.suffix)
    if read is None:
        return "other bytes"
    return differing_cells(read(first), read(second)) or "the same figures in other bytes"


def differing_cells(first: pd.DataFrame, second: pd.DataFrame) -> str:
    """Say which cells of two tables differ: how many in which columns, the first of them named; "" if none does."""
    if list(first.columns) != list(second.columns):
        return f"columns {', '.join(first.columns)} and {', '.join(second.columns)}"
    if len(first) != len(second):
        return f"{len(first)} and {len(second)} rows"
    return "; ".join(differing_columns(first, second))


def differing_columns(first: pd.DataFrame, second: pd.DataFrame) -> Iterator[str]:
    """Say of each column that differs in how many rows, and name the first of them by the columns of words and years."""
    keys = [name for name in first.columns if not pd.api.types.is_float_dtype(first[name])]
    for name in first.columns:
        ours, theirs = first[name], second[name]
        rows = first.index[~((ours == theirs) | (ours.isna() & theirs.isna()))]
        named = [
            f"{' '.join(str(first.loc[row, key]) for key in keys if key != name)}: {ours[row]} and {theirs[row]}"
            for row in rows[:MOST_NAMED]
        ]
        if len(rows):
            yield f"{name} in {len(rows)} of {len(first)} rows ({', '.join(named)}{' ...' if len(rows) > MOST_NAMED else ''})"


def differences_of_origin(record: Mapping[str, Any]) -> list[str]:
    """List versions, commit and model that are not those of a record."""
    mine, known = versions(), record.get("versions", {})
    said = [
        f"{name} {known.get(name, 'none')} then, {mine.get(name, 'none')} now"
        for name in {**known, **mine}
        if known.get(name) != mine.get(name)
    ]
    commits = record.get("source", {}).get("commit"), source_state()["commit"]
    if commits[0] != commits[1]:
        said.append(f"commit {commits[0] or 'unknown'} then, {commits[1] or 'unknown'} now")
    if "model_id" in record and record["model_id"] != model_id(load_basis().data):
        said.append("another version of the model or the data: other run ids and, probably, other figures")
    return said
