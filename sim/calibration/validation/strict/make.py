"""Makes a strict ensemble: the waves of a calibration on one year, and the draws with what they say of all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.calibration.bank.solving import Solved
from sim.calibration.ensemble.make import Resampling, about_posterior, resampled_ensemble
from sim.calibration.ensemble.waves import Calibration, CalibrationSizes, Posterior
from sim.calibration.evidence import WEIGHED, Record
from sim.calibration.validation.registration import DIRECTIONS, load_registration
from sim.calibration.validation.strict.model import StrictModel, strict_record
from sim.calibration.validation.validate import PRIOR_SUFFIX, ROWS
from sim.draws.ensemble import SUFFIX, Ensemble, write_ensemble
from sim.runs.executors import Progress

STRICT_SIZES = CalibrationSizes(prior=200, wave=60, final=200, waves=2, chains=16, steps=2_000)


class StrictMade(NamedTuple):
    """A strict ensemble as it reads back, its file, and what was sampled."""

    ensemble: Ensemble
    file: Path
    posterior: Posterior


def make_strict(
    record: Record, knows: int, folder: Path, sizes: CalibrationSizes = STRICT_SIZES, seed: int = 1, workers: int = 1,
    progress: Progress | None = None,
) -> StrictMade:  # fmt: skip
    """Calibrate on the measurements of one year and write the ensemble, with what its draws say of all rows.

    Parameters
    ----------
    record : the packaged evidence.
    knows : the year: 2019 or 2022.
    folder : of bank, waves and ensemble; what is there already is not done again.
    sizes, seed : how many points; of all random numbers.
    workers : processes; no number depends on it.
    progress : told from the first second.

    Raises
    ------
    sim.runs.executors.ExecutorError, sim.runs.atomic.FolderError : workers die; the folder cannot be written.
    """
    test = next(each for each in (load_registration(record, way) for way in DIRECTIONS) if each.knows == knows)
    model = StrictModel(folder / f"bank-{knows}", record, knows, workers)
    weighing = strict_record(record, knows)
    posterior = Calibration(model, weighing, folder / f"waves-{knows}", sizes, seed, workers, progress).run()
    solved = model.solved(posterior.proposal.points(), "reading the final sample", progress)
    columns = {
        "log_likelihood": posterior.log_likelihood,
        "emulated_log_likelihood": posterior.proposal.log_likelihood,
        ROWS: np.stack([each.rows for each in solved]),
    }
    about = {
        "sizes": sizes._asdict(), "knows": knows, "registration": test.digest, ROWS: [row.id for row in record.rows],
        "weighed": [row.id for row in weighing.rows if row.use in WEIGHED],
    }  # fmt: skip
    before = model.solved([model.prior(number) for number in range(sizes.prior)], "reading the prior points", None)
    write_prior(folder / f"{test.file}{PRIOR_SUFFIX}{SUFFIX}", model, weighing, before, about, seed)
    about |= about_posterior(posterior)
    named = Resampling(seed, test.file)
    made = resampled_ensemble(model.basis, weighing, solved, posterior.draw_weights, columns, about, named)
    file = folder / f"{test.file}{SUFFIX}"
    return StrictMade(write_ensemble(file, made), file, posterior)


def write_prior(
    file: Path, model: StrictModel, record: Record, solved: Sequence[Solved], about: Mapping[str, Any], seed: int
) -> None:  # fmt: skip
    """Write the points of the strict priors beside the ensemble: what weighing by the one year gave is what they differ by."""
    weights = np.array([0.0 if each.failure else 1.0 for each in solved])
    columns = {ROWS: np.stack([each.rows for each in solved])}
    named = Resampling(seed, file.stem)
    made = resampled_ensemble(model.basis, record, solved, weights, columns, {**about, "kind": "prior", "weighed": []}, named)
    write_ensemble(file, made)
