"""Checks with known answers: headlines, bands, and a family left out by weights."""

from dataclasses import replace

import numpy as np
import pytest

from sim.calibration.validation.checks import Band, checked, load_bands
from tests.calibration.test_fit import record, row

RNG = np.random.default_rng(5)


def test_leaving_a_family_out_gives_back_what_it_took() -> None:
    # Draws of N(.40, .05) before the row; the row (.46, error .05) makes them N(.43, .035).
    draws = RNG.normal(0.43, 0.05 / np.sqrt(2.0), (6_000, 1))
    rows = record(row("a", 0.46))
    (found,) = checked(rows, draws, [Band("a", "a", 0.42, 0.44)]).headlines
    assert found.median == pytest.approx(0.43, abs=0.003)
    assert found.without == pytest.approx(0.40, abs=0.01)
    assert found.band.holds(found.median)
    assert not found.band.holds(found.without)


def test_a_family_that_decides_leaves_too_few_draws() -> None:
    draws = RNG.normal(0.43, 0.2, (100, 1))
    rows = record(replace(row("a", 0.46), sd=0.001, discrepancy=0.0))
    (found,) = checked(rows, draws, [Band("a", "a", 0.42, 0.44)]).headlines
    assert np.isnan(found.without)
    assert found.effective < 10.0


def test_rows_far_off_and_check_rows_are_counted() -> None:
    draws = RNG.normal(0.5, 0.01, (200, 3))
    found = checked(record(row("near", 0.5), row("far", 0.8), row("shown", 0.5, use="check")), draws, [])
    assert (found.beyond, found.inside_part) == (1, 0.5)
    assert (found.checked_rows, found.checked_inside) == (1, 1)


def test_every_headline_is_a_row_of_the_evidence() -> None:
    from sim.calibration.evidence import load_evidence
    from tests.support.packaged import DATA

    rows = {each.id: each for each in load_evidence(DATA).rows}
    for band in load_bands():
        assert band.low < band.high
        assert rows[band.row].year in (2019, 2022)
