"""A model in closed form that the waves can calibrate: three rows, one of them curved, and a key that matters."""

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, ndtri

from sim.calibration.bank.points import BankPoint
from sim.calibration.ensemble.model import Answers
from sim.calibration.evidence import Record
from sim.runs.executors import Progress
from tests.calibration.test_fit import record, row

VALUES = (0.62, 0.4, 0.55)
ERRORS = (0.03, 0.04, 0.03)


def toy_record() -> Record:
    names = ("first", "second", "third")
    return record(
        *(row(name, value, sd=error, discrepancy=0.0) for name, value, error in zip(names, VALUES, ERRORS, strict=True)),
        row("checked", 0.3, use="check"),
    )


class ToyModel:
    """Ten scores and one keyed score."""

    dimensions = 10
    headline_names = ("later",)

    def __init__(self) -> None:
        self.solved = 0

    def prior(self, number: int) -> BankPoint:
        return BankPoint(number, np.random.default_rng(number).normal(size=self.dimensions))

    def keyed(self, numbers: np.ndarray) -> np.ndarray:
        spread = (np.asarray(numbers, dtype=np.float64) * 0.6180339887498949) % 1.0
        return ndtri(np.clip(spread, 1e-9, 1 - 1e-9))[:, np.newaxis]

    def rows(self, inputs: np.ndarray) -> np.ndarray:
        x, key = inputs[:, : self.dimensions], inputs[:, -1]
        first = x[:, 0] + 0.3 * x[:, 1] + 0.2 * x[:, 0] * x[:, 1]
        second = 0.8 * x[:, 1] - 0.5 * x[:, 2] + 0.1 * x[:, 2] ** 2
        third = 0.5 * x[:, 3] + 0.4 * key
        return expit(np.column_stack([first, second, third, x[:, 4]]))

    def answer(self, points: Sequence[BankPoint], saying: str, progress: Progress | None) -> Answers:
        self.solved += len(points)
        scores = np.stack([point.scores for point in points])
        inputs = np.concatenate([scores, self.keyed(np.array([point.number for point in points]))], axis=1)
        later = expit(scores[:, :1] + scores[:, 5:6])
        return Answers(inputs, self.rows(inputs), later, np.zeros(len(inputs)))
