"""The process on functions that are known: found exactly where it can be, with an error that is its own where it cannot."""

import numpy as np
import pytest

from sim.calibration.emulation.emulator import Emulator, fit_emulator, link
from sim.calibration.emulation.process import fit_process, in_few_directions


def points(count: int, inputs: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, inputs))


def surface_at(x: np.ndarray, output: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    surface = fit_process(x, output)
    middle, variance = Emulator((0,), 1, (False,), (surface,)).on_link_scale(new)
    return middle[:, 0], variance[:, 0], surface.r2


def test_a_linear_output_is_found_among_idle_inputs() -> None:
    x, new = points(120, 60), points(50, 60, 2)
    slope = np.zeros(60)
    slope[[3, 20]] = (1.0, -0.5)
    middle, _, r2 = surface_at(x, 2.0 + x @ slope, new)
    np.testing.assert_allclose(middle, 2.0 + new @ slope, atol=0.03)
    assert r2 > 0.999


def test_a_quadratic_output_is_found_and_idle_inputs_are_screened() -> None:
    x, new = points(200, 20), points(50, 20, 2)

    def truth(z: np.ndarray) -> np.ndarray:
        return z[:, 0] - 0.5 * z[:, 1] * z[:, 2] + 0.3 * z[:, 3] ** 2

    middle, _, _ = surface_at(x, truth(x), new)
    np.testing.assert_allclose(middle, truth(new), atol=0.1)
    assert fit_process(x, truth(x)).relevance[4:].max() < 0.01


@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_the_variance_is_that_of_points_never_seen(noise: float) -> None:
    rng = np.random.default_rng(3)
    x, new = points(250, 10), points(2_000, 10, 2)

    def truth(z: np.ndarray) -> np.ndarray:
        return np.sin(z[:, 0]) + 0.5 * z[:, 1] + noise * rng.normal(size=len(z))

    middle, variance, _ = surface_at(x, truth(x), new)
    assert np.mean((truth(new) - middle) ** 2 / variance) == pytest.approx(1.0, abs=0.35)
    inside = np.abs(truth(new) - middle) < 1.645 * np.sqrt(variance)
    assert inside.mean() > 0.85  # the error of a sine is no normal one: it may cover more


def test_noisier_points_count_less() -> None:
    x = points(80, 3)
    output = x[:, 0].copy()
    output[:20] += 5.0
    factors = np.where(np.arange(80) < 20, 1e4, 1.0)
    careful = fit_process(x, output, factors)
    assert careful.constant == pytest.approx(0.0, abs=0.1)
    assert fit_process(x, output).constant > 0.8


def test_a_matrix_is_kept_in_few_directions() -> None:
    vectors = np.linalg.qr(points(6, 6))[0]
    matrix = (vectors * np.array([3.0, -2.0, 1e-9, 0, 0, 0])) @ vectors.T
    curvature, directions = in_few_directions(matrix)
    assert len(curvature) == 2
    np.testing.assert_allclose((directions.T * curvature) @ directions, matrix, atol=1e-8)


def test_shares_stay_shares_and_what_is_not_emulated_is_unknown() -> None:
    x = points(100, 4)
    share, count = 1 / (1 + np.exp(-2.0 - x[:, 0])), np.exp(5.0 + 0.1 * x[:, 1])
    values = np.column_stack([share, np.zeros(100), count])
    emulator = fit_emulator(x, values, [0, 2])
    found, variances = emulator.predict(3.0 * points(50, 4, 2))
    assert np.isnan(found[:, 1]).all()
    assert ((found[:, 0] > 0.0) & (found[:, 0] < 1.0)).all()
    assert (variances[:, [0, 2]] >= 0.0).all()
    np.testing.assert_allclose(emulator.predict(x)[0][:, 2], count, rtol=0.02)


def test_a_constant_output_has_no_variance() -> None:
    x = points(30, 4)
    found, variances = fit_emulator(x, np.full((30, 1), 0.25), [0]).predict(x)
    assert found == pytest.approx(0.25)
    assert variances == pytest.approx(0.0)


def test_the_link_keeps_off_the_ends() -> None:
    assert np.isfinite(link(np.array([0.0, 0.5, 1.0]), True)).all()
    assert np.isfinite(link(np.array([0.0, 7.0]), False)).all()


def test_workers_change_no_bit() -> None:
    x = points(60, 5)
    values = 1 / (1 + np.exp(-x[:, :4]))
    alone, together = fit_emulator(x, values, range(4)), fit_emulator(x, values, range(4), workers=2)
    for one, other in zip(alone.surfaces, together.surfaces, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
