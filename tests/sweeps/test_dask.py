"""A sweep on a real Dask scheduler: the same content, also when a worker is killed in the middle."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.sources import PACKAGE
from sim.sweeps.cluster import SECONDS_FOR_WORKERS, SECONDS_OF_SILENCE, SECONDS_TO_ANSWER

pytestmark = pytest.mark.slow
pytest.importorskip("distributed")
REPLICATES = 40


class Cluster:
    """A scheduler and two workers on loopback, each a process of its own without a nanny."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self.file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self.wait_for_scheduler()
        self.workers = [self.start("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]

    def start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"distributed.cli.{what}", "--scheduler-file", str(self.file), *options]
        if what == "dask_worker":
            words += ["--local-directory", str(self.folder / f"worker-{len(self.processes)}")]
        process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, env=self.environment
        )
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


@pytest.fixture
def strangers(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster whose workers have another package `sim`, as the test's parameter edits it."""
    other = tmp_path / "other"
    shutil.copytree(PACKAGE, other / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "scenarios", other / "scenarios")
    name, text = request.param
    with (other / "sim" / name).open("a", encoding="utf-8") as file:
        file.write(text)
    made = Cluster(tmp_path, PYTHONPATH=str(other), TALENTSIM_CACHE=str(tmp_path / "other-cache"))
    yield made
    made.stop()


def assert_one_message(errors: str, *said: str) -> None:
    """Assert that what failed was said, and nothing else."""
    for word in ("Traceback", "Exception ignored", "CancelledError"):
        assert word not in errors, errors
    lines = [line for line in errors.splitlines() if line.startswith("talentsim: ")]
    assert len(lines) == 1, errors
    for part in said:
        assert part in lines[0]


def wait_for_parts(folder: Path, process: "subprocess.Popen[str]", count: int) -> None:
    """Wait until so many parts of a sweep are there."""
    end = time.monotonic() + 300
    while len(list((folder / "parts").glob("*.parquet"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_dask_worker_killed_in_the_middle_changes_nothing(
    cluster: Cluster, command: Any, small_design: Callable[..., Path], content_of: Callable[[Path], Any]
) -> None:
    design, folder = small_design(replicates=REPLICATES), command.folder / "on-dask"
    process = command.start("sweep", design, "--to", folder, "--dask", cluster.address, "--json")
    wait_for_parts(folder, process, 8)
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


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "falls silent"])
def test_a_scheduler_that_goes_ends_the_sweep(
    cluster: Cluster, command: Any, small_design: Callable[..., Path], number: int
) -> None:
    folder = command.folder / "out"
    process = command.start("sweep", small_design(replicates=400), "--to", folder, "--dask", cluster.address)
    wait_for_parts(folder, process, 2)
    os.kill(cluster.processes[0].pid, number)
    _, errors = process.communicate(timeout=3 * (SECONDS_OF_SILENCE + SECONDS_TO_ANSWER))
    assert process.returncode == 1, errors
    assert_one_message(errors, "the same command goes on from there")


def test_workers_that_all_go_end_the_sweep(
    cluster: Cluster, command: Any, small_design: Callable[..., Path], content_of: Callable[[Path], Any]
) -> None:
    folder = command.folder / "out"
    process = command.start("sweep", small_design(replicates=400), "--to", folder, "--dask", cluster.address)
    wait_for_parts(folder, process, 2)
    for worker in cluster.workers:
        worker.kill()
    _, errors = process.communicate(timeout=3 * (SECONDS_FOR_WORKERS + SECONDS_TO_ANSWER))
    assert process.returncode == 1, errors
    assert_one_message(errors, "no worker")


@pytest.mark.parametrize(
    ("strangers", "said"),
    [
        (("sweeps/execute.py", "\nSECONDS = 1\n"), "another version of talentsim"),
        (("runs/formulas/measures.py", "\nSECONDS = 1\n"), "another version of talentsim"),
        (("__init__.py", "\nraise ImportError('no simulation here')\n"), "no simulation here"),
        (("sweeps/design/design.py", "\ndel Design\n"), "Design"),
    ],
    ids=["other code of parts", "other code of measures", "no package", "cannot unpickle"],
    indirect=["strangers"],
)
def test_workers_with_something_else_are_refused(
    strangers: Cluster, command: Any, small_design: Callable[..., Path], said: str
) -> None:
    process = command.start("sweep", small_design(replicates=4), "--to", command.folder / "out", "--dask", strangers.address)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert_one_message(errors, said, "the same command goes on from there")


@pytest.mark.parametrize("verb", ["sweep", "calibrate"])
def test_an_address_where_somebody_listens_and_says_nothing(command: Any, small_design: Callable[..., Path], verb: str) -> None:
    words = {"sweep": ("sweep", small_design()), "calibrate": ("calibrate", "--to", command.folder / "calibrated")}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        process = command.start(*words[verb], "--dask", address)
        _, errors = process.communicate(timeout=60 + SECONDS_TO_ANSWER)
    assert process.returncode == 2, errors
    assert_one_message(errors, f"--dask {address}: no scheduler answers within {SECONDS_TO_ANSWER} s")


def test_an_address_where_nobody_answers_is_said(command: Any, small_design: Callable[..., Path]) -> None:
    with socket.socket() as taken:  # bound and deaf
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        code, output, errors = command.run("sweep", small_design(), "--dask", address)
    assert (code, output) == (2, "")
    assert f"--dask {address}: no scheduler answers" in errors
    assert "Traceback" not in errors
