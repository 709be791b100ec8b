"""What the moves of a run add up to: ways to the first job, and net moves between groups of regions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sim.engines.axes import STAGES
from sim.model.world import Floats, Integers
from sim.runs.careers import FLOWS_FILE
from sim.runs.folder import Run
from sim.runs.reading.tables import long_pieces

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
    words = {"stage": STAGES, **dict.fromkeys(columns, run.codes)}
    wanted = [STAGES.index(stage) for stage in stages]
    group = np.zeros(len(run.codes), dtype=np.int64)
    for number, members in enumerate(groups):
        group[list(members)] = number
    shape = (len(groups),) * len(columns)
    total = np.zeros(math.prod(shape))
    for piece in long_pieces(run.folder / FLOWS_FILE, words, ("year", "researchers")):
        shown = np.isin(piece["year"], years) & np.isin(piece["stage"], wanted)
        cells = np.ravel_multi_index([group[piece[name][shown]] for name in columns], shape)
        total += np.bincount(cells, weights=piece["researchers"][shown], minlength=len(total))
    return total.reshape(shape) * run.weight / (run.draws * run.replicates)
