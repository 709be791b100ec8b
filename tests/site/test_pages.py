"""Commands and snippets of the pages on use work, executed small in the order in which they stand.

Other tests execute those of first steps and the Mesa page (`tests/test_readme.py`), of Python (`tests/api`), of scenario
files (`tests/test_guide.py`) and of who changed (`tests/worlds`).
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sim.sources import PACKAGE

pytestmark = pytest.mark.skipif(not os.environ.get("TALENTSIM_PAGES"), reason="long: `make site-check` asks for it")
ROOT = PACKAGE.parent
SIZE = {"--draws": "1", "--replicates": "2", "--researchers": "500", "--until": "2035"}
SIZED = ("run", "compare", "tracker", "cohort", "solve")
SMALLER = {r"^(researchers *= ).*": r"\g<1>500", r"^(draws *= )\d+": r"\g<1>24", r"^(points *= ).*": r"\g<1>8"}
"""What makes a shipped design small: a pattern of its lines and what stands there instead."""

SOLVED = {
    "pay.toml": 'id = "pay"\nname = "research_pay"\ndestination = ["DEU"]\nfrom = 2026\nchange = "multiply"\nvalue = 1.5\n',
    "refusal.toml": 'id = "x"\nname = "student_visa_refusal"\norigin = ["CHN"]\ndestination = ["USA"]\nfrom = 2026\n'
    'change = "multiply"\nvalue = 1.5\n',
}
"""The levers that the page of questions asks about."""


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a language of a document."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[list[str]]:
    """The words of each `talentsim` command of a document."""
    lines = (shlex.split(line, comments=True) for text in blocks(page, "bash") for line in text.splitlines())
    return [words[1:] for words in lines if words and words[0] == "talentsim"]


def execute(words: list[str], folder: Path) -> str:
    """Run Python on words in a folder; what it printed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def talentsim(words: list[str], folder: Path) -> str:
    """Run a command small."""
    if words[0] in SIZED:
        words = [*words, *(each for option in SIZE.items() if option[0] not in words for each in option)]
    return execute(["-m", "sim", *words], folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run and a comparison."""
    made = tmp_path_factory.mktemp("pages")
    talentsim(["run", "baseline"], made)
    talentsim(["compare", "baseline", "us-entry-restrictions", "--no-assumptions"], made)
    return made


def placed(words: list[str], folder: Path) -> list[str]:
    """Words of a page with the run and the comparison of this folder in the places that it leaves open."""
    (compared,) = (folder / "results" / "comparisons").glob("*/*/")
    run = next((folder / "results" / "baseline").glob("*/"))
    text = {
        "results/baseline/RUN-ID": run,
        "FOLDER": compared,
        "results/comparisons/baseline--us-entry-restrictions/ID": compared,
    }
    return [str(text.get(word, word)) for word in words]


@pytest.mark.slow
def test_the_commands_of_the_page_of_questions(folder: Path) -> None:
    for name, lever in SOLVED.items():
        (folder / name).write_text(
            f'title = "Asked"\nextends = "baseline"\n[[lever]]\n{lever}evidence = "A test."\n', encoding="utf-8"
        )
    for words in commands("questions"):
        if words == ["new", "mine"]:
            continue  # asks at a terminal: tests/guide
        assert talentsim(placed(words, folder), folder)


@pytest.mark.slow
def test_the_commands_of_the_page_of_the_report(folder: Path) -> None:
    for words in commands("report"):
        talentsim(placed(words, folder), folder)
    assert (folder / "page.html").is_file()
    assert (folder / "effects.xlsx").is_file()
    (code,) = blocks("report", "python")
    execute(["-c", code.replace("draws=25", "draws=1, replicates=2, researchers=500, until=2030")], folder)
    assert (folder / "effects.png").is_file()


@pytest.mark.slow
def test_the_snippet_of_the_page_of_comparing(folder: Path) -> None:
    (code,) = blocks("comparing", "python")
    assert "difference_points" in execute(["-c", code], folder)


@pytest.mark.slow
def test_the_commands_of_the_page_of_sensitivity(tmp_path: Path) -> None:
    small = tmp_path / "scenarios" / "sweeps"
    small.mkdir(parents=True)
    for path in (ROOT / "scenarios" / "sweeps").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        for pattern, shorter in SMALLER.items():
            text = re.sub(pattern, shorter, text, flags=re.MULTILINE)
        (small / path.name).write_text(text, encoding="utf-8")
    for words in commands("sensitivity"):
        assert talentsim(words, tmp_path)
    (code,) = blocks("sensitivity", "python")
    execute(["-c", code], tmp_path)
