"""The whole validation of an ensemble: checks on the record, and the two strict tests beside their baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.calibration.evidence import Record
from sim.calibration.modelled import first_draws, modelled_values
from sim.calibration.validation.baselines import PRIOR_FORECAST, baseline_forecasts
from sim.calibration.validation.checks import Checked, checked, load_bands
from sim.calibration.validation.experiments.fits import Experimented
from sim.calibration.validation.experiments.simulate import EXPERIMENT_DRAWS, experiments
from sim.calibration.validation.registration import DIRECTIONS, Direction, Registered, load_registration
from sim.calibration.validation.scoring import ForecastScores, scored
from sim.draws.draw import Draw
from sim.draws.ensemble import PRIOR_ENSEMBLE, SUFFIX, Ensemble, EnsembleError, draw_of, find_ensemble, vectors_of_draws
from sim.model.world import Floats
from sim.runs.executors import Progress
from sim.scenarios.scenario import Basis

PRIOR_DRAWS = 100
"""Draws of the priors that ship solved."""
STRICT = "strict ensemble"
STRICT_PRIOR = "strict prior"
"""Points of the strict priors, solved on the one year and not weighed: no registered baseline, shown beside them."""
PRIOR_SUFFIX = "-prior"
ROWS = "rows"
"""Column of a strict ensemble: what its draws say of the rows of evidence, whose ids stand in its record under this name."""


@dataclass(frozen=True)
class StrictTest:
    """One strict test.

    Parameters
    ----------
    test
        What was registered.
    scores
        Of all forecasters.
    digest, kind
        Of the strict ensemble; "" where there is none yet.
    """

    test: Registered
    scores: tuple[ForecastScores, ...]
    digest: str
    kind: str

    def of(self, name: str) -> ForecastScores | None:
        """Find the scores of a forecaster."""
        return next((each for each in self.scores if each.name == name), None)


@dataclass(frozen=True)
class Validation:
    """What a validation found.

    Parameters
    ----------
    ensemble
        Name and digest of the ensemble that was checked.
    draws
        Of them that were checked.
    checked
        The predictive check.
    tests
        The strict tests by direction.
    experiments
        Published quasi-experiments, simulated on the first draws.
    """

    ensemble: str
    draws: int
    checked: Checked
    tests: Mapping[Direction, StrictTest]
    experiments: Experimented


def validate(
    basis: Basis, record: Record, ensemble: Ensemble, draws: int, folder: Path, progress: Progress | None = None
) -> Validation:
    """Check an ensemble and score the strict ones.

    Parameters
    ----------
    basis, record : the packaged tables; the packaged evidence.
    ensemble : that is checked.
    draws : of it, at most as many as it has.
    folder : where strict ensembles are looked for that do not ship.
    progress : told what is done.

    Raises
    ------
    sim.draws.ensemble.EnsembleError : more draws than the ensemble has; a strict ensemble is damaged.
    """
    prior = modelled_values(record, basis, prior_draws(basis, progress), progress)
    values = (
        prior[:draws]
        if ensemble.is_prior and draws <= PRIOR_DRAWS
        else modelled_by_draws(basis, record, ensemble, draws, progress)
    )
    tests = {direction: strict_test(basis, record, direction, prior, folder) for direction in DIRECTIONS}
    name = f"{ensemble.name} {ensemble.digest}".strip()
    simulated = experiments(basis, ensemble, min(draws, EXPERIMENT_DRAWS), progress)
    return Validation(name, len(values), checked(record, values, load_bands()), tests, simulated)


def prior_draws(basis: Basis, progress: Progress | None = None) -> list[Draw]:
    """Make the draws of the priors that stand beside the strict ensembles: they know no more than was registered."""
    return first_draws(basis, PRIOR_DRAWS, progress, PRIOR_ENSEMBLE)


def modelled_by_draws(basis: Basis, record: Record, ensemble: Ensemble, draws: int, progress: Progress | None) -> Floats:
    """Compute what the first draws of an ensemble say of every row, (D, K)."""
    vectors = vectors_of_draws(ensemble, basis.data, draws, {})
    made: list[Draw] = []
    for number, vector in enumerate(vectors):
        if progress is not None:
            progress("finding draws", number, draws)
        made.append(draw_of(ensemble, basis, vector, number))
    return modelled_values(record, basis, made, progress)


def strict_test(basis: Basis, record: Record, direction: Direction, prior: Floats, folder: Path) -> StrictTest:
    """Score all forecasters of one test; the strict ensemble if there is one."""
    test = load_registration(record, direction)
    forecasts = baseline_forecasts(basis.data, test)
    at = [record.rows.index(row) for row in test.rows]
    forecasts[PRIOR_FORECAST] = prior[:, at]
    strict = strict_ensemble(test.file, folder)
    before = strict_ensemble(f"{test.file}{PRIOR_SUFFIX}", folder)
    if before is not None:
        forecasts[STRICT_PRIOR] = strict_values(before, test)
    if strict is not None:
        forecasts[STRICT] = strict_values(strict, test)
    scores = tuple(scored(test, name, draws) for name, draws in forecasts.items())
    if strict is None:
        return StrictTest(test, scores, "", "")
    return StrictTest(test, scores, strict.digest, str(strict.record.get("kind", "")))


def strict_ensemble(name: str, folder: Path) -> Ensemble | None:
    """Find a strict ensemble among those that ship or in a folder; None if it was not made yet."""
    place = folder / f"{name}{SUFFIX}"
    try:
        return find_ensemble(str(place) if place.is_file() else name)
    except EnsembleError:
        if place.is_file():
            raise
        return None


def strict_values(strict: Ensemble, test: Registered) -> Floats:
    """Read what the draws of a strict ensemble say of the rows asked for, (D, K)."""
    ids = list(strict.record[ROWS])
    found: Floats = np.asarray(strict.columns[ROWS])[:, [ids.index(row.id) for row in test.rows]]
    return found
