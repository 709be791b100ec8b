"""Baselines on made-up and published rows: what they know, what they say, and that they read nothing of the year asked for."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from sim.calibration.evidence import Record, load_evidence
from sim.calibration.validation.baselines import COHORTS, MARKOV, TRENDS, baseline_forecasts, known_of, with_rest_of
from sim.calibration.validation.matrix import Sum, over_regions, raked
from sim.calibration.validation.registration import DIRECTIONS, Direction, load_registration
from sim.calibration.validation.series import TrialSpan, YearSeries, change, spread_of
from tests.support.packaged import DATA

RECORD = load_evidence(DATA)


def test_a_trend_goes_on_as_it_was() -> None:
    shares = 0.2 + 0.01 * np.arange(8)
    assert np.exp(change(shares, "linear", 3, 0.8)) * shares[-1] == pytest.approx(0.30)
    logits = -1.0 + 0.1 * np.arange(8)
    shares = 1.0 / (1.0 + np.exp(-logits))
    assert np.exp(change(shares, "logit", 3, 0.8)) * shares[-1] == pytest.approx(1.0 / (1.0 + np.exp(0.0)))
    damped = 1.0 / (1.0 + np.exp(0.3 - 0.1 * (0.8 + 0.64 + 0.512)))
    assert np.exp(change(shares, "damped", 3, 0.8)) * shares[-1] == pytest.approx(damped)
    assert change(shares, "persistence", 3, 0.8) == 0.0
    assert change(shares, "logit", -3, 0.8) < 0.0


def test_a_method_that_is_right_in_the_series_has_no_spread() -> None:
    years = np.arange(8)
    first = 1.0 / (1.0 + np.exp(-(-1.0 + 0.1 * years)))
    series = YearSeries(2012, 1000.0 * np.column_stack([first, 1.0 - first]), ("USA", "CHN"))
    groups = [["USA"], ["CHN"]]
    assert spread_of(series, groups, "logit", TrialSpan(2014, 2016, 3), 0.8) == pytest.approx(0.0, abs=1e-9)
    assert spread_of(series, groups, "persistence", TrialSpan(2014, 2016, 3), 0.8) > 0.1


def test_raking_meets_margins_and_sums() -> None:
    origin, work = np.array([[0.5, 0.3, 0.2]]), np.array([[0.6, 0.3, 0.1]])
    cells = raked(origin, work, [Sum(np.eye(3), np.array([0.6]))])
    assert cells.sum(axis=2) == pytest.approx(origin, abs=1e-3)
    assert cells.sum(axis=1) == pytest.approx(work)
    assert np.einsum("dii->d", cells) == pytest.approx([0.6], abs=2e-3)


def test_parts_are_spread_over_their_regions_as_the_series() -> None:
    test = load_registration(RECORD, "hindcast")
    group = test.groups[0]
    series = known_of(DATA, test).series
    parts = np.append([row.value for row in group.known], 0.0)
    parts[-1] = 1.0 - parts.sum()
    shares = over_regions(group.known, parts[np.newaxis], series)[0]
    assert shares.sum() == pytest.approx(1.0)
    assert shares[series.codes.index("USA")] == pytest.approx(0.5693, abs=1e-4)
    reu, rus = (series.codes.index(code) for code in ("REU", "RUS"))
    assert shares[reu] + shares[rus] == pytest.approx(0.0363, abs=1e-4)
    assert shares[reu] / shares[rus] == pytest.approx(series.counts[-1, reu] / series.counts[-1, rus])


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_baseline_that_was_registered_forecasts_every_row(direction: Direction) -> None:
    test = load_registration(RECORD, direction)
    forecasts = baseline_forecasts(DATA, test)
    assert [*forecasts, "prior"] == test.rules["baselines"]
    for draws in forecasts.values():
        assert draws.shape == (test.rules["draws"], len(test.rows))
        assert np.isfinite(draws).all()
        assert (draws > 0.0).all()
        assert (draws < 1.0).all()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_baselines_do_not_read_the_values_asked_for(direction: Direction) -> None:
    asked = {row.id for row in load_registration(RECORD, direction).rows}
    moved = tuple(replace(row, value=0.5 * row.value) if row.id in asked else row for row in RECORD.rows)
    other = Record(moved, MappingProxyType(dict(RECORD.families)), MappingProxyType(dict(RECORD.charts)))
    one, two = (baseline_forecasts(DATA, load_registration(each, direction)) for each in (RECORD, other))
    for name, draws in one.items():
        assert np.array_equal(draws, two[name]), name


def test_persistence_stands_at_what_was_measured_and_the_matrix_keeps_its_year() -> None:
    test = load_registration(RECORD, "hindcast")
    forecasts = baseline_forecasts(DATA, test)
    known = np.array([row.value for group in test.groups for row in group.known])
    large = known > 0.1
    assert np.median(forecasts[TRENDS[0]], axis=0)[large] == pytest.approx(known[large], abs=0.03)
    for name in (MARKOV, COHORTS):
        usa = [row.id for row in test.rows].index("C22H-US")
        assert np.median(forecasts[name][:, usa]) == pytest.approx(0.5693, abs=0.06)


def test_the_rest_of_a_chart_is_never_nothing() -> None:
    group = load_registration(RECORD, "hindcast").groups[0]
    full = np.full((2, len(group.asked)), 1.0 / len(group.asked))
    with_rest = with_rest_of(group, full)
    assert with_rest.shape == (2, len(group.asked) + 1)
    assert with_rest.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert (with_rest > 0.0).all()
