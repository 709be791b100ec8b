"""A sweep's results as a table: one row a run, one column a factor or a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from sim.runs.atomic import FolderError
from sim.runs.reading.tables import DAMAGE
from sim.scenarios.groups import GROUPS, Groups
from sim.sources import whole_file
from sim.sweeps.design.file import MOST_DESIGN_POINTS
from sim.sweeps.design.points import DesignPoints, Factor, make_points, point_count
from sim.sweeps.keys import first_of_equals, list_runs
from sim.sweeps.parts import best_rows, part_paths, read_part
from sim.sweeps.store import DESIGN_RECORD, read_record

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DIMENSIONS = ("scenario", "point", "draw", "replicate")
RESULTS = "results.csv"


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep that are there.

    Parameters
    ----------
    folder
        Of the sweep.
    record
        What `sim.sweeps.store.design_record` wrote.
    """

    folder: Path
    record: Mapping[str, Any]

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """What varies."""
        return tuple(
            Factor(name, kind, target, low, high, tuple(v)) for name, kind, target, low, high, v in self.record["factors"]
        )

    @property
    def measures(self) -> tuple[str, ...]:
        """What was kept, as formulas."""
        return tuple(self.record["keep"])

    @property
    def groups(self) -> Groups:
        """Groups of regions that may be named: those that everybody may use, and its own."""
        return {**GROUPS, **{name: tuple(members) for name, members in self.record.get("groups", {}).items()}}

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios."""
        return tuple(self.record["scenarios"])

    @cached_property
    def points(self) -> DesignPoints:
        """The (N, K) points of the design."""
        record = self.record
        rows = np.array(record["rows"], dtype=np.float64) if record["rows"] else None
        return make_points(record["method"], self.factors, record["points"], record["sample_seed"], rows)

    @cached_property
    def table(self) -> pa.Table:
        """The runs of the design that are there, by scenario, point, draw and replicate.

        Every point has its own rows, though runs of equal points were executed once. Other runs in the folder, of earlier designs
        or models, are left out.
        """
        record = self.record
        wanted = {run.key: run for run in list_runs(record["keys"], self.points, record["draws"], record["replicates"])}
        columns = ["key", *self.measures, "error", "seconds"]
        parts = (read_part(path) for path in part_paths(self.folder))
        known = [part.select(columns).replace_schema_metadata(None) for part in parts if set(columns) <= set(part.column_names)]
        whole = pa.concat_tables(known) if known else None
        found = {} if whole is None else {key: row for key, row in best_rows(whole).items() if key in wanted}
        if whole is None or not found:
            raise FolderError(self.folder, "holds no run of this design and model yet; `talentsim sweep` makes them")
        equals: dict[int, list[int]] = {}
        for point, first in enumerate(first_of_equals(self.points).tolist()):
            equals.setdefault(first, []).append(point)
        rows = [(wanted[key], row, point) for key, row in found.items() for point in equals[wanted[key].point]]
        runs = [run for run, _, _ in rows]
        table = whole.take([row for _, row, _ in rows])
        numbers = {
            "scenario": pa.array([self.scenarios[run.scenario] for run in runs], pa.string()),
            "point": pa.array([point for _, _, point in rows], pa.int64()),
            "draw": pa.array([run.draw for run in runs], pa.int32()),
            "replicate": pa.array([run.replicate for run in runs], pa.int32()),
        }
        factors = {each.name: pa.array(self.points[[point for _, _, point in rows], k]) for k, each in enumerate(self.factors)}
        rest = {name: table[name] for name in columns[1:]}
        return pa.table({"key": table["key"], **numbers, **factors, **rest}).sort_by([(name, "ascending") for name in DIMENSIONS])

    @cached_property
    def missing(self) -> int:
        """Number of runs of the design that are not there yet."""
        record = self.record
        wanted = sum(1 for _ in list_runs(record["keys"], self.points, record["draws"], record["replicates"]))
        return wanted - len(set(self.table["key"].to_pylist()))

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return len(
            {key for key, error in zip(self.table["key"].to_pylist(), self.table["error"].to_pylist(), strict=True) if error}
        )

    def frame(self) -> pd.DataFrame:
        """Return the runs as a pandas table; failed runs have an error and no numbers."""
        return self.table.to_pandas()

    def query(self, sql: str) -> pd.DataFrame:
        """Ask the runs in SQL, as the table ``runs`` (needs duckdb, the extra ``analysis``).

        Raises
        ------
        ImportError
            If duckdb is not installed.
        """
        import duckdb

        with duckdb.connect() as connection:
            connection.register("runs", self.table)
            return connection.execute(sql).df()

    def to_xarray(self) -> xr.Dataset:
        """Return the measures over scenario, point, draw and replicate, and the factors over points (needs xarray)."""
        frame = self.frame().set_index(list(DIMENSIONS))
        data: xr.Dataset = frame[list(self.measures)].to_xarray()
        columns = {factor.name: ("point", self.points[data["point"].to_numpy(), k]) for k, factor in enumerate(self.factors)}
        return data.assign_coords(columns)


def read_sweep(folder: Path) -> Sweep:
    """Read a sweep's folder.

    Raises
    ------
    FolderError
        If it holds no sweep, or its record is damaged.
    """
    record = read_record(folder)
    if record is None:
        raise FolderError(folder, f"holds no sweep, {DESIGN_RECORD} is missing; `talentsim sweep DESIGN` makes one")
    sweep = Sweep(folder, record)
    try:
        if point_count(record["method"], sweep.factors, record["points"], len(record["rows"])) > MOST_DESIGN_POINTS:
            raise ValueError(f"more than {MOST_DESIGN_POINTS:,}")
        if len(sweep.points) < 1 or sweep.points.shape[1] != len(sweep.factors):
            raise ValueError("it has no points")
    except DAMAGE as error:
        raise FolderError(folder, f"damaged: {DESIGN_RECORD} makes no points ({error})") from error
    return sweep


def write_results(sweep: Sweep) -> Path:
    """Write the runs of a sweep as CSV into its folder, beside the Parquet: a row a run, as in `Sweep.table`; return the file.

    Raises
    ------
    FolderError
        If the sweep has no run yet.
    OSError
        If it cannot be written.
    """
    path = sweep.folder / RESULTS
    with whole_file(path) as place:
        pc.write_csv(sweep.table, place)
    return path
