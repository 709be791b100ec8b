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
from sim.engines.axes import AXES, TIERS
from sim.runs.atomic import FolderError, building, explained
from sim.runs.folder import Run, read_run
from sim.runs.outcomes.indicators import INDICATORS
from sim.runs.provenance import digest, source_state, versions
from sim.runs.rows import read_rows, write_csv, write_rows
from sim.runs.tables import column, numbers_of, texts
from sim.scenarios.groups import GROUPS, Groups, known_places
from sim.sources import COMPARISON, source_hash

COMPARISONS = "comparisons"


COMPARISON_FILES = (
    "effects.parquet", "effects.csv", "headlines.csv", "crossings.csv", "ranking.csv", "assumptions.csv", "indicators.csv",
    "iamc.csv", "answer.txt", "provenance.json",
)  # fmt: skip


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
    """
    names = [run.name for run in runs]
    shown = names if len(names) <= MOST_SCENARIOS_NAMED else [*names[:2], f"and-{len(names) - 2}-more"]
    return root / COMPARISONS / "--".join(shown) / comparison_id(runs, extent, groups)


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
            write_text(partial / "answer.txt", "".join(f"{answer}\n" for answer in comparison.answers))
            record = provenance(comparison, folder, names, command) | {"asked": list(asked)}
            for number, name in enumerate(names):
                if name in comparison.anatomies:
                    write_anatomy(anatomy_folder(partial, number), comparison.anatomies[name])
            write_text(partial / "provenance.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        if finish is not None:
            finish(partial)


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
        record = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        known = {run.folder.resolve(): run for run in runs}
        places = [run_place(folder, run).resolve() for run in record["runs"]]
        runs = [known[place] if place in known else read_run(place) for place in places]
        names = [run["name"] for run in record["runs"]]
        groups = {name: tuple(members) for name, members in record["groups"].items()}
        shape = len(runs[0].years), len(TIERS), len(AXES), len(known_places(runs[0].codes, groups))
        effects = read_effect_tables(folder / "effects.parquet", names[1:], shape)
        return Comparison(
            base=runs[0],
            variants=tuple(runs[1:]),
            effects=effects,
            headlines=read_rows(folder / "headlines.csv", Headline),
            crossings=read_rows(folder / "crossings.csv", CrossingRow),
            ranking=read_rows(folder / "ranking.csv", RankRow),
            assumptions=read_rows(folder / "assumptions.csv", AssumptionRow),
            answers=tuple((folder / "answer.txt").read_text(encoding="utf-8").splitlines()),
            anatomies=read_anatomies(folder, names),
            notes=tuple(record["notes"]),
            groups=groups,
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise FolderError(folder, f"damaged: {error}") from error


def runs_of_comparison(folder: Path) -> dict[str, Path]:
    """Return where the runs of a comparison lie, by name, the base first; nothing if the folder is none of a comparison.

    Raises
    ------
    sim.runs.atomic.FolderError
        If the record is damaged or a run is gone.
    """
    place = folder / "provenance.json"
    if not place.is_file():
        return {}
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
        if "comparison_id" not in record:
            return {}
        return {str(run["name"]): run_place(folder, run).resolve() for run in record["runs"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(folder, f"damaged: {error}") from error


def anatomy_folder(folder: Path, number: int) -> Path:
    """Name the folder of the anatomy of a variant, counted from 1."""
    return folder / f"anatomy-{number}"


def read_anatomies(folder: Path, names: Sequence[str]) -> Mapping[str, Anatomy]:
    """Read the anatomies that are there, by name; the base stands first among the names."""
    places = {name: anatomy_folder(folder, number) for number, name in enumerate(names)}
    return MappingProxyType({name: read_anatomy(place) for name, place in places.items() if place.is_dir()})


def run_place(folder: Path, run: Mapping[str, Any]) -> Path:
    """Find the folder of a run of a comparison.

    Raises
    ------
    sim.runs.atomic.FolderError
        If it is gone.
    """
    place = folder.resolve() / str(run["folder"])
    if not (place / "provenance.json").is_file():
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


def read_effect_tables(path: Path, names: Sequence[str], shape: tuple[int, ...]) -> tuple[Effects, ...]:
    """Read the effects of every variant back."""
    with pq.ParquetFile(path) as file:
        table = file.read()
    cells = math.prod(shape)
    if table.num_rows != cells * len(names):
        raise ValueError(f"{path.name}: {table.num_rows} rows, expected {cells * len(names)}")
    found = []
    for number in range(len(names)):
        part = table.slice(number * cells, cells)
        found.append(Effects(**{name: numbers_of(part[name], np.float64).reshape(shape) for name in EFFECT_STATISTICS}))
    return tuple(found)


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
    (folder / ANATOMY_RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def read_anatomy(folder: Path) -> Anatomy:
    """Read what `write_anatomy` wrote.

    Raises
    ------
    sim.runs.atomic.FolderError : a file is missing or cannot be read.
    """
    try:
        record = json.loads((folder / ANATOMY_RECORD).read_text(encoding="utf-8"))
        switches, channels, levers = (folder / name for name in ANATOMY_TABLES)
        return Anatomy(
            **record | {"runs": tuple((int(draw), int(replicate)) for draw, replicate in record["runs"])},
            switches=read_rows(switches, SwitchRow),
            channels=read_rows(channels, ChannelRow),
            levers=read_rows(levers, LeverPart),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FolderError(folder, f"holds no complete anatomy ({error}); compare the scenarios again") from error
