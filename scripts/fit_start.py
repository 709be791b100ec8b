"""Fit where solutions start, sim/data/start.npz: a regression over solved points of the priors, and one preconditioner.

    python scripts/fit_start.py 160

The preconditioner is minus the regularised inverse of the steps' Jacobian at the point of all defaults. Points are taken behind
those that any ensemble uses and solved coarsely. Run it after a change of the unknowns or of the model that makes solving slow;
then solve the draws anew (scripts/solve_draws.py). Without a file to start from, it starts from published shares.
"""

import argparse
import sys

import numpy as np

from sim.data.load import Data, load_data
from sim.draws.constants import PHASES, Equations, Phase, mix
from sim.draws.draw import BASELINE, REFERENCE, parameter_vector, policies_in_force, sobol_points
from sim.draws.solver import START_FILE, Mixer, Start, first_unknowns, shipped_start
from sim.model.world import Floats
from sim.scenarios.load import load_shipped

FIRST_POINT = 1000
STEP = 0.02  # of an unknown, for the Jacobian
TIKHONOV = 0.01  # without it, unknowns that saturate run away
RIDGE = 3.0
CLOSE = Phase(16, 1, 40, 0.0005)
SOLVED = 0.003  # of a share: points solved worse are left out


def main(count: int) -> None:
    """Find the preconditioner, solve points, fit the regression, and write all."""
    data = load_data()
    x, preconditioner = centre_of(data)
    vectors, found = [], []
    start = x
    for number in range(FIRST_POINT, FIRST_POINT + count):
        vector = parameter_vector(data, sobol_points()[number], {})
        problem = problem_of(data, vector, number)
        if START_FILE.is_file():
            start = first_unknowns(shipped_start(), vector)
        unknowns = mix(problem, start, CLOSE, Mixer(preconditioner))
        print(f"point {number}: largest error of a share {problem.error:.4f}", file=sys.stderr, flush=True)
        if problem.error < SOLVED:
            vectors.append(vector)
            found.append(unknowns)
    names = tuple(p.name for p in data.parameters if p.prior is not None)
    save(fitted(names, np.array([[vector[name] for name in names] for vector in vectors]), np.array(found), preconditioner))


def problem_of(data: Data, vector: dict[str, float], number: int) -> Equations:
    """Make the problem of a vector."""
    return Equations(data, vector, policies_in_force(data, load_shipped(BASELINE), vector, number))


def centre_of(data: Data) -> tuple[Floats, Floats]:
    """Solve the point of all defaults; return its (U,) unknowns and the (U, U) preconditioner."""
    vector = {parameter.name: parameter.default for parameter in data.parameters}
    problem = problem_of(data, vector, REFERENCE)
    x = problem.pack(problem.guess)
    mixer = Mixer(0.6 * np.eye(x.size))
    if START_FILE.is_file():
        x, mixer = first_unknowns(shipped_start(), vector), Mixer(shipped_start().preconditioner)
    for phase in PHASES:
        x = mix(problem, x, phase._replace(tolerance=phase.tolerance / 10.0, most=80), mixer)
        mixer.forget_point()
    patterns, ties = PHASES[-1][:2]
    step = problem.step(x, patterns, ties)
    jacobian = np.empty((step.size, x.size))
    for k in range(x.size):
        moved = x.copy()
        moved[k] += STEP
        jacobian[:, k] = (problem.step(moved, patterns, ties) - step) / STEP
    return x, -np.linalg.solve(jacobian.T @ jacobian + TIKHONOV * np.eye(x.size), jacobian.T)


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
    parser.add_argument("count", type=int, nargs="?", default=160)
    main(parser.parse_args().count)
