"""Every shipped design runs: its first point with one draw and few people, and its estimate; from any folder, by its name."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sim
from sim.sweeps.design.file import read_design, shipped_designs
from sim.sweeps.keys import sweep_runs

pytestmark = pytest.mark.slow


def test_there_are_shipped_designs_and_each_has_another_title() -> None:
    titles = {read_design(name).title for name in shipped_designs()}
    assert len(titles) == len(shipped_designs()) >= 2


@pytest.mark.parametrize("name", shipped_designs())
def test_a_shipped_design_runs_small(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    design = read_design(name)
    assert design.run_count <= 5_000
    assert len({run.key for run in sweep_runs(design)}) == len(list(sweep_runs(design)))
    moved = [factor for factor in design.factors if factor.kind != "parameter"]  # a parameter would need a solution
    small = replace(
        design, draws=0, replicates=1, researchers=300, method="csv" if moved else "none", points=0, factors=tuple(moved),
        rows=(tuple(factor.low for factor in moved), tuple(factor.high for factor in moved)) if moved else (),
    )  # fmt: skip
    sweep = sim.sweep(small, tmp_path / "out", workers=1)
    assert (sweep.missing, sweep.failed) == (0, 0), sweep.frame()["error"].tolist()


def test_the_estimate_counts_measures_and_keeps_nothing(
    talentsim: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output, _ = talentsim("sweep", "us-refusal-and-bar", "--dry-run", "--json", "--workers", "2")
    found = json.loads(output)
    assert (code, found["runs"], found["there"], found["draws_to_solve"]) == (0, 150, 0, 0)
    assert found["seconds"] == pytest.approx(150 * found["seconds_per_run"] / 2)
    assert 5_000 < found["bytes"] < 1_000_000
    assert not list(tmp_path.iterdir())
    code, output, _ = talentsim("sweep", "us-refusal-and-bar", "--dry-run", "--workers", "2")
    assert "15 points x 1 scenario x 5 draws x 2 replicates\n150 runs, 0 of them there\nabout " in output
