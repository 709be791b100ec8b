"""The folder of a comparison: results/comparisons/<base>--<variant>/<id>/, complete or absent, never overwritten.

| file | content |
| --- | --- |
| effects.parquet | paired differences of all years, tiers, axes and regions, people and shares |
| effects.csv | the same for selected years |
| headlines.csv, crossings.csv, ranking.csv, assumptions.csv | the rows of `sim.comparisons.comparison`, numbers exact |
| indicators.csv | every indicator of base and variant in selected years, means over runs, and their difference |
| iamc.csv | shares, people and differences as the IAMC writes scenarios |
| anatomy-1/ | who changed and why: of the first variant, and so on |
| answer.txt | the answer in two sentences, one line a variant |
| provenance.json | runs, command, notes |
"""

from __future__ import annotations

import datetime
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.comparisons.anatomy.anatomy import Anatomy, ChannelRow, LeverPart, SwitchRow
from sim.comparisons.comparison import AssumptionRow, Comparison, CrossingRow, Effects, Headline, RankRow
from sim.comparisons.exports import iamc_rows
from sim.comparisons.pairing import labels
from sim.data.package import keep_copy, kept_copy
from sim.engines.axes import AXES, TIERS
from sim.files.manifest import FILES
from sim.files.paths import inside_folder
from sim.files.reading import check_csv, read_object
from sim.model.world import Integers
from sim.runs.atomic import FolderError, building, explained
from sim.runs.folder import Run, read_run
from sim.runs.outcomes.indicators import INDICATORS
from sim.runs.provenance import digest, source_state, versions
from sim.runs.reading.record import COMPARISON_SHAPE, PROVENANCE, check_held, read_origin, write_record
from sim.runs.reading.tables import DAMAGE, cells_of, read_long
from sim.runs.rows import read_rows, write_csv, write_rows
from sim.runs.tables import column, texts
from sim.scenarios.groups import GROUPS, Groups, known_places
from sim.sources import COMPARISON, source_hash

COMPARISONS = "comparisons"
ANATOMY_PREFIX: Final = "anatomy-"
"""Of the folder of a variant's anatomy."""


COMPARISON_FILES = (
    "effects.parquet", "effects.csv", "headlines.csv", "crossings.csv", "ranking.csv", "assumptions.csv", "indicators.csv",
    "iamc.csv", "answer.txt", "provenance.json",
)  # fmt: skip
PARSED_FILES = ("headlines.csv", "crossings.csv", "ranking.csv", "assumptions.csv", "answer.txt")
"""Those of them that are read back as text; the others grow with the variants and are for other programs."""


EFFECT_STATISTICS = tuple(field.name for field in fields(Effects))


SELECTED_YEARS = (2019, 2022, 2025, 2030, 2035, 2040, 2045, 2050)


MOST_SCENARIOS_NAMED = 3


UNITS: Mapping[str, str] = {
    "*_points": "percentage points, variant less base",
    "*_share, *_share_error, prior_part, share_of_runs, change": "0..1",
    "base_people, variant_people, people, people_p05, people_p95": "people",
    "ratio": "variant / base",
    "runs, runs_needed, runs_unpaired": "draws x replicates of each scenario",
}


def comparison_id(runs: Sequence[Run], extent: Sequence[Any], groups: Groups) -> str:
    """Name a comparison by the runs, what was asked for, the groups told and the sources that compare. 16 hex digits."""
    told = {name: list(members) for name, members in groups.items()}
    return digest([[run.run_id for run in runs], list(extent), told, source_hash(COMPARISON)])[:16]


def comparison_folder(runs: Sequence[Run], root: Path, extent: Sequence[Any], groups: Groups = GROUPS) -> Path:
    """Return where a comparison lies or would lie.

    Parameters
    ----------
    runs
        The base first.
    root
        Results folder.
    extent
        What else decides what the comparison holds, as plain values.
    groups
        Groups of regions told beside the regions.

    Raises
    ------
    sim.files.paths.OutsideError
        If a run's record names its scenario by a path.
    """
    names = [run.name for run in runs]
    for name in names:
        inside_folder(root / COMPARISONS, name)
    shown = names if len(names) <= MOST_SCENARIOS_NAMED else [*names[:2], f"and-{len(names) - 2}-more"]
    return inside_folder(root / COMPARISONS, "--".join(shown)) / comparison_id(runs, extent, groups)


def write_comparison(
    comparison: Comparison,
    folder: Path,
    command: str = "",
    finish: Callable[[Path], object] | None = None,
    asked: Sequence[Any] = (),
) -> None:
    """Write the folder of a comparison in one atomic move.

    Parameters
    ----------
    comparison
        With answers.
    folder
        Of `comparison_folder`.
    command
        The command that makes it again, without anything of this machine.
    finish
        Adds files to the folder before it is moved into place.
    asked
        What was to be held, as plain values.

    Raises
    ------
    sim.runs.atomic.FolderError
        If it cannot be written; nothing is left behind then.
    """
    names = labels(comparison.base, comparison.variants)
    with building(folder) as partial:
        with explained(folder.parent):
            table = effects_table(comparison)
            pq.write_table(table, partial / "effects.parquet", compression="zstd", version="2.6")
            write_csv(partial / "effects.csv", table.column_names, selected(table))
            write_rows(partial / "headlines.csv", Headline, comparison.headlines)
            write_rows(partial / "crossings.csv", CrossingRow, comparison.crossings)
            write_rows(partial / "ranking.csv", RankRow, comparison.ranking)
            write_rows(partial / "assumptions.csv", AssumptionRow, comparison.assumptions)
            write_rows(partial / "indicators.csv", IndicatorEffect, indicator_effects(comparison))
            header, rows = iamc_rows(comparison)
            write_csv(partial / "iamc.csv", header, rows)
            kept = kept_copy(comparison.base.folder)
            if kept is not None:
                keep_copy(kept, partial)
            write_text(partial / "answer.txt", "".join(f"{answer}\n" for answer in comparison.answers))
            record = provenance(comparison, folder, names, command) | {"asked": list(asked)}
            for number, name in enumerate(names):
                if name in comparison.anatomies:
                    write_anatomy(anatomy_folder(partial, number), comparison.anatomies[name])
        if finish is not None:
            finish(partial)
        with explained(folder.parent):
            write_record(partial, record)


class IndicatorEffect(NamedTuple):
    """An indicator of a base and a variant in one year: means over runs in its unit, and their difference."""

    variant: str
    year: int
    indicator: str
    region: str
    unit: str
    base: float
    value: float
    difference: float


def indicator_effects(comparison: Comparison) -> Iterator[IndicatorEffect]:
    """List every yearly indicator that base and variant both have, in the selected years and the last."""
    names = labels(comparison.base, comparison.variants)[1:]
    before = {(row.indicator, row.region, row.year): row.mean for row in comparison.base.indicators}
    last = int(comparison.base.years[-1])
    for name, variant in zip(names, comparison.variants, strict=True):
        for row in variant.indicators:
            base = before.get((row.indicator, row.region, row.year), math.nan)
            if row.year is not None and (row.year in SELECTED_YEARS or row.year == last) and not math.isnan(base + row.mean):
                unit = INDICATORS[row.indicator].unit
                yield IndicatorEffect(name, row.year, row.indicator, row.region, unit, base, row.mean, row.mean - base)


def provenance(comparison: Comparison, folder: Path, names: Sequence[str], command: str) -> dict[str, Any]:
    """Say where a comparison comes from; runs by id, and where they lie from the folder."""
    runs = (comparison.base, *comparison.variants)
    return {
        "status": "complete",
        "comparison_id": folder.name,
        "command": command,
        "runs": [
            {
                "name": name,
                "scenario": run.name,
                "title": run.title,
                "run_id": run.run_id,
                "draws": run.draws,
                "replicates": run.replicates,
                **{name: run.provenance.get(name) for name in ("seed", "researchers", "until", "ensemble")},
                "text": run.provenance["scenario"].get("text", ""),
                "folder": Path(os.path.relpath(run.folder.resolve(), folder.resolve())).as_posix(),
            }
            for name, run in zip(names, runs, strict=True)
        ],
        "notes": list(comparison.notes),
        "groups": {name: list(members) for name, members in comparison.groups.items()},
        "bands": comparison.base.provenance["bands"],
        "units": dict(UNITS),
        "model_id": comparison.base.provenance["model_id"],
        "data": comparison.base.provenance["data"],
        "versions": versions(),
        "source": source_state(),
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def read_comparison(folder: Path, runs: Sequence[Run] = ()) -> Comparison:
    """Read a comparison's folder back; its runs must still be where they were.

    Parameters
    ----------
    folder
        The comparison's.
    runs
        Runs that have been read already.

    Raises
    ------
    sim.runs.atomic.FolderError
        If a file or a run is missing or damaged.
    """
    missing = [name for name in COMPARISON_FILES if not (folder / name).is_file()]
    if missing:
        raise FolderError(folder, f"not a complete comparison, {', '.join(missing)} missing")
    try:
        record = read_origin(folder, COMPARISON_SHAPE)
        held = [name for name in record.get(FILES, {}) if name in COMPARISON_FILES or name.startswith(ANATOMY_PREFIX)]
        check_held(folder, record, held)
        found = [run_of_record(folder, run, runs) for run in record["runs"]]
        return _comparison_of(folder, record, found)
    except DAMAGE as error:
        raise FolderError(folder, f"damaged: {error or type(error).__name__}") from error


def _comparison_of(folder: Path, record: Mapping[str, Any], runs: Sequence[Run]) -> Comparison:
    """Read the tables of a comparison whose record and runs are known."""
    names = [str(run["name"]) for run in record["runs"]]
    groups = {name: tuple(members) for name, members in record["groups"].items()}
    for name in PARSED_FILES:
        check_csv(folder / name)
    return Comparison(
        base=runs[0],
        variants=tuple(runs[1:]),
        effects=read_effect_tables(folder / "effects.parquet", names[1:], runs[0].years, known_places(runs[0].codes, groups)),
        headlines=read_rows(folder / "headlines.csv", Headline),
        crossings=read_rows(folder / "crossings.csv", CrossingRow),
        ranking=read_rows(folder / "ranking.csv", RankRow),
        assumptions=read_rows(folder / "assumptions.csv", AssumptionRow),
        answers=tuple((folder / "answer.txt").read_text(encoding="utf-8").splitlines()),
        anatomies=read_anatomies(folder, names),
        notes=tuple(record["notes"]),
        groups=groups,
    )


def run_of_record(folder: Path, recorded: Mapping[str, Any], known: Sequence[Run] = ()) -> Run:
    """Read a run that a comparison's record names, unless it is read already; it must be the one of that id.

    Raises
    ------
    sim.runs.atomic.FolderError
        If it is gone, damaged or another run.
    """
    for run in known:
        if (run.run_id, run.name) == (recorded["run_id"], recorded["scenario"]):  # scenarios of one effect share an id
            return run
    place = run_place(folder, recorded)
    run = read_run(place)
    if run.run_id != recorded["run_id"]:
        raise FolderError(folder, f"the run at {place} is {run.run_id}, not {recorded['run_id']} that was compared")
    return run


def runs_of_comparison(folder: Path) -> dict[str, Path]:
    """Return where the runs of a comparison lie, by name, the base first; nothing if the folder is none of a comparison.

    Raises
    ------
    sim.runs.atomic.FolderError
        If the record is damaged or a run is gone.
    """
    if not (folder / PROVENANCE).is_file():
        return {}
    try:
        if "comparison_id" not in read_object(folder / PROVENANCE):
            return {}
        record = read_origin(folder, COMPARISON_SHAPE)
        return {str(run["name"]): run_place(folder, run) for run in record["runs"]}
    except DAMAGE as error:
        raise FolderError(folder, f"damaged: {error or type(error).__name__}") from error


def anatomy_folder(folder: Path, number: int) -> Path:
    """Name the folder of the anatomy of a variant, counted from 1."""
    return folder / f"{ANATOMY_PREFIX}{number}"


def read_anatomies(folder: Path, names: Sequence[str]) -> Mapping[str, Anatomy]:
    """Read the anatomies that are there, by name; the base stands first among the names."""
    places = {name: anatomy_folder(folder, number) for number, name in enumerate(names)}
    return MappingProxyType({name: read_anatomy(place) for name, place in places.items() if place.is_dir()})


def run_place(folder: Path, run: Mapping[str, Any]) -> Path:
    """Find the folder of a run of a comparison, for reading; it may lie in another results folder.

    Raises
    ------
    sim.runs.atomic.FolderError
        If it is gone.
    """
    place = (folder.resolve() / str(run["folder"])).resolve()
    if not (place / PROVENANCE).is_file():
        raise FolderError(folder, f"the run {run['run_id']} of {run['scenario']} is not at {place}; make it again or put it back")
    return place


def effects_table(comparison: Comparison) -> pa.Table:
    """Lay the effects of all variants in one long table."""
    years = comparison.base.years
    names = labels(comparison.base, comparison.variants)[1:]
    tables = []
    for name, effects in zip(names, comparison.effects, strict=True):
        index = np.indices(effects.difference_points.shape).reshape(4, -1)
        columns: dict[str, Any] = {
            "variant": texts([name] * index.shape[1]),
            "year": column(years[index[0]], np.int64),
            "tier": texts([TIERS[k] for k in index[1]]),
            "axis": texts([AXES[k] for k in index[2]]),
            "region": texts([comparison.places[k] for k in index[3]]),
        }
        columns |= {name: column(getattr(effects, name).ravel(), np.float64, False) for name in EFFECT_STATISTICS}
        tables.append(pa.table(columns))
    return pa.concat_tables(tables)


def selected(table: pa.Table) -> Iterator[list[Any]]:
    """Yield the rows of selected years, and of the last."""
    last = max(table["year"].to_pylist())
    for row in table.to_pylist():
        if row["year"] in SELECTED_YEARS or row["year"] == last:
            yield list(row.values())


def read_effect_tables(path: Path, names: Sequence[str], years: Integers, places: Sequence[str]) -> tuple[Effects, ...]:
    """Read the effects of every variant back, by variant, year, tier, axis and region."""
    words = {"variant": names, "tier": TIERS, "axis": AXES, "region": places}
    shape = len(names), len(years), len(TIERS), len(AXES), len(places)
    read = read_long(path, words, ["year", *EFFECT_STATISTICS], math.prod(shape))
    at = cells_of(
        path, [read["variant"], read["year"] - int(years[0]), *(read[name] for name in ("tier", "axis", "region"))], shape
    )
    tables = {}
    for name in EFFECT_STATISTICS:
        laid = np.empty(math.prod(shape))
        laid[at] = read[name]
        tables[name] = laid.reshape(shape)
    return tuple(Effects(**{name: table[k] for name, table in tables.items()}) for k in range(len(names)))


def write_text(path: Path, text: str) -> None:
    """Write a text file with the line ends of every system alike."""
    path.write_text(text, encoding="utf-8", newline="\n")


ANATOMY_RECORD: Final = "anatomy.json"


ANATOMY_TABLES: Final = ("switches.csv", "channels.csv", "levers.csv")


def write_anatomy(folder: Path, anatomy: Anatomy) -> None:
    """Write switches.csv, channels.csv, levers.csv and anatomy.json; numbers are written so that they read back to the bit.

    Parameters
    ----------
    folder : made if it is not there; files of these names are replaced.
    anatomy : what to write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    switches, channels, levers = (folder / name for name in ANATOMY_TABLES)
    write_rows(switches, SwitchRow, anatomy.switches)
    write_rows(channels, ChannelRow, anatomy.channels)
    write_rows(levers, LeverPart, anatomy.levers)
    record = {
        "base": anatomy.base,
        "variant": anatomy.variant,
        "year": anatomy.year,
        "researchers": anatomy.researchers,
        "runs": anatomy.runs,
        "exact": anatomy.exact,
        "lever_researchers": anatomy.lever_researchers,
    }
    (folder / ANATOMY_RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")


def read_anatomy(folder: Path) -> Anatomy:
    """Read what `write_anatomy` wrote.

    Raises
    ------
    sim.runs.atomic.FolderError : a file is missing or cannot be read.
    """
    try:
        record = read_object(folder / ANATOMY_RECORD)
        switches, channels, levers = (folder / name for name in ANATOMY_TABLES)
        for place in (switches, channels, levers):
            check_csv(place)
        return Anatomy(
            **record | {"runs": tuple((int(draw), int(replicate)) for draw, replicate in record["runs"])},
            switches=read_rows(switches, SwitchRow),
            channels=read_rows(channels, ChannelRow),
            levers=read_rows(levers, LeverPart),
        )
    except DAMAGE as error:
        raise FolderError(folder, f"holds no complete anatomy ({error}); compare the scenarios again") from error
