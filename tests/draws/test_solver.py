"""Solving: Anderson mixing finds roots, the shipped start fits the unknowns, and a solution depends on its vector alone."""

import numpy as np

from sim.data.load import load_data
from sim.draws.constants import COARSE_PATTERNS, MOST_STUDENTS, NEGLIGIBLE_STEP, TOLERANCE, Equations, corrected, solve_constants
from sim.draws.draw import draw_vectors, equations_of, parameter_vector, sobol_points
from sim.draws.solver import STEP_LIMIT, Mixer, Start, first_unknowns, shipped_start
from sim.draws.targets import target_errors
from sim.model.world import BASE_YEAR
from sim.scenarios.load import load_basis


def problem(number: int) -> Equations:
    """The problem of a draw."""
    basis = load_basis()
    return equations_of(basis, draw_vectors(basis.data, number + 1, {})[number], number)


def test_mixing_finds_the_root_of_coupled_unknowns_with_a_rough_preconditioner() -> None:
    draw = np.random.default_rng(1)
    coupling = np.eye(12) + 0.2 * draw.normal(size=(12, 12)) / np.sqrt(12)
    root = draw.uniform(-1.0, 1.0, 12)

    def step(x: np.ndarray) -> np.ndarray:
        return np.tanh(coupling @ (root - x))

    mixer, x = Mixer(np.eye(12)), np.zeros(12)
    for _ in range(20):
        x = mixer.mixed(x, step(x))
    np.testing.assert_allclose(x, root, atol=1e-8)


class Toy:
    """Steps of two unknowns of which the cheap ones err by a shift that changes little from place to place."""

    def __init__(self) -> None:
        self.root = np.array([0.4, -0.3])
        self.walks: list[tuple[int, int]] = []

    def step(self, x: np.ndarray, patterns: int, ties: int) -> np.ndarray:
        self.walks.append((patterns, ties))
        shift = np.zeros(2) if ties > 1 else np.array([0.05, -0.02]) * (1.0 + 0.05 * x)
        found: np.ndarray = np.tanh(self.root - x) + shift
        return found

    def cheap_step(self, x: np.ndarray) -> np.ndarray:
        return self.step(x, COARSE_PATTERNS, 1)


def test_cheap_steps_moved_by_what_a_fine_one_differs_lead_to_the_fine_root() -> None:
    toy, mixer, x = Toy(), Mixer(np.eye(2)), np.array([0.3, -0.2])
    following = corrected(toy, x, toy.step(x, 64, 3), 8, mixer)  # type: ignore[arg-type]
    np.testing.assert_allclose(following, toy.root, atol=NEGLIGIBLE_STEP)
    assert toy.walks.count((64, 3)) == 1
    assert len(toy.walks) <= 6
    assert mixer.last is None


def test_no_unknown_moves_farther_than_the_limit() -> None:
    mixer = Mixer(np.eye(2))
    x = np.zeros(2)
    for _ in range(5):
        following = mixer.mixed(x, np.array([50.0, -0.1]))
        assert np.abs(following - x).max() <= STEP_LIMIT + 1e-12
        x = following


def test_changes_across_a_forgotten_point_are_not_remembered() -> None:
    mixer = Mixer(np.eye(2))
    mixer.mixed(np.zeros(2), np.ones(2))
    mixer.mixed(np.ones(2), np.zeros(2))
    mixer.forget_point()
    mixer.mixed(np.full(2, 5.0), np.full(2, 9.0))
    assert len(mixer.moved) == len(mixer.changed) == 1


def test_the_start_is_the_regression_and_does_without_a_parameter() -> None:
    slopes = np.array([[1.0, 10.0], [2.0, 30.0]])
    of_errors = np.array([[3.0, 0.0], [4.0, 2.0]])
    start = Start(("a", "b"), np.array([1.0, 2.0]), np.array([0.5, 4.0]), np.array([7.0, 8.0]), slopes, of_errors, np.eye(2))
    np.testing.assert_allclose(
        first_unknowns(start, {"a": 2.0, "b": 0.0, "c": 7.0}, np.zeros(2)), [7.0 + 2.0 - 1.0, 8.0 + 20.0 - 15.0]
    )
    np.testing.assert_allclose(first_unknowns(start, {"a": 2.0}, np.zeros(2)), [9.0, 28.0])
    np.testing.assert_allclose(first_unknowns(start, {"a": 2.0}, np.array([1.0, -1.0])), [9.0 + 3.0 - 4.0, 28.0 - 2.0])


def test_the_shipped_start_fits_the_unknowns_and_the_parameters() -> None:
    """Red after a change of the unknowns: run scripts/fit_start.py."""
    start, data = shipped_start(), load_data()
    unknowns = problem(0).pack(problem(0).guess).size
    assert start.preconditioner.shape == (unknowns, unknowns)
    assert start.slopes.shape == (len(start.parameters), unknowns)
    assert set(start.parameters) <= {p.name for p in data.parameters}
    assert start.error_slopes.shape == (target_errors(0, data).size, unknowns)
    assert np.isfinite(
        first_unknowns(start, parameter_vector(data, sobol_points()[0], {}), np.zeros(len(start.error_slopes)))
    ).all()


def test_packing_and_unpacking_are_inverse() -> None:
    some = problem(1)
    x = first_unknowns(shipped_start(), some.parameters, some.targets.errors)
    again = some.pack(some.unpack(x))
    regions = some.regions
    np.testing.assert_allclose(again[regions:], np.where(np.arange(x.size) == 2 * regions + 5, np.minimum(x, 0.0), x)[regions:])
    np.testing.assert_allclose(again[:regions], x[:regions] - x[:regions].mean())


def test_a_solution_meets_its_targets_and_depends_on_its_vector_alone() -> None:
    first, second = problem(0), problem(1)
    once = solve_constants(first)
    solve_constants(second)
    again = solve_constants(problem(0))
    for name, values in once.arrays().items():
        assert values.tobytes() == again.arrays()[name].tobytes(), name
    assert once.error < TOLERANCE
    years = {year.year: year for year in first.walk(once, BASE_YEAR + 1, 64, 3)}
    work = years[BASE_YEAR].shares[0, 2] / years[BASE_YEAR].shares[0, 2].sum()
    np.testing.assert_allclose(work, first.targets.work, atol=TOLERANCE)
    np.testing.assert_allclose(years[BASE_YEAR + 1].demand_index, once.demand_2019, rtol=1e-9)


def test_a_transition_out_of_reach_gives_way_to_the_limit_of_students() -> None:
    some = problem(0)
    usa = some.at["USA"]
    x = first_unknowns(shipped_start(), some.parameters, some.targets.errors)
    (base,) = (year for year in some.walk(some.unpack(x), BASE_YEAR, 16, 1) if year.year == BASE_YEAR)
    everyone = base.shares[0, 2].sum()
    few, many = base.shares.copy(), base.shares.copy()
    few[0, 4, usa] = few[0, 2, usa] - 0.01 * everyone
    many[0, 4, usa] = many[0, 2, usa] - 0.99 * some.targets.work[usa] * everyone
    assert some.reachable(usa, 0.36, 0.30, base._replace(shares=few)) == (0.36, 0.30)
    limit, students = some.reachable(usa, 0.36, 0.30, base._replace(shares=many))
    assert limit == MOST_STUDENTS * some.targets.work[usa]
    assert students > limit
