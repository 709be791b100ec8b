"""What the moves of a run add up to: ways to the first job, and net moves between groups of regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.model.world import Floats, Integers
from sim.runs.folder import Run
from sim.runs.rows import RunTableError

MOVES = ("entry", "first_job", "relocation")
"""Stages that bring somebody from one place to another."""


def first_jobs(run: Run, year: int, groups: Sequence[Sequence[int]]) -> Floats:
    """Return who takes a first job in a year, by origin, graduate school and place of the job.

    Parameters
    ----------
    run
        A run, read from its folder.
    year
        A reporting year.
    groups
        Groups of region ids; each region is in exactly one.

    Returns
    -------
    numpy.ndarray
        People, mean over the runs, (G, G, G).
    """
    return _people(run, [year], ("first_job",), ("origin", "from_region", "to_region"), groups)


def net_moves(run: Run, years: Sequence[int] | Integers, groups: Sequence[Sequence[int]]) -> Floats:
    """Return the net moves between groups of regions, by graduate study, first job and relocation.

    Parameters
    ----------
    run, groups
        As in `first_jobs`.
    years
        Reporting years that are averaged over.

    Returns
    -------
    numpy.ndarray
        People a year from group (row) to group (column) less those the other way, mean over the runs, (G, G).
    """
    moves = _people(run, years, MOVES, ("from_region", "to_region"), groups) / len(years)
    net: Floats = moves - moves.T
    return net


def _people(
    run: Run, years: Sequence[int] | Integers, stages: Sequence[str], columns: Sequence[str], groups: Sequence[Sequence[int]]
) -> Floats:
    path = run.folder / "flows.parquet"
    span = ("year", "in", [int(year) for year in years])
    try:
        table = pq.read_table(path, columns=["year", "stage", *columns, "researchers"], filters=[span])
    except (OSError, pa.ArrowException) as error:
        raise RunTableError(f"{path}: cannot be read ({error})") from error
    table = table.filter(pc.is_in(table["stage"].cast(pa.string()), pa.array(list(stages))))
    group = np.zeros(len(run.codes), dtype=np.int64)
    for number, members in enumerate(groups):
        group[list(members)] = number
    cells = tuple(group[_ids(table[name], run.codes)] for name in columns)
    total = np.zeros((len(groups),) * len(columns))
    np.add.at(total, cells, table["researchers"].to_numpy())
    return total * run.weight / (run.draws * run.replicates)


def _ids(column: Any, codes: Sequence[str]) -> Integers:
    return np.asarray(pc.index_in(column.cast(pa.string()), pa.array(list(codes))).to_numpy(), dtype=np.int64)
