"""What the cache remembers is what would be computed, and a cache that is damaged or not there changes nothing."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sim.sources as sources
from sim.files.private import CacheWarning
from sim.sources import PACKAGE, Remembered, remembered_text, source_hash, whole_file

LOADED = """
import sys
from sim.cli import main
try:
    main(["run", "baseline", "--draws", "2", "--researchers", "200", "--until", "2012", "--out", {out!r}])
except SystemExit:
    pass
print(*(name for name in ("pandas", "scipy.special", "scipy.stats", "numba.np.linalg") if name in sys.modules), file=sys.stderr)
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("TALENTSIM_CACHE", str(tmp_path))
    return tmp_path / "talentsim"


def test_the_hash_of_deeds_is_remembered_by_the_bytes(cache: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "comparisons").mkdir(parents=True)
    module = package / "comparisons" / "one.py"
    module.write_text("x = 1\n", encoding="utf-8")
    parts = (("comparisons",), package)
    first = source_hash.__wrapped__(*parts)
    (file,) = (cache / "deeds").iterdir()
    kept = file.read_text(encoding="ascii")
    assert kept.splitlines()[1] == first == source_hash.__wrapped__(*parts)
    for damaged in ("damaged", kept[:-1] + ("0" if kept[-1] != "0" else "1")):
        file.write_text(damaged, encoding="ascii")
        with pytest.warns(CacheWarning, match="damaged: it was dropped and is made again"):
            assert source_hash.__wrapped__(*parts) == first
        assert file.read_text(encoding="ascii") == kept
    other = "0" * 64
    file.write_text(f"{hashlib.sha256(other.encode()).hexdigest()[:32]}\n{other}", encoding="ascii")
    assert source_hash.__wrapped__(*parts) == other  # it is read at all
    module.write_text("x = 2\n", encoding="utf-8")
    assert source_hash.__wrapped__(*parts) not in ("0" * 64, first)


def test_a_text_is_remembered_by_the_bytes_it_depends_on(cache: Path) -> None:
    def refused() -> str:
        raise ValueError("no text")

    with pytest.raises(ValueError, match="no text"):
        remembered_text("texts", {"a": b"1"}, refused)
    assert remembered_text("texts", {"a": b"1"}, lambda: "one") == "one"  # what was refused is asked again
    assert remembered_text("texts", {"a": b"1"}, refused) == "one"
    assert remembered_text("texts", {"a": b"2"}, lambda: "two") == "two"
    assert len(list((cache / "texts").iterdir())) == 2


def test_numbers_are_remembered_by_what_they_depend_on(cache: Path, tmp_path: Path) -> None:
    source = tmp_path / "formula.py"
    source.write_text("1", encoding="utf-8")
    one = Remembered("numbers", (source,))
    assert one.get(("a", 0.1, float("inf")), lambda: 1 / 3) == 1 / 3
    one.write()
    again = Remembered("numbers", (source,))
    assert again.get(("a", 0.1, float("inf")), lambda: 0.0) == 1 / 3
    one.path.write_text(one.path.read_text(encoding="ascii").replace("0.333", "0.334"), encoding="ascii")
    with pytest.warns(CacheWarning, match="numbers-"):
        assert Remembered("numbers", (source,)).get(("a", 0.1, float("inf")), lambda: 0.5) == 0.5
    source.write_text("2", encoding="utf-8")
    assert Remembered("numbers", (source,)).path != one.path


def test_the_last_numbers_are_remembered_where_there_are_too_many(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST", 2)
    source = tmp_path / "formula.py"
    source.write_text("1", encoding="utf-8")
    for number in (1.0, 2.0, 3.0):
        one = Remembered("numbers", (source,))
        one.get((number,), lambda number=number: number)
        one.write()
    assert Remembered("numbers", (source,)).read() == {(2.0,): 2.0, (3.0,): 3.0}


@pytest.mark.slow
def test_a_second_run_imports_no_library_that_it_can_do_without(tmp_path: Path) -> None:
    for name in ("first", "second"):
        done = subprocess.run(
            [sys.executable, "-c", LOADED.format(out=str(tmp_path / name))],
            env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stderr.split() == []


def test_a_file_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "numbers.npz"
    with whole_file(path) as place:
        assert (place.parent, place.suffix, path.exists()) == (path.parent, ".npz", False)
        place.write_text("first", encoding="ascii")

    def stop_halfway() -> None:
        with whole_file(path) as place:
            place.write_text("half", encoding="ascii")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_halfway()
    assert path.read_text(encoding="ascii") == "first"
    assert list(path.parent.iterdir()) == [path]
