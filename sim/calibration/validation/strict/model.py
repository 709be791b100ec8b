"""A strict ensemble's model, as the waves of a calibration see it: points solved on one year, rows of both years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sim.calibration.bank.points import BankPoint, drawn_parameters, keyed_scores, prior_point
from sim.calibration.bank.solving import PointTask, Solved
from sim.calibration.bank.store import Bank
from sim.calibration.emulation.sampling import PointNumbers
from sim.calibration.ensemble.model import Answers, missed_by
from sim.calibration.evidence import Evidence, Record
from sim.calibration.observe import Question
from sim.calibration.validation.strict.inputs import strict_basis
from sim.calibration.validation.strict.solving import strict_point
from sim.model.world import BASE_YEAR, Floats
from sim.runs.executors import Progress, map_in_order

SOLVED_CHARTS = {2019: ("census-work-2019", "tracker-origin-2019"), 2022: ("census-work-2022", "tracker-origin-2022")}
"""Charts that a strict ensemble meets by construction, by the year it knows."""
FOLLOWED_ROWS = {2019: ("C22H-US", "C22H-CN+HK"), 2022: ("C19H-US", "C19H-CN+HK")}
"""Rows of the other year that are emulated beside those that weigh, by the year that is known."""


class StrictModel:
    """Points solved on the measurements of one year, kept in a bank.

    Parameters
    ----------
    folder
        Of the bank.
    record
        The packaged evidence, all rows of which are answered.
    knows
        The year: 2019 or 2022.
    workers
        Processes; no number depends on it.
    """

    def __init__(self, folder: Path, record: Record, knows: int, workers: int) -> None:
        self.basis = strict_basis(knows)
        self.bank = Bank(folder, self.basis)
        self.record = record
        self.knows = knows
        self.workers = workers
        self.dimensions = len(drawn_parameters(self.basis.data))
        self.headline_names: tuple[str, ...] = FOLLOWED_ROWS[knows]

    def prior(self, number: int) -> BankPoint:
        """Make a point of the strict priors."""
        return prior_point(self.basis.data, number)

    def keyed(self, numbers: PointNumbers) -> Floats:
        """Compute the normal scores of lever values and errors of solved targets."""
        return keyed_scores(self.basis, numbers)

    def solved(self, points: Sequence[BankPoint], saying: str, progress: Progress | None) -> list[Solved]:
        """Solve the points that are not in the bank, keep each when it is solved, and return all in their order."""
        questions = tuple(Question(row.operator, dict(row.arguments), row.year) for row in self.record.rows)
        tasks = [PointTask(point, questions) for point in points]
        found = {k: self.bank.find(task) for k, task in enumerate(tasks)}
        missing = [k for k, there in found.items() if there is None]
        tell = progress or (lambda *_: None)
        tell(saying, len(tasks) - len(missing), len(tasks))
        results = map_in_order(partial(strict_point, self.knows), [tasks[k] for k in missing], self.workers)
        for done, (k, solved) in enumerate(zip(missing, results, strict=True), start=len(tasks) - len(missing) + 1):
            self.bank.keep(tasks[k], solved)
            found[k] = solved
            tell(saying, done, len(tasks))
        return [each for each in found.values() if each is not None]

    def answer(self, points: Sequence[BankPoint], saying: str, progress: Progress | None) -> Answers:
        """Solve points and list what they say."""
        solved = self.solved(points, saying, progress)
        followed = [k for k, row in enumerate(self.record.rows) if row.id in self.headline_names]
        rows = np.stack([each.rows for each in solved])
        inputs = np.stack([np.concatenate([each.point.scores, each.keyed]) for each in solved])
        return Answers(inputs, rows, rows[:, followed], np.array([missed_by(each) for each in solved]))


def strict_record(record: Record, knows: int) -> Record:
    """Let only rows weigh that a strict ensemble may know; the others are checks, and what is solved is marked so.

    Parameters
    ----------
    record : the packaged evidence.
    knows : 2019: rows of the years up to it weigh; 2022: those of that year alone.
    """

    def known(row: Evidence) -> bool:
        return row.year <= knows if knows == BASE_YEAR else row.year == knows

    def use(row: Evidence) -> str:
        if row.chart in SOLVED_CHARTS[knows]:
            return "solved"
        return row.use if known(row) else "check"

    rows = (replace(row, use=use(row), bound=row.bound if known(row) else None) for row in record.rows)
    return Record(tuple(rows), MappingProxyType(dict(record.families)), MappingProxyType(dict(record.charts)))
