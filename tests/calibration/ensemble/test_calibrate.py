"""The command from first point to ensemble file, with solutions made up in a moment: killed, resumed, the same bytes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from sim.calibration.bank import store
from sim.calibration.bank.points import keyed_scores, vector_of
from sim.calibration.bank.solving import SERIES_TIERS, SERIES_YEARS, TRAINED, PointTask, Solved
from sim.calibration.evidence import load_evidence
from sim.cli import main
from sim.draws.constants import first_guess
from sim.draws.ensemble import read_ensemble, vectors_of_draws
from tests.support.packaged import BASIS

RECORD = load_evidence(BASIS.data)
SIZES = ("--points", "30", "10", "10", "--waves", "1", "--chains", "2", "--steps", "50", "--workers", "1")
OWN = """
[[family]]
name = "mine"
title = "My census"
bias = "none known"

[[row]]
id = "MY-US-2025"
label = "works in the US"
operator = "share"
tier = "top20"
axis = "work"
regions = ["USA"]
value = 0.40
sd = 0.02
discrepancy = 0.01
reason = "made up"
family = "mine"
use = "fit"
year = 2025
published = 2025
source = "my own count"
"""
calls = 0
dies_after = 10**9


def made_up(task: PointTask) -> Solved:
    """Rows near the published values, each moved by three scores of its own."""
    global calls
    calls += 1
    if calls > dies_after:
        raise KeyboardInterrupt
    scores, keyed = task.point.scores, keyed_scores(BASIS, np.array([task.point.number]))[0]
    values = {store.questions_key([row.question]): row.value for row in RECORD.rows}
    rows = np.empty(len(task.questions))
    for k, question in enumerate(task.questions):
        value = values.get(store.questions_key([question]), 0.42)
        move = 0.1 * scores[k % len(scores)] + 0.05 * scores[(3 * k + 1) % len(scores)] + 0.03 * keyed[k % len(keyed)]
        rows[k] = expit(logit(np.clip(value, 0.002, 0.998)) + move) if value <= 1.0 else value * np.exp(move)
    regions = len(BASIS.data.codes)
    shares = np.full((len(SERIES_TIERS), len(SERIES_YEARS), regions), 1.0 / regions) * np.exp(0.1 * scores[0])
    stays = np.full((len(TRAINED), len(SERIES_YEARS)), expit(scores[1]))
    parameters = vector_of(BASIS.data, task.point, dict(task.fixed))
    return Solved(task.point, keyed, parameters, replace(first_guess(BASIS.data), error=0.0), rows, shares, stays)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "solve_point", made_up)
    monkeypatch.setattr("tests.calibration.ensemble.test_calibrate.calls", 0)
    monkeypatch.setattr("tests.calibration.ensemble.test_calibrate.dies_after", 10**9)


def calibrate(folder: Path, *more: str, code: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", "--to", str(folder), *SIZES, *more])
    assert ended.value.code == code


@pytest.mark.slow
def test_from_first_point_to_ensemble_killed_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrate(tmp_path / "whole")
    said = capsys.readouterr()
    assert "solving prior points: 0 of 30" in said.err
    assert "Pareto k" in said.out
    whole = calls
    assert whole == 50
    for death in (7, 33, 44):
        monkeypatch.setattr("tests.calibration.ensemble.test_calibrate.calls", 0)
        monkeypatch.setattr("tests.calibration.ensemble.test_calibrate.dies_after", death - len(points_in(tmp_path / "killed")))
        calibrate(tmp_path / "killed", code=130)
        assert "The same command goes on from there" in capsys.readouterr().err
        assert len(points_in(tmp_path / "killed")) == death
    monkeypatch.setattr("tests.calibration.ensemble.test_calibrate.dies_after", 10**9)
    calibrate(tmp_path / "killed", "--json")
    record = json.loads(capsys.readouterr().out)
    one, other = (tmp_path / name / "ensemble.parquet" for name in ("whole", "killed"))
    assert one.read_bytes() == other.read_bytes()
    assert record["ensemble"] == read_ensemble(one).digest
    assert record["kind"] in ("exact", "emulated")
    assert (tmp_path / "killed" / "record.nc").is_file()
    ensemble = read_ensemble(one)
    assert len(ensemble) == 10
    assert ensemble.columns["headlines"].shape == (10, len(ensemble.record["headlines"]))
    assert len(vectors_of_draws(ensemble, BASIS.data, 10, {})) == 10
    for number, scores, vector in zip(ensemble.numbers, ensemble.scores, ensemble.parameters, strict=True):
        assert number >= 1 << 16
        assert np.isfinite(scores).all()
        assert np.isfinite(vector).all()


def points_in(folder: Path) -> list[Path]:
    return sorted((folder / "bank").glob("*.npz")) if folder.exists() else []


@pytest.mark.slow
def test_rows_of_ones_own_weigh_an_ensemble_anew_or_run_waves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrate(tmp_path / "first")
    own = tmp_path / "mine.toml"
    own.write_text(OWN, encoding="utf-8")
    capsys.readouterr()
    known = read_ensemble(tmp_path / "first" / "ensemble.parquet")
    monkeypatch.setattr("sim.calibration.ensemble.calibrate.find_ensemble", lambda: known)
    monkeypatch.setattr("sim.calibration.ensemble.conditioned.FEW_EFFECTIVE", 5.0)
    calibrate(tmp_path / "weighed", "--evidence", str(own))
    assert "weighed anew: effective size" in capsys.readouterr().out
    assert read_ensemble(tmp_path / "weighed" / "ensemble.parquet").record["of"] == known.digest
    monkeypatch.setattr("sim.calibration.ensemble.conditioned.FEW_EFFECTIVE", 1e9)
    calibrate(tmp_path / "waves", "--evidence", str(own))
    said = capsys.readouterr()
    assert "running new waves" in said.err
    own.write_text(OWN.replace("2025", "2040"), encoding="utf-8")
    calibrate(tmp_path / "refused", "--evidence", str(own), code=2)
    assert "2040; allowed: 2000 to 2035" in capsys.readouterr().err


def test_packaged_outcomes_end_in_2022() -> None:
    years = [
        year for row in RECORD.rows for year in (row.year, *row.arguments.get("years", ()), *row.arguments.get("degrees", ()))
    ]
    assert max(years) <= 2022
    assert {row.use for row in RECORD.rows} == {"fit", "one-sided", "solved", "check"}
