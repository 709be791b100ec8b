"""Commands that are killed or told to end, at random moments: what is left, and that they go on to the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.kills import CASES, run_cases
from sim.runs.atomic import building, check_writable, made_folder
from sim.sources import PACKAGE

KILLS = 10
LONG = "import time; open('begun', 'w').close(); time.sleep(60)"
DEAF = """
import numpy as np
x = np.ones((4_000, 4_000))
open("begun", "w").close()
for _ in range(9):
    np.linalg.svd(x)
"""
"""Minutes in which Python hears no signal."""
STARTED = """
import sys
import sim.cli
from sim.__main__ import start_command
from sim.files.ending import undone_by

def work():
    with undone_by(lambda: open("undone", "w").close()):
        exec(sys.argv[1])

sim.cli.main = work
start_command()
"""


@pytest.mark.slow
@pytest.mark.skipif(
    "TALENTSIM_KILLS" not in os.environ, reason="random, and not yet shown to be dependable: TALENTSIM_KILLS=1, scripts/kills.py"
)
def test_ten_kills_lose_nothing_and_leave_nobody() -> None:
    seed = random.randrange(2**32)
    left = run_cases([case for case in CASES if case.name != "calibrate"], KILLS, seed)
    assert len(left) == KILLS, f"seed {seed}: other bytes"
    lasting = [fault for each in left for fault in each.faults if not fault.startswith("it took")]  # nothing is timed in a test
    assert not lasting, f"seed {seed}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", [LONG, DEAF], ids=["asleep", "deaf"])
def test_a_process_that_is_told_to_end_does_so_with_one_message(tmp_path: Path, number: int, work: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STARTED, work], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    time.sleep(0.5)  # now it is deep in its work
    process.send_signal(number)
    out, err = process.communicate(timeout=50)
    assert (process.returncode, out) == (128 + number, "")
    assert err == "talentsim: interrupted; what was unfinished was removed, what was finished stays\n"
    assert work == LONG or (tmp_path / "undone").exists()


def test_what_a_process_ignores_from_its_start_it_ignores(tmp_path: Path) -> None:
    heard = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('went on')"
    done = subprocess.run(
        [sys.executable, "-c", STARTED, heard], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True, text=True, check=False, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr


def test_no_empty_folder_stays_and_none_of_others_goes(tmp_path: Path) -> None:
    ours = tmp_path / "results"
    check_writable(ours / "baseline", 0)
    assert not ours.exists()
    with pytest.raises(KeyboardInterrupt), building(ours / "baseline" / "run"):
        raise KeyboardInterrupt
    assert not ours.exists()
    ours.mkdir()
    check_writable(ours / "baseline", 0)
    assert list(tmp_path.iterdir()) == [ours]
    assert not any(ours.iterdir())
    with made_folder(ours / "sweep" / "parts"):
        (ours / "sweep" / "design.json").touch()
    assert [path.name for path in (ours / "sweep").iterdir()] == ["design.json"]
