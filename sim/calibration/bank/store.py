"""The bank: a folder with one file a solved point, there at once when it is solved; a killed bank goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from sim.calibration.bank.points import BankPoint
from sim.calibration.bank.solving import PointTask, Solved, solve_point
from sim.calibration.modelled import questions_key
from sim.calibration.observe import Question
from sim.draws.assembly import Constants
from sim.draws.ensemble import solution_digest
from sim.files.arrays import read_arrays
from sim.model.world import Floats
from sim.runs.atomic import check_writable, explained
from sim.runs.executors import Dispatcher, ExecutorError, InThisProcess, Processes, Progress
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Basis
from sim.sources import WORKERS, source_hash, whole_file

NAME_DIGITS = 24


class Bank:
    """Solved points by what they depend on, in a folder.

    Parameters
    ----------
    folder
        Made with its first point if it is absent; points of another model that lie there are left alone.
    basis
        The packaged tables and the baseline.
    """

    def __init__(self, folder: Path, basis: Basis) -> None:
        self.folder = folder
        self.solution = solution_digest(basis)
        check_writable(folder, 0)

    def place(self, task: PointTask) -> Path:
        """Name the file of a point by everything its solution depends on."""
        digest = hashlib.sha256(f"{self.solution} {task.point.number} {list(task.fixed)}".encode())
        digest.update(np.ascontiguousarray(task.point.scores).tobytes())
        return self.folder / f"{digest.hexdigest()[:NAME_DIGITS]}.npz"

    def find(self, task: PointTask) -> Solved | None:
        """Read a point, None if it is not there, damaged, or does not answer all questions."""
        return read_point(self.place(task), task)

    def keep(self, task: PointTask, solved: Solved) -> None:
        """Write a point, whole.

        Raises
        ------
        sim.runs.atomic.FolderError : the folder cannot be written.
        """
        with explained(self.folder), whole_file(self.place(task)) as place, place.open("wb") as file:
            np.savez(file, **arrays_of(task, solved))


def fill(
    bank: Bank,
    points: Sequence[BankPoint],
    questions: Sequence[Question],
    workers: int = 1,
    executor: Executor | None = None,
    fixed: Mapping[str, float] | None = None,
    progress: Progress | None = None,
    saying: str = "solving points",
) -> list[Solved]:
    """Solve the points that are not in the bank, keep each at once, and return all in their order.

    Parameters
    ----------
    bank, points, questions : where, what, and what is to be known of each.
    workers : processes of our own, or tasks at a time of the executor.
    executor : any, Dask's too; None: processes of our own.
    fixed : parameters that have one value in all points.
    progress : told from the first second.
    saying : what progress is told.

    Raises
    ------
    sim.runs.executors.ExecutorError : workers die or have another version of the model.
    sim.runs.atomic.FolderError : the bank cannot be written.
    """
    constant = tuple(sorted((fixed or {}).items()))
    asked = tuple(Question(each.operator, dict(each.arguments), each.year) for each in questions)  # that can be pickled
    tasks = [PointTask(point, asked, constant) for point in points]
    found = [bank.find(task) for task in tasks]
    missing = [task for task, there in zip(tasks, found, strict=True) if there is None]
    done = len(tasks) - len(missing)
    if progress is not None:
        progress(saying, done, len(tasks))
    for task, solved in solved_tasks(missing, bank.solution, workers, executor):
        bank.keep(task, solved)
        done += 1
        if progress is not None:
            progress(saying, done, len(tasks))
    return [bank.find(task) or _lost(bank.place(task)) for task in tasks]


def solved_tasks(
    tasks: Sequence[PointTask], solution: str, workers: int, executor: Executor | None
) -> Iterator[tuple[PointTask, Solved]]:
    """Solve tasks in any order, on an executor or on processes of our own."""
    width = max(1, min(workers, len(tasks)))
    place = executor or (InThisProcess() if width == 1 else Processes(width))
    dispatcher = Dispatcher(place, width, Solver(solution), _given_up)
    with closing(dispatcher.results([task] for task in tasks)) as results:
        yield from results


def code_of(solution: str) -> str:
    """Name all that a worker makes points by: what solutions depend on, and the code around it."""
    return f"{solution} {source_hash(WORKERS)}"


class Solver:
    """Solves the one task of a batch in a worker, if the worker has the model of the bank."""

    def __init__(self, solution: str) -> None:
        self.code = code_of(solution)

    def __call__(self, batch: Sequence[PointTask]) -> tuple[PointTask, Solved]:
        """Solve."""
        if code_of(solution_digest(load_basis())) != self.code:
            raise ExecutorError("a worker has another version of talentsim than the process that started the calibration")
        return batch[0], solve_point(batch[0])


def _given_up(task: PointTask, message: str) -> tuple[PointTask, Solved]:
    raise ExecutorError(f"point {task.point.number}: {message}; use fewer workers")


def _lost(path: Path) -> Solved:
    raise ExecutorError(f"{path}: written and not readable; check the disk and start again")


def arrays_of(task: PointTask, solved: Solved) -> dict[str, Any]:
    """List what is kept of a solved point as arrays by name."""
    constants = solved.constants.arrays() if solved.constants is not None else {}
    return {
        "number": np.array(solved.point.number),
        "scores": solved.point.scores,
        "keyed": solved.keyed,
        "names": np.array(list(solved.parameters)),
        "parameters": np.array(list(solved.parameters.values())),
        "questions": np.array([questions_key([question]) for question in task.questions]),
        "rows": solved.rows,
        "shares": solved.shares,
        "stays": solved.stays,
        "failure": np.array(solved.failure),
        **{f"constant_{name}": values for name, values in constants.items()},
    }


def is_point_file(path: Path) -> bool:
    """Tell whether a file has a name that a bank gives; others in its folder are left alone."""
    return len(path.stem) == NAME_DIGITS and set(path.stem) <= set("0123456789abcdef")


def read_point(path: Path, task: PointTask) -> Solved | None:
    """Read a solved point from its file, with the answers to the questions of a task; None if it does not have them all."""
    kept = read_arrays(path, is_ours=is_point_file(path))
    if kept is None:
        return None
    try:
        answers = dict(zip(kept["questions"].tolist(), kept["rows"].tolist(), strict=True))
        keys = [questions_key([question]) for question in task.questions]
        failure = str(kept["failure"])
        if any(key not in answers for key in keys):
            return None
        return Solved(
            BankPoint(int(kept["number"]), kept["scores"]),
            kept["keyed"],
            dict(zip(kept["names"].tolist(), kept["parameters"].tolist(), strict=True)),
            None if failure else constants_of(kept),
            np.array([answers[key] for key in keys], dtype=np.float64),
            kept["shares"],
            kept["stays"],
            failure,
        )
    except (KeyError, ValueError):
        return None


def read_solutions(folder: Path) -> Iterator[tuple[int, Mapping[str, float], Constants]]:
    """Read what is solved in a bank's folder, whatever it answers: numbers, parameters by name and constants, by file name."""
    for path in sorted(folder.glob("*.npz")):
        kept = read_arrays(path, is_ours=is_point_file(path))
        if kept is not None and not str(kept["failure"]):
            parameters = dict(zip(kept["names"].tolist(), kept["parameters"].tolist(), strict=True))
            yield int(kept["number"]), parameters, constants_of(kept)


def constants_of(kept: Mapping[str, Floats]) -> Constants:
    """Put constants together again from their arrays."""
    values = {field.name: kept[f"constant_{field.name}"] for field in fields(Constants)}
    ready: dict[str, Any] = {name: float(each) if each.ndim == 0 else each for name, each in values.items()}
    return Constants(**ready)
