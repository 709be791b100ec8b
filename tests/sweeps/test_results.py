"""Files beside the Parquet of a sweep: the table of results, and dose and response where one number varies."""

import csv
from pathlib import Path

import numpy as np
import pytest

from sim.reports.figures.dose import doses, save_response, varies_one_number
from sim.sweeps.design.points import Factor
from sim.sweeps.results import Sweep, write_results
from tests.support.made_up import made_up_sweep

REFUSAL = Factor("refusal", "lever", "us-student-visas", 0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
BAR = Factor("bar", "lever", "us-entry-bar", 0.0, 1.0, (0.0, 1.0))


@pytest.fixture
def one_number(tmp_path: Path) -> Sweep:
    return made_up_sweep(
        tmp_path / "one",
        lambda name, x, draw, replicate: [0.4 - 0.1 * x[0] + 0.01 * draw, 0.3],
        factors=[REFUSAL],
        method="grid",
        draws=4,
        replicates=2,
    )


def test_the_csv_holds_every_run(one_number: Sweep) -> None:
    path = write_results(one_number)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert path.name == "results.csv"
    assert len(rows) == one_number.table.num_rows == 5 * 4 * 2
    assert float(rows[0][one_number.measures[0]]) == one_number.table[one_number.measures[0]][0].as_py()


def test_dose_and_response_follow_the_factor(one_number: Sweep) -> None:
    assert varies_one_number(one_number)
    rows = [row for row in doses(one_number) if row.measure == one_number.measures[0]]
    assert [row.value for row in rows] == list(REFUSAL.values)
    assert np.allclose([row.mean for row in rows], 0.415 - 0.1 * np.array(REFUSAL.values))
    assert all(row.draws == 4 and row.p05 < row.mean < row.p95 for row in rows)
    png, svg = save_response(one_number)
    assert png.stat().st_size > 5000
    assert svg.is_file()
    assert (one_number.folder / "response.csv").is_file()


def test_two_factors_have_no_curve(tmp_path: Path) -> None:
    two = made_up_sweep(tmp_path / "two", lambda *_: [0.4, 0.3], factors=[REFUSAL, BAR], method="grid")
    assert not varies_one_number(two)
