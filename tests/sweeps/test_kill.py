"""A sweep that is killed at any moment goes on where it was; nothing is lost, doubled or other than without the kills."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.sweeps.execute import batch_size
from sim.sweeps.parts import part_paths
from sim.sweeps.results import read_sweep
from sim.sweeps.store import LOG
from tests.support.sweep_log import read_log

pytestmark = pytest.mark.slow
RUNS, KILLS, WORKERS = 2_000, 3, 2


def test_a_sweep_killed_three_times_is_the_same_as_one_that_was_not(
    command: Any, small_design: Callable[..., Path], content_of: Callable[[Path], Any]
) -> None:
    design = small_design(points=16, replicates=RUNS // 16)
    folder = command.folder / "killed"
    seed = int.from_bytes(os.urandom(4), "little")
    moments = sorted(random.Random(seed).sample(range(30, RUNS - 100), KILLS))
    for moment in moments:
        process = command.start("sweep", design, "--to", folder, "--workers", WORKERS)
        command.wait_for(moment, process)
        command.kill_group(process)
    code, output, errors = command.run("sweep", design, "--to", folder, "--workers", WORKERS, "--json")
    assert code == 0, errors
    executed = command.executed()
    assert json.loads(output)["done"] == RUNS
    rows = [key for path in part_paths(folder) for key in keys_in(path)]
    assert len(rows) == len(set(rows)) == RUNS, f"seed {seed}"
    assert executed <= RUNS + KILLS * WORKERS * batch_size(RUNS, WORKERS, 100), f"seed {seed}: {executed} executed"
    whole = command.folder / "whole"
    code, _, errors = command.run("sweep", design, "--to", whole, "--workers", WORKERS)
    assert code == 0, errors
    assert command.executed() == executed + RUNS
    assert content_of(folder) == content_of(whole), f"seed {seed}"
    code, output, errors = command.run("sweep", design, "--to", folder, "--json")
    assert (code, json.loads(output)["executed"]) == (0, 0), errors
    assert command.executed() == executed + RUNS
    starts = [event for event in read_log(folder / LOG) if event["event"] == "start"]
    assert len(starts) == KILLS + 2


def keys_in(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    keys: list[str] = pq.read_table(path, columns=["key"])["key"].to_pylist()
    return keys


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 2), (signal.SIGTERM, 1)], ids=["Ctrl-C", "SIGTERM"])
def test_a_stop_is_clean_and_says_how_to_go_on(
    command: Any, small_design: Callable[..., Path], number: int, workers: int
) -> None:
    design, folder = small_design(replicates=200), command.folder / "out"
    process = command.start("sweep", design, "--to", folder, "--workers", workers)
    command.wait_for(40, process)
    begun = time.monotonic()
    if number == signal.SIGINT:  # a terminal sends it to the whole group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - begun < 20  # 2 s on a quiet machine: benchmarks/sweep_stop.py
    assert process.returncode == 128 + number
    last = errors.splitlines()[-1]
    assert last.startswith("talentsim: stopped; ")
    assert last.endswith(f"runs are in {folder}. The same command goes on from there.")
    assert "Traceback" not in errors
    command.wait_until_gone(process)
    assert [event["event"] for event in read_log(folder / LOG)][-1] == "interrupted"
    there = sum(len(keys_in(path)) for path in part_paths(folder))
    assert f"{there:,} of 3,200 runs" in last


def test_workers_end_with_a_parent_that_is_killed_alone(command: Any, small_design: Callable[..., Path]) -> None:
    process = command.start("sweep", small_design(replicates=200), "--to", command.folder / "out", "--workers", 2)
    command.wait_for(20, process)
    process.kill()
    process.wait()
    command.wait_until_gone(process)


def test_a_worker_that_dies_again_and_again_fails_its_run_alone(command: Any, small_design: Callable[..., Path]) -> None:
    design, folder = small_design(points=1, replicates=4), command.folder / "out"
    deadly = command.script.read_text().replace(
        "    handle =", "    if arguments[2] == 2:\n        os.kill(os.getpid(), 9)\n    handle ="
    )
    command.script.write_text(deadly)
    code, _, errors = command.run("sweep", design, "--to", folder, "--workers", 2)
    assert code == 1
    assert "1 of 4 runs failed" in errors
    assert "the worker process died" in errors
    frame = read_sweep(folder).frame()
    assert list(frame.loc[frame["error"] != "", "replicate"]) == [2]
    assert frame.loc[frame["error"] == "", "share(work, USA, top20, 2015)"].notna().all()
