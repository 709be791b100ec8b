"""The end of a calibration on two solved draws: the ensemble of a sample, its record as a tree, what the report says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.calibration.bank.points import prior_point
from sim.calibration.bank.store import Bank, fill
from sim.calibration.emulation.sampling import Mixing
from sim.calibration.ensemble.calibrate import Calibrated, calibrated_headlines, report
from sim.calibration.ensemble.conditioned import conditioned, distinct_points, exact_likelihood
from sim.calibration.ensemble.make import Resampling, about_posterior, resampled_ensemble, tree_of, write_tree
from sim.calibration.ensemble.model import answers_of, headline_names
from sim.calibration.ensemble.waves import Agreement, Posterior, Proposal, Wave
from sim.calibration.ensemble.weights import Weights
from sim.calibration.evidence import load_evidence
from sim.draws.ensemble import draw_of, read_ensemble, vectors_of_draws, write_ensemble
from tests.support.packaged import BASIS

pytestmark = pytest.mark.slow
RECORD = load_evidence(BASIS.data)
POINTS = [prior_point(BASIS.data, number) for number in range(2)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    bank = Bank(tmp_path_factory.mktemp("bank"), BASIS)
    solved = fill(bank, POINTS, [row.question for row in RECORD.rows])
    answers = answers_of(solved, BASIS.data.codes)
    exact = exact_likelihood(RECORD, solved)
    values = np.concatenate([answers.rows, answers.headlines], axis=1)
    proposal = Proposal(
        np.stack([point.scores for point in POINTS]), np.array([0, 1]), exact, values, 0.001 + 0.0 * values,
        np.array([1.01, 500.0]), np.ones(values.shape[1]),
    )  # fmt: skip
    wave = Wave(2, 2, Agreement(0.9, np.array([0.1, 0.2])), Mixing(1.01, 500.0))
    posterior = Posterior(
        answers, answers, answers, proposal, exact, Weights(np.array([0.75, 0.25]), 0.3, 160.0, True), (wave, wave), True
    )
    columns, about = {"log_likelihood": exact}, about_posterior(posterior)
    made = resampled_ensemble(BASIS, RECORD, solved, posterior.draw_weights, columns, about, Resampling(1, draws=8))
    return bank, solved, posterior, made


def test_rows_follow_the_weights_and_are_draws(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    _, solved, _, made = finished
    assert sorted(made.numbers) == [0] * 6 + [1] * 2
    written = write_ensemble(tmp_path / "mine.parquet", made)
    assert read_ensemble(tmp_path / "mine.parquet").record["kind"] == "exact"
    vector = vectors_of_draws(written, BASIS.data, 1, {})[0]
    draw = draw_of(written, BASIS, vector, 0)
    of = solved[draw.keyed_by]
    assert vector == dict(of.parameters)
    assert np.array_equal(draw.constants.work_constant, of.constants.work_constant)
    assert written.columns["target_errors"].shape == (8, 50)


def test_the_record_is_a_tree_and_the_report_says_all(finished, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    import xarray as xr

    _, solved, posterior, made = finished
    write_tree(tree_of(RECORD, BASIS, posterior, solved), tmp_path / "record.nc")
    with xr.open_datatree(tmp_path / "record.nc", engine="h5netcdf") as tree:
        assert set(tree.children) == {
            "posterior", "sample_stats", "posterior_predictive", "emulated", "prior", "prior_predictive", "observed_data",
        }  # fmt: skip
        assert tree["posterior_predictive"]["shares"].sel(tier="top20", year=2022).sum("region").values == pytest.approx(1.0)
    lines = report(Calibrated(made, tmp_path, posterior, tuple(solved)))
    assert any("Pareto k 0.30, effective size 160; used" in line for line in lines)
    assert len(calibrated_headlines(posterior)) == len(headline_names())
    assert all(len(line) <= 100 for line in lines)


def test_the_same_evidence_leaves_weights_alone_and_a_fixed_value_moves_them(finished) -> None:  # type: ignore[no-untyped-def]
    bank, _, _, made = finished
    points, firsts, counts = distinct_points(made)
    assert [made.numbers[row] for row in firsts] == [point.number for point in points]
    assert dict(zip([point.number for point in points], counts, strict=True)) == {0: 6.0, 1: 2.0}
    same = conditioned(made, BASIS, RECORD, bank, RECORD)
    assert same.weights.values == pytest.approx(counts / 8)
    fixed = conditioned(made, BASIS, RECORD, bank, RECORD, {"moving_cost": 0.5})
    place = made.names.index("moving_cost")
    assert (fixed.ensemble.parameters[:, place] == 0.5).all()
    assert fixed.weights.values != pytest.approx(counts / 8)
    assert len(fixed.ensemble) == 8


def test_rows_of_one_number_and_other_scores_are_other_points(finished) -> None:  # type: ignore[no-untyped-def]
    _, _, _, made = finished
    moved = made.scores.copy()
    last = [row for row, number in enumerate(made.numbers) if number == 0][-1]
    moved[last] += 0.1
    points, firsts, counts = distinct_points(replace(made, scores=moved))
    assert sorted(counts.tolist()) == [1.0, 2.0, 5.0]
    assert last in firsts.tolist()
    assert len(points) == 3
