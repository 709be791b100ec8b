"""The one place with processes: hands work to any executor and takes the results, however its workers end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import closing
from contextvars import copy_context
from functools import partial
from itertools import islice
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Generic, TypeVar

from sim.data.load import data_folder, work_with

STRIKES = 2  # times that one item, alone at work, may take its worker with it before it is given up
MOST_BREAKS = 20  # breaks in a row with nothing finished in between: then it is not the work that breaks workers
AHEAD = 2  # items a worker that are handed out at once where their order is kept: none idles while a result is taken
DIED = "the worker process died (often for want of memory)"
KILLED = "KilledWorker"
"""What Dask raises for work that several of its workers died of."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]
"""Told how far a work is: what is done, how much of it, of how much."""


class ExecutorError(Exception):
    """The executor failed, not the work: nothing more can be executed by it."""


class InThisProcess(Executor):
    """Executes at once, in the calling process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Execute and return the finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


class Processes(SpawnContext):
    """Spawned processes of our own, one compiled thread each, that leave Ctrl-C to their parent and end with it.

    Parameters
    ----------
    workers
        Number, at least 1.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.workers = workers
        self.started: list[SpawnProcess] = []
        self.ready = self.Event()

    def Process(self, *arguments: Any, **named: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        """Make a process as an executor asks for it, and remember it."""
        process = _Worker(*arguments, **named)
        self.started.append(process)
        return process

    def make(self) -> Executor:
        """Make an executor; processes start when there is work."""
        return ProcessPoolExecutor(self.workers, mp_context=self, initializer=begin, initargs=(self.ready, data_folder()))

    def kill(self) -> None:
        """End the processes at once."""
        for process in self.started:
            if process.is_alive():
                process.kill()
                process.join()
        self.started.clear()


class _Worker(SpawnProcess):
    """A process that is deaf to Ctrl-C from its first moment: the terminal sends it to the whole group."""

    def start(self) -> None:
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin(ready: Event, data: Path) -> None:
    """Begin a worker process: say that it can start, and end it when its parent ends, however that does.

    data : folder of the tables that the parent works with.
    """
    ready.set()
    work_with(data)

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def has_failed(future: Future[Any]) -> bool:
    """Tell whether a future that is done has no result."""
    return future.cancelled() or future.exception() is not None


def said_by(failure: BaseException | None) -> str:
    """Say what an executor failed of; None: its work was cancelled."""
    if failure is None:
        return "its work was cancelled"
    reason = failure.__cause__ or failure  # a cluster tells what a worker met as the cause of an error of its own
    return f"{type(reason).__name__}: {reason}"


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Dispatcher(Generic[Item, Result]):
    """Executes batches on an executor.

    Parameters
    ----------
    executor
        Any, which stays the caller's; or processes of our own, made anew when one of them dies and ended afterwards.
    workers
        Batches that it executes at the same time.
    work
        Makes the result of a batch; can be pickled. What it raises is a failure of the executor.
    give_up
        Makes the result of an item that no worker survives, from the item and a message.
    in_order
        Whether results come in the order of the batches, not as they are finished.
    """

    def __init__(
        self,
        executor: Executor | Processes,
        workers: int,
        work: Callable[[Sequence[Item]], Result],
        give_up: Callable[[Item, str], Result],
        in_order: bool = False,
    ) -> None:
        self.processes = executor if isinstance(executor, Processes) else None
        self.executor = executor.make() if isinstance(executor, Processes) else executor
        self.workers = workers
        self.work = work
        self.give_up = give_up
        self.in_order = in_order
        self.pending: dict[Future[Result], list[Item]] = {}
        self.suspects: list[list[Item]] = []  # executed alone, so that it is certain which of them breaks a worker
        self.strikes = 0
        self.breaks = 0

    def results(self, batches: Iterator[list[Item]]) -> Generator[Result, None, None]:
        """Yield the results of batches.

        Raises
        ------
        ExecutorError
            If the executor fails for another reason than the work.
        """
        try:
            while self.fill(batches):
                future = self.finished()
                batch = self.pending.pop(future)
                if not has_failed(future):
                    self.breaks = self.strikes = 0
                    yield future.result()
                    continue
                failure = None if future.cancelled() else future.exception()
                if isinstance(failure, BrokenExecutor):
                    broken = [batch, *self.pending.values()]
                    self.pending.clear()
                    self.restart()
                    yield from self.blame(broken)
                elif type(failure).__name__ == KILLED:
                    yield from self.blame([batch])
                elif isinstance(failure, ExecutorError):
                    raise ExecutorError(str(failure)) from failure
                else:
                    raise ExecutorError(f"the executor failed ({said_by(failure)})") from failure
        finally:
            self.stop()

    def fill(self, batches: Iterator[list[Item]]) -> bool:
        """Hand out batches; tell whether any is at work."""
        if self.suspects:
            if not self.pending:
                self.submit(self.suspects.pop(0))
            return True
        while len(self.pending) < self.workers:  # none waits: a kill costs a batch per worker, no more
            batch = next(batches, None)
            if batch is None:
                break
            self.submit(batch)
        return bool(self.pending)

    def finished(self) -> Future[Result]:
        """Wait for a future that is done: the first that was handed out, or any."""
        if self.in_order:
            first = next(iter(self.pending))
            wait([first])
            return first
        wait(self.pending, return_when=FIRST_COMPLETED)
        return min((each for each in self.pending if each.done()), key=has_failed)

    def submit(self, batch: list[Item]) -> None:
        """Hand out one batch; an executor that is broken already says so in the future."""
        try:
            future = self.executor.submit(self.work, batch)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.pending[future] = batch

    def blame(self, broken: list[list[Item]]) -> Iterator[Result]:
        """Decide what becomes of batches whose worker died: again alone, item by item, or given up."""
        if len(broken) > 1:
            self.suspects = broken + self.suspects
            return
        (batch,) = broken
        if len(batch) > 1:
            self.suspects = [[item] for item in batch] + self.suspects
            return
        self.strikes += 1
        if self.strikes < STRIKES:
            self.suspects.insert(0, batch)
            return
        self.strikes = 0
        yield self.give_up(batch[0], DIED)

    def restart(self) -> None:
        """Make the executor anew.

        Raises
        ------
        ExecutorError
            If it is the caller's, or breaks whatever it is given.
        """
        self.breaks += 1
        if self.processes is None:
            raise ExecutorError("the executor broke: a worker of it died")
        if not self.processes.ready.is_set():
            raise ExecutorError(
                "worker processes cannot start; a Python script has to start them under `if __name__ == '__main__':`"
            )
        if self.breaks > MOST_BREAKS:
            raise ExecutorError("worker processes die one after another, often for want of memory; use fewer workers")
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.processes.kill()
        self.executor = self.processes.make()

    def stop(self) -> None:
        """Let go of what waits; end our own workers at once if something is still at work."""
        for future in self.pending:
            future.cancel()
        if self.processes is not None:
            self.executor.shutdown(wait=not self.pending, cancel_futures=True)
            self.processes.kill()


def map_in_order(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int, executor: Executor | None = None
) -> Generator[Result, None, None]:
    """Apply work to items on processes and yield the results in the order of the items.

    Parameters
    ----------
    work
        Makes the result of an item; can be pickled. What it raises is raised here.
    items
        What is worked on, each by itself.
    workers
        Processes, at least 1; with one, or one item, the work is done in this process.
    executor
        Whose processes, which stay the caller's; processes of our own if None.

    Raises
    ------
    ExecutorError
        If a worker dies of an item twice, or none can start.
    """
    workers = min(workers, len(items))
    if workers <= 1 and executor is None:
        yield from map(work, items)
        return
    dispatcher = Dispatcher(executor or Processes(workers), AHEAD * workers, partial(attempt, work), _no_result, in_order=True)
    with closing(dispatcher.results([item] for item in items)) as results:
        for result, error in results:
            if error is not None:
                raise error
            yield result


def with_progress(results: Iterable[Result], saying: str, total: int, progress: Progress | None) -> Iterator[Result]:
    """Yield results and tell after each how many of all are there.

    Parameters
    ----------
    results
        One by one, as of `map_in_order`; whoever made them closes them.
    saying
        What progress is told.
    total
        How many there will be.
    progress
        Called with (saying, done, total) when the next result is asked for; nobody is told if None.
    """
    for done, each in enumerate(results, start=1):
        yield each
        if progress is not None:
            progress(saying, done, total)


def map_in_threads(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Generator[Result, None, None]:
    """Apply work that lets go of the interpreter's lock to items, in threads, and yield the results in the order of the items.

    The first is worked on in the calling thread: whatever has to be compiled or loaded for all is then done once, and Ctrl-C is
    heard meanwhile.

    Parameters
    ----------
    work
        Makes the result of an item. What it raises is raised here.
    items
        What is worked on, each by itself and in a short time: who stops waits for those that are begun.
    workers
        Threads, at least 1.
    """
    left = iter(items)
    yield from map(work, islice(left, 1))
    if workers <= 1:
        yield from map(work, left)
        return
    pool = ThreadPoolExecutor(workers)
    begun: deque[Future[Result]] = deque()
    try:
        begun.extend(pool.submit(copy_context().run, work, item) for item in islice(left, AHEAD * workers))
        while begun:
            result = begun.popleft().result()
            begun.extend(pool.submit(copy_context().run, work, item) for item in islice(left, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def attempt(work: Callable[[Item], Result], batch: Sequence[Item]) -> tuple[Any, Exception | None]:
    """Apply work to the one item of a batch; return its result, or the error it raises with the place as a note."""
    try:
        return work(batch[0]), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error


def _no_result(item: object, message: str) -> tuple[Any, Exception | None]:
    return None, ExecutorError(f"{message}; use fewer workers")
