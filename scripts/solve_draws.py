"""Solve the draws that ship with the package, sim/data/draws.npz; optional arguments: draws, workers."""

import multiprocessing
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

from sim.assembly import Constants
from sim.assumptions import reference_variants
from sim.data import load_data
from sim.draws import CENTRE, REFERENCE, SHIPPED, draw_key, draw_vectors, make_draw, reference_vector, save_draws
from sim.variants import VALUES, VARIED


def solve(task: tuple[int, Mapping[str, float]]) -> tuple[str, Constants]:
    """Solve one draw."""
    number, parameters = task
    data = load_data()
    return draw_key(data, parameters, number), make_draw(data, parameters, number).constants


def main(count: int, workers: int) -> None:
    """Solve the reference point and the first draws; write them in order."""
    data = load_data()
    vectors, rejected = draw_vectors(data, count, {})
    print(f"{rejected:.1%} of the points passed over as unstable", file=sys.stderr)
    centre = {parameter.name: parameter.default for parameter in data.parameters}
    point = reference_vector(data)
    varied = [(REFERENCE, point | {VARIED: value}) for value in VALUES]
    varied += [(REFERENCE, parameters) for parameters in reference_variants()]
    tasks = [(CENTRE, centre), (REFERENCE, point), *varied, *enumerate(vectors)]
    solved = dict([solve(tasks[0])])
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for (number, _), (key, constants) in zip(tasks, pool.map(solve, tasks), strict=True):
            solved[key] = constants
            print(f"draw {number}: largest error of a share {constants.error:.4f}", file=sys.stderr, flush=True)
    save_draws(SHIPPED, solved)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 2)
