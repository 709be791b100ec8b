"""A Dask cluster that is running, as an executor: it is reached, and stays reached, within stated limits, or says why not."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any, Final

from sim.runs.executors import ExecutorError

SECONDS_TO_ANSWER: Final = 10
"""For a scheduler, at the start."""
SECONDS_OF_SILENCE: Final = 60
"""For a scheduler to answer again, while work waits for it."""
SECONDS_FOR_WORKERS: Final = 60
"""For a worker to come, at the start or after the last one has gone."""
SECONDS_BETWEEN: Final = 5
SILENCED: Final = ("distributed", "tornado", "asyncio", "concurrent")
"""Libraries whose logs would stand beside the one message."""


class UnreachedError(Exception):
    """There is no such cluster: Dask is missing, or no scheduler answers at the address."""


@contextlib.contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Give the executor of a cluster and how many batches it works at.

    Parameters
    ----------
    address
        Of its scheduler, as in ``tcp://host:8786``.

    Raises
    ------
    UnreachedError
        If it cannot be reached.
    ExecutorError
        If it has no worker, or scheduler or workers go; raised while work waits for them too.
    """
    client = reached(address)
    watcher = ClusterWatch(client, f"--dask {address}")
    try:
        try:
            client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
        except (OSError, TimeoutError) as error:
            raise ExecutorError(
                f"--dask {address}: the scheduler has no worker after {SECONDS_FOR_WORKERS} s; start some"
            ) from error
        watcher.start()
        yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))
    except Exception as error:
        if watcher.reason:
            raise ExecutorError(watcher.reason) from error
        raise
    finally:
        watcher.stop()
        close(client)


def reached(address: str) -> Any:
    """Connect to a scheduler; UnreachedError as of `cluster`."""
    try:
        import distributed
    except ImportError as error:
        raise UnreachedError("--dask needs the package distributed: pip install 'talentsim[dask]'") from error
    for name in logging.root.manager.loggerDict:
        if name.partition(".")[0] in SILENCED:  # each has a level of its own, and what fails is said once, by us
            logging.getLogger(name).setLevel(logging.CRITICAL)
    found: list[Any] = []
    asking = threading.Thread(target=connect, args=(distributed.Client, address, found), daemon=True)
    asking.start()
    asking.join(SECONDS_TO_ANSWER + SECONDS_BETWEEN)  # where somebody listens and says nothing, the client waits for ever
    answer = found[0] if found else TimeoutError("somebody listens there and says nothing")
    if isinstance(answer, OSError | ValueError | TypeError):
        raise UnreachedError(f"--dask {address}: no scheduler answers within {SECONDS_TO_ANSWER} s ({answer})") from answer
    if isinstance(answer, BaseException):
        raise answer
    return answer


def connect(client: Any, address: str, found: list[Any]) -> None:
    """Put a client of a scheduler into a list, or the error of it."""
    try:
        found.append(client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False))
    except BaseException as error:
        found.append(error)


def close(client: Any) -> None:
    """Let go of a cluster, whatever is left of it; what waits for it is cancelled."""
    with contextlib.suppress(Exception):
        client.close(timeout=1)


class ClusterWatch:
    """Asks a scheduler now and then, in a thread, whether it and a worker are there; closes the client where they are not.

    Parameters
    ----------
    client
        Of the cluster.
    name
        Of the cluster, in what is said.

    Attributes
    ----------
    reason
        Why the cluster cannot be worked with any more, "" while it can.
    """

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name, self.reason = client, name, ""
        self.is_over = threading.Event()

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self.watch, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self.is_over.set()

    def watch(self) -> None:
        """Ask until the work is over or the cluster is gone."""
        answered = had_worker = time.monotonic()
        while not self.is_over.wait(SECONDS_BETWEEN):
            with contextlib.suppress(Exception):  # whatever it is that keeps it from answering
                found = self.client.sync(self.client.scheduler.ncores, workers=None, callback_timeout=SECONDS_TO_ANSWER)
                answered = time.monotonic()
                had_worker = answered if found else had_worker
            now = time.monotonic()
            if now - answered >= SECONDS_OF_SILENCE:
                self.give_up(f"the scheduler has not answered for {SECONDS_OF_SILENCE} s")
            elif answered - had_worker >= SECONDS_FOR_WORKERS:
                self.give_up(f"the scheduler has had no worker for {SECONDS_FOR_WORKERS} s; start some")

    def give_up(self, reason: str) -> None:
        """Say why, cancel what waits, and end."""
        if not self.is_over.is_set():
            self.reason = f"{self.name}: {reason}"
            close(self.client)
            self.stop()
