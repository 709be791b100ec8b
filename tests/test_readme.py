"""The README's commands, executed at small size in the order in which they stand."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenarios.reading.chain import shipped_names

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.split("#")[0].strip()
    for language, text in BLOCKS
    if language == "bash"
    for line in text.splitlines()
    if line.strip() and not line.startswith("#")
]
SMALL = ("--draws", "1", "--replicates", "2", "--researchers", "1000", "--until", "2028")


def talentsim(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False)


def test_every_command_of_the_readme_is_known() -> None:
    assert len(COMMANDS) > 8
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for command in COMMANDS:
        words = shlex.split(command)
        if words[0] == "make":
            assert words[1] in targets, command
        elif words[0] == "solara":
            assert (ROOT / words[2]).is_file(), command  # tests/browser starts it
        else:
            assert words[0] == "talentsim" or words in (["pip", "install", "."], ["pip", "install", ".[explore]"]), command


def test_the_talentsim_commands_of_the_readme_work(tmp_path: Path) -> None:
    (scenario,) = [text for language, text in BLOCKS if language == "toml"]
    (tmp_path / "more-places.toml").write_text(scenario, encoding="utf-8")
    for command in COMMANDS:
        name, *words = shlex.split(command)
        if name != "talentsim":
            continue
        if words[0] in ("run", "compare"):
            words += SMALL
        if words[0] == "sweep":
            words = [*dict.fromkeys([*words, "--dry-run"])]  # tests/sweeps runs it
        done = talentsim(words, tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout
    folders = sorted(path.parent.name for path in (tmp_path / "results").glob("*/*"))
    assert folders == ["baseline", "baseline", "comparisons", "more-places", "us-entry-restrictions"]


def test_the_python_of_the_readme_works(tmp_path: Path) -> None:
    (code,) = [text for language, text in BLOCKS if language == "python"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2030" in done.stdout
    assert "CHN-2012-3: talent class" in done.stdout


def test_the_files_that_the_readme_names_exist() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link


@pytest.mark.parametrize("name", ["work", "study", "origin"])
def test_the_readme_explains_the_axes(name: str) -> None:
    assert f"**{name}**" in README


def test_the_readme_counts_the_shipped_scenarios() -> None:
    assert f"\n{len(shipped_names())} scenarios are shipped" in README
