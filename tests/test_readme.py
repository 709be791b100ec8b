"""The README is short, and its commands and those of the first pages work, executed small in the order in which they stand."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim.scenarios.reading.chain import shipped_names

ROOT = Path(__file__).parents[1]
MOST_WORDS = 700
README, START, MESA = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/start.md", "docs/mesa.md"))
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
INSTALLS = [["pip", "install", "."], *(["pip", "install", f".[{extra}]"] for extra in ("agents", "mesa-app"))]
SMALL = ("--draws", "1", "--replicates", "2", "--researchers", "1000", "--until", "2028")


def blocks(page: str, wanted: str) -> list[str]:
    """The fenced blocks of a language."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    return [text for language, text in found if language == wanted]


def commands(page: str) -> list[list[str]]:
    """The words of each command line of a page."""
    lines = (line.split("#")[0] for text in blocks(page, "bash") for line in text.splitlines())
    return [shlex.split(line) for line in lines if line.strip()]


def talentsim(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sim", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False)


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= MOST_WORDS
    assert commands(README) == [["make", "demo"], ["pip", "install", "."]]


@pytest.mark.parametrize("page", [README, START, MESA], ids=["README", "start", "mesa"])
def test_every_command_of_a_page_is_known(page: str) -> None:
    assert commands(page)
    targets = re.findall(r"^([a-z0-9.-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for words in commands(page):
        if words[0] == "make":
            assert words[1] in targets, words
        elif words[0] == "solara":
            assert (ROOT / words[2]).is_file(), words  # tests/browser starts it
        else:
            assert words[0] == "talentsim" or words in INSTALLS, words


@pytest.mark.slow
def test_the_talentsim_commands_of_the_first_steps_work(tmp_path: Path) -> None:
    (scenario,) = blocks(START, "toml")
    (tmp_path / "more-places.toml").write_text(scenario, encoding="utf-8")
    for name, *words in commands(START):
        if name != "talentsim":
            continue
        if words[0] in ("run", "compare", "tracker"):
            words += SMALL
        if words[0] == "sweep":
            words = [*dict.fromkeys([*words, "--dry-run"])]  # tests/sweeps runs it
        done = talentsim(words, tmp_path)
        assert done.returncode == 0, f"{words}\n{done.stderr}"
        assert done.stdout
    folders = sorted(path.parent.name for path in (tmp_path / "results").glob("*/*"))
    assert folders == ["baseline", "baseline", "comparisons", "ensembles", "more-places", "tracker", "us-entry-restrictions"]


def test_the_python_of_the_mesa_page_works(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    code = "\n".join(blocks(MESA, "python"))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2030" in done.stdout
    assert "CHN-2012-3: talent class" in done.stdout
    assert "TWN-2005-1: talent class" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_files_that_a_page_links_to_exist(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link


def test_the_places_that_the_recipes_name_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"`(?:python )?((?:sim|tests|scripts|scenarios|results)/[\w./-]*)[^`]*`", text)
    assert len(places) > 20
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize("name", ["work", "study", "origin"])
def test_the_readme_explains_the_axes(name: str) -> None:
    assert f"**{name}**" in README


def test_the_readme_counts_the_shipped_scenarios() -> None:
    assert f"\n{len(shipped_names())} scenarios are shipped" in START
    assert f"{len(shipped_names())} scenarios are shipped" in README
