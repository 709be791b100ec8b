"""Odd surroundings: no home, no entry in the list of users, other letters, nobody who reads, no room; one line each at most."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.sources import PACKAGE
from tests.support.kinds import Sample, copy_of, make_sample

SCENARIO = """title = "Ma politique — é 政策"
[[lever]]
name = "entry_bar"
origin = ["CHN"]
destination = ["USA"]
from = 2026
change = "add"
value = { distribution = "beta", mean = 0.15, sd = 0.04 }
evidence = "assumption"
"""
QUICK = (("scenarios",), ("check", "mine.toml", "--json"))


def start(
    place: Path, *words: str | bytes, said_to: Any = subprocess.PIPE, less: Callable[[], None] | None = None, **env: str
) -> Any:
    """Run the command line with an environment of its own; bytes are kept as they are."""
    known = {"PYTHONPATH": str(PACKAGE.parent), "PATH": os.environ["PATH"], "TALENTSIM_CACHE": str(place / "cache")}
    return subprocess.run(
        [sys.executable, "-m", "sim", *words], cwd=place, env={**known, **env}, stdout=said_to, stderr=subprocess.PIPE,
        timeout=300, check=False, preexec_fn=less,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a scenario; a cache of the place's own."""
    (tmp_path / "mine.toml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def assert_clean(done: Any, code: int = 0, lines: int = 0) -> None:
    """Assert the exit code, no traceback and at most so many lines on standard error."""
    err = (done.stderr or b"").decode("utf-8", "replace")
    assert "Traceback" not in err, err
    assert "Exception ignored" not in err, err
    assert (done.returncode, len(err.splitlines()) <= lines) == (code, True), err


@pytest.mark.parametrize("words", QUICK, ids=" ".join)
@pytest.mark.parametrize(
    "letters",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["ascii", "C", "latin-1"],
)
def test_a_terminal_of_few_letters(place: Path, words: tuple[str, ...], letters: dict[str, str]) -> None:
    done = start(place, *words, **letters)
    assert_clean(done)
    assert done.stdout


@pytest.mark.parametrize("words", QUICK, ids=" ".join)
def test_nobody_reads(place: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert_clean(start(place, *words, said_to=writing))
    finally:
        os.close(writing)


@pytest.mark.parametrize("words", QUICK, ids=" ".join)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_standard_output_is_full(place: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = start(place, *words, said_to=full)
    assert_clean(done, code=1, lines=1)
    assert b"No space left on device" in done.stderr


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2), (0, 1, 2)], ids=str)
def test_streams_are_closed(place: Path, closed: tuple[int, ...]) -> None:
    done = start(place, "check", "mine.toml", less=lambda: [os.close(each) for each in closed] and None)
    assert_clean(done)


@pytest.mark.parametrize("words", QUICK, ids=" ".join)
@pytest.mark.parametrize("environment", [{"HOME": "/proc/none"}, {"HOME": ""}, {"HOME": "relative"}, {}], ids=str)
def test_there_is_no_home(place: Path, words: tuple[str, ...], environment: dict[str, str]) -> None:
    (place / "tmp").mkdir()
    done = start(place, *words, TALENTSIM_CACHE="", TMPDIR=str(place / "tmp"), **environment)
    assert_clean(done, lines=1)
    assert not list((place / "tmp").iterdir())


@pytest.mark.skipif(os.getuid() != 0, reason="becomes a user who is in no list")
def test_the_user_is_in_no_list(place: Path, tmp_path: Path) -> None:
    def become() -> None:
        os.setgroups([])
        os.setgid(65_432)
        os.setuid(65_432)

    for folder in (tmp_path, *tmp_path.parents, *Path(sys.executable).resolve().parents, *PACKAGE.parents):
        if not folder.stat().st_mode & 0o001:
            pytest.skip(f"{folder} is closed to others")
    done = start(place, "check", "mine.toml", TALENTSIM_CACHE="", less=become)
    assert_clean(done, lines=1)


@pytest.mark.parametrize("name", [b"caf\xe9.toml", b"\xff\xfe.toml", "\u202e.toml".encode(), b"a\x1b[2Jb.toml"], ids=repr)
def test_a_file_whose_name_is_not_utf_8(place: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(place), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(SCENARIO)
    done = start(place, b"check", name)
    assert_clean(done)
    refused = start(place, b"run", name, b"--draws", b"1", b"--researchers", b"100", b"--until", b"2010", b"--ensemble", b"prior")
    assert_clean(refused, code=2, lines=1)
    assert b"\x1b[2J" not in done.stdout + refused.stderr


@pytest.mark.parametrize("fault", ["a file", "nowhere", "full", "not to be read"])
def test_the_cache_cannot_be_written(place: Path, fault: str) -> None:
    (place / "tmp").mkdir()
    cache = place / "cache"
    if fault == "a file":
        cache.write_text("", encoding="utf-8")
    less = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))) if fault == "full" else None
    where = "/proc/none" if fault == "nowhere" else str(cache)
    if fault == "not to be read":
        (cache / "talentsim" / "deeds").mkdir(parents=True)
        (cache / "talentsim" / "distributions-0.json").mkdir()
    done = start(place, "check", "mine.toml", TALENTSIM_CACHE=where, TMPDIR=str(place / "tmp"), HOME="/proc/none", less=less)
    assert_clean(done, lines=1)
    assert fault == "not to be read" or b"cache" in done.stderr


@pytest.mark.parametrize("entry", ["provenance.json", "shares.csv"])
def test_a_damaged_run_from_the_command_line(tmp_path: Path, place: Path, entry: str) -> None:
    sample: Sample = make_sample("run", tmp_path / "made")
    folder = copy_of(sample, tmp_path / "copy")
    (folder / entry).write_bytes(b"\x1b]0;evil\x07")
    done = start(place, "report", str(folder))
    assert_clean(done, code=2, lines=1)
    assert b"\x1b" not in done.stderr
