"""Calibrates by waves: prior points, an emulator, points of its posterior solved and added, until emulator and model agree.

They agree on the points of a wave, which the emulator has not seen, if at least AGREED_COVERAGE of its 90 % intervals hold the
solved value (rows and points pooled), and if its root mean square error is at most AGREED_ERROR of the row's own error in at
least AGREED_ROWS of the weighed rows. Then the final sample is solved and weighed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.calibration.bank.points import BankPoint
from sim.calibration.emulation.ellipse import approximate
from sim.calibration.emulation.emulator import Emulator, fit_emulator
from sim.calibration.emulation.sampling import Mixing, Sample, mixing_of, number_pool, sample_posterior, spread_out
from sim.calibration.ensemble.model import Answers, Model
from sim.calibration.ensemble.weights import LEAST_EFFECTIVE, Weights, importance_weights
from sim.calibration.evidence import Record
from sim.calibration.likelihood import degrees_of_freedom, log_likelihood, weighed_rows
from sim.calibration.one_thread import one_thread
from sim.files.arrays import read_arrays
from sim.model.world import Floats
from sim.runs.atomic import explained
from sim.runs.executors import Progress
from sim.sources import whole_file

AGREED_COVERAGE, AGREED_ERROR, AGREED_ROWS = 0.85, 0.75, 0.9
NORMAL_90 = 1.645  # standard deviations of a 90 % interval
FAR = 2.0  # chi-square a degree of freedom from which a point counts as noisier than others
THINNED = 10  # states of chains of which one is kept
NUMBERS_A_POINT = 2_048  # that chains choose among, for each point that is wanted
LENGTHENED = 2  # times that chains which do not agree are made twice as long


class CalibrationSizes(NamedTuple):
    """How many points: of the prior, of each wave, of the final sample; waves at most; chains and steps of each."""

    prior: int = 220
    wave: int = 100
    final: int = 240
    waves: int = 4
    chains: int = 16
    steps: int = 2_000


class Proposal(NamedTuple):
    """Points of an emulated posterior, as they are kept between a kill and the same command.

    scores, numbers : (n, P), (n,).
    log_likelihood : (n,) emulated.
    values, variances : (n, K + H) emulated rows and headlines, NaN where none.
    mixing : R-hat and effective size.
    r2 : (K + H,) of points left out, NaN where none.
    """

    scores: Floats
    numbers: np.ndarray
    log_likelihood: Floats
    values: Floats
    variances: Floats
    mixing: Floats
    r2: Floats

    def points(self) -> list[BankPoint]:
        """List the points."""
        return [BankPoint(int(number), scores) for number, scores in zip(self.numbers, self.scores, strict=True)]


class States(NamedTuple):
    """States of an emulated posterior: (n, P) scores, (n, U) keyed scores, (n, H) emulated headlines."""

    scores: Floats
    keyed: Floats
    headlines: Floats


class Agreement(NamedTuple):
    """How an emulator met points that it had not seen."""

    coverage: float  # of its 90 % intervals, rows and points pooled
    errors: Floats  # (rows,) root mean square error over the error of each weighed row

    @property
    def reached(self) -> bool:
        """Whether emulator and solved model agree."""
        return self.coverage >= AGREED_COVERAGE and float(np.mean(self.errors <= AGREED_ERROR)) >= AGREED_ROWS


class Wave(NamedTuple):
    """What is reported of a wave."""

    points: int
    solved: int
    agreement: Agreement
    mixing: Mixing


class Posterior(NamedTuple):
    """A calibrated sample.

    prior, final, all_answers : answers of the prior points, of the final sample, and of all points.
    proposal : the final sample with what was emulated.
    log_likelihood : (n,) exact, -inf where a point misses what it is solved on (see `Answers.met`).
    weights : of the final sample; equal ones if they are not usable.
    waves : what each said; the last entry is the final sample.
    agreed : whether the last wave before it agreed.
    """

    prior: Answers
    final: Answers
    all_answers: Answers
    proposal: Proposal
    log_likelihood: Floats
    weights: Weights
    waves: tuple[Wave, ...]
    agreed: bool

    @property
    def draw_weights(self) -> Floats:
        """Weights (n,) to be used: exact ones if usable, else equal for all that could be solved."""
        if self.weights.usable:
            return self.weights.values
        solved = np.isfinite(self.log_likelihood)
        equal: Floats = solved / solved.sum()
        return equal


class Calibration:
    """Runs the waves of a model against evidence.

    Parameters
    ----------
    model, record
        What is calibrated, with what.
    folder
        Where proposals are kept, so that a killed calibration goes on; None: nowhere.
    sizes, seed
        How much; of all random numbers.
    workers
        Processes that fit emulators; no number depends on it.
    progress
        Told from the first second.
    without
        Families of evidence that are left out.
    """

    def __init__(
        self,
        model: Model,
        record: Record,
        folder: Path | None,
        sizes: CalibrationSizes,
        seed: int = 1,
        workers: int = 1,
        progress: Progress | None = None,
        without: Sequence[str] = (),
    ) -> None:
        self.model = model
        self.record = record
        self.folder = folder
        self.sizes = sizes
        self.seed = seed
        self.workers = workers
        self.progress = progress
        self.without = tuple(without)

    def run(self) -> Posterior:
        """Calibrate."""
        points = [self.model.prior(number) for number in range(self.sizes.prior)]
        prior = answers = self.model.answer(points, "solving prior points", self.progress)
        waves: list[Wave] = []
        agreed = False
        for number in range(1, self.sizes.waves + 1):
            proposal = self.propose(answers, self.sizes.wave, number)
            solved = self.model.answer(proposal.points(), f"solving wave {number}", self.progress)
            waves.append(self.seen(proposal, solved))
            answers = answers.joined(solved)
            agreed = waves[-1].agreement.reached
            if agreed:
                break
        proposal = self.propose(answers, self.sizes.final, len(waves) + 1)
        final = self.model.answer(proposal.points(), "solving the final sample", self.progress)
        waves.append(self.seen(proposal, final))
        exact = self.exact(final)
        weights = importance_weights(exact, proposal.log_likelihood, min(LEAST_EFFECTIVE, self.sizes.final / 4))
        return Posterior(prior, final, answers.joined(final), proposal, exact, weights, tuple(waves), agreed)

    def exact(self, answers: Answers) -> Floats:
        """Compute the log-likelihood of points, -inf for those that miss what they are solved on."""
        values = np.full(len(answers.rows), -np.inf)
        values[answers.met] = log_likelihood(self.record, answers.rows[answers.met], without=self.without)
        return values

    def propose(self, answers: Answers, count: int, wave: int) -> Proposal:
        """Fit an emulator to solved points and sample its posterior, or read what was sampled before."""
        place = self.place(answers, count, wave)
        known = read_proposal(place)
        if known is not None:
            return known
        emulator = self.emulate(answers)
        with one_thread():
            proposal = self.sampled(emulator, count, wave)
        if place is not None:
            with explained(place.parent), whole_file(place) as new, new.open("wb") as file:
                np.savez(file, **proposal._asdict())
        return proposal

    def place(self, answers: Answers, count: int, wave: int) -> Path | None:
        """Name the file of a proposal by everything that decides it."""
        if self.folder is None:
            return None
        settings = [count, wave, self.seed, self.sizes.chains, self.sizes.steps, self.without, record_digest(self.record)]
        digest = hashlib.sha256(repr(settings).encode())
        for array in answers:
            digest.update(np.ascontiguousarray(array).tobytes())
        return self.folder / f"wave-{wave}-{digest.hexdigest()[:16]}.npz"

    def emulate(self, answers: Answers) -> Emulator:
        """Fit the weighed rows and the headlines; points far from the evidence count as noisier."""
        solved = answers.solved
        rows, headlines = answers.rows[solved], answers.headlines[solved]
        weighed = weighed_rows(self.record, rows)
        outputs = [*weighed, *range(rows.shape[1], rows.shape[1] + headlines.shape[1])]
        values = np.concatenate([rows, headlines], axis=1)
        misfit = -2.0 * log_likelihood(self.record, rows, without=self.without)
        noise = np.maximum(misfit / (FAR * max(1, degrees_of_freedom(self.record, rows))), 1.0)
        return fit_emulator(answers.inputs[solved], values, outputs, noise, self.workers, self.progress)

    def states(self, answers: Answers) -> States:
        """Sample the emulated posterior of solved points: every tenth state of the chains, with its headlines."""
        emulator = self.emulate(answers)
        with one_thread():
            sample, _ = self.sample(emulator, self.sizes.final, self.sizes.waves + 2)
            scores, numbers, _ = sample.flat()
            scores, keyed = scores[::THINNED], self.model.keyed(numbers[::THINNED])
            predicted, _ = emulator.predict(np.concatenate([scores, keyed], axis=1))
        return States(scores, keyed, predicted[:, len(self.record.rows) :])

    def sampled(self, emulator: Emulator, count: int, wave: int) -> Proposal:
        """Sample the emulated posterior and take points from it."""
        sample, mixing = self.sample(emulator, count, wave)
        scores, numbers, values = spread_out(sample, count)
        predicted = emulator.predict(np.concatenate([scores, self.model.keyed(numbers)], axis=1))
        r2 = np.full(emulator.of, np.nan)
        r2[list(emulator.outputs)] = [surface.r2 for surface in emulator.surfaces]
        return Proposal(scores, numbers, values, *predicted, np.array(mixing), r2)

    def sample(self, emulator: Emulator, count: int, wave: int) -> tuple[Sample, Mixing]:
        """Walk chains through the emulated posterior until they agree and are worth `count` points, or are long enough."""
        count_rows = len(self.record.rows)
        kept = [k for k, output in enumerate(emulator.outputs) if output < count_rows]
        of_rows = emulator.only(kept, count_rows)

        def likelihood(scores: Floats, others: Floats) -> Floats:
            predicted = of_rows.predict(np.concatenate([scores, others], axis=1))
            return log_likelihood(self.record, *predicted, without=self.without)

        ellipse = approximate(likelihood, self.model.dimensions, self.model.keyed(np.zeros(1, np.int64)).shape[1])
        pool = number_pool(self.model.keyed, self.seed + 1_000 * wave, NUMBERS_A_POINT * count)
        for longer in range(LENGTHENED + 1):
            sample = sample_posterior(
                likelihood, pool, self.model.dimensions, self.seed + 1_000 * wave,
                self.sizes.chains, self.sizes.steps * 2**longer, self.progress, ellipse,
            )  # fmt: skip
            mixing = mixing_of(sample)
            if mixing.good and mixing.effective >= count:
                break
        return sample, mixing

    def seen(self, proposal: Proposal, solved: Answers) -> Wave:
        """Compare what was emulated of points with what was solved."""
        there = solved.solved
        rows = weighed_rows(self.record, solved.rows[there]) if there.any() else []
        rows = [k for k in rows if np.isfinite(proposal.values[:, k]).all()]
        misses = proposal.values[there][:, rows] - solved.rows[there][:, rows]
        inside = np.abs(misses) <= NORMAL_90 * np.sqrt(proposal.variances[there][:, rows])
        errors = np.array([self.record.rows[k].error for k in rows])
        agreement = Agreement(float(inside.mean()), np.sqrt(np.square(misses).mean(axis=0)) / errors)
        return Wave(len(there), int(there.sum()), agreement, Mixing(*proposal.mixing.tolist()))


def record_digest(record: Record) -> str:
    """Hash what of the evidence decides a likelihood."""
    rows = [[row.id, row.operator, sorted(map(repr, row.arguments.items())), row.value, row.sd, row.discrepancy, row.family,
             row.chart, row.use, row.bound, row.year] for row in record.rows]  # fmt: skip
    charts = [[each.id, each.sample, each.design_effect, each.rounding, each.rest_discrepancy] for each in record.charts.values()]
    return hashlib.sha256(repr([rows, charts]).encode()).hexdigest()


def read_proposal(place: Path | None) -> Proposal | None:
    """Read what was sampled before; None if it is not there or damaged."""
    if place is None:
        return None
    stored = read_arrays(place)
    if stored is None or not set(stored) >= set(Proposal._fields):
        return None
    return Proposal(*(stored[name] for name in Proposal._fields))
