"""A strict ensemble from first point to score table, with solutions made up in a moment; and one point really solved."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from sim.calibration.bank.points import keyed_scores, prior_point, vector_of
from sim.calibration.bank.solving import PointTask, Solved
from sim.calibration.evidence import load_evidence
from sim.calibration.validation.strict import model
from sim.calibration.validation.strict.inputs import strict_basis
from sim.calibration.validation.strict.solving import strict_point
from sim.calibration.validation.validate import ROWS
from sim.cli import main
from sim.draws.constants import first_guess
from sim.draws.ensemble import read_ensemble
from tests.support.packaged import DATA

RECORD = load_evidence(DATA)
SIZES = ("--points", "30", "10", "12", "--waves", "1", "--chains", "2", "--steps", "50", "--workers", "1")


def made_up(knows: int, task: PointTask) -> Solved:
    """Rows near the published values, each moved by two scores of its own."""
    basis = strict_basis(knows)
    scores, keyed = task.point.scores, keyed_scores(basis, np.array([task.point.number]))[0]
    values = np.array([row.value for row in RECORD.rows])
    moves = np.array([0.1 * scores[k % len(scores)] + 0.03 * keyed[k % len(keyed)] for k in range(len(values))])
    rows = np.where(values <= 1.0, expit(logit(np.clip(values, 0.002, 0.998)) + moves), values * np.exp(moves))
    parameters = vector_of(basis.data, task.point, {})
    return Solved(task.point, keyed, parameters, replace(first_guess(basis.data), error=0.0), rows, np.zeros(0), np.zeros(0))


def run(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0


@pytest.mark.slow
def test_a_strict_ensemble_is_made_resumed_and_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "strict_point", made_up)
    run("calibrate", "--only", "2019", "--to", str(tmp_path), *SIZES)
    assert "knows 2019 alone" in capsys.readouterr().out
    file = tmp_path / "ensemble-2019.parquet"
    made = read_ensemble(file)
    assert made.columns[ROWS].shape == (12, len(RECORD.rows))
    assert made.record["knows"] == 2019
    years = {row.id: row.year for row in RECORD.rows}
    assert max(years[name] for name in made.record["weighed"]) == 2019
    before = file.read_bytes()

    def refused(knows: int, task: PointTask) -> Solved:
        raise AssertionError("what was solved is in the bank")

    monkeypatch.setattr(model, "strict_point", refused)
    run("calibrate", "--only", "2019", "--to", str(tmp_path), *SIZES)
    assert file.read_bytes() == before

    capsys.readouterr()
    run("validate", "--ensemble", "prior", "--strict", str(tmp_path), "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["tests"]["hindcast"]["strict_ensemble"] == made.digest
    assert found["tests"]["backcast"]["strict_ensemble"] is None
    names = [each["name"] for each in found["tests"]["hindcast"]["forecasters"]]
    assert names[-2:] == ["strict prior", "strict ensemble"]
    assert len(names) == 9

    run("validate", "--ensemble", "prior", "--strict", str(tmp_path))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 110
    assert any(line.startswith("strict ensemble ") for line in lines)
    assert any("talentsim calibrate --only 2022" in line for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("knows", [2019, 2022])
def test_a_point_meets_the_targets_of_its_year(knows: int) -> None:
    task = PointTask(prior_point(strict_basis(knows).data, 0), tuple(row.question for row in RECORD.rows))
    solved = strict_point(knows, task)
    assert not solved.failure
    assert solved.constants is not None
    assert solved.constants.error < 0.001
    rows = {row.id: value for row, value in zip(RECORD.rows, solved.rows, strict=True)}
    errors = {row.id: row for row in RECORD.rows}
    for name in ("C19H-US", "C19H-CN+HK") if knows == 2019 else ("C22H-US", "C22H-CN+HK"):
        assert abs(rows[name] - errors[name].value) < 3.5 * errors[name].sd
    assert rows["POOL-2019" if knows == 2019 else "POOL-2022"] == pytest.approx(4413 if knows == 2019 else 9943, rel=1e-3)
