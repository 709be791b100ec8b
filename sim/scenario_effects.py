"""What each scenario does against another on the same draws and random numbers, and which uncertain inputs decide how much.

Notation: S scenarios, D draws, X axes (AXES_SHOWN), R regions. Effects are differences of shares in percentage points.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.data import Data, load_data
from sim.draws import BASELINE, REFERENCE, Draw, draw_vectors, lever_uniform, make_draw, reference_vector
from sim.engine import simulate
from sim.outcomes import AXES, TIERS, shares
from sim.reference_results import REPLICATES, RESEARCHERS, EffectRow
from sim.scenario import Scenario, lever_values, load_shipped
from sim.summary import ELITE_REPLICATES, ELITE_RESEARCHERS

AXES_SHOWN = ("work", "study")
"""Axes of which effects are told; the first decides the main region."""
ALWAYS = ("USA", "CHN")
"""Regions whose effects are always told."""
OTHERS = 2
"""Further regions of which effects are told: those with the largest."""
FloatArray = NDArray[np.float64]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Design:
    """Sizes of the comparison: over draws for the visible, at the reference point for the elite."""

    draws: int = 25
    replicates: int = REPLICATES
    researchers: int = RESEARCHERS
    elite_replicates: int = ELITE_REPLICATES
    elite_researchers: int = ELITE_RESEARCHERS
    seed: int = 1
    until: int = 2035
    workers: int = 1


def effect_rows(names: Sequence[str], design: Design, report: Report) -> Iterator[EffectRow]:
    """Compare shipped scenarios with the baseline.

    Parameters
    ----------
    names : shipped scenarios other than the baseline.
    design : sizes.
    report : told how far the work is.

    Yields
    ------
    Rows by scenario, axis and region.

    Raises
    ------
    ValueError : a scenario fixes parameters, so that its draws are not those of the baseline.
    """
    data = load_data()
    base, variants = load_shipped(BASELINE), [load_shipped(name) for name in names]
    for scenario in variants:
        if scenario.parameters:
            raise ValueError(f"{scenario.name} fixes parameters: no draw of it is one of the baseline's")
    vectors = draw_vectors(data, design.draws, {})
    effects = over_draws(variants, vectors, design, report)
    draw = make_draw(data, reference_vector(data), REFERENCE)
    elite = paired_effects(variants, draw, "elite", design.elite_researchers, design.elite_replicates, design)
    for s, scenario in enumerate(variants):
        inputs = uncertain_inputs(data, base, scenario, vectors)
        yield from rows_of(scenario.name, effects[:, s], inputs, elite[:, s], data.codes)


def over_draws(
    variants: Sequence[Scenario], vectors: Sequence[Mapping[str, float]], design: Design, report: Report
) -> FloatArray:
    """Compare scenarios with the baseline in every draw: mean over replicates, (D, S, X, R)."""
    numbered = list(enumerate(vectors))
    work = partial(one_draw, variants=variants, design=design)
    effects = []
    if design.workers <= 1:
        for number, effect in zip(range(len(numbered)), map(work, numbered), strict=True):
            report(f"draw {number}")
            effects.append(effect)
        return np.stack(effects)
    with ProcessPoolExecutor(design.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number, effect in enumerate(pool.map(work, numbered)):
            report(f"draw {number}")
            effects.append(effect)
    return np.stack(effects)


def one_draw(numbered: tuple[int, Mapping[str, float]], variants: Sequence[Scenario], design: Design) -> FloatArray:
    """Compare scenarios with the baseline in one draw: mean over replicates, (S, X, R)."""
    number, vector = numbered
    draw = make_draw(load_data(), vector, number)
    mean: FloatArray = paired_effects(variants, draw, "top20", design.researchers, design.replicates, design).mean(axis=0)
    return mean


def paired_effects(
    variants: Sequence[Scenario], draw: Draw, tier: str, researchers: int, replicates: int, design: Design
) -> FloatArray:
    """Compare scenarios with the baseline on the same random numbers, (replicates, S, X, R) in percentage points."""
    axes = [AXES.index(axis) for axis in AXES_SHOWN]

    def last_shares(scenario: Scenario, replicate: int) -> FloatArray:
        run = simulate(scenario, draw, replicate, researchers, design.seed, design.until)
        return shares(run.counts[-1, TIERS.index(tier), axes])

    effects = []
    for replicate in range(replicates):
        base = last_shares(load_shipped(BASELINE), replicate)
        effects.append([100.0 * (last_shares(scenario, replicate) - base) for scenario in variants])
    return np.array(effects)


def uncertain_inputs(
    data: Data, base: Scenario, scenario: Scenario, vectors: Sequence[Mapping[str, float]]
) -> dict[str, FloatArray]:
    """List what differs between draws and can decide an effect, (D,) each.

    Parameters by name, and as `lever ID` the values of the levers that the scenario adds to the baseline or takes out of it;
    those that both have stand on both sides of the difference and are left out.
    """
    found = {p.name: np.array([vector[p.name] for vector in vectors]) for p in data.parameters if p.prior is not None}
    drawn = [
        {**lever_values(base, partial(lever_uniform, number)), **lever_values(scenario, partial(lever_uniform, number))}
        for number in range(len(vectors))
    ]
    added = {change.id for change in scenario.levers} ^ {change.id for change in base.levers} | scenario.own_ids
    for lever_id in drawn[0].keys() & added:
        found[f"lever {lever_id}"] = np.array([values[lever_id] for values in drawn])
    return {name: values for name, values in found.items() if np.ptp(values) > 0.0}


def rows_of(
    name: str, effects: FloatArray, inputs: Mapping[str, FloatArray], elite: FloatArray, codes: Sequence[str]
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
    for x, axis in enumerate(AXES_SHOWN):
        ranked = [int(region) for region in np.argsort(-np.abs(effects[:, x].mean(axis=0)), kind="stable")]
        always = [codes.index(code) for code in ALWAYS]
        for region in (*always, *[region for region in ranked if region not in always][:OTHERS]):
            effect = effects[:, x, region]
            (first, first_rho), (second, second_rho) = strongest(effect, inputs)
            low, middle, high = np.quantile(effect, (0.05, 0.5, 0.95))
            yield EffectRow(
                scenario=name,
                axis=axis,
                region=codes[region],
                main=x == 0 and region == ranked[0],
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


def strongest(effect: FloatArray, inputs: Mapping[str, FloatArray]) -> tuple[tuple[str, float], tuple[str, float]]:
    """Return the two inputs with the largest rank correlation with an effect, with its sign; "" where there is none."""
    from scipy.stats import spearmanr

    if len(effect) < 3 or np.ptp(effect) == 0.0:
        return ("", 0.0), ("", 0.0)
    rhos = {name: float(spearmanr(values, effect).statistic) for name, values in inputs.items()}
    first, second, *_ = [*sorted(rhos, key=lambda name: (-abs(rhos[name]), name)), "", ""]
    return (first, rhos.get(first, 0.0)), (second, rhos.get(second, 0.0))


def standard_error(values: FloatArray) -> float:
    """Return the standard error of a mean of independent values."""
    return float(values.std(ddof=1)) / math.sqrt(len(values))
