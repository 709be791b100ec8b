"""The runs of a sweep, each named by a hash of everything that decides its numbers, in an order that keeps draws together.

The same run has the same key in every design and folder. So a sweep that was killed goes on, and one that asks for more executes
only what is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws.draw import REFERENCE
from sim.runs.provenance import digest, model_id
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import scenario_effect
from sim.sweeps.design.design import Design
from sim.sweeps.design.points import DesignPoints

KEY_DIGITS = 32
SHARD_BLOCK = 8
"""Replicates of a draw that stay in one shard, as they share its world."""
Shard = tuple[int, int]
"""(i, n): the i-th of n parts, i from 1 to n."""
WHOLE: Shard = (1, 1)


@dataclass(frozen=True, slots=True)
class SweepRun:
    """One run of a sweep.

    Parameters
    ----------
    key
        32 hex digits.
    scenario, point
        Positions in the design.
    values
        Of the factors.
    draw, replicate
        Numbers; draw -1 for the reference point.
    """

    key: str
    scenario: int
    point: int
    values: tuple[float, ...]
    draw: int
    replicate: int


def scenario_keys(design: Design) -> list[str]:
    """Hash, for each scenario, what decides the numbers of its runs but for factor values, draw and replicate.

    A draw is a number here: its parameters follow from it, the scenario and the model, all of which are in the hash.
    """
    varied = [[factor.kind, factor.target] for factor in design.factors]
    kept = sorted(measure.identity for measure in design.keep)
    common = [model_id(load_basis().data), varied, design.seed, design.researchers, design.until, kept]
    if not design.ensemble.is_prior:
        common.append(design.ensemble.digest)
    return [digest([scenario.name, scenario_effect(scenario), *common]) for scenario in design.scenarios]


def first_of_equals(points: DesignPoints) -> NDArray[np.int64]:
    """Give for each of N points the number of the first one with the same values, (N,); lists and years make equal points."""
    if points.shape[1] == 0:
        return np.zeros(len(points), dtype=np.int64)
    _, first, inverse = np.unique(points, axis=0, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)].astype(np.int64)


def list_runs(keys: Sequence[str], points: DesignPoints, draws: int, replicates: int) -> Iterator[SweepRun]:
    """List the runs, each once: point by point, scenario by scenario, draw by draw, replicate by replicate.

    Parameters
    ----------
    keys
        Of `scenario_keys`.
    points
        (N, K); of equal ones the first is listed.
    draws
        Number; 0 for the reference point alone.
    replicates
        Number, at least 1.
    """
    numbers = range(draws) if draws else (REFERENCE,)
    for point in np.flatnonzero(first_of_equals(points) == np.arange(len(points))).tolist():
        values = tuple(points[point].tolist())
        for scenario, key in enumerate(keys):
            for draw in numbers:
                shared = hashlib.sha256(f"{key} {values} {draw}".encode())
                for replicate in range(replicates):
                    own = shared.copy()
                    own.update(b" %d" % replicate)
                    yield SweepRun(own.hexdigest()[:KEY_DIGITS], scenario, point, values, draw, replicate)


def sweep_runs(design: Design, shard: Shard = WHOLE) -> Iterator[SweepRun]:
    """List the runs of a design that belong to a shard; more points, draws or replicates move no run to another one."""
    part, of = shard
    for run in list_runs(scenario_keys(design), design.make_points(), design.draws, design.replicates):
        if of == 1 or shard_of(run, of) == part:
            yield run


def shard_of(run: SweepRun, of: int) -> int:
    """Tell which of so many shards a run belongs to, 1..of."""
    block = f"{run.scenario} {run.values} {run.draw} {run.replicate // SHARD_BLOCK}"
    return int(hashlib.sha256(block.encode()).hexdigest()[:12], 16) % of + 1
