"""What a sweep would take: runs, time from a measured pilot, bytes on disk."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from sim.draws.draw import draw_key
from sim.draws.ensemble import key_of, known_draw_of
from sim.runs.provenance import work_id
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Basis
from sim.sweeps.design.design import Design
from sim.sweeps.execute import PARTS_WANTED, batch_in_force, vectors_of
from sim.sweeps.keys import WHOLE, Shard, first_of_equals, sweep_runs
from sim.sweeps.parts import part_table

PILOT_SECONDS, PILOT_RUNS = 3.0, 40
SOLVE_SECONDS = 20.0  # a draw that is solved anew, measured on a two-core server
MOST_LOOKED_UP = 100  # draws; whether they are solved is found out for so many, the others are taken to be like them


@dataclass(frozen=True)
class Estimate:
    """What a sweep would take."""

    points: int
    runs: int
    there: int
    unsolved: int  # draws that have to be solved
    seconds_per_run: float
    bytes_missing: float

    def seconds(self, workers: int) -> float:
        """Estimate the time on a number of workers."""
        return ((self.runs - self.there) * self.seconds_per_run + self.unsolved * SOLVE_SECONDS) / workers


def estimate(design: Design, known: Mapping[bytes, bool], shard: Shard = WHOLE) -> Estimate:
    """Count the runs and measure a pilot of a few, of which nothing is kept.

    Parameters
    ----------
    design
        The sweep's.
    known
        Runs that are there, by key.
    shard
        (i, n): the i-th of n parts only.
    """
    runs = there = 0
    for run in sweep_runs(design, shard):
        runs += 1
        there += bytes.fromhex(run.key) in known
    basis = load_basis()
    unknown = unsolved(design, basis)
    slim, code = design, work_id(basis.data)
    upcoming = sweep_runs(design)
    first = next(upcoming)
    batch_in_force(slim, code, [first])  # compiles, and solves the draw
    start = time.perf_counter()
    rows = batch_in_force(slim, code, [first])
    once = time.perf_counter() - start
    more = list(islice(upcoming, max(0, min(PILOT_RUNS, math.floor(PILOT_SECONDS / max(once, 1e-6))))))
    start = time.perf_counter()
    rows += batch_in_force(slim, code, more)
    seconds = once if not more else (time.perf_counter() - start) / len(more)
    missing = runs - there
    size = bytes_of(part_table(rows, design), missing)
    return Estimate(design.point_count, runs, there, unknown if missing else 0, seconds, size)


def bytes_of(sample: pa.Table, runs: int) -> float:
    """Estimate the size of so many runs on disk from a few: what every part costs, and what every run does."""

    def written(table: pa.Table) -> int:
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        return buffer.tell()

    few, many = written(sample.slice(0, 1)), written(sample)
    each = (many - few) / (len(sample) - 1) if len(sample) > 1 else sample.nbytes
    return runs * each + min(PARTS_WANTED, runs) * few


def unsolved(design: Design, basis: Basis) -> int:
    """Count the draws that nobody has solved yet: those of points that move a parameter, mostly."""
    moved = [k for k, factor in enumerate(design.factors) if factor.kind == "parameter"]
    points = design.make_points()
    different = sorted(set(first_of_equals(points[:, moved]).tolist()))
    total = looked_up = missing = 0
    keys: set[str] = set()
    for number in different:
        for index in range(len(design.scenarios)):
            total += max(1, design.draws)
            if looked_up >= MOST_LOOKED_UP:
                continue
            scenario = design.scenario_at(index, points[number].tolist())
            try:
                vectors = vectors_of(design, scenario, basis.data)
            except ValueError:  # not stable; its runs will say so
                continue
            for draw, vector in islice(vectors.items(), MOST_LOOKED_UP):
                key = draw_key(basis, vector, key_of(design.ensemble, draw))
                looked_up += 1
                if key not in keys:
                    keys.add(key)
                    missing += known_draw_of(design.ensemble, basis, vector, draw) is None
    return round(missing * total / looked_up) if looked_up else 0
