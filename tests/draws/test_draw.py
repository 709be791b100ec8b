"""Draws: shipped solutions are current, repeatable by key, and draws depend on nothing but their number."""

import numpy as np
import pytest

from sim.data.distributions import Distribution
from sim.data.load import load_data
from sim.draws.assembly import Constants
from sim.draws.draw import (
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
from sim.draws.stability import GAMMA_LIMIT, WEIGHTS, fault_of, own_stock_elasticity
from sim.runs.outcomes.variants import VALUES, VARIED
from tests.support.packaged import BASIS

DEMO_DRAWS = 25


def test_the_draws_of_the_demo_ship_solved_for_the_present_sources():
    """Red after any change of the solver, the data or the baseline: run scripts/solve_draws.py."""
    data = load_data()
    vectors = draw_vectors(data, DEMO_DRAWS, {})
    point = reference_vector(data)
    wanted = [
        *(draw_key(BASIS, point | {VARIED: value}, REFERENCE) for value in VALUES),
        *(draw_key(BASIS, vector, number) for number, vector in enumerate(vectors)),
    ]
    missing = [key for key in wanted if key not in shipped_draws(BASIS.data.folder)]
    assert not missing, f"{len(missing)} of {len(wanted)} draws are not shipped solved"


def test_draws_do_not_depend_on_how_many_are_asked_for():
    data = load_data()
    few = draw_vectors(data, 3, {})
    many = draw_vectors(data, 8, {})
    assert many[:3] == few


FIXED: list[dict[str, float | Distribution]] = [
    {},
    {"ecosystem_pull": 0.3},
    {"nest_dissimilarity": 0.3},
    {"diaspora_pull": 0.6},
    {"ecosystem_weight_capital": 0.9},
    {"ecosystem_pull": Distribution("uniform", low=0.2, high=0.8)},
]


@pytest.mark.parametrize("overrides", FIXED)
def test_every_point_is_stable_whatever_is_fixed(overrides):
    data = load_data()
    ranges = {p.name: (p.low, p.high) for p in data.parameters}
    for vector in draw_vectors(data, 500, overrides):
        assert not fault_of(vector)
        assert own_stock_elasticity(vector) < GAMMA_LIMIT
        assert sum(vector[name] for name in WEIGHTS) <= 1.0
        assert all(ranges[name][0] <= value <= ranges[name][1] for name, value in vector.items())
        assert all(vector[name] == value for name, value in overrides.items() if isinstance(value, float))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"ecosystem_pull": 0.8, "nest_dissimilarity": 0.3}, "diaspora_pull: the fixed parameters leave .* lower ecosystem_pull"),
        ({"ecosystem_weight_top": 0.7, "ecosystem_weight_elite": 0.4}, "ecosystem_weight_capital: the fixed"),
        (
            {"ecosystem_weight_top": 0.7, "ecosystem_weight_elite": 0.4, "ecosystem_weight_capital": 0.1},
            "sum to 1.2, more than 1",
        ),
        (
            {"ecosystem_pull": 0.8, "diaspora_pull": 0.5, "nest_dissimilarity": 0.5},
            "Gamma = .* must be below 0.9; lower ecosystem_pull",
        ),
    ],
)
def test_what_cannot_be_stable_is_refused_with_the_remedy(overrides, said):
    with pytest.raises(ValueError, match=said):
        draw_vectors(load_data(), 1, overrides)


def test_an_override_changes_its_parameter_and_no_other():
    data = load_data()
    plain = draw_vectors(data, 1, {})
    fixed = draw_vectors(data, 1, {"moving_cost": 0.5})
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
