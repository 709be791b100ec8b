"""Recovery with a bank of made-up points: what is held out, what is kept, how it is summed up."""

from pathlib import Path

import numpy as np
import pytest

from sim.calibration.bank.points import prior_point
from sim.calibration.bank.solving import PointTask
from sim.calibration.bank.store import Bank
from sim.calibration.ensemble.recovery import Effort, Recovery
from sim.calibration.evidence import load_evidence
from sim.calibration.validation.recovering import (
    RecoveryTask,
    held_out,
    informed_parameters,
    part_of,
    recover_truths,
    solved_in_bank,
)
from tests.calibration.ensemble.test_calibrate import made_up
from tests.support.packaged import BASIS, DATA

RECORD = load_evidence(DATA)


def filled(folder: Path, count: int) -> RecoveryTask:
    bank = Bank(folder / "bank", BASIS)
    questions = tuple(row.question for row in RECORD.rows)
    for number in range(count):
        task = PointTask(prior_point(DATA, number), questions)
        solved = made_up(task)
        assert solved.constants is not None
        object.__setattr__(solved.constants, "error", 0.0004 if number % 2 else 0.5)
        bank.keep(task, solved)
    bank.keep(PointTask(prior_point(DATA, count), questions, (("late_entry", 0.2),)), made_up(task))
    return RecoveryTask(folder, BASIS, RECORD, (2, 1))


def test_points_with_values_fixed_and_damaged_files_are_left_out(tmp_path: Path) -> None:
    task = filled(tmp_path, 6)
    (tmp_path / "bank" / "broken.npz").write_bytes(b"no points")
    solved = solved_in_bank(task)
    assert sorted(each.point.number for each in solved) == [0, 1, 2, 3, 4, 5]
    assert all(solved[k].point.number % 2 for k in held_out(solved, 2, 1))
    with pytest.raises(ValueError, match="calibrate first"):
        recover_truths(task, Effort())


def test_a_uniform_rank_covers_and_counts() -> None:
    ranks = np.tile(np.linspace(0.005, 0.995, 100)[:, np.newaxis], (1, 3))
    found = Recovery(ranks, np.full((100, 3), 0.5), np.array([True, False, False]))
    one, two = part_of(found, True), part_of(found, False)
    assert one == {"parameters": 1, "coverage": pytest.approx(0.9), "width": 0.5, "ranks": [10] * 10}
    assert two["parameters"] == 2
    assert sum(two["ranks"]) == 200


def test_the_informed_parameters_exist() -> None:
    assert informed_parameters(BASIS).sum() == 7


@pytest.mark.slow
def test_truths_are_recovered_and_kept(tmp_path: Path) -> None:
    task = filled(tmp_path, 30)
    effort = Effort(chains=2, steps=50)
    first = recover_truths(task, effort)
    files = sorted((tmp_path / "recovery").glob("*.npz"))
    assert len(files) == 3
    times = [path.stat().st_mtime_ns for path in files]
    assert recover_truths(task, effort) == first
    assert [path.stat().st_mtime_ns for path in files] == times
    assert [(each["truths"], each["count"]) for each in first["groups"]] == [("emulated", 2), ("solved", 1)]
