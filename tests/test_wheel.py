"""The wheel in a fresh environment: from an empty folder it makes again what this checkout made."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.sources import PACKAGE

ROOT = PACKAGE.parent
SMALL = ("--draws", "2", "--replicates", "2", "--researchers", "500", "--until", "2028")
SCENARIOS = ("baseline", "us-entry-restrictions", "china-pull")
DESIGN = """
scenarios = ["us-entry-restrictions"]
draws = 2
replicates = 1
researchers = 500
until = 2028
keep = ["share(study, USA, all, 2028)"]
"""


def execute(words: list[str | Path], folder: Path, **more: str) -> str:
    """Run a command in a folder, without this checkout in sight; what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Runs of three shipped scenarios, a comparison and a sweep, each in the folder where this checkout made it."""
    there = tmp_path_factory.mktemp("there")
    (there / "design.toml").write_text(DESIGN, encoding="utf-8")
    for words in (
        ("run", *SCENARIOS, *SMALL),
        ("compare", *SCENARIOS[:2], *SMALL, "--no-assumptions", "--no-report"),
        ("sweep", "design.toml"),
    ):
        execute([sys.executable, "-m", "sim", *words], there, PYTHONPATH=str(ROOT))
    runs = [next((there / "results" / name).glob("*/")) for name in SCENARIOS]
    (compared,) = (there / "results" / "comparisons").glob("*/*/")
    (swept,) = (path.parent for path in there.rglob("design.json"))
    return [*runs, compared, swept]


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`talentsim` of the wheel, in an environment that holds the locked core and the wheel alone."""
    place = tmp_path_factory.mktemp("installed")
    execute([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place], ROOT)
    (wheel,) = place.glob("*.whl")
    execute([sys.executable, "-m", "venv", place / "fresh"], place)
    binaries = place / "fresh" / ("Scripts" if os.name == "nt" else "bin")
    pip = [binaries / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
    execute([*pip, "--no-compile", "--require-hashes", "-r", ROOT / "requirements.lock"], place)
    execute([*pip, wheel], place)
    return binaries / "talentsim"


@pytest.mark.slow
def test_the_wheel_makes_runs_a_comparison_and_a_sweep_again(made: list[Path], command: Path, tmp_path: Path) -> None:
    for source in made:
        empty = tmp_path / source.name
        empty.mkdir()
        copy = tmp_path / "copies" / source.name
        shutil.copytree(source, copy)
        found = json.loads(execute([command, "reproduce", copy, "--json"], empty))
        assert found["same"], source
        assert found["differing"] == {}, source
        others = [each for each in found["other_versions"] if not each.startswith("mesa ")]  # not in the core
        assert others == [], source
        assert (empty / found["folder"]).resolve().is_relative_to((empty / "reproduced").resolve())
    assert str(ROOT) not in execute([command.parent / "python", "-c", "import sim; print(sim.__file__)"], tmp_path)
