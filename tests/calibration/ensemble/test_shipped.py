"""The ensemble that ships: of the model, the tables and the evidence as they are, and what its draws must meet."""

import numpy as np

from sim.calibration.ensemble.model import MOST_MISSED
from sim.calibration.ensemble.waves import record_digest
from sim.calibration.evidence import load_evidence
from sim.draws.constants import TOLERANCE
from sim.draws.draw import solve_anew
from sim.draws.ensemble import draw_of, find_ensemble, known_draw_of, solution_digest, vectors_of_draws
from sim.scenarios.load import load_basis

BASIS = load_basis()
ENSEMBLE = find_ensemble()
NEAR = 0.05
"""Of a constant: what the tolerance of a share leaves open."""


def test_it_is_current() -> None:
    assert not ENSEMBLE.is_prior
    assert ENSEMBLE.record["solution"] == solution_digest(BASIS), "solve_draws.py --same, or `talentsim calibrate`"
    assert ENSEMBLE.record["evidence"] == record_digest(load_evidence(BASIS.data)), "run `talentsim calibrate`"


def test_it_has_draws_enough_and_none_misses_what_it_is_solved_on() -> None:
    assert len(ENSEMBLE) >= 200
    assert ENSEMBLE.columns["error"].max() <= MOST_MISSED


def test_it_says_the_headlines_of_every_draw() -> None:
    assert ENSEMBLE.columns["headlines"].shape == (len(ENSEMBLE), len(ENSEMBLE.record["headlines"]))
    assert ENSEMBLE.record["headlines"] == [band["headline"] for band in ENSEMBLE.record["bands"]]


def test_its_draws_are_solved_already_and_differ() -> None:
    vectors = vectors_of_draws(ENSEMBLE, BASIS.data, 100, {})
    draws = [known_draw_of(ENSEMBLE, BASIS, vector, number) for number, vector in enumerate(vectors)]
    assert None not in draws
    assert len({tuple(vector.values()) for vector in vectors}) >= 50


def test_a_row_solved_anew_meets_the_same_targets_in_the_same_place() -> None:
    """Its bits may be an earlier solver's (scripts/solve_draws.py --near): within the tolerance, both are the solution."""
    vector = vectors_of_draws(ENSEMBLE, BASIS.data, 1, {})[0]
    row, anew = draw_of(ENSEMBLE, BASIS, vector, 0), solve_anew(BASIS, vector, ENSEMBLE.numbers[0])
    assert max(row.constants.error, anew.error) <= TOLERANCE
    assert np.abs(row.constants.work_constant - anew.work_constant).max() < NEAR
    assert np.abs(row.constants.bar_top20 - anew.bar_top20).max() < NEAR
