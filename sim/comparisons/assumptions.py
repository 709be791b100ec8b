"""The main effects at the reference point when an assumption that no data settle is another one.

At the reference point nothing but the assumption differs from row to row. Base and variant have the same random numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.comparisons.comparison import AssumptionRow, Comparison
from sim.comparisons.effects import POINTS
from sim.comparisons.pairing import RESOLVED, fixed_parameters, is_current, labels
from sim.comparisons.regions import MAIN_AXES, MAIN_TIER
from sim.data.schema import Data
from sim.draws.draw import REFERENCE, Draw, known_draw, make_draw, reference_vector
from sim.draws.worlds import world_of
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.runs.execute import SHORT
from sim.runs.executors import Progress, map_in_order, map_in_threads, with_progress
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import shares_of
from sim.runs.simulate import simulate
from sim.scenarios.groups import member_ids
from sim.scenarios.load import load_scenario
from sim.scenarios.scenario import Basis, Scenario

ASSUMPTION_REPLICATES = 4
"""Replicates of each row; fewer if the runs have fewer, but at least two, for an error."""
FEWEST_REPLICATES = 2


class Setting(NamedTuple):
    """One assumption at one value."""

    assumption: str
    setting: str
    parameters: Mapping[str, float]


SETTINGS: tuple[Setting, ...] = (
    Setting("reference point", "as fitted", {}),
    Setting("seat elasticity", "0 (fixed places)", {"seat_elasticity": 0.0}),
    Setting("seat elasticity", "0.5", {"seat_elasticity": 0.5}),
    Setting("seat elasticity", "1 (a place for everyone)", {"seat_elasticity": 1.0}),
    Setting("nest dissimilarity", "0.42 (lowest that is stable)", {"nest_dissimilarity": 0.42}),
    Setting("nest dissimilarity", "0.85", {"nest_dissimilarity": 0.85}),
    Setting("nest dissimilarity", "1 (plain logit)", {"nest_dissimilarity": 1.0}),
    Setting("wage form", "log pay, low elasticity 0.7", {"pay_elasticity": 0.7}),
    Setting("wage form", "log pay, high elasticity 2.4", {"pay_elasticity": 2.4}),
    Setting("pool growth", "ends early (1.5 years)", {"growth_saturation_years": 1.5}),
    Setting("pool growth", "lasts (18 years)", {"growth_saturation_years": 18.0}),
    Setting("drift", "ends early (1.5 years)", {"drift_saturation_years": 1.5}),
    Setting("drift", "lasts (18 years)", {"drift_saturation_years": 18.0}),
)
"""Low and high are near the 5 % and 95 % points of the priors, unless the feedbacks would amplify themselves there. Version 1
knows one form of wages, the logarithm; the linear form is not in it."""


def reference_variants(data: Data) -> list[dict[str, float]]:
    """List the parameters of every setting, for those who solve draws ahead."""
    point = reference_vector(data)
    return [point | dict(setting.parameters) for setting in SETTINGS]


def why_no_assumptions(base: Run, variants: Sequence[Run]) -> str | None:
    """Say why the assumptions cannot be shown for these runs; None if they can."""
    if not all(is_current(run) for run in (base, *variants)):
        return "No table of assumptions: the runs were made by another version of the model."
    if any(fixed_parameters(run) for run in (base, *variants)):
        return "No table of assumptions: a scenario fixes parameters and so leaves the reference point."
    return None


def assumption_rows(
    comparison: Comparison, basis: Basis, progress: Progress | None = None, workers: int = 1
) -> tuple[AssumptionRow, ...]:
    """Run base and variants at the reference point under every setting.

    Parameters
    ----------
    comparison
        Its runs give seed, researchers and horizon, its headlines the years and regions.
    data
        The tables.
    progress
        Told how many settings are done.
    workers
        Threads; they change nothing in the result.

    Returns
    -------
    tuple
        Rows by variant, setting, axis, region and year; empty where `why_no_assumptions` has a reason.
    """
    base, variants = comparison.base, comparison.variants
    if why_no_assumptions(base, variants) is not None:
        return ()
    names = labels(base, variants)[1:]
    scenarios = [load_scenario(str(run.folder / RESOLVED)) for run in (base, *variants)]
    replicates = max(FEWEST_REPLICATES, min(ASSUMPTION_REPLICATES, base.replicates))
    found: dict[str, list[AssumptionRow]] = {name: [] for name in names}
    point = reference_vector(basis.data)
    vectors = [point | dict(setting.parameters) for setting in SETTINGS]
    different = list({tuple(vector.items()): vector for vector in vectors}.values())  # one setting may be as fitted
    draws = solved_points(basis, different, workers, progress)
    work = partial(reference_shares, scenarios=scenarios, base=base, replicates=replicates, basis=basis)
    threads = workers if int(base.provenance["researchers"]) <= SHORT else 1
    made = map_in_threads(work, draws, threads)
    known: list[Floats] = []
    for done, (setting, vector) in enumerate(zip(SETTINGS, vectors, strict=True), start=1):
        while different.index(vector) >= len(known):
            known.append(next(made))
        shares = known[different.index(vector)]
        for number, name in enumerate(names, start=1):
            found[name] += setting_rows(comparison, name, setting, POINTS * (shares[:, number] - shares[:, 0]))
        if progress is not None:
            progress("assumptions", done, len(SETTINGS))
    return tuple(row for name in names for row in found[name])


def solved_points(
    basis: Basis, vectors: Sequence[Mapping[str, float]], workers: int, progress: Progress | None
) -> list[Draw]:  # fmt: skip
    """Find or solve the draws of reference points; in processes where some are not solved yet."""
    known = [known_draw(basis, vector, REFERENCE) for vector in vectors]
    missing = [vector for vector, draw in zip(vectors, known, strict=True) if draw is None]
    with closing(map_in_order(partial(make_reference, basis), missing, workers)) as made:
        solved = iter(list(with_progress(made, "solving assumptions", len(missing), progress)))
    return [next(solved) if draw is None else draw for draw in known]


def make_reference(basis: Basis, vector: Mapping[str, float]) -> Draw:
    """Solve a reference point and keep it."""
    return make_draw(basis, vector, REFERENCE)


def reference_shares(draw: Draw, scenarios: Sequence[Scenario], base: Run, replicates: int, basis: Basis) -> Floats:
    """Run scenarios at the reference point under a setting, its draw: shares, (replicates, scenarios, Y, X, R)."""
    record = base.provenance
    researchers, seed, until = int(record["researchers"]), int(record["seed"]), int(record["until"])
    worlds = [world_of(basis.data, scenario, draw, researchers, until) for scenario in scenarios]
    tier, axes = TIERS.index(MAIN_TIER), [AXES.index(axis) for axis in MAIN_AXES]

    def shares(number: int, replicate: int) -> Floats:
        run = simulate(worlds[number], draw, replicate, seed)
        return shares_of(run.counts[-len(base.years) :, tier][:, axes])

    return np.array([[shares(number, replicate) for number in range(len(scenarios))] for replicate in range(replicates)])


def setting_rows(comparison: Comparison, name: str, setting: Setting, differences: Floats) -> Iterator[AssumptionRow]:
    """Summarise the differences of one variant, (replicates, Y, X, R), in the years and regions of its headlines."""
    base = comparison.base
    groups = comparison.groups
    for x, axis in enumerate(MAIN_AXES):
        for row in comparison.headlines:
            if (row.variant, row.tier, row.axis) != (name, MAIN_TIER, axis):
                continue
            members = member_ids(row.region, base.codes, groups)
            values = differences[:, row.year - int(base.years[0]), x, members].sum(axis=1)
            yield AssumptionRow(
                name,
                setting.assumption,
                setting.setting,
                row.year,
                MAIN_TIER,
                axis,
                row.region,
                float(values.mean()),
                float(values.std(ddof=1) / np.sqrt(len(values))),
                row.difference_points,
                float(values.mean()) - row.difference_points,
            )
