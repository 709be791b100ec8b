"""Executors that fail in every way: what is lost, what is tried again, and who is blamed."""

import math
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from sim.runs.executors import DIED, Dispatcher, ExecutorError, InThisProcess, Processes, map_in_order, map_in_threads
from tests.support.processes import workers_left


def double(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def lost(item: int, message: str) -> list[int]:
    assert message == DIED
    return [-item]


def batches(count: int, size: int) -> list[list[int]]:
    return [list(range(start, min(start + size, count))) for start in range(0, count, size)]


def all_of(executor: Executor | Processes, workers: int = 2, count: int = 20, size: int = 3) -> list[int]:
    found = Dispatcher(executor, workers, double, lost).results(iter(batches(count, size)))
    return sorted(item for result in found for item in result)


class Fragile(Processes):
    """Processes in name: makes executors that break when they are given a deadly item."""

    def __init__(self, deadly: set[int]) -> None:
        super().__init__(2)
        self.deadly = deadly
        self.made = 0
        self.ready.set()

    def make(self) -> Executor:
        self.made += 1
        return _Fragile(self.deadly)


class _Fragile(Executor):
    """Holds back its results until it is asked for more than one, so that several batches are lost together."""

    def __init__(self, deadly: set[int]) -> None:
        self.deadly = deadly
        self.given: list[Future[Any]] = []
        self.is_broken = False

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        if self.is_broken:
            raise BrokenExecutor("broken")
        future: Future[Any] = Future()
        if self.deadly & set(arguments[0]):
            self.is_broken = True
            for each in (*self.given, future):
                if not each.done():
                    each.set_exception(BrokenExecutor("a process died"))
            return future
        self.given.append(future)
        threading.Timer(0.005, lambda: future.done() or future.set_result(function(*arguments))).start()
        return future


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_item_is_done_once(workers: int) -> None:
    assert all_of(InThisProcess(), workers) == [2 * item for item in range(20)]
    with ThreadPoolExecutor(3) as threads:
        assert all_of(threads, workers) == [2 * item for item in range(20)]
        assert threads.submit(int).result() == 0  # it stays the caller's


def test_nothing_to_do_is_nothing() -> None:
    assert all_of(InThisProcess(), count=0) == []


@pytest.mark.parametrize("deadly", [{0}, {7}, {19}, {3, 4, 5}, {0, 10, 19}])
def test_only_a_deadly_item_is_given_up(deadly: set[int]) -> None:
    executor = Fragile(deadly)
    assert all_of(executor) == sorted(-item if item in deadly else 2 * item for item in range(20))
    assert executor.made > 2


def test_workers_that_never_start_are_said() -> None:
    executor = Fragile(set(range(20)))
    executor.ready.clear()
    with pytest.raises(ExecutorError, match="cannot start"):
        all_of(executor)
    executor = Fragile(set(range(50)))
    with pytest.raises(ExecutorError, match="one after another"):
        all_of(executor, count=50)


class Failing(InThisProcess):
    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(self.failure)
        return future


@pytest.mark.parametrize("failure", [BrokenExecutor("gone"), CancelledError("lost"), TypeError("cannot pickle")])
def test_a_failure_of_the_callers_executor_ends_the_work_and_fails_no_item(failure: Exception) -> None:
    with pytest.raises(ExecutorError):
        all_of(Failing(failure))


class KilledWorker(Exception):  # noqa: N818
    """As Dask names it."""


class Killing(InThisProcess):
    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        if 7 in arguments[0]:
            return Failing(KilledWorker()).submit(function, *arguments)
        return super().submit(function, *arguments, **named)


def test_work_that_kills_workers_of_a_cluster_is_tried_alone_and_given_up() -> None:
    assert all_of(Killing()) == sorted(-item if item == 7 else 2 * item for item in range(20))


@pytest.mark.parametrize("deadly", [set(), {0}, {7}, {3, 4, 5}])
def test_results_come_in_order_if_asked_for_also_after_a_worker_died(deadly: set[int]) -> None:
    found = Dispatcher(Fragile(deadly), 4, double, lost, in_order=True).results(iter(batches(20, 1)))
    assert [item for result in found for item in result] == [-item if item in deadly else 2 * item for item in range(20)]


def test_a_result_that_is_late_is_waited_for_only_if_order_is_kept() -> None:
    second = threading.Event()

    def late(items: Sequence[int]) -> list[int]:
        if items[0] == 0:
            assert second.wait(60.0)
        elif in_order:
            second.set()
        return list(items)

    for in_order in (True, False):
        second.clear()
        found = []
        with ThreadPoolExecutor(2) as threads:
            for (item,) in Dispatcher(threads, 2, late, lost, in_order).results(iter(batches(6, 1))):
                found.append(item)
                if item == 1:
                    second.set()  # without order the first result cannot come before this one
        assert sorted(found) == list(range(6))
        assert (found == sorted(found)) == in_order


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_work_raises_is_raised_after_the_results_before_it(workers: int) -> None:
    results = map_in_order(math.sqrt, [4.0, 9.0, -1.0, 16.0], workers)
    assert [next(results), next(results)] == [2.0, 3.0]
    with pytest.raises(ValueError, match="math domain error"):
        next(results)
    assert workers_left() == []
    assert list(map_in_order(math.sqrt, [], workers)) == []


def test_a_worker_that_dies_of_its_work_ends_it_with_a_sentence() -> None:
    with pytest.raises(ExecutorError, match="use fewer workers"):
        list(map_in_order(signal.raise_signal, [signal.SIGKILL] * 3, 2))
    assert workers_left() == []


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_threads_give_results_in_order_and_the_first_item_stays_here(workers: int) -> None:
    seen = list(map_in_threads(lambda item: (item, threading.get_ident()), range(12), workers))
    assert [item for item, _ in seen] == list(range(12))
    here = [thread == threading.get_ident() for _, thread in seen]
    assert here == [True] * 12 if workers == 1 else here == [True] + [False] * 11


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_thread_raises_is_raised_after_the_results_before_it(workers: int) -> None:
    results = map_in_threads(math.sqrt, [4.0, 9.0, -1.0, 16.0], workers)
    assert [next(results), next(results)] == [2.0, 3.0]
    with pytest.raises(ValueError):
        next(results)
    assert list(map_in_threads(math.sqrt, [], workers)) == []
