"""The likelihood with an emulator's variance: equal to a normal density by matrices; without one, the fit's chi-square."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from sim.calibration.charts import LEAST, with_rest
from sim.calibration.likelihood import degrees_of_freedom, log_likelihood, misfits
from tests.calibration.test_fit import record, row

RECORD = record(
    row("a", 0.5, chart="work", discrepancy=0.0), row("b", 0.2, chart="work", discrepancy=0.0), row("c", 0.4),
)  # fmt: skip
VALUES = np.array([[0.4, 0.25, 0.45], [0.5, 0.2, 0.4]])


def density(values: np.ndarray, variances: np.ndarray) -> float:
    """The density of the published log-ratios and of the plain row, with full matrices."""
    published, errors = RECORD.variances("work")
    modelled = with_rest(values[:2])
    v = errors + np.append(variances[:2], variances[:2].sum()) / np.maximum(modelled, LEAST) ** 2
    ratios = np.log(published[:2] / published[2]) - np.log(modelled[:2] / modelled[2])
    chart = multivariate_normal.logpdf(ratios, np.zeros(2), np.diag(v[:2]) + v[2])
    return float(chart + norm.logpdf(RECORD.rows[2].value, values[2], np.hypot(RECORD.rows[2].error, np.sqrt(variances[2]))))


def test_it_is_the_normal_density_of_log_ratios_and_rows_up_to_one_constant() -> None:
    variances = np.array([[0.01, 0.0005, 0.02], [0.0, 0.0, 0.0]])
    found = log_likelihood(RECORD, VALUES, variances)
    expected = np.array([density(VALUES[k], variances[k]) for k in range(2)])
    np.testing.assert_allclose(found - found[1], expected - expected[1], rtol=1e-10)
    assert found[1] == pytest.approx(0.0)


def test_a_family_is_left_out_whole_and_degrees_count_a_chart_less_one() -> None:
    assert log_likelihood(RECORD, VALUES, without=("one",))[0] == 0.0
    assert degrees_of_freedom(RECORD, VALUES) == 3
    total = sum(part.misfit for family in misfits(RECORD, VALUES).values() for part in family)
    np.testing.assert_allclose(log_likelihood(RECORD, VALUES), -0.5 * total)


def test_shares_that_happen_to_leave_nothing_still_have_a_rest() -> None:
    values = np.array([[0.6, 0.4, 0.4]])
    found, nearly = (log_likelihood(RECORD, each, np.full_like(each, 1e-4)) for each in (values, values - [0.0, 1e-5, 0.0]))
    assert found == pytest.approx(nearly, rel=1e-3)
