"""What draws are solved on: the errors of targets are those of the evidence, keyed by the draw, and none for the reference."""

import numpy as np
import pytest

from sim.calibration.evidence import load_evidence
from sim.data.load import load_data
from sim.draws.draw import REFERENCE
from sim.draws.targets import (
    DESIGN_EFFECT,
    INDUSTRY_SD,
    moved,
    moved_shares,
    solved_targets,
    target_errors,
)

DATA = load_data()
RECORD = load_evidence(DATA)
CHARTS = {"census-work-2019": DATA.work_sample, "tracker-origin-2019": DATA.origin_sample}
ROWS = {row.id: row for row in RECORD.rows}


def test_errors_are_those_of_the_evidence() -> None:
    assert {row.id: ROWS[row.id].sd for row in DATA.solved} == {row.id: row.sd for row in DATA.solved}
    for row in DATA.solved:
        assert ROWS[row.id].value == pytest.approx(row.value, abs=5e-4)
    assert {ROWS[name].year: ROWS[name].sd for name in ("AI21-1ST-2010", "AI21-4")} == INDUSTRY_SD
    charts = RECORD.charts
    for name, sample in CHARTS.items():
        assert (sample, DESIGN_EFFECT) == (charts[name].sample, charts[name].design_effect)


def test_every_solved_row_is_moved() -> None:
    alone = {row.id for row in RECORD.rows if row.use == "solved" and row.chart is None}
    in_charts = {row.id for row in RECORD.rows if row.use == "solved" and row.chart not in (None, *CHARTS)}
    assert alone | in_charts == {
        *(row.id for row in DATA.solved),
        "AI21-1ST-2010",
        "AI21-4",
        "POOL-2019",
        "POOL-2022",
    }  # no error of the pools


def test_the_reference_point_meets_what_is_published() -> None:
    targets = solved_targets(DATA, REFERENCE)
    np.testing.assert_allclose(targets.work, DATA.work_target_2019, rtol=1e-12)
    np.testing.assert_allclose(targets.origin, DATA.origin_target_2019, rtol=1e-12)
    assert targets.single == pytest.approx({row.id: row.value for row in DATA.solved})


def test_errors_belong_to_the_number_of_the_draw() -> None:
    again = target_errors(7, DATA)
    assert (target_errors(7, DATA) == again).all()
    assert (target_errors(8, DATA) != again).all()
    table = np.array([target_errors(number, DATA) for number in range(2000)])
    assert np.abs(table.mean(axis=0)).max() < 4.5 / np.sqrt(2000)
    assert np.abs(table.std(axis=0) - 1.0).max() < 4.5 / np.sqrt(4000)
    assert np.abs(np.corrcoef(table.T) - np.eye(table.shape[1])).max() < 5.5 / np.sqrt(2000)


def test_shares_move_by_the_error_of_their_sample() -> None:
    table = np.array([solved_targets(DATA, number).work for number in range(1000)])
    np.testing.assert_allclose(table.sum(axis=1), 1.0, rtol=1e-12)
    usa = DATA.codes.index("USA")
    assert table[:, usa].std() == pytest.approx(ROWS["C19H-US"].sd, rel=0.1)
    assert table[:, usa].mean() == pytest.approx(DATA.work_target_2019[usa], abs=0.002)


def test_no_error_runs_away() -> None:
    shares = np.array([0.9, 0.0999, 0.0001])
    far = moved_shares(shares, 100.0, np.array([0.0, 0.0, 9.0]))
    assert far[2] < 0.0001 * np.exp(1.5)
    assert moved(0.5, 0.05, 0.0) == 0.5
    assert moved(0.5, 0.05, 1.0) == pytest.approx(0.55, abs=0.002)
    assert moved(0.5, 0.05, 99.0) == moved(0.5, 0.05, 3.0)
