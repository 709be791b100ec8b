"""Fit where solutions start, sim/data/start.npz: a regression over solved points of the priors, and one preconditioner.

    python scripts/fit_start.py 120

Points are taken behind those that any ensemble uses and solved coarsely. The preconditioner is minus the regularised inverse of
the mean of the steps' Jacobians at some of them. Run it after a change of the unknowns, or of the model if solving has become
slow; then solve the draws anew (scripts/solve_draws.py). Without a file to start from, it starts from published shares.
"""

import argparse
import sys

import numpy as np

from sim.data.load import load_data
from sim.draws.constants import COARSE_PATTERNS, Equations, Phase, mix
from sim.draws.draw import BASELINE, parameter_vector, policies_in_force, sobol_points
from sim.draws.solver import START_FILE, Mixer, Start, first_unknowns, shipped_start
from sim.model.world import Floats
from sim.scenarios.load import load_shipped

FIRST_POINT = 1000
JACOBIANS = 6  # points at which the Jacobian is taken
STEP = 0.02  # of an unknown, for the Jacobian
TIKHONOV = 0.003  # without it, unknowns that saturate run away
RIDGE = 6.0  # least error of points left out (in 6 parts), rms .24 of the unknowns
CLOSE = Phase(COARSE_PATTERNS, 1, 40, 0.0003)
SOLVED = 0.001  # of a share: points solved worse are left out


def main(count: int) -> None:
    """Solve points, take Jacobians at some, fit the regression, and write all."""
    data, baseline = load_data(), load_shipped(BASELINE)
    solved: list[tuple[Equations, Floats]] = []
    for number in range(FIRST_POINT, FIRST_POINT + count):
        vector = parameter_vector(data, sobol_points()[number], {})
        problem = Equations(data, vector, policies_in_force(data, baseline, vector, number))
        x, mixer = problem.pack(problem.guess), Mixer(0.6 * np.eye(problem.pack(problem.guess).size))
        if START_FILE.is_file():
            x, mixer = first_unknowns(shipped_start(), vector), Mixer(shipped_start().preconditioner)
        x = mix(problem, x, CLOSE, mixer)
        print(f"point {number}: largest error of a share {problem.error:.4f}", file=sys.stderr, flush=True)
        if problem.error < SOLVED:
            problem.walked = None
            solved.append((problem, centred(x, problem)))
    names = tuple(p.name for p in data.parameters if p.prior is not None)
    values = np.array([[problem.parameters[name] for name in names] for problem, _ in solved])
    chosen = [solved[round(place)] for place in np.linspace(0, len(solved) - 1, JACOBIANS)]
    save(fitted(names, values, np.array([x for _, x in solved]), preconditioner_of(chosen)))


def centred(x: Floats, problem: Equations) -> Floats:
    """Take the mean of the work constants out, which changes nothing."""
    return np.concatenate([x[: problem.regions] - x[: problem.regions].mean(), x[problem.regions :]])


def preconditioner_of(solved: list[tuple[Equations, Floats]]) -> Floats:
    """Compute the (U, U) preconditioner from the Jacobians at (problem, unknowns).

    The British share counts as its own step: where all British industry has US headquarters it is nothing else, and a mean of
    both cases has a direction in which nothing moves.
    """
    problem, x = solved[0]
    jacobian = np.mean([jacobian_at(*each) for each in solved], axis=0)
    british = 2 * problem.regions + 5
    jacobian[british] = -np.eye(x.size)[british]
    inverse: Floats = -np.linalg.solve(jacobian.T @ jacobian + TIKHONOV * np.eye(x.size), jacobian.T)
    return inverse


def jacobian_at(problem: Equations, x: Floats) -> Floats:
    """Compute the (U, U) Jacobian of the coarse steps by finite differences."""
    step = problem.step(x, COARSE_PATTERNS, 1)
    columns = [(problem.step(x + STEP * unit, COARSE_PATTERNS, 1) - step) / STEP for unit in np.eye(x.size)]
    return np.stack(columns, axis=1)


def fitted(names: tuple[str, ...], values: Floats, unknowns: Floats, preconditioner: Floats) -> Start:
    """Fit the ridge regression of (N, U) unknowns on (N, P) parameters."""
    mean, spread, middle = values.mean(axis=0), values.std(axis=0), unknowns.mean(axis=0)
    table = (values - mean) / spread
    shrunk = table.T @ table + RIDGE * np.eye(len(names))
    return Start(names, mean, spread, middle, np.linalg.solve(shrunk, table.T @ (unknowns - middle)), preconditioner)


def save(start: Start) -> None:
    """Write the start in single precision, which is far finer than it is good."""
    numbers = {name: value.astype(np.float32) for name, value in start._asdict().items() if name != "parameters"}
    np.savez_compressed(START_FILE, parameters=np.array(start.parameters), **numbers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=120)
    main(parser.parse_args().count)
