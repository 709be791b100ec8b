"""The benchmarks run: correctness of the peers on a small scale, and one small measurement with its table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


def test_a_small_measurement_runs_and_checks_the_peers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- end of bench -->\nafter\n", encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.bench", "--sizes", "300", "--repetitions", "1", "--write", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["check"]["numpy"] < 0.02
    assert result["sizes"]["300"]["arrays"]["median"] > 0.0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- bench -->")
    assert text.endswith("<!-- end of bench -->\nafter\n")
    assert "numpy / arrays at 300" in text
    assert "old" not in text


def test_the_parts_are_measured() -> None:
    command = [sys.executable, "-m", "benchmarks.parts", "--size", "300", "--run", "100", "--repetitions", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith("| choices: ") for line in lines) == 3
    assert any(line.startswith("| tables of the years | ") for line in lines)


def test_the_waits_are_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- waits -->\n<!-- end of waits -->\n", encoding="utf-8")
    words = ["--draws", "2", "--researchers", "300", "--repetitions", "1", "--write", str(page)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.waits", *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    contests = json.loads(done.stdout.splitlines()[-1])["contests"]
    assert all(seconds > 0.0 for pairs in contests.values() for pair in pairs for spent in pair for seconds in spent)
    assert "| check / import click | " in page.read_text(encoding="utf-8")
