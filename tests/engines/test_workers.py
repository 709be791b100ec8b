"""The same command gives the same outcomes and the same bytes with one or two workers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.data.load import load_data
from sim.draws.constants import first_guess
from sim.draws.draw import draw_file, draw_key, save_draws
from sim.model.choice.compiled import cache_folder
from sim.runs.execute import run_tasks, variant_tasks
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import tasks_of
from sim.scenarios.load import load_scenario
from sim.sources import PACKAGE
from tests.support.packaged import BASIS, plan_of
from tests.support.processes import workers_left

pytestmark = pytest.mark.slow
NAME = "us-entry-restrictions"
PLAN = plan_of(load_scenario(NAME), draws=5, replicates=2, researchers=200, until=2028)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that knows every draw of the plan (with guessed constants) and shares our compiled code."""
    root = tmp_path_factory.mktemp("cache")
    (root / "talentsim").mkdir()
    (root / "talentsim" / cache_folder().name).symlink_to(cache_folder(), target_is_directory=True)
    data = load_data()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALENTSIM_CACHE", str(root))
        for task in [*tasks_of(PLAN), *variant_tasks(PLAN).values()]:
            key = draw_key(BASIS, task.parameters, task.number)
            save_draws(draw_file(key), {key: first_guess(data)})
            assert draw_file(key).is_file()
    return root


def assert_same(one: Outcomes, other: Outcomes) -> None:
    for name, value in vars(one).items():
        wanted = getattr(other, name)
        assert np.array_equal(value, wanted) if isinstance(value, np.ndarray) else value == wanted, name


def test_one_or_two_workers_give_the_same_outcomes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALENTSIM_CACHE", str(cache))
    seen: list[tuple[str, int, int]] = []
    alone = list(run_tasks(tasks_of(PLAN), 1))
    together = list(run_tasks(tasks_of(PLAN), 2, lambda *progress: seen.append(progress)))
    assert [(run.draw, run.replicate) for run in together] == [(k, r) for k in range(5) for r in range(2)]
    for one, other in zip(alone, together, strict=True):
        assert_same(one, other)
    assert [done for _, done, _ in seen] == [1, 2, 3, 4, 5]
    assert any((alone[0].counts != run.counts).any() for run in alone[1:])


def test_stopping_early_leaves_no_worker_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALENTSIM_CACHE", str(cache))
    runs = run_tasks(tasks_of(PLAN), 2)
    assert next(runs).draw == 0
    runs.close()
    assert workers_left() == []


def test_one_or_two_workers_write_the_same_bytes(cache: Path, tmp_path: Path) -> None:
    folders = []
    for workers in (1, 2):
        out = tmp_path / f"by-{workers}"
        numbers = {"draws": PLAN.draws, "replicates": PLAN.replicates, "researchers": PLAN.researchers}
        words = [f"--{name}={value}" for name, value in {**numbers, "until": PLAN.until, "workers": workers}.items()]
        done = subprocess.run(
            [sys.executable, "-m", "sim", "run", NAME, *words, "--out", str(out)],
            cwd=tmp_path,
            env={**os.environ, "TALENTSIM_CACHE": str(cache), "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        files = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        folders.append({path: content for path, content in files.items() if path.name != "provenance.json"})
    assert folders[0].keys() == folders[1].keys()
    assert len(folders[0]) >= 6
    for path, content in folders[0].items():
        assert content == folders[1][path], path
