"""Compiled code and solved draws that are torn, foreign, open to others or without room: made again, one line, same numbers."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.files.arrays import read_arrays, whole_arrays
from sim.files.private import CacheWarning, say_unwritten, sparing
from sim.files.reading import UnreadableError
from sim.sources import PACKAGE
from tests.support.damage import DAMAGES, damage

TINY = """
import warnings
warnings.formatwarning = lambda message, *place: f"{message}\\n"
import numpy as np
from sim.model.population import cohort_researchers
from sim.model.choice.randomness import make_key
print(cohort_researchers(make_key(1, 0), np.full((6, 4), 2.5), 1.0, 2000).tolist())
"""
EVIL = b"cposix\nsystem\n(S'touch evil'\ntR."


def run_tiny(cache: Path, less: Callable[[], None] | None = None) -> tuple[str, list[str]]:
    """Run a small compiled function with a cache of its own; its numbers, and the lines on standard error."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "TALENTSIM_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", TINY], env=environment, cwd=cache, capture_output=True, text=True, check=False, preexec_fn=less,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.splitlines()


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache that holds the function, and its numbers."""
    cache = tmp_path_factory.mktemp("warm")
    numbers, said = run_tiny(cache)
    assert said == []
    assert run_tiny(cache) == (numbers, [])
    return cache, numbers


def compiled_files(cache: Path) -> list[Path]:
    return sorted(path for path in (cache / "talentsim").glob("compiled-*/*") if path.suffix in (".nbi", ".nbc"))


@pytest.mark.slow
@pytest.mark.parametrize("which", [".nbi", ".nbc"])
@pytest.mark.parametrize("how", [*DAMAGES, "a pickle of somebody else"])
def test_damaged_code_is_dropped_and_made_again(warm: tuple[Path, str], tmp_path: Path, which: str, how: str) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(warm[0], cache)
    path = next(path for path in compiled_files(cache) if path.suffix == which)
    other = next(each for each in compiled_files(cache) if each != path)
    if how == "a pickle of somebody else":
        path.write_bytes(EVIL)
    else:
        damage(np.random.default_rng(1), how, path, other)
    numbers, said = run_tiny(cache)
    assert numbers == warm[1]
    assert len(said) == (how != "deleted"), said
    assert all("was damaged: it was dropped and is made again" in line for line in said)
    assert run_tiny(cache) == (numbers, [])
    assert not (cache / "evil").exists()


@pytest.mark.slow
def test_code_of_another_folder_is_not_taken(warm: tuple[Path, str], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(warm[0], cache)
    (folder,) = (cache / "talentsim").glob("compiled-*")
    for path in compiled_files(cache):  # as if it had been compiled from other sources
        content = path.read_bytes()
        path.write_bytes(bytes(32) + content[32:])
    numbers, said = run_tiny(cache)
    assert (numbers, len(said) > 0) == (warm[1], True)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_a_full_disk_slows_and_does_not_stop(warm: tuple[Path, str], tmp_path: Path) -> None:
    numbers, said = run_tiny(tmp_path, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    assert numbers == warm[1]
    assert said
    assert all("cannot be written (File too large): slower, nothing is lost" in line for line in said)
    assert len(said) <= 2  # the folder of compiled code, and the folder of caches
    assert compiled_files(tmp_path) == []


@pytest.mark.slow
def test_a_folder_of_code_that_others_could_write_is_set_aside(warm: tuple[Path, str], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(warm[0], cache)
    (folder,) = (cache / "talentsim").glob("compiled-*")
    folder.chmod(0o777)
    numbers, said = run_tiny(cache)
    assert (numbers, len(said)) == (warm[1], 1)
    assert "others could write the cache" in said[0]
    assert run_tiny(cache) == (numbers, [])


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("seed", range(6))
def test_damaged_arrays_are_dropped(tmp_path: Path, how: str, seed: int) -> None:
    generator = np.random.default_rng([seed, DAMAGES.index(how)])
    path, foreign = tmp_path / "numbers.npz", tmp_path / "foreign"
    kept: dict[str, Any] = {"one": generator.random(200), "two": np.array(["a", "b"]), "three": np.array(3)}
    np.savez_compressed(path, **kept)
    foreign.write_bytes(b"PK\x03\x04 something else")
    whole = path.read_bytes()
    damage(generator, how, path, foreign)
    if not path.exists():
        assert read_arrays(path) is None
        return
    try:
        whole_arrays(path)
    except UnreadableError:
        with pytest.warns(CacheWarning, match="was damaged: it was dropped"):
            assert read_arrays(path) is None
        assert not path.exists()
    else:
        found = whole_arrays(path)
        assert path.read_bytes() == whole or {name: found[name].tolist() for name in kept if name in found} == {
            name: each.tolist() for name, each in kept.items() if name in found
        }


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs.npz").write_bytes(b"theirs")
    assert read_arrays(tmp_path / "theirs.npz", is_ours=False) is None
    assert (tmp_path / "theirs.npz").read_bytes() == b"theirs"
    with pytest.raises(UnreadableError, match=r"theirs\.npz is damaged"):
        whole_arrays(tmp_path / "theirs.npz")


def test_a_cache_without_room_is_said_once(tmp_path: Path) -> None:
    say_unwritten.cache_clear()

    def write_thrice() -> None:
        for _ in range(3):
            with sparing(tmp_path):
                raise OSError(28, "no space")

    with pytest.warns(CacheWarning, match=r"cannot be written \(No space left on device\)") as said:
        write_thrice()
    assert len(said) == 1
