"""Simulate the declared experiments on draws of an ensemble: published beside modelled, misses named."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from sim.calibration.evidence import load_evidence
from sim.calibration.modelled import FIT_PATTERNS, FIT_TIES, first_draws, read_values, save_values, solution_key
from sim.calibration.validation.experiments.declared import Altered, Declared, QuasiExperiment, load_experiments
from sim.calibration.validation.experiments.fits import Experimented, fit_figure
from sim.calibration.validation.experiments.readings import READINGS
from sim.calibration.validation.experiments.walks import SideWalk, walk_side
from sim.draws.draw import Draw
from sim.draws.ensemble import Ensemble
from sim.model.world import Floats
from sim.runs.executors import Progress
from sim.scenarios.scenario import Basis, Scenario, scenario_effect
from sim.sources import SOLUTION, cache_root, source_hash

EXPERIMENT_DRAWS = 25
"""Draws of a validation on which experiments are simulated."""
READ_BY = tuple(
    f"calibration/{name}.py" for name in ("graduates", "validation/experiments/readings", "validation/experiments/walks")
)
"""Modules that read values off a walk."""
PLAIN = Altered()


def experiments(basis: Basis, ensemble: Ensemble, draws: int, progress: Progress | None = None) -> Experimented:
    """Simulate every declared experiment on the first draws of an ensemble; what was simulated before is read from the cache.

    Parameters
    ----------
    basis : the packaged tables and the baseline.
    ensemble : of the draws.
    draws : how many.
    progress : told what is done.

    Raises
    ------
    sim.draws.ensemble.EnsembleError : more draws than the ensemble has.
    """
    declared = load_experiments(load_evidence(basis.data))
    values = values_of_draws(basis, declared, first_draws(basis, draws, progress, ensemble), progress)
    name = f"{ensemble.name} {ensemble.digest}".strip()
    fits = tuple(fit_figure(figure, column) for figure, column in zip(declared.figures, values.T, strict=True))
    return Experimented(name, len(values), fits, declared)


def values_of_draws(basis: Basis, declared: Declared, draws: Sequence[Draw], progress: Progress | None) -> Floats:
    """Compute what D draws say to K figures, (D, K), or read it where it is kept; kept after every draw."""
    sides = scenarios_of(declared, basis.baseline)
    name = experiments_key(declared, sides)
    file = cache_root() / "experiments" / f"{name}.npz"
    kept = read_values(file, name)
    keys = [solution_key(draw) for draw in draws]
    for done, (key, draw) in enumerate(zip(keys, draws, strict=True)):
        if key not in kept:
            if progress is not None:
                progress("simulating experiments", done, len(draws))
            kept[key] = values_of_draw(basis, declared, sides, draw)
            save_values(file, name, kept)
    return np.stack([kept[key] for key in keys])


def experiments_key(declared: Declared, sides: Mapping[str, tuple[Scenario, Scenario]]) -> str:
    """Name what is switched and asked, and the code that walks and reads; words of the file decide nothing."""
    switched = [[each.until, *map(scenario_effect, sides[each.id])] for each in declared.experiments]
    asked = [[figure.experiment, figure.reading, asdict(figure.where)] for figure in declared.figures]
    code = [source_hash((*SOLUTION, *READ_BY)), FIT_PATTERNS, FIT_TIES]
    return hashlib.sha256(json.dumps([code, switched, asked], sort_keys=True).encode()).hexdigest()[:32]


def scenarios_of(declared: Declared, baseline: Scenario) -> Mapping[str, tuple[Scenario, Scenario]]:
    """Make the treated and the control scenario of every experiment, by its id; an untouched side is the baseline itself."""
    return {each.id: (each.treated.scenario(baseline), each.control.scenario(baseline)) for each in declared.experiments}


def values_of_draw(
    basis: Basis, declared: Declared, sides: Mapping[str, tuple[Scenario, Scenario]], draw: Draw
) -> Floats:  # fmt: skip
    """Compute what one draw says to K figures, (K,); the baseline is walked once for all experiments."""
    last = max(each.until for each in declared.experiments)
    plain = walk_side(basis.data, draw, basis.baseline, last)
    found = np.full(len(declared.figures), math.nan)
    for experiment in declared.experiments:
        treated, control = (
            plain if switch == PLAIN else walk_side(basis.data, draw, scenario, experiment.until)
            for switch, scenario in zip(switches(experiment), sides[experiment.id], strict=True)
        )
        read_figures(declared, experiment, treated, control, found)
    return found


def switches(experiment: QuasiExperiment) -> tuple[Altered, Altered]:
    """List what is switched on the treated side and on the control side."""
    return experiment.treated, experiment.control


def read_figures(declared: Declared, experiment: QuasiExperiment, treated: SideWalk, control: SideWalk, found: Floats) -> None:
    """Fill what the two sides of an experiment say to its figures into (K,) `found`."""
    for k, figure in enumerate(declared.figures):
        if figure.experiment == experiment.id:
            found[k] = READINGS[figure.reading](treated, control, figure.where)
