"""Waves on a model in closed form: the weighed sample has the posterior that a long exact chain has; killed, they go on."""

import numpy as np
import pytest

from sim.calibration.emulation.sampling import number_pool, sample_posterior
from sim.calibration.ensemble.waves import Agreement, Calibration, CalibrationSizes
from sim.calibration.likelihood import log_likelihood
from tests.calibration.ensemble.toy_model import ToyModel, toy_record

SIZES = CalibrationSizes(prior=120, wave=40, final=300, waves=3, chains=8, steps=2_500)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("waves")
    return folder, Calibration(ToyModel(), toy_record(), folder, SIZES).run()


def test_the_waves_agree_and_weights_are_usable(calibrated) -> None:  # type: ignore[no-untyped-def]
    _, found = calibrated
    assert found.agreed
    assert found.weights.usable
    assert found.weights.effective > 150
    assert all(wave.mixing.rhat < 1.1 for wave in found.waves)


def test_the_weighed_sample_has_the_exact_posterior(calibrated) -> None:  # type: ignore[no-untyped-def]
    _, found = calibrated
    model, evidence = ToyModel(), toy_record()

    def exact(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
        return log_likelihood(evidence, model.rows(np.concatenate([scores, others], axis=1)))

    chain = sample_posterior(exact, number_pool(model.keyed, 1), model.dimensions, seed=9, chains=16, steps=2_500)
    scores, numbers, _ = chain.flat()
    expected = np.concatenate([scores, model.keyed(numbers)], axis=1)
    weights = found.draw_weights
    mean = weights @ found.final.inputs
    spread = np.sqrt(weights @ np.square(found.final.inputs - mean))
    np.testing.assert_allclose(mean, expected.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(spread, expected.std(axis=0), atol=0.15)
    assert spread[0] < 0.5  # the evidence says something
    assert spread[6] == pytest.approx(1.0, abs=0.15)  # and nothing of this one


def test_a_second_run_reads_what_was_sampled_and_workers_change_no_bit(calibrated) -> None:  # type: ignore[no-untyped-def]
    folder, found = calibrated
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = Calibration(ToyModel(), toy_record(), folder, SIZES).run()
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    fresh = Calibration(ToyModel(), toy_record(), None, SIZES, workers=2).run()
    for other in (again, fresh):
        assert np.array_equal(found.final.rows, other.final.rows)
        assert np.array_equal(found.draw_weights, other.draw_weights)


def test_a_point_that_cannot_be_solved_weighs_nothing() -> None:
    class Gaps(ToyModel):
        def answer(self, points, saying, progress):  # type: ignore[no-untyped-def]
            answers = super().answer(points, saying, progress)
            answers.rows[::10] = np.nan
            return answers

    found = Calibration(Gaps(), toy_record(), None, SIZES).run()
    assert (found.draw_weights[::10] == 0.0).all()
    assert found.draw_weights.sum() == pytest.approx(1.0)


def test_agreement_asks_for_coverage_and_for_small_errors() -> None:
    assert Agreement(0.9, np.full(10, 0.5)).reached
    assert not Agreement(0.8, np.full(10, 0.5)).reached
    assert not Agreement(0.9, np.array([0.5] * 8 + [1.0] * 2)).reached
