"""What is calibrated, as the waves see it: points in, rows of evidence and headlines out; toys can stand in."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import NamedTuple, Protocol

import numpy as np

from sim.calibration.bank.points import BankPoint, drawn_parameters, keyed_scores, prior_point
from sim.calibration.bank.solving import SERIES_TIERS, SERIES_YEARS, TRAINED, Solved
from sim.calibration.bank.store import Bank, fill
from sim.calibration.emulation.sampling import PointNumbers
from sim.calibration.evidence import Record
from sim.data.declared import CHN, USA
from sim.model.world import Floats
from sim.runs.executors import Progress
from sim.scenarios.scenario import Basis

EMULATED_YEARS = (2022, 2025, 2030, 2035)
MOST_MISSED = 0.001  # of a solved target by a draw that weighs
MOST_LEARNT = 0.005  # by one that an emulator learns from


class Answers(NamedTuple):
    """What n points say; NaN throughout for a point that could not be solved.

    inputs : (n, P + U) scores and keyed scores.
    rows : (n, K) modelled values of the evidence.
    headlines : (n, H).
    missed : (n,) largest miss of a solved target, as a share.
    """

    inputs: Floats
    rows: Floats
    headlines: Floats
    missed: Floats

    def joined(self, other: "Answers") -> "Answers":
        """Put the points of another below these."""
        pairs = zip(self, other, strict=True)
        return Answers(*(np.concatenate(pair) for pair in pairs))

    @property
    def solved(self) -> np.ndarray:
        """Which points were solved so well that an emulator learns from them, (n,)."""
        found: np.ndarray = np.isfinite(self.rows).any(axis=1) & (self.missed <= MOST_LEARNT)
        return found

    @property
    def met(self) -> np.ndarray:
        """Which points meet what they are solved on, so that they may weigh, (n,)."""
        found: np.ndarray = self.solved & (self.missed <= MOST_MISSED)
        return found


class Model(Protocol):
    """A model with uncertain inputs, N(0, I), and numbers that key further ones."""

    dimensions: int
    headline_names: tuple[str, ...]

    def prior(self, number: int) -> BankPoint:
        """Make a point of the prior."""
        ...

    def keyed(self, numbers: PointNumbers) -> Floats:
        """Compute the scores that follow from numbers, (C, U)."""
        ...

    def answer(self, points: Sequence[BankPoint], saying: str, progress: Progress | None) -> Answers:
        """Solve points."""
        ...


class SolvedModel:
    """The model of this project: points are solved by a bank.

    Parameters
    ----------
    bank, basis, record
        Where solved points are kept; the tables; the evidence whose rows are answered.
    workers, executor
        See `sim.calibration.bank.store.fill`.
    """

    def __init__(
        self, bank: Bank, basis: Basis, record: Record, workers: int = 1, executor: Executor | None = None
    ) -> None:  # fmt: skip
        self.bank = bank
        self.basis = basis
        self.record = record
        self.workers = workers
        self.executor = executor
        self.dimensions = len(drawn_parameters(basis.data))
        self.headline_names = headline_names()

    def prior(self, number: int) -> BankPoint:
        """Make a point of the prior."""
        return prior_point(self.basis.data, number)

    def keyed(self, numbers: PointNumbers) -> Floats:
        """Compute the normal scores of lever values and errors of solved targets."""
        return keyed_scores(self.basis, numbers)

    def solved(
        self, points: Sequence[BankPoint], saying: str, progress: Progress | None, fixed: Mapping[str, float] | None = None
    ) -> list[Solved]:  # fmt: skip
        """Solve points, or find them in the bank."""
        questions = [row.question for row in self.record.rows]
        return fill(self.bank, points, questions, self.workers, self.executor, fixed, progress, saying)

    def answer(self, points: Sequence[BankPoint], saying: str, progress: Progress | None) -> Answers:
        """Solve points and list what they say."""
        return answers_of(self.solved(points, saying, progress), self.basis.data.codes)


def headline_names() -> tuple[str, ...]:
    """Name the headlines that are emulated beside the rows."""
    work = [f"{tier} work {code} {year}" for tier in SERIES_TIERS for code in (USA, CHN) for year in EMULATED_YEARS]
    return (*work, *(f"stay of the {code}-trained {year}" for code in TRAINED for year in EMULATED_YEARS))


def missed_by(solved: Solved) -> float:
    """Return the largest miss of a solved target, as a share; infinite for a point that could not be solved."""
    return np.inf if solved.constants is None else solved.constants.error


def answers_of(solved: Sequence[Solved], codes: Sequence[str]) -> Answers:
    """List what solved points say, headlines in the order of `headline_names`."""
    years = [SERIES_YEARS.index(year) for year in EMULATED_YEARS]
    regions = [codes.index(USA), codes.index(CHN)]
    headlines = [
        np.concatenate([each.shares[:, years][:, :, regions].transpose(0, 2, 1).reshape(-1), each.stays[:, years].reshape(-1)])
        for each in solved
    ]
    return Answers(
        np.stack([np.concatenate([each.point.scores, each.keyed]) for each in solved]),
        np.stack([each.rows for each in solved]),
        np.stack(headlines),
        np.array([missed_by(each) for each in solved]),
    )
