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
from typing import Any

from sim.data import load_data
from sim.design import Design
from sim.dispatch import Dispatcher, ExecutorError, Processes
from sim.draws import REFERENCE, Draw, draw_vectors, make_draw
from sim.engine import simulate
from sim.measures import values_of
from sim.preparation import parameters_of, world_of
from sim.provenance import model_id
from sim.scenario import Scenario
from sim.sweep_parts import Row
from sim.sweep_runs import WHOLE, Run, Shard, runs_of
from sim.sweep_store import Store

PARTS_WANTED = 120  # of one sweep that nobody stops
SHORTEST_BATCH, LONGEST_BATCH = 8, 250  # runs; shorter costs more than it saves, longer loses much when it is killed
RESEARCHERS_AT_ONCE = 2_000_000  # of all runs of a batch: some seconds of work


@dataclass(frozen=True)
class Progress:
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

    def after(self, rows: Sequence[Row], seconds: float) -> Progress:
        """Add the rows of a batch."""
        errors = [row.error for row in rows if row.error]
        message = self.message or next(iter(errors), "")
        done, executed = self.done + len(rows), self.executed + len(rows)
        return Progress(done, self.total, executed, self.failed + len(errors), seconds, message)


Report = Callable[[Progress], None]


def vectors_of(design: Design, scenario: Scenario) -> dict[int, dict[str, float]]:
    """List the parameters of the design's draws for a scenario, by draw.

    Raises
    ------
    ValueError
        If the fixed parameters leave nothing that is stable.
    """
    if not design.draws:
        return {REFERENCE: parameters_of(scenario, REFERENCE, load_data())}
    return _drawn(design.draws, tuple(sorted(scenario.parameters.items(), key=lambda item: item[0])))


@lru_cache(maxsize=16)
def _drawn(draws: int, parameters: tuple[tuple[str, Any], ...]) -> dict[int, dict[str, float]]:
    return dict(enumerate(draw_vectors(load_data(), draws, dict(parameters))))


def solved(vector: Mapping[str, float], draw: int) -> Draw:
    """Find or solve a draw; the last ones stay at hand, as points share them."""
    return _solved(tuple(vector.items()), draw)


@lru_cache(maxsize=128)
def _solved(vector: tuple[tuple[str, float], ...], draw: int) -> Draw:
    return make_draw(load_data(), dict(vector), draw)


def execute_batch(design: Design, model: str, runs: Sequence[Run]) -> list[Row]:
    """Execute runs in order; one that fails becomes a row with its message.

    Parameters
    ----------
    design
        The sweep's.
    model
        Hash of the model that the sweep is of.
    runs
        Those of a draw beside one another, so that its world is made once.

    Raises
    ------
    ExecutorError
        If this worker has another model.
    """
    if model_id() != model:
        raise ExecutorError("a worker has another version of talentsim than the process that started the sweep")
    rows: list[Row] = []
    values: tuple[float, ...]
    for (index, point, draw), group in groupby(runs, key=lambda run: (run.scenario, run.point, run.draw)):
        prepared: tuple[Scenario, Draw, Any] | Exception | None = None
        for run in group:
            start = time.perf_counter()
            try:
                prepared = prepared or prepared_or_failure(design, run)
                values, error = measured(design, run, prepared), ""
            except Exception as failure:
                values, error = (math.nan,) * len(design.keep), f"{type(failure).__name__}: {failure}"
            seconds = time.perf_counter() - start
            name = design.scenarios[index].name
            rows.append(Row(run.key, name, point, draw, run.replicate, run.values, values, error, seconds))
    return rows


def prepared_or_failure(design: Design, run: Run) -> tuple[Scenario, Draw, Any] | Exception:
    """Make what the replicates of a draw share, its scenario, draw and world, or say once for all why not."""
    try:
        scenario = design.scenario_at(run.scenario, run.values)
        draw = solved(vectors_of(design, scenario)[run.draw], run.draw)
        return scenario, draw, world_of(scenario, draw, design.researchers, design.until, load_data())
    except Exception as failure:
        return failure


def measured(design: Design, run: Run, prepared: tuple[Scenario, Draw, Any] | Exception) -> tuple[float, ...]:
    """Simulate a run and return what is kept of it.

    Raises
    ------
    Exception
        Whatever went wrong.
    """
    if isinstance(prepared, Exception):
        raise prepared
    scenario, draw, world = prepared
    outcomes = simulate(scenario, draw, run.replicate, design.researchers, design.seed, design.until, world=world)
    return tuple(values_of(design.keep, outcomes, load_data().codes))


def give_up(design: Design, run: Run, message: str) -> list[Row]:
    """Make the row of a run that could not be executed."""
    name, nothing = design.scenarios[run.scenario].name, (math.nan,) * len(design.keep)
    return [Row(run.key, name, run.point, run.draw, run.replicate, run.values, nothing, message, math.nan)]


def batches_of(runs: Iterator[Run], size: int) -> Iterator[list[Run]]:
    """Cut runs into batches."""
    while batch := list(islice(runs, size)):
        yield batch


def batch_size(missing: int, workers: int, researchers: int) -> int:
    """Choose the runs of a batch: so many that parts are few, so few that a kill loses little and no worker idles at the end."""
    most = max(1, min(LONGEST_BATCH, RESEARCHERS_AT_ONCE // researchers, math.ceil(missing / (2 * workers))))
    return min(most, max(SHORTEST_BATCH, math.ceil(missing / PARTS_WANTED)))


def is_missing(known: Mapping[bytes, bool], run: Run, retry: bool) -> bool:
    """Tell whether a run has to be executed: it is not there, or it failed and is tried again."""
    has_failed = known.get(bytes.fromhex(run.key))
    return has_failed is None or (retry and has_failed)


def progress_at_start(design: Design, shard: Shard, known: Mapping[bytes, bool], retry: bool, start: float) -> Progress:
    """Count what is there already."""
    total = done = failed = 0
    for run in runs_of(design, shard):
        total += 1
        if not is_missing(known, run, retry):
            done += 1
            failed += known[bytes.fromhex(run.key)]
    return Progress(done, total, 0, failed, time.monotonic() - start)


def sweep_into(
    store: Store,
    executor: Executor | Processes,
    workers: int,
    shard: Shard = WHOLE,
    retry: bool = False,
    report: Report | None = None,
) -> Progress:
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
    missing = (run for run in runs_of(design, shard) if is_missing(known, run, retry))
    slim = replace(design, rows=(), text="")
    dispatcher = Dispatcher(executor, workers, partial(execute_batch, slim, model_id()), partial(give_up, slim))
    batches = batches_of(missing, batch_size(total - done, workers, design.researchers))
    with closing(dispatcher.results(batches)) as results:
        for rows in results:
            store.write(rows)
            progress = progress.after(rows, time.monotonic() - start)
            if report is not None:
                report(progress)
    store.note("end", executed=progress.executed, failed=progress.failed)
    return progress
