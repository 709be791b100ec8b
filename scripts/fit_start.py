"""Fit where solutions start, sim/data/tables/start.npz: a regression over solved points of a bank, and one preconditioner.

    python scripts/fit_start.py results/calibration/bank 2

Points are those of a calibration, of the priors and near the evidence, so that both start well. The preconditioner is minus the
regularised inverse of the mean of the steps' Jacobians at some of them. Run it after a change of the unknowns, or of the model if
solving has become slow; then solve the draws anew (scripts/solve_draws.py).
"""

import argparse
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.calibration.bank.store import read_solutions
from sim.data.load import load_data
from sim.draws.assembly import Constants
from sim.draws.constants import COARSE_PATTERNS
from sim.draws.draw import equations_of
from sim.draws.solver import START_FILE, Start
from sim.draws.targets import target_errors
from sim.model.world import Floats
from sim.scenarios.load import load_basis

JACOBIANS = 12  # points at which the Jacobian is taken
STEP = 0.02  # of an unknown, for the Jacobian
TIKHONOV = 0.003  # without it, unknowns that saturate run away
RIDGE = 10.0  # least error of points left out (in 10 parts), rms .36 of the unknowns for the priors, .19 near the evidence
SOLVED = 0.001  # of a share: points solved worse are left out


class Point(NamedTuple):
    """A solved point: its number, its parameters by name, and the (U,) unknowns of its solution."""

    number: int
    parameters: Mapping[str, float]
    unknowns: Floats


def main(bank: Path, workers: int) -> None:
    """Read the points, take Jacobians at some, fit the regression, and write all."""
    points = [point_of(*each) for each in read_solutions(bank) if each[2].error < SOLVED]
    chosen = [points[round(place)] for place in np.linspace(0, len(points) - 1, JACOBIANS)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        jacobian = np.mean(list(pool.map(jacobian_at, chosen)), axis=0)
    save(fitted(points, preconditioner_of(jacobian, len(load_data().codes))))
    print(f"{len(points)} points, Jacobians at {len(chosen)} of them: {START_FILE}")


def point_of(number: int, parameters: Mapping[str, float], constants: Constants) -> Point:
    """Pack the solution of a point; the mean of the work constants, which changes nothing, is taken out."""
    problem = equations_of(load_basis(), parameters, number)
    x = problem.pack(constants)
    work = x[: problem.regions]
    return Point(number, parameters, np.concatenate([work - work.mean(), x[problem.regions :]]))


def preconditioner_of(jacobian: Floats, regions: int) -> Floats:
    """Compute the (U, U) preconditioner from a mean Jacobian.

    The British share counts as its own step: where all British industry has US headquarters it is nothing else, and a mean of
    both cases has a direction in which nothing moves.
    """
    unit = np.eye(len(jacobian))
    british = 2 * regions + 5
    jacobian[british] = -unit[british]
    return np.asarray(-np.linalg.solve(jacobian.T @ jacobian + TIKHONOV * unit, jacobian.T), dtype=np.float64)


def jacobian_at(point: Point) -> Floats:
    """Compute the (U, U) Jacobian of the coarse steps of a point, at its unknowns, by finite differences."""
    problem, x = equations_of(load_basis(), point.parameters, point.number), point.unknowns
    step = problem.step(x, COARSE_PATTERNS, 1)
    columns = [(problem.step(x + STEP * unit, COARSE_PATTERNS, 1) - step) / STEP for unit in np.eye(x.size)]
    return np.stack(columns, axis=1)


def fitted(points: list[Point], preconditioner: Floats) -> Start:
    """Fit the ridge regression of (N, U) unknowns on the (N, P) parameters with a prior and the (N, E) errors of targets."""
    data = load_data()
    names = tuple(p.name for p in data.parameters if p.prior is not None)
    values = np.array([[point.parameters[name] for name in names] for point in points])
    errors = np.array([target_errors(point.number, data) for point in points])
    unknowns = np.array([point.unknowns for point in points])
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
    parser.add_argument("bank", type=Path, nargs="?", default=Path("results/calibration/bank"))
    parser.add_argument("workers", type=int, nargs="?", default=2)
    options = parser.parse_args()
    main(options.bank, options.workers)
