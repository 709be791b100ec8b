"""A small sweep of one lever from 2010, so that runs end in 2015; the command line, counted; two folders compared."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sim.sweeps.results import read_sweep

SCENARIO = """
title = "A lever of 2010"
[[lever]]
id = "refusal"
name = "student_visa_refusal"
origin = ["CHN"]
destination = ["USA"]
from = 2010
change = "set"
value = 0.4
evidence = "A test."
"""
COUNTING = '''
"""The command line; every simulation adds a byte to the file that COUNTED names, in the workers too."""

import os

import sim.sweeps.execute
from sim.__main__ import start_command

simulate = sim.sweeps.execute.simulate


def counted(*arguments, **named):
    handle = os.open(os.environ["COUNTED"], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    os.write(handle, b".")
    os.close(handle)
    return simulate(*arguments, **named)


sim.sweeps.execute.simulate = counted
if __name__ == "__main__":
    start_command()
'''
Content = list[dict[str, Any]]


def write_design(folder: Path, points: int = 16, replicates: int = 4, method: str = "sobol", **more: object) -> Path:
    """Write the small design and its scenario; return the design's path."""
    (folder / "small.toml").write_text(SCENARIO, encoding="utf-8")
    numbers = {"until": 2015, "researchers": 100, "draws": '"reference"', "replicates": replicates, **more}
    keep = '["share(work, USA, top20, 2015)", "researchers(study, USA, all, 2014)", "indicator(stay_rate, USA, 2015)"]'
    text = f'title = "Small"\nscenarios = ["small"]\nkeep = {keep}\n'
    text += "".join(f"{key} = {value}\n" for key, value in numbers.items())
    text += f'[sample]\nmethod = "{method}"\n' + ("" if method == "grid" else f"points = {points}\n")
    steps = f"steps = {points}\n" if method == "grid" else ""
    text += f'[[factor]]\nlever = "refusal"\nlow = 0.2\nhigh = 0.6\n{steps}'
    path = folder / "design.toml"
    path.write_text(text, encoding="utf-8")
    return path


def content(folder: Path) -> Content:
    """All runs of a sweep by key, without the time they took."""
    rows = read_sweep(folder).table.drop_columns(["seconds"]).to_pylist()
    equal = [{name: None if value != value else value for name, value in row.items()} for row in rows]  # NaN is not itself
    return sorted(equal, key=lambda row: row["key"])


class Command:
    """The command line in a process group of its own, every simulation counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "counting.py"
        self.script.write_text(COUNTING, encoding="utf-8")
        self.count_file = folder / "counted"
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "COUNTED": str(self.count_file)}
        process = subprocess.Popen(
            [sys.executable, str(self.script), *map(str, words)], cwd=self.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def run(self, *words: object) -> tuple[int, str, str]:
        """Run to the end; exit code, output, errors."""
        process = self.start(*words)
        output, errors = process.communicate(timeout=600)
        return process.returncode, output, errors

    def executed(self) -> int:
        return self.count_file.stat().st_size if self.count_file.exists() else 0

    def wait_for(self, runs: int, process: subprocess.Popen[str]) -> None:
        """Wait until so many runs were begun."""
        end = time.monotonic() + 500
        while self.executed() < runs:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.002)

    @staticmethod
    def wait_until_gone(process: subprocess.Popen[str]) -> None:
        """Wait until nobody of the group is left."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.02)
        raise AssertionError("a worker outlived its parent")

    @staticmethod
    def kill_group(process: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
        os.killpg(process.pid, number)
        process.communicate(timeout=60)
