"""A sweep on a real Dask scheduler: the same content, also when a worker is killed in the middle."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
pytest.importorskip("distributed")
REPLICATES = 40


class Cluster:
    """A scheduler and two workers on loopback, each a process of its own without a nanny."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self.wait_for_scheduler()
        self.workers = [self.start("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]

    def start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"distributed.cli.{what}", "--scheduler-file", str(self.file), *options]
        if what == "dask_worker":
            words += ["--local-directory", str(self.folder / f"worker-{len(self.processes)}")]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        self.processes.append(process)
        return process

    def wait_for_scheduler(self) -> str:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                return str(json.loads(self.file.read_text())["address"])
            except (OSError, ValueError):
                assert self.processes[0].poll() is None
                time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.stop()


def test_a_dask_worker_killed_in_the_middle_changes_nothing(
    cluster: Cluster, command: Any, small_design: Callable[..., Path], content_of: Callable[[Path], Any]
) -> None:
    design, folder = small_design(replicates=REPLICATES), command.folder / "on-dask"
    process = command.start("sweep", design, "--to", folder, "--dask", cluster.address, "--json")
    end = time.monotonic() + 300
    while len(list((folder / "parts").glob("*.parquet"))) < 8:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    before = len(list((folder / "parts").glob("*.parquet")))
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    result = json.loads(output)
    assert (result["done"], result["failed"], result["executed"]) == (16 * REPLICATES, 0, 16 * REPLICATES)
    assert before < len(list((folder / "parts").glob("*.parquet")))  # it was killed before the end
    local = command.folder / "local"
    code, _, errors = command.run("sweep", design, "--to", local, "--workers", 1)
    assert code == 0, errors
    assert content_of(folder) == content_of(local)


def test_an_address_where_nobody_answers_is_said(command: Any, small_design: Callable[..., Path]) -> None:
    with socket.socket() as taken:  # bound and deaf
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        code, output, errors = command.run("sweep", small_design(), "--dask", address)
    assert (code, output) == (2, "")
    assert f"--dask {address}: no scheduler answers" in errors
    assert "Traceback" not in errors
