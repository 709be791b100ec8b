"""Compiled code: where it is cached, that an edit is never missed, that compiled and plain functions give the same bits."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.files.private import CacheWarning
from sim.model.choice import logit as choice
from sim.model.choice.compiled import cache_folder
from sim.sources import COMPILED, PACKAGE, source_hash

OPEN_UNIT = st.floats(2**-33, 1.0 - 2**-33)
TINY = """
import json, numpy as np
from sim.model.choice.compiled import cache_folder
from sim.model.population import cohort_researchers
from sim.model.choice.randomness import make_key
sizes = cohort_researchers(make_key(1, 0), np.full((6, 4), 2.5), 1.0, 2000)
print(json.dumps([sizes.tolist(), cache_folder().name]))
"""


def copy_package(folder: Path) -> Path:
    """Copy the package's sources into a folder and return the copy."""
    copy = folder / "sim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def start(folder: Path, script: str, **environment: str) -> list:
    """Run a script in a new process on the package of a folder; return what it prints as JSON."""
    usual = {"PYTHONPATH": str(folder), "TALENTSIM_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={**os.environ, **usual, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name} no longer holds {before!r} once"
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_an_edit_in_another_file_changes_results_at_the_next_start(tmp_path: Path) -> None:
    # cohort_researchers (population.py) calls uniform (randomness.py): numba alone does not notice an edit there.
    package = copy_package(tmp_path)
    sizes, folder = start(tmp_path, TINY)
    assert start(tmp_path, TINY) == [sizes, folder]
    assert {size for row in sizes for size in row} == {2, 3}
    edit(package / "model/choice/randomness.py", "return (float(word) + 0.5) * UNIT", "return 1.0 - (float(word) + 0.5) * UNIT")
    flipped, other_folder = start(tmp_path, TINY)
    assert other_folder != folder
    assert flipped == [[5 - size for size in row] for row in sizes]
    edit(package / "model/choice/randomness.py", "return 1.0 - (float(word) + 0.5) * UNIT", "return (float(word) + 0.5) * UNIT")
    assert start(tmp_path, TINY) == [sizes, folder]


def test_only_the_door_and_its_hinges_know_the_compiler() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.name not in ("compiled.py", "bodies.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert "numba" not in {str(name).split(".")[0] for name in names}, path.name


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"compiled-{source_hash(COMPILED)[:16]}"
    monkeypatch.setenv("TALENTSIM_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "own" / "talentsim" / name
    assert cache_folder().is_dir()
    monkeypatch.delenv("TALENTSIM_CACHE")
    assert cache_folder() == tmp_path / "xdg" / "talentsim" / name


def test_a_folder_that_cannot_be_made_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    monkeypatch.setenv("TALENTSIM_CACHE", str(in_the_way))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    with pytest.warns(CacheWarning, match="the cache is .*xdg.* Not a directory"):
        assert cache_folder().parent.parent == tmp_path / "xdg"


def test_the_compiler_writes_into_the_folder() -> None:
    import numba

    assert Path(numba.config.CACHE_DIR).parent.name == "talentsim"
    assert Path(numba.config.CACHE_DIR).name == f"compiled-{source_hash(COMPILED)[:16]}"
    assert os.environ["NUMBA_DISABLE_INTEL_SVML"] == "1"


@settings(deadline=None, max_examples=300)
@given(st.floats(0.1, 1.0), OPEN_UNIT, OPEN_UNIT)
def test_the_stable_variate_has_the_same_bits_compiled_and_plain(lam: float, angle: float, waiting: float) -> None:
    # Only leaf functions can be compared like this: .py_func calls compiled inner functions.
    try:
        plain = choice.stable_variate.py_func(lam, angle, waiting)
    except OverflowError:
        plain = float("inf")
    assert choice.stable_variate(lam, angle, waiting) == plain


@settings(deadline=None, max_examples=300)
@given(st.floats(0.0, 1e12), st.floats(0.05, 1.0), st.floats(-9, 9))
def test_leaf_functions_have_the_same_bits_compiled_and_plain(base: float, exponent: float, x: float) -> None:
    assert choice.power(base, exponent) == choice.power.py_func(base, exponent)
    assert choice.normal_cdf(x) == choice.normal_cdf.py_func(x)
