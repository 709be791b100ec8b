"""What each scenario does against another on the same draws and random numbers, and which uncertain inputs decide how much.

Notation: S scenarios, D draws, X axes (MAIN_AXES), R regions. Effects are differences of shares in percentage points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sim.comparisons.regions import MAIN_AXES, told_regions
from sim.comparisons.shipped.reference import EFFECT_REPLICATES, EFFECT_RESEARCHERS, EffectRow
from sim.data.schema import Data
from sim.draws.draw import REFERENCE, Draw, lever_uniform, make_draw, reference_vector
from sim.draws.ensemble import Ensemble, draw_of, find_ensemble, key_of, vectors_of_draws
from sim.draws.worlds import world_of
from sim.engines.axes import AXES, TIERS
from sim.engines.counts import shares
from sim.model.world import Floats
from sim.runs.executors import Progress, map_in_order
from sim.runs.outcomes.statistics import BAND_AND_MEDIAN, ELITE_REPLICATES, ELITE_RESEARCHERS
from sim.runs.simulate import simulate
from sim.scenarios.load import load_basis, load_shipped
from sim.scenarios.scenario import Scenario, lever_values


@dataclass(frozen=True)
class EffectDesign:
    """Sizes of the comparison: over draws for the visible, at the reference point for the elite."""

    draws: int = 25
    replicates: int = EFFECT_REPLICATES
    researchers: int = EFFECT_RESEARCHERS
    elite_replicates: int = ELITE_REPLICATES
    elite_researchers: int = ELITE_RESEARCHERS
    seed: int = 1
    until: int = 2035
    workers: int = 1
    ensemble: str | None = None  # name or file; None: the shipped one


def effect_rows(names: Sequence[str], design: EffectDesign, progress: Progress) -> Iterator[EffectRow]:
    """Compare shipped scenarios with the baseline.

    Parameters
    ----------
    names : shipped scenarios other than the baseline.
    design : sizes.
    progress : called with (phase, done, total) after every draw.

    Yields
    ------
    Rows by scenario, axis and region.

    Raises
    ------
    ValueError : a scenario fixes parameters, so that its draws are not those of the baseline.
    """
    basis = load_basis()
    data, base = basis.data, basis.baseline
    variants = [load_shipped(name) for name in names]
    for scenario in variants:
        if scenario.parameters:
            raise ValueError(f"{scenario.name} fixes parameters: no draw of it is one of the baseline's")
    vectors = vectors_of_draws(find_ensemble(design.ensemble), data, design.draws, {})
    effects = over_draws(variants, vectors, design, progress)
    elite_shares = last_shares(make_draw(basis, reference_vector(data), REFERENCE), "elite", design.elite_researchers, design)
    elite = paired_effects(base, variants, elite_shares, design.elite_replicates)
    for s, scenario in enumerate(variants):
        inputs = uncertain_inputs(data, base, scenario, vectors, find_ensemble(design.ensemble))
        yield from scenario_rows(scenario.name, effects[:, s], inputs, elite[:, s], data.codes)


def over_draws(
    variants: Sequence[Scenario], vectors: Sequence[Mapping[str, float]], design: EffectDesign, progress: Progress
) -> Floats:
    """Compare scenarios with the baseline in every draw: mean over replicates, (D, S, X, R)."""
    numbered = list(enumerate(vectors))
    work = partial(one_draw, variants=variants, design=design)
    effects = []
    for done, effect in enumerate(map_in_order(work, numbered, design.workers), start=1):
        progress("draws", done, len(numbered))
        effects.append(effect)
    return np.stack(effects)


def one_draw(numbered: tuple[int, Mapping[str, float]], variants: Sequence[Scenario], design: EffectDesign) -> Floats:
    """Compare scenarios with the baseline in one draw: mean over replicates, (S, X, R)."""
    number, vector = numbered
    basis = load_basis()
    top_shares = last_shares(draw_of(find_ensemble(design.ensemble), basis, vector, number), "top20", design.researchers, design)
    mean: Floats = paired_effects(basis.baseline, variants, top_shares, design.replicates).mean(axis=0)
    return mean


def paired_effects(
    base: Scenario, variants: Sequence[Scenario], shares: Callable[[Scenario, int], Floats], replicates: int
) -> Floats:
    """Compare scenarios with a base on the same random numbers, (replicates, S, X, R) in percentage points.

    Parameters
    ----------
    base, variants : scenarios.
    shares : gives the shares (X, R) of a scenario in a replicate.
    replicates : number of replicates.
    """
    effects = []
    for replicate in range(replicates):
        before = shares(base, replicate)
        effects.append([100.0 * (shares(scenario, replicate) - before) for scenario in variants])
    return np.array(effects)


def last_shares(draw: Draw, tier: str, researchers: int, design: EffectDesign) -> Callable[[Scenario, int], Floats]:
    """Return a function that simulates a scenario in a replicate and gives its shares (X, R) in the last year."""
    data = load_basis().data
    axes = [AXES.index(axis) for axis in MAIN_AXES]

    def simulated(scenario: Scenario, replicate: int) -> Floats:
        world = world_of(data, scenario, draw, researchers, design.until)
        return shares(simulate(world, draw, replicate, design.seed).counts[-1, TIERS.index(tier), axes])

    return simulated


def uncertain_inputs(
    data: Data, base: Scenario, scenario: Scenario, vectors: Sequence[Mapping[str, float]], ensemble: Ensemble
) -> dict[str, Floats]:
    """List what differs between draws and can decide an effect, (D,) each.

    Parameters by name, and as `lever ID` the values of the levers that the scenario adds to the baseline or takes out of it;
    those that both have stand on both sides of the difference and are left out.
    """
    found = {p.name: np.array([vector[p.name] for vector in vectors]) for p in data.parameters if p.prior is not None}
    drawn = [
        {**lever_values(base, partial(lever_uniform, key)), **lever_values(scenario, partial(lever_uniform, key))}
        for key in (key_of(ensemble, number) for number in range(len(vectors)))
    ]
    added = {change.id for change in scenario.levers} ^ {change.id for change in base.levers} | scenario.own_ids
    for lever_id in drawn[0].keys() & added:
        found[f"lever {lever_id}"] = np.array([values[lever_id] for values in drawn])
    return {name: values for name, values in found.items() if np.ptp(values) > 0.0}


def scenario_rows(
    name: str, effects: Floats, inputs: Mapping[str, Floats], elite: Floats, codes: Sequence[str]
) -> Iterator[EffectRow]:
    """Summarise one scenario.

    Parameters
    ----------
    name : of the scenario.
    effects : by draw, (D, X, R).
    inputs : what differs between draws, (D,) each.
    elite : by replicate, (replicates, X, R).
    codes : region codes in id order.
    """
    for x, axis in enumerate(MAIN_AXES):
        mean = effects[:, x].mean(axis=0)
        largest = int(np.abs(np.nan_to_num(mean)).argmax())
        for region in told_regions(mean, codes):
            effect = effects[:, x, region]
            (first, first_rho), (second, second_rho) = strongest(effect, inputs)
            low, middle, high = np.quantile(effect, BAND_AND_MEDIAN)
            yield EffectRow(
                scenario=name,
                axis=axis,
                region=codes[region],
                main=x == 0 and region == largest,
                draws=len(effect),
                mean=float(effect.mean()),
                p05=float(low),
                p50=float(middle),
                p95=float(high),
                inputs=len(inputs),
                first=first,
                first_rho=first_rho,
                second=second,
                second_rho=second_rho,
                elite=float(elite[:, x, region].mean()),
                elite_error=standard_error(elite[:, x, region]),
            )


def strongest(effect: Floats, inputs: Mapping[str, Floats]) -> tuple[tuple[str, float], tuple[str, float]]:
    """Return the two inputs with the largest rank correlation with an effect, with its sign; "" where there is none."""
    from scipy.stats import spearmanr

    if len(effect) < 3 or np.ptp(effect) == 0.0:
        return ("", 0.0), ("", 0.0)
    rhos = {name: float(spearmanr(values, effect).statistic) for name, values in inputs.items()}
    first, second, *_ = [*sorted(rhos, key=lambda name: (-abs(rhos[name]), name)), "", ""]
    return (first, rhos.get(first, 0.0)), (second, rhos.get(second, 0.0))


def standard_error(values: Floats) -> float:
    """Return the standard error of a mean of independent values."""
    return float(values.std(ddof=1)) / math.sqrt(len(values))
