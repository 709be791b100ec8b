"""Fit where solutions start, sim/data/start.npz: a regression over solved points of the priors, and one preconditioner.

    python scripts/fit_start.py 260 2

Points are taken behind those that any ensemble uses and solved coarsely. The preconditioner is minus the regularised inverse of
the mean of the steps' Jacobians at some of them. Run it after a change of the unknowns, or of the model if solving has become
slow; then solve the draws anew (scripts/solve_draws.py). Without a file to start from, it starts from published shares.
"""

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from sim.data.load import load_data
from sim.data.schema import Data
from sim.draws.constants import COARSE_PATTERNS, Equations, Phase, mix
from sim.draws.draw import parameter_vector, policies_in_force, sobol_points
from sim.draws.solver import START_FILE, Mixer, Start, first_unknowns, shipped_start
from sim.draws.targets import solved_targets, target_errors
from sim.model.world import Floats
from sim.scenarios.load import BASELINE, load_shipped

FIRST_POINT = 1000
JACOBIANS = 6  # points at which the Jacobian is taken
STEP = 0.02  # of an unknown, for the Jacobian
TIKHONOV = 0.003  # without it, unknowns that saturate run away
RIDGE = 6.0  # least error of points left out (in 6 parts), rms .24 of the unknowns
CLOSE = Phase(COARSE_PATTERNS, 1, 40, 0.0003)
SOLVED = 0.001  # of a share: points solved worse are left out


def main(count: int, workers: int) -> None:
    """Solve points, take Jacobians at some, fit the regression, and write all."""
    numbers = range(FIRST_POINT, FIRST_POINT + count)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        solved = [(n, x) for n, x in zip(numbers, pool.map(solve, numbers), strict=True) if x is not None]
        chosen = [solved[round(place)] for place in np.linspace(0, len(solved) - 1, JACOBIANS)]
        jacobian = np.mean(list(pool.map(jacobian_at, chosen)), axis=0)
    data = load_data()
    names = tuple(p.name for p in data.parameters if p.prior is not None)
    values = np.array([[vector_of(data, number)[name] for name in names] for number, _ in solved])
    errors = np.array([target_errors(number, len(data.codes)) for number, _ in solved])
    save(fitted(names, values, errors, np.array([x for _, x in solved]), preconditioner_of(jacobian, len(data.codes))))


def vector_of(data: Data, number: int) -> dict[str, float]:
    """List the parameters of a point."""
    return parameter_vector(data, sobol_points()[number], {})


def equations_of(number: int) -> Equations:
    """Set up the equations of a point."""
    data = load_data()
    vector = vector_of(data, number)
    policies = policies_in_force(data, load_shipped(BASELINE), vector, number)
    return Equations(data, vector, policies, solved_targets(data, number))


def solve(number: int) -> Floats | None:
    """Solve a point coarsely; None if that fails."""
    problem = equations_of(number)
    x, mixer = problem.pack(problem.guess), Mixer(0.6 * np.eye(problem.pack(problem.guess).size))
    if START_FILE.is_file():
        start = shipped_start()
        x, mixer = first_unknowns(start, problem.parameters, problem.targets.errors), Mixer(start.preconditioner)
    x = mix(problem, x, CLOSE, mixer)
    print(f"point {number}: largest error of a share {problem.error:.4f}", file=sys.stderr, flush=True)
    return centred(x, problem) if problem.error < SOLVED else None


def centred(x: Floats, problem: Equations) -> Floats:
    """Take the mean of the work constants out, which changes nothing."""
    return np.concatenate([x[: problem.regions] - x[: problem.regions].mean(), x[problem.regions :]])


def preconditioner_of(jacobian: Floats, regions: int) -> Floats:
    """Compute the (U, U) preconditioner from a mean Jacobian.

    The British share counts as its own step: where all British industry has US headquarters it is nothing else, and a mean of
    both cases has a direction in which nothing moves.
    """
    unit = np.eye(len(jacobian))
    british = 2 * regions + 5
    jacobian[british] = -unit[british]
    inverse: Floats = -np.linalg.solve(jacobian.T @ jacobian + TIKHONOV * unit, jacobian.T)
    return inverse


def jacobian_at(point: tuple[int, Floats]) -> Floats:
    """Compute the (U, U) Jacobian of the coarse steps of a point, at its unknowns, by finite differences."""
    number, x = point
    problem = equations_of(number)
    step = problem.step(x, COARSE_PATTERNS, 1)
    columns = [(problem.step(x + STEP * unit, COARSE_PATTERNS, 1) - step) / STEP for unit in np.eye(x.size)]
    return np.stack(columns, axis=1)


def fitted(names: tuple[str, ...], values: Floats, errors: Floats, unknowns: Floats, preconditioner: Floats) -> Start:
    """Fit the ridge regression of (N, U) unknowns on (N, P) parameters and (N, E) errors of targets."""
    mean, spread, middle = values.mean(axis=0), values.std(axis=0), unknowns.mean(axis=0)
    table = np.hstack([(values - mean) / spread, errors])
    shrunk = table.T @ table + RIDGE * np.eye(table.shape[1])
    slopes = np.linalg.solve(shrunk, table.T @ (unknowns - middle))
    return Start(names, mean, spread, middle, slopes[: len(names)], slopes[len(names) :], preconditioner)


def save(start: Start) -> None:
    """Write the start in single precision, which is far finer than it is good."""
    numbers = {name: value.astype(np.float32) for name, value in start._asdict().items() if name != "parameters"}
    np.savez_compressed(START_FILE, parameters=np.array(start.parameters), **numbers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=260)
    parser.add_argument("workers", type=int, nargs="?", default=2)
    options = parser.parse_args()
    main(options.count, options.workers)
