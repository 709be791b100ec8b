"""Shares of variance: closed forms of a linear Gaussian case, correlated inputs included."""

import numpy as np
import pytest

from sim.calibration.ensemble.rests import input_groups, variance_shares
from sim.data.load import load_data

SAMPLE = np.random.default_rng(3).normal(size=(40_000, 4))


def whitened() -> np.ndarray:
    """A sample whose covariance is the identity, exactly."""
    centred = SAMPLE - SAMPLE.mean(axis=0)
    return centred @ np.linalg.inv(np.linalg.cholesky(centred.T @ centred / len(centred))).T


def test_independent_inputs_explain_their_squared_weights() -> None:
    inputs = whitened()
    values = inputs @ [3.0, 2.0, 1.0, 0.0] + 5.0
    shares = variance_shares(inputs, values, {"one": [0], "two": [1, 3], "three": [2], "none": []})
    assert shares == pytest.approx({"one": 9 / 14, "two": 4 / 14, "three": 1 / 14, "none": 0.0, "rest": 0.0}, abs=1e-9)


def test_what_two_correlated_inputs_share_is_halved() -> None:
    z = whitened()
    correlation = 0.6
    inputs = np.column_stack([z[:, 0], correlation * z[:, 0] + 0.8 * z[:, 1]])
    shares = variance_shares(inputs, inputs[:, 0] * 2.0, {"acts": [0], "follows": [1]})
    assert shares["follows"] == pytest.approx(correlation**2 / 2, abs=1e-9)  # alone it explains r^2, after the other nothing
    assert shares["acts"] == pytest.approx(1.0 - correlation**2 / 2, abs=1e-9)


def test_what_no_line_explains_is_the_rest() -> None:
    z = whitened()
    noise = z[:, 3] * 2.0
    shares = variance_shares(z[:, :2], z[:, 0] + noise, {"a": [0], "b": [1]})
    assert shares["rest"] == pytest.approx(0.8, abs=1e-9)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_parameters_are_grouped_by_what_informs_them() -> None:
    data = load_data()
    names = [parameter.name for parameter in data.parameters if parameter.prior is not None]
    shrinkage = dict.fromkeys(names, 0.0) | {"ecosystem_pull": 0.3}
    groups = input_groups(data, shrinkage, 7)
    assert groups["data"] == [names.index("ecosystem_pull")]
    assert names.index("pay_elasticity") in groups["literature"]
    assert names.index("stipend_elasticity") in groups["nothing"]
    assert groups["levers"] == list(range(len(names), len(names) + 7))
    assert sorted(column for columns in groups.values() for column in columns) == list(range(len(names) + 7))
