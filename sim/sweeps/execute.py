"""Execute a sweep: only the runs that are not there, in batches, on any executor; whatever happens, finished batches stay."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from sim.data.load import data_folder, data_in_force, is_packaged
from sim.data.schema import Data
from sim.draws.draw import REFERENCE, Draw
from sim.draws.ensemble import Ensemble, draw_of, vectors_of_draws
from sim.draws.worlds import parameters_of, world_of
from sim.runs.executors import Dispatcher, ExecutorError, Processes
from sim.runs.formulas.measures import values_of
from sim.runs.provenance import work_id
from sim.runs.simulate import simulate
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Basis, Scenario
from sim.sweeps.design.design import Design
from sim.sweeps.keys import WHOLE, Shard, SweepRun, sweep_runs
from sim.sweeps.parts import PartRow
from sim.sweeps.store import Store

PARTS_WANTED = 120  # of one sweep that nobody stops
SHORTEST_BATCH, LONGEST_BATCH = 8, 250  # runs; shorter costs more than it saves, longer loses much when it is killed
RESEARCHERS_AT_ONCE = 2_000_000  # of all runs of a batch: some seconds of work


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is.

    Parameters
    ----------
    done, total
        Runs that are there, whoever executed them; runs of the design or shard.
    executed
        By this process.
    failed
        Of those that are there.
    seconds
        Since the start of this process.
    message
        Of one failed run; "" if none failed here.
    """

    done: int
    total: int
    executed: int
    failed: int
    seconds: float
    message: str = ""

    @property
    def rate(self) -> float:
        """Runs a second."""
        return self.executed / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def left(self) -> float:
        """Seconds left; NaN before anything is known."""
        return (self.total - self.done) / self.rate if self.rate > 0.0 else math.nan

    def after(self, rows: Sequence[PartRow], seconds: float) -> SweepProgress:
        """Add the rows of a batch."""
        errors = [row.error for row in rows if row.error]
        message = self.message or next(iter(errors), "")
        done, executed = self.done + len(rows), self.executed + len(rows)
        return SweepProgress(done, self.total, executed, self.failed + len(errors), seconds, message)


Report = Callable[[SweepProgress], None]


def vectors_of(design: Design, scenario: Scenario, data: Data) -> dict[int, dict[str, float]]:
    """List the parameters of the design's draws for a scenario, by draw.

    Raises
    ------
    ValueError
        If the fixed parameters leave nothing that is stable.
    """
    if not design.draws:
        return {REFERENCE: parameters_of(scenario, REFERENCE, data, design.ensemble)}
    return _drawn(design.ensemble, data, design.draws, tuple(sorted(scenario.parameters.items(), key=lambda item: item[0])))


@lru_cache(maxsize=16)
def _drawn(ensemble: Ensemble, data: Data, draws: int, parameters: tuple[tuple[str, Any], ...]) -> dict[int, dict[str, float]]:
    return dict(enumerate(vectors_of_draws(ensemble, data, draws, dict(parameters))))


def solved(ensemble: Ensemble, vector: Mapping[str, float], draw: int, basis: Basis) -> Draw:
    """Find or solve a draw; the last ones stay at hand, as points share them."""
    return _solved(ensemble, basis, tuple(vector.items()), draw)


@lru_cache(maxsize=128)
def _solved(ensemble: Ensemble, basis: Basis, vector: tuple[tuple[str, float], ...], draw: int) -> Draw:
    return draw_of(ensemble, basis, dict(vector), draw)


def execute_batch(design: Design, code: str, data: Path | None, runs: Sequence[SweepRun]) -> list[PartRow]:
    """Execute runs in order; one that fails becomes a row with its message.

    Parameters
    ----------
    design
        The sweep's.
    code
        Hash of what the process that asks works by (see `sim.runs.provenance.work_id`).
    data
        Folder of its tables; None for those of the package, which lies elsewhere on another machine.
    runs
        Those of a draw beside one another, so that its world is made once.

    Raises
    ------
    ExecutorError
        If this worker works by something else.
    """
    with data_in_force(data):
        return batch_in_force(design, code, runs)


def batch_in_force(design: Design, code: str, runs: Sequence[SweepRun]) -> list[PartRow]:
    """Execute runs with the tables in force; arguments and errors as of `execute_batch`."""
    basis = load_basis()
    if work_id(basis.data) != code:
        raise ExecutorError("a worker has another version of talentsim, or other data, than the process that started the sweep")
    rows: list[PartRow] = []
    values: tuple[float, ...]
    for (index, point, draw), group in groupby(runs, key=lambda run: (run.scenario, run.point, run.draw)):
        prepared: tuple[Scenario, Draw, Any] | Exception | None = None
        for run in group:
            start = time.perf_counter()
            try:
                prepared = prepared or prepared_or_failure(design, run, basis)
                values, error = measured(design, run, prepared, basis.data.codes), ""
            except Exception as failure:
                values, error = (math.nan,) * len(design.keep), f"{type(failure).__name__}: {failure}"
            seconds = time.perf_counter() - start
            name = design.scenarios[index].name
            rows.append(PartRow(run.key, name, point, draw, run.replicate, run.values, values, error, seconds))
    return rows


def prepared_or_failure(design: Design, run: SweepRun, basis: Basis) -> tuple[Scenario, Draw, Any] | Exception:
    """Make what the replicates of a draw share, its scenario, draw and world, or say once for all why not."""
    try:
        scenario = design.scenario_at(run.scenario, run.values)
        draw = solved(design.ensemble, vectors_of(design, scenario, basis.data)[run.draw], run.draw, basis)
        return scenario, draw, world_of(basis.data, scenario, draw, design.researchers, design.until)
    except Exception as failure:
        return failure


def measured(
    design: Design, run: SweepRun, prepared: tuple[Scenario, Draw, Any] | Exception, codes: Sequence[str]
) -> tuple[float, ...]:
    """Simulate a run and return what is kept of it.

    Raises
    ------
    Exception
        Whatever went wrong.
    """
    if isinstance(prepared, Exception):
        raise prepared
    _, draw, world = prepared
    outcomes = simulate(world, draw, run.replicate, design.seed)
    return tuple(values_of(design.keep, outcomes, codes))


def give_up(design: Design, run: SweepRun, message: str) -> list[PartRow]:
    """Make the row of a run that could not be executed."""
    name, nothing = design.scenarios[run.scenario].name, (math.nan,) * len(design.keep)
    return [PartRow(run.key, name, run.point, run.draw, run.replicate, run.values, nothing, message, math.nan)]


def batches_of(runs: Iterator[SweepRun], size: int) -> Iterator[list[SweepRun]]:
    """Cut runs into batches."""
    while batch := list(islice(runs, size)):
        yield batch


def batch_size(missing: int, workers: int, researchers: int) -> int:
    """Choose the runs of a batch: so many that parts are few, so few that a kill loses little and no worker idles at the end."""
    most = max(1, min(LONGEST_BATCH, RESEARCHERS_AT_ONCE // researchers, math.ceil(missing / (2 * workers))))
    return min(most, max(SHORTEST_BATCH, math.ceil(missing / PARTS_WANTED)))


def is_missing(known: Mapping[bytes, bool], run: SweepRun, retry: bool) -> bool:
    """Tell whether a run has to be executed: it is not there, or it failed and is tried again."""
    has_failed = known.get(bytes.fromhex(run.key))
    return has_failed is None or (retry and has_failed)


def progress_at_start(design: Design, shard: Shard, known: Mapping[bytes, bool], retry: bool, start: float) -> SweepProgress:
    """Count what is there already."""
    total = done = failed = 0
    for run in sweep_runs(design, shard):
        total += 1
        if not is_missing(known, run, retry):
            done += 1
            failed += known[bytes.fromhex(run.key)]
    return SweepProgress(done, total, 0, failed, time.monotonic() - start)


def sweep_into(
    store: Store,
    executor: Executor | Processes,
    workers: int,
    shard: Shard = WHOLE,
    retry: bool = False,
    report: Report | None = None,
) -> SweepProgress:
    """Execute what a store lacks.

    Parameters
    ----------
    store
        Open, of the design.
    executor
        Where batches are executed.
    workers
        How many batches it executes at the same time, at least 1.
    shard
        (i, n): execute the i-th of n parts only.
    retry
        Whether failed runs are tried again.
    report
        Called at the start and after every batch.

    Returns
    -------
    How far it is at the end.

    Raises
    ------
    ExecutorError
        If the executor fails; finished batches stay.
    """
    design, start = store.design, time.monotonic()
    known = store.known()
    progress = progress_at_start(design, shard, known, retry, start)
    done, total = progress.done, progress.total
    store.note("start", runs=total, there=done, shard=list(shard))
    if report is not None:
        report(progress)
    if done == total:
        return progress
    missing = (run for run in sweep_runs(design, shard) if is_missing(known, run, retry))
    slim = replace(design, rows=(), text="")
    work = partial(execute_batch, slim, work_id(load_basis().data), None if is_packaged() else data_folder())
    dispatcher = Dispatcher(executor, workers, work, partial(give_up, slim))
    batches = batches_of(missing, batch_size(total - done, workers, design.researchers))
    with closing(dispatcher.results(batches)) as results:
        for rows in results:
            store.write(rows)
            progress = progress.after(rows, time.monotonic() - start)
            if report is not None:
                report(progress)
    store.note("end", executed=progress.executed, failed=progress.failed)
    return progress
