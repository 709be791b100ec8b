"""Distributions: closed forms, truncation, and what is refused."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.data.distributions import (
    DISTRIBUTIONS,
    Distribution,
    distribution_faults,
    is_usable,
    parse_distribution,
    probability_below,
    quantile,
)
from sim.data.schema import Parameter

EXAMPLES = {
    "fixed": Distribution("fixed", value=0.3),
    "normal": Distribution("normal", mean=0.3, sd=0.1),
    "lognormal": Distribution("lognormal", median=0.5, sigma=0.6),
    "uniform": Distribution("uniform", low=-1, high=3),
    "beta": Distribution("beta", mean=0.45, sd=0.05),
    "triangular": Distribution("triangular", low=0.65, mode=0.8, high=0.95),
}
CONTINUOUS = [each for kind, each in EXAMPLES.items() if kind != "fixed"]
OPEN_UNIT = st.floats(1e-9, 1 - 1e-9)


def reference(distribution: Distribution) -> stats.rv_continuous:
    """The same distribution from scipy's own table."""
    n = dict(distribution.numbers)
    match distribution.kind:
        case "normal":
            return stats.norm(n["mean"], n["sd"])
        case "lognormal":
            return stats.lognorm(n["sigma"], scale=n["median"])
        case "uniform":
            return stats.uniform(n["low"], n["high"] - n["low"])
        case "beta":
            size = n["mean"] * (1 - n["mean"]) / n["sd"] ** 2 - 1
            return stats.beta(n["mean"] * size, (1 - n["mean"]) * size)
        case _:
            width = n["high"] - n["low"]
            return stats.triang((n["mode"] - n["low"]) / width, n["low"], width)


def test_there_is_an_example_of_every_kind() -> None:
    assert set(EXAMPLES) == set(DISTRIBUTIONS)


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=lambda d: d.kind)
@pytest.mark.parametrize("u", [0.001, 0.05, 0.3, 0.5, 0.9, 0.999])
def test_quantiles_are_those_of_an_independent_library(distribution: Distribution, u: float) -> None:
    assert quantile(distribution, u) == pytest.approx(reference(distribution).ppf(u), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=lambda d: d.kind)
def test_probability_below_is_that_of_an_independent_library(distribution: Distribution) -> None:
    for x in (-2.0, 0.0, 0.3, 0.5, 0.7, 0.81, 2.0, 4.0):
        assert probability_below(distribution, x) == pytest.approx(reference(distribution).cdf(x), abs=1e-12)


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=lambda d: d.kind)
@given(u=OPEN_UNIT)
def test_probability_and_quantile_are_inverse(distribution: Distribution, u: float) -> None:
    assert probability_below(distribution, quantile(distribution, u)) == pytest.approx(u, abs=1e-6)


def test_mean_and_sd_of_a_beta_are_those_asked_for() -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    values = [quantile(EXAMPLES["beta"], each) for each in u]
    assert np.mean(values) == pytest.approx(0.45, abs=1e-5)
    assert np.std(values) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize("distribution", CONTINUOUS, ids=lambda d: d.kind)
@given(u=OPEN_UNIT)
def test_truncation_is_conditioning_not_clipping(distribution: Distribution, u: float) -> None:
    low, high = quantile(distribution, 0.2), quantile(distribution, 0.7)
    x = quantile(distribution, u, low, high)
    assert low <= x <= high
    below = (probability_below(distribution, x) - 0.2) / 0.5
    assert below == pytest.approx(u, abs=1e-6)


def test_a_range_around_everything_truncates_nothing() -> None:
    assert quantile(EXAMPLES["beta"], 0.3, 0, 1) == quantile(EXAMPLES["beta"], 0.3)


def test_a_fixed_distribution_returns_its_value_within_the_range() -> None:
    assert quantile(EXAMPLES["fixed"], 0.9) == 0.3
    assert quantile(EXAMPLES["fixed"], 0.9, 0.5, 1.0) == 0.5


@pytest.mark.parametrize("u", [0.0, 1.0, -0.1, math.nan])
def test_a_probability_that_is_none_is_refused(u: float) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        quantile(EXAMPLES["normal"], u)


def test_a_range_without_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has nothing in 2\.\.3"):
        quantile(EXAMPLES["beta"], 0.5, 2, 3)


@pytest.mark.parametrize("distribution", EXAMPLES.values(), ids=lambda d: d.kind)
def test_a_distribution_survives_table_form_copy_and_pickle(distribution: Distribution) -> None:
    assert parse_distribution(distribution.table()) == distribution
    assert copy.deepcopy(distribution) == distribution
    assert pickle.loads(pickle.dumps(distribution)) == distribution
    assert hash(parse_distribution(distribution.table())) == hash(distribution)


def test_the_order_of_numbers_does_not_matter() -> None:
    assert Distribution("beta", sd=0.05, mean=0.45) == EXAMPLES["beta"]


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ({}, ["distribution"]),
        ({"distribution": "gamma", "shape": 1}, ["distribution"]),
        ({"distribution": ["beta"]}, ["distribution"]),
        ({"distribution": "beta", "mean": 0.4}, ["sd"]),
        ({"distribution": "beta", "mean": 1.4, "sd": 0.1}, ["mean"]),
        ({"distribution": "beta", "mean": 0.5, "sd": 0.5}, ["sd"]),
        ({"distribution": "beta", "mean": 0.5, "sd": 0.0}, ["sd"]),
        ({"distribution": "normal", "mean": True, "sd": "1"}, ["mean", "sd"]),
        ({"distribution": "normal", "mean": math.nan, "sd": math.inf}, ["mean", "sd"]),
        ({"distribution": "normal", "mean": 10**400, "sd": 1}, ["mean"]),
        ({"distribution": "normal", "mean": 0, "sd": 1, "skew": 0}, ["skew"]),
        ({"distribution": "lognormal", "median": 0, "sigma": -1}, ["median", "sigma"]),
        ({"distribution": "uniform", "low": 1, "high": 1}, ["high"]),
        ({"distribution": "triangular", "low": 0, "mode": 2, "high": 1}, ["mode"]),
    ],
)
def test_every_fault_of_a_table_is_found(table: dict[str, object], keys: list[str]) -> None:
    assert [fault.key for fault in distribution_faults(table)] == keys
    with pytest.raises(ValueError, match=keys[0]):
        parse_distribution(table)


@pytest.mark.parametrize(
    ("distribution", "usable"),
    [
        (Distribution("beta", mean=0.4, sd=1e-200), False),
        (Distribution("normal", mean=0.4, sd=1e308), False),
        (Distribution("uniform", low=-1e308, high=1e308), False),
        (Distribution("normal", mean=2.0, sd=0.1), False),
        (Distribution("normal", mean=0.9, sd=0.5), True),
        (Distribution("fixed", value=1.0), True),
    ],
)
def test_what_cannot_be_drawn_within_0_and_1_is_not_usable(distribution: Distribution, usable: bool) -> None:
    assert is_usable(distribution, 0, 1) is usable


def test_a_distribution_without_finite_tails_is_not_usable_without_a_range() -> None:
    wide = Distribution("lognormal", median=0.4, sigma=1e308)
    assert not is_usable(wide, -math.inf, math.inf)
    assert is_usable(EXAMPLES["lognormal"], -math.inf, math.inf)


def test_a_parameter_cannot_be_changed() -> None:
    parameter = Parameter("a", "share", 0.5, 0.0, 1.0, None, "constant", "A.", "ASSUMPTION", "M")
    with pytest.raises(AttributeError):
        parameter.default = 0.6  # type: ignore[misc]
