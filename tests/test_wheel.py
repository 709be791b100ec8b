"""The wheel in a fresh environment: from an empty folder it makes again what this checkout made."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim.runs.folder import differing_files
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    place = tmp_path_factory.mktemp("built")
    execute([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place], ROOT)
    (built,) = place.glob("*.whl")
    return built


def installed(python: str, wheel: Path, place: Path) -> Path:
    """Install the locked core and the wheel alone in an environment of a Python; its `talentsim`."""
    execute([python, "-m", "venv", place / "fresh"], place)
    binaries = place / "fresh" / ("Scripts" if os.name == "nt" else "bin")
    pip = [binaries / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
    execute([*pip, "--no-compile", "--require-hashes", "-r", ROOT / "requirements.lock"], place)
    execute([*pip, wheel], place)
    return binaries / "talentsim"


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`talentsim` of the wheel, in a fresh environment."""
    return installed(sys.executable, wheel, tmp_path_factory.mktemp("installed"))


def interpreter(version: str) -> str | None:
    """Find a Python of a version that can make environments: on the path, or where pyenv keeps them."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    for each in (shutil.which(f"python{version}"), *map(str, kept)):
        asked = "import ensurepip, sys; sys.exit(sys.version_info[:2] != tuple(map(int, sys.argv[1].split('.'))))"
        if each and subprocess.run([each, "-c", asked, version], capture_output=True, check=False).returncode == 0:
            return each
    return None


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


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_the_wheel_gives_the_same_bytes_on_other_pythons(made: list[Path], wheel: Path, version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None or version == f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip(f"no other Python {version} with ensurepip is here")
    other = installed(python, wheel, tmp_path)
    execute([other, "run", SCENARIOS[0], *SMALL], tmp_path)
    ours = made[0]
    theirs = tmp_path / "results" / SCENARIOS[0] / ours.name
    assert theirs.is_dir(), "the run has another id"
    assert differing_files(ours, theirs) == []
