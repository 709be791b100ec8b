"""Solve the draws that ship with the package, sim/data/tables/draws.npz; optional arguments: draws, workers.

    python scripts/solve_draws.py 100 2            solves all of them
    python scripts/solve_draws.py 100 2 --same 8   solves 8 of them spread over the list; where they equal the
                                                   shipped ones to the bit, all of these are kept under their new names,
                                                   and so are the rows of shipped ensembles and what they say of the evidence
    python scripts/solve_draws.py 100 2 --near     solves all draws; rows of shipped ensembles that still meet what they
                                                   were solved on are kept: after a change of the solver, not of the model;
                                                   with --same 8, where draws are as they were to the bit

The name of a draw is a hash of all that its solution depends on, the sources of the formulas included: a change that makes
them faster, and nothing else, gives new names to old solutions.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.calibration.evidence import load_evidence
from sim.calibration.modelled import SHIPPED_VALUES, first_draws, questions_key, save_values, seen_in_draw, solution_key
from sim.calibration.observe import observe
from sim.comparisons.assumptions import reference_variants
from sim.data.load import DATA_FOLDER
from sim.draws.assembly import Constants
from sim.draws.constants import FINE_PATTERNS
from sim.draws.draw import (
    REFERENCE,
    SHIPPED,
    draw_key,
    draw_vectors,
    equations_of,
    read_draws,
    reference_vector,
    save_draws,
    solve_anew,
)
from sim.draws.ensemble import CALIBRATED, SUFFIX, read_ensemble, solution_digest, vector_of_row, write_ensemble
from sim.model.world import TIE_CLASSES
from sim.runs.outcomes.variants import VALUES, VARIED
from sim.scenarios.load import load_basis

BASIS = load_basis()
PLACE = BASIS.data.folder / SHIPPED
EVIDENCE_DRAWS = 100  # of which the shipped values are
Task = tuple[int, Mapping[str, float]]


def main(count: int, workers: int, same: int | None, near: bool) -> None:
    """Solve all draws, or some to keep all; write them in order."""
    tasks = tasks_of(count)
    for path in shipped_ensembles():
        if near:
            check_errors(path, workers)
        elif same is not None:
            check_rows(path, same, workers)
    save_draws(PLACE, dict(solved(tasks, workers)) if same is None else kept(tasks, same, workers))
    if near or same is not None:
        keep_ensembles()
    if same is not None:
        keep_values()


def kept(tasks: Sequence[Task], same: int, workers: int) -> dict[str, Constants]:
    """Give the shipped draws their new names, if some of them, solved anew, are as they were to the bit."""
    shipped = list(read_draws(PLACE).values())
    if len(shipped) != len(tasks):
        raise SystemExit(f"{PLACE} has {len(shipped)} draws, not {len(tasks)}: solve all of them")
    chosen = sorted({round(place) for place in np.linspace(0, len(tasks) - 1, same)})
    for place, (_, constants) in zip(chosen, solved([tasks[place] for place in chosen], workers), strict=True):
        for name, values in constants.arrays().items():
            if values.tobytes() != shipped[place].arrays()[name].tobytes():
                raise SystemExit(f"draw {tasks[place][0]}: {name} is not what it was; solve all draws")
    print(f"{len(chosen)} draws are as they were to the bit; {len(tasks)} kept under new names", file=sys.stderr)
    return {draw_key(BASIS, parameters, number): each for (number, parameters), each in zip(tasks, shipped, strict=True)}


def shipped_ensembles() -> list[Path]:
    """List the files of the ensembles that ship."""
    return sorted(DATA_FOLDER.glob(f"{CALIBRATED}*{SUFFIX}"))


def keep_ensembles() -> None:
    """Say in the shipped ensembles that their rows are solutions of the sources as they are."""
    for path in shipped_ensembles():
        ensemble = read_ensemble(path)
        write_ensemble(path, replace(ensemble, record={**ensemble.record, "solution": solution_digest(BASIS)}))
        print(f"{path.name}: {len(ensemble)} rows kept for the sources as they are", file=sys.stderr)


def keep_values() -> None:
    """Keep what the first draws say about the evidence under the names that they have now, if the first still says it."""
    with np.load(SHIPPED_VALUES, allow_pickle=False) as stored:
        values = np.array(stored["values"])
    draws = first_draws(BASIS, EVIDENCE_DRAWS)
    questions = [row.question for row in load_evidence(BASIS.data).rows]
    keys = list(dict.fromkeys(map(solution_key, draws)))
    same = values.shape == (len(keys), len(questions)) and np.array_equal(
        observe(seen_in_draw(BASIS, draws[0]), questions), values[0]
    )
    if not same:
        raise SystemExit(f"{SHIPPED_VALUES.name} is not what these draws say about the evidence: make evidence")
    save_values(SHIPPED_VALUES, questions_key(questions), dict(zip(keys, values, strict=True)))
    print(f"{SHIPPED_VALUES.name}: kept, the first draw says the same to the bit", file=sys.stderr)


def check_errors(path: Path, workers: int) -> None:
    """Walk every row of a shipped ensemble once; it must miss what it was solved on by no more than it says."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        errors = np.array(list(pool.map(error_of_row, [(path, row) for row in range(len(read_ensemble(path)))])))
    wrong = np.flatnonzero(~(errors[:, 0] <= errors[:, 1] + 1e-6))
    if wrong.size:
        raise SystemExit(
            f"{path.name}, row {wrong[0]}: misses by {errors[wrong[0], 0]:.5f}, not by {errors[wrong[0], 1]:.5f}; calibrate anew"
        )
    print(f"{path.name}: {len(errors)} rows miss what they are solved on by {errors[:, 0].max():.5f} at most", file=sys.stderr)


def error_of_row(task: tuple[Path, int]) -> tuple[float, float]:
    """Compute by how much a row misses what it is solved on, and what it says of it."""
    ensemble, row = read_ensemble(task[0]), task[1]
    vector, number = vector_of_row(ensemble, BASIS.data, row, {}), ensemble.numbers[row]
    problem = equations_of(BASIS, vector, number)
    problem.step(problem.pack(ensemble.constants[row]), FINE_PATTERNS, TIE_CLASSES)
    return problem.error, ensemble.constants[row].error


def check_rows(path: Path, same: int, workers: int) -> None:
    """Solve some rows of a shipped ensemble anew; they must be as they were to the bit."""
    ensemble = read_ensemble(path)
    rows = sorted({round(row) for row in np.linspace(0, len(ensemble) - 1, same)})
    tasks = [(ensemble.numbers[row], vector_of_row(ensemble, BASIS.data, row, {})) for row in rows]
    for row, (_, constants) in zip(rows, solved(tasks, workers), strict=True):
        for name, values in constants.arrays().items():
            if values.tobytes() != ensemble.constants[row].arrays()[name].tobytes():
                raise SystemExit(f"{path.name}, row {row}: {name} is not what it was; calibrate anew")


def tasks_of(count: int) -> list[Task]:
    """List what is shipped, each once: the reference point, its variants, and the first draws."""
    data = BASIS.data
    vectors = draw_vectors(data, count, {})
    point = reference_vector(data)
    varied = [(REFERENCE, point | {VARIED: value}) for value in VALUES]
    varied += [(REFERENCE, parameters) for parameters in reference_variants(data)]
    tasks: list[Task] = [(REFERENCE, point), *varied, *enumerate(vectors)]
    return list({draw_key(BASIS, parameters, number): (number, parameters) for number, parameters in tasks}.values())


def solved(tasks: Sequence[Task], workers: int) -> Iterator[tuple[str, Constants]]:
    """Solve draws; none depends on another."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for (number, _), (key, constants) in zip(tasks, pool.map(solve, tasks), strict=True):
            print(f"draw {number}: largest error of a share {constants.error:.4f}", file=sys.stderr, flush=True)
            yield key, constants


def solve(task: Task) -> tuple[str, Constants]:
    """Solve one draw."""
    number, parameters = task
    return draw_key(BASIS, parameters, number), solve_anew(BASIS, parameters, number)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("workers", type=int, nargs="?", default=2)
    parser.add_argument("--same", type=int, help="how many to solve where nothing but the form of the formulas has changed")
    parser.add_argument("--near", action="store_true", help="keep rows of ensembles that still meet what they were solved on")
    options = parser.parse_args()
    main(options.count, options.workers, options.same, options.near)
