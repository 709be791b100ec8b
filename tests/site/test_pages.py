"""Commands and snippets of the pages on use work, executed small in the order in which they stand.

Other tests execute those of first steps and the Mesa page (`tests/test_readme.py`), of Python (`tests/api`), of scenario
files (`tests/test_guide.py`), of who changed (`tests/worlds`) and of the explorer (`tests/explorer`), and the notebook
(`tests/site/test_tutorial.py`). Clusters and job arrays are left out here: `tests/sweeps` has shards and Dask.
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
SMALLER = {"researchers": 500, "draws": 40, "points": 8, "replicates": 2}
"""What a shipped design has at most; fewer draws or base points than these are not analysed."""

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
    """Run Python on words in a folder; what it printed. Only what hangs takes as long as the timeout, on a busy machine too."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=3600, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def talentsim(words: list[str], folder: Path) -> str:
    """Run a command small."""
    if words[0] in SIZED:
        words = [each for place, each in enumerate(words) if not {each, *words[place - 1 : place]} & SIZE.keys()]
        words += [each for option in SIZE.items() for each in option]
    return execute(["-m", "sim", *words], folder)


def small_designs(folder: Path) -> None:
    """Write the shipped designs small, under the paths that they have in the project."""
    small = folder / "scenarios" / "sweeps"
    small.mkdir(parents=True)
    for path in (ROOT / "scenarios" / "sweeps").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        for name, most in SMALLER.items():
            text = re.sub(
                rf"^({name} *= )(\d+)", lambda found, most=most: f"{found[1]}{min(int(found[2]), most)}", text, flags=re.M
            )
        (small / path.name).write_text(text, encoding="utf-8")


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
    small_designs(tmp_path)
    for words in commands("sensitivity"):
        assert talentsim(words, tmp_path)
    (code,) = blocks("sensitivity", "python")
    execute(["-c", code], tmp_path)


@pytest.mark.slow
def test_the_commands_of_the_page_of_sweeps(tmp_path: Path) -> None:
    small_designs(tmp_path)
    name, small = "us-refusal-and-bar", "scenarios/sweeps/us-refusal-and-bar.toml"
    typed = [shlex.split(line) for text in blocks("sweeps", "text") for line in text.splitlines() if line.startswith("$ ")]
    local = [words for words in commands("sweeps") if "--dry-run" in words] + [words[2:] for words in typed]
    assert len(local) == 6
    said = [talentsim([small if word == name else word for word in words], tmp_path) for words in local]
    assert "runs, 0 of them there" in said[0]
    assert [words[0] for words in local[-3:]] == ["sweep", "sweep", "merge"]
    assert "runs added to m" in said[-1]
    (code,) = blocks("sweeps", "python")
    assert "'scenario': 1, 'point': 15" in execute(["-c", code.replace(f'"{name}"', f'"{small}"')], tmp_path)


@pytest.mark.slow
def test_the_commands_of_the_map(tmp_path: Path) -> None:
    for words in commands("map"):
        assert talentsim(words, tmp_path)


@pytest.mark.slow
def test_the_commands_and_the_snippet_of_the_page_of_own_data(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    first = next(words for words in commands("data") if "examples/chips" in words)
    talentsim([*(word for word in first if word not in ("--draws", "10")), "--no-assumptions"], tmp_path)
    (code,) = blocks("data", "python")
    execute(["-c", code.replace("until=2028", "until=2028, workers=1")], tmp_path)
