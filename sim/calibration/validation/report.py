"""A validation as one JSON object: what docs/validation.md, `talentsim validate --json` and the line on runs are made of."""

from __future__ import annotations

from typing import Any

from sim.calibration.ensemble.make import finite
from sim.calibration.fit import FamilyFit, RowFit
from sim.calibration.validation.checks import BandFit
from sim.calibration.validation.experiments.fits import experiments_record
from sim.calibration.validation.scoring import ForecastScores
from sim.calibration.validation.validate import StrictTest, Validation


def as_record(found: Validation) -> dict[str, Any]:
    """Make the JSON object of a validation; a missing number is null."""
    check = found.checked
    return {
        "ensemble": found.ensemble,
        "draws": found.draws,
        "weighed_rows": check.fit.total.rows,
        "weighed_inside_90": check.fit.total.inside,
        "weighed_beyond_3_sd": check.beyond,
        "check_rows": check.checked_rows,
        "check_inside_90": check.checked_inside,
        "chi_square_median_draw": finite(check.fit.total.misfit),
        "degrees_of_freedom": check.fit.total.degrees,
        "headlines": [headline_record(each) for each in check.headlines],
        "families": [family_entry(each) for each in check.fit.families],
        "rows": [row_entry(each) for each in check.fit.rows],
        "tests": {direction: test_record(test) for direction, test in found.tests.items()},
        "experiments": experiments_record(found.experiments),
    }


def headline_record(each: BandFit) -> dict[str, Any]:
    """Make the object of a headline."""
    return {
        "name": each.band.name,
        "row": each.band.row,
        "band": [each.band.low, each.band.high],
        "missed": each.band.missed,
        "inside": each.band.holds(each.median),
        "p05": finite(each.low),
        "median": finite(each.median),
        "p95": finite(each.high),
        "median_without_family": finite(each.without),
        "effective_without_family": finite(each.effective),
        "pareto_k_without_family": finite(each.tail),
    }


def family_entry(each: FamilyFit) -> dict[str, Any]:
    """Make the object of a family."""
    return {
        "family": each.name, "rows": each.rows, "inside_90": each.inside,
        "chi_square_median_draw": finite(each.misfit), "degrees_of_freedom": each.degrees,
    }  # fmt: skip


def row_entry(each: RowFit) -> dict[str, Any]:
    """Make the object of a row."""
    return {
        "id": each.row.id, "label": each.row.label, "year": each.row.year, "family": each.row.family, "use": each.row.use,
        "published": each.row.value, "error": finite(each.row.error), "p05": finite(each.low), "median": finite(each.median),
        "p95": finite(each.high), "miss_in_sd": finite(each.miss), "place": finite(each.place), "inside_90": each.inside,
    }  # fmt: skip


def test_record(test: StrictTest) -> dict[str, Any]:
    """Make the object of a strict test."""
    return {
        "knows": test.test.knows,
        "asks": test.test.asks,
        "registration": test.test.digest,
        "headline_group": test.test.rules["headline"],
        "strict_ensemble": test.digest or None,
        "strict_kind": test.kind or None,
        "rows": [{"id": row.id, "label": row.label, "published": row.value, "sd": row.sd} for row in test.test.rows],
        "forecasters": [forecaster_record(each) for each in test.scores],
    }


def forecaster_record(each: ForecastScores) -> dict[str, Any]:
    """Make the object of a forecaster's scores."""
    return {
        "name": each.name,
        "energy": {group: finite(value) for group, value in each.energy.items()},
        "energy_band": {group: [finite(end) for end in band] for group, band in each.energy_band.items()},
        "crps": finite(each.crps),
        "crps_band": [finite(end) for end in each.crps_band],
        "log_score": finite(each.log),
        "log_score_band": [finite(end) for end in each.log_band],
        "coverage": {f"{level:g}": finite(share) for level, share in each.coverage.items()},
        "medians": [finite(value) for value in each.rows.median],
        "row_crps": [finite(value) for value in each.rows.crps],
        "row_log_score": [finite(value) for value in each.rows.log],
        "places": [finite(value) for value in each.rows.place],
    }
