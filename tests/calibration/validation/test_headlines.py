"""A reduced validation for every change: the headlines of the ensemble that runs use, on its first draws, lie in their bands."""

import math

import numpy as np
import pytest

from sim.calibration.evidence import load_evidence
from sim.calibration.validation.checks import checked, load_bands
from sim.calibration.validation.validate import PRIOR_DRAWS, modelled_by_draws, prior_draws
from sim.draws.draw import draw_vectors
from sim.draws.ensemble import find_ensemble
from tests.support.packaged import BASIS

DRAWS = 24


@pytest.mark.slow
def test_no_headline_leaves_its_band() -> None:
    ensemble = find_ensemble()
    if ensemble.is_prior:
        pytest.skip("no calibrated ensemble ships: the priors are not asked to fit")
    record = load_evidence(BASIS.data)
    values = modelled_by_draws(BASIS, record, ensemble, DRAWS, None)
    left = []
    for each in checked(record, values, load_bands()).headlines:
        error = 1.25 * (each.high - each.low) / (2.0 * 1.645) / math.sqrt(DRAWS)  # of the median of normal draws
        if not each.band.missed and not each.band.low - 2.0 * error <= each.median <= each.band.high + 2.0 * error:
            left.append(f"{each.band.name}: {each.median:.3f}, asked {each.band.low:g} to {each.band.high:g}")
    assert not left, "\n".join(left)


def test_a_headline_outside_is_seen() -> None:
    record = load_evidence(BASIS.data)
    far = np.full((30, len(record.rows)), 0.999)
    bands = load_bands()
    assert [each.band.holds(each.median) for each in checked(record, far, bands).headlines] == [False] * len(bands)


def test_the_priors_beside_the_strict_ensembles_are_the_priors() -> None:
    """Whatever ensemble runs use by default: a calibrated one has seen what the strict tests ask for."""
    expected = [dict(vector) for vector in draw_vectors(BASIS.data, PRIOR_DRAWS, {})]
    assert [dict(draw.parameters) for draw in prior_draws(BASIS)] == expected
