"""Draws: shipped solutions are current, repeatable by key, and draws depend on nothing but their number."""

import numpy as np

from sim.data.load import load_data
from sim.draws.assembly import Constants
from sim.draws.constants import is_stable
from sim.draws.draw import (
    CENTRE,
    REFERENCE,
    draw_key,
    draw_vectors,
    first_points,
    lever_uniform,
    read_draws,
    reference_vector,
    save_draws,
    shipped_draws,
    sobol_points,
)
from sim.runs.outcomes.variants import VALUES, VARIED
from tests.support.packaged import BASIS

DEMO_DRAWS = 25


def test_the_draws_of_the_demo_ship_solved_for_the_present_sources():
    """Red after any change of the solver, the data or the baseline: run scripts/solve_draws.py."""
    data = load_data()
    vectors, _ = draw_vectors(data, DEMO_DRAWS, {})
    point = reference_vector(data)
    wanted = [
        draw_key(BASIS, {p.name: p.default for p in data.parameters}, CENTRE),
        *(draw_key(BASIS, point | {VARIED: value}, REFERENCE) for value in VALUES),
        *(draw_key(BASIS, vector, number) for number, vector in enumerate(vectors)),
    ]
    missing = [key for key in wanted if key not in shipped_draws(BASIS.data.folder)]
    assert not missing, f"{len(missing)} of {len(wanted)} draws are not shipped solved"


def test_draws_are_stable_and_do_not_depend_on_how_many_are_asked_for():
    data = load_data()
    few, _ = draw_vectors(data, 3, {})
    many, rejected = draw_vectors(data, 8, {})
    assert many[:3] == few
    assert all(is_stable(vector) for vector in many)
    assert 0.0 <= rejected < 1.0


def test_an_override_changes_its_parameter_and_no_other():
    data = load_data()
    plain, _ = draw_vectors(data, 1, {})
    fixed, _ = draw_vectors(data, 1, {"moving_cost": 0.5})
    assert fixed[0] == plain[0] | {"moving_cost": 0.5}


def test_the_number_of_a_lever_depends_on_draw_and_id_alone():
    assert lever_uniform(3, "pp10043") == lever_uniform(3, "pp10043")
    assert len({lever_uniform(draw, name) for draw in range(5) for name in ("a", "b", "c")}) == 15


def test_saved_draws_are_read_back_and_a_damaged_file_counts_as_empty(tmp_path):
    key, constants = next(iter(shipped_draws(BASIS.data.folder).items()))
    path = tmp_path / "draws.npz"
    save_draws(path, {key: constants})
    (again,) = read_draws(path).values()
    assert isinstance(again, Constants)
    for name, value in constants.arrays().items():
        assert np.array_equal(again.arrays()[name], value)
    path.write_bytes(path.read_bytes()[:100])
    assert read_draws(path) == {}


def test_the_points_that_ship_are_the_first_of_the_sequence():
    first = first_points()
    assert len(first) >= DEMO_DRAWS
    assert np.array_equal(first, sobol_points()[: len(first)])
