"""`compare_runs`: what variants change, paired by draw and replicate, with intervals and a verdict for each headline.

Notation: D draws, P replicates, Y reporting years, K tiers, X axes, R regions. Shares 0..1; differences in percentage points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.comparison import CLEAR, NO_CHANGE, NOT_COMPARABLE, WITHIN_NOISE, Comparison, Effects, Headline
from sim.comparisons.crossings import crossing_rows
from sim.comparisons.pairing import Pair, check_comparable, fixed_parameters, is_current, labels, pair, run_vectors
from sim.comparisons.regions import ALWAYS, told_regions
from sim.data.schema import Data
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import (
    ELITE_REPLICATES,
    ELITE_RESEARCHERS,
    STANDARD_ERRORS,
    mean_of,
    quantiles_of,
    ratio,
    runs_needed,
    shares_of,
    spread,
    variance_of_mean,
    variance_of_one,
    variance_parts,
)

POINTS = 100.0


HEADLINE_AXES = ("work", "study", "origin")


HEADLINE_YEARS = (2030, 2035, 2040, 2045, 2050)
"""Years of headlines that the runs reach; their last year is one in any case."""


FEW_DRAWS = 10


def compare_runs(base: Run, variants: Sequence[Run], data: Data) -> Comparison:
    """Compare runs with their base, paired by draw and replicate.

    Parameters
    ----------
    base
        What the variants are compared with.
    variants
        Runs with the same data, model, seed, researchers and horizon.
    data
        The tables.

    Returns
    -------
    Comparison
        Without assumptions and anatomies, which need new runs.

    Raises
    ------
    sim.comparisons.pairing.NotComparableError
        With everything that differs and must not.
    """
    check_comparable(base, variants)
    names = labels(base, variants)
    pairs = tuple(pair(base, variant, data) for variant in variants)
    headlines: list[Headline] = []
    effects = []
    for name, variant, each in zip(names[1:], variants, pairs, strict=True):
        effects.append(effects_of(each))
        headlines += headline_rows(name, base, each, effects[-1], uninformed_inputs(variant, each.draws, data))
    return Comparison(
        base=base,
        variants=tuple(variants),
        effects=tuple(effects),
        headlines=tuple(headlines),
        crossings=tuple(crossing_rows(base, names, pairs)),
        assumptions=(),
        answers=(),
        anatomies=MappingProxyType({}),
        notes=tuple(dict.fromkeys(note for each in pairs for note in each.notes)),
    )


def effects_of(each: Pair) -> Effects:
    """Summarise the paired differences of all years, tiers, axes and regions."""
    base, variant = shares_of(each.base), shares_of(each.variant)  # (D, P, Y, K, X, R)
    difference = POINTS * (variant - base)
    flat = in_one_row(difference)
    p05, p25, p50, p75, p95 = quantiles_of(flat)
    sd_parameter, sd_replicate = spread(difference)
    base_mean, variant_mean = mean_of(in_one_row(base)), mean_of(in_one_row(variant))
    people = each.weight * in_one_row((each.variant - each.base).astype(np.float64))
    people_quantiles = quantiles_of(people)
    return Effects(
        difference=mean_of(flat),
        p05=p05,
        p25=p25,
        p50=p50,
        p75=p75,
        p95=p95,
        sd_parameter=sd_parameter,
        sd_replicate=sd_replicate,
        ratio=ratio(variant_mean, base_mean),
        base_share=quantiles_of(in_one_row(base))[2],
        variant_share=quantiles_of(in_one_row(variant))[2],
        base_people=each.weight * np.median(in_one_row(each.base), axis=0),
        variant_people=each.weight * np.median(in_one_row(each.variant), axis=0),
        people=people.mean(axis=0),
        people_p05=people_quantiles[0],
        people_p95=people_quantiles[4],
    )


def in_one_row(values: NDArray[Any]) -> NDArray[Any]:
    """Lay draws and replicates in one row: (D, P, ...) to (D P, ...)."""
    return values.reshape(-1, *values.shape[2:])


def headline_rows(name: str, base: Run, each: Pair, effects: Effects, inputs: Inputs | None) -> list[Headline]:
    """List the numbers that an answer rests on.

    Parameters
    ----------
    name
        Of the variant.
    base
        The base run.
    each
        The runs, paired.
    effects
        Of `effects_of`.
    inputs
        What no data inform, by draw; None where it cannot be told.

    Returns
    -------
    list
        By tier, axis, region (the one that moves most first) and year.
    """
    years = headline_years(base)
    rows = []
    for tier, axes in (("top20", HEADLINE_AXES), ("elite", ("work",))):
        for axis in axes:
            for region in headline_regions(effects, base.codes, axis):
                for year in years:
                    place = int(year - base.years[0]), TIERS.index(tier), AXES.index(axis), base.codes.index(region)
                    rows.append(headline(name, (year, tier, axis, region), base, each, effects, place, inputs))
    return rows


def headline_years(run: Run) -> list[int]:
    """List the years of headlines: multiples of five after the record, and the last year."""
    last = int(run.years[-1])
    return sorted({year for year in HEADLINE_YEARS if year <= last} | {last})


def headline_regions(effects: Effects, codes: Sequence[str], axis: str) -> list[str]:
    """List USA, CHN and those that move most among the top 20 % in the last year, the largest mover first."""
    moved = np.abs(np.nan_to_num(effects.difference[-1, TIERS.index("top20"), AXES.index(axis)]))
    told = [region for region in told_regions(moved, codes) if codes[region] in ALWAYS or moved[region] > 0.0]
    return [codes[region] for region in sorted(told, key=lambda region: (-moved[region], region))]


def headline(
    name: str,
    what: tuple[int, str, str, str],
    base: Run,
    each: Pair,
    effects: Effects,
    place: tuple[int, int, int, int],
    inputs: Inputs | None,
) -> Headline:
    """Judge one number.

    Parameters
    ----------
    name
        Of the variant.
    what
        Year, tier, axis and region.
    base, each, effects, inputs
        As for `headline_rows`.
    place
        Where the number stands in the arrays of effects.
    """
    year, tier, axis, region = place
    ours = shares_of(each.base[:, :, year, tier, axis])[..., region]
    theirs = shares_of(each.variant[:, :, year, tier, axis])[..., region]
    values = POINTS * (theirs - ours)  # (D, P)
    mean = float(effects.difference[place])
    parts = variance_parts(values)
    error = float(np.sqrt(variance_of_mean(parts, *values.shape)))
    needed = runs_needed(parts, mean, *values.shape)
    unpaired = POINTS**2 * (variance_of_one(ours) + variance_of_one(theirs))
    is_unchanged = not np.nan_to_num(values).any() and bool((np.isnan(ours) == np.isnan(theirs)).all())
    verdict, reason = judge(values, is_unchanged, mean, error, needed, what[1], base)
    return Headline(
        name,
        *what,
        base_share=float(effects.base_share[place]),
        variant_share=float(effects.variant_share[place]),
        base_people=float(effects.base_people[place]),
        variant_people=float(effects.variant_people[place]),
        difference=mean,
        p05=float(effects.p05[place]),
        p25=float(effects.p25[place]),
        p50=float(effects.p50[place]),
        p75=float(effects.p75[place]),
        p95=float(effects.p95[place]),
        sd_parameter=float(effects.sd_parameter[place]),
        sd_replicate=float(effects.sd_replicate[place]),
        prior_part=float("nan") if inputs is None else prior_part(values, inputs),
        error=error,
        verdict=verdict,
        reason=reason,
        runs=values.size,
        runs_needed=needed[0],
        runs_unpaired=unpaired / error**2 if error > 0.0 else float("nan" if np.isnan(error) else "inf"),
    )


def judge(
    values: Floats,
    is_unchanged: bool,
    mean: float,
    error: float,
    needed: tuple[float, float, float],
    tier: str,
    base: Run,
) -> tuple[str, str]:
    """Give the verdict on paired differences, and why in words.

    Parameters
    ----------
    values
        Paired differences, (D, P), percentage points; NaN where nobody is counted.
    is_unchanged
        Whether all of them are exactly zero, or nobody is counted in either run.
    mean, error
        Their mean and its standard error.
    needed
        Runs, draws and replicates of `runs_needed`.
    tier
        Of `sim.engines.counts.TIERS`.
    base
        The base run, for its size.
    """
    if is_unchanged:
        return NO_CHANGE, f"zero to the last bit in all {values.size} paired runs"
    if np.isnan(values).any():
        return NOT_COMPARABLE, "nobody is counted in some runs; use more --researchers"
    researchers = int(base.provenance["researchers"])
    if tier == "elite" and (researchers < ELITE_RESEARCHERS or values.shape[1] < ELITE_REPLICATES):
        return NOT_COMPARABLE, (
            f"the elite needs {ELITE_RESEARCHERS:,} researchers x {ELITE_REPLICATES} replicates for a verdict; these are "
            f"{researchers:,} x {values.shape[1]}"
        )
    if np.isnan(error):
        return NOT_COMPARABLE, "one paired run shows no error; use more --draws or --replicates"
    distance = "more than two" if abs(mean) > STANDARD_ERRORS * error else "within two"
    reason = f"{distance} standard errors ({error:.2g} points) from zero; {same_sign(values, mean)}{unseen(values)}"
    if abs(mean) > STANDARD_ERRORS * error:
        return CLEAR, reason
    return WITHIN_NOISE, f"{reason}; {more_runs(needed)}"


def same_sign(values: Floats, mean: float) -> str:
    """Say in how many runs the difference has the sign of its mean."""
    share = float((np.sign(values) == np.sign(mean)).mean())
    return f"the sign of the mean in {100.0 * share:.0f} % of {values.size} paired runs"


def unseen(values: Floats) -> str:
    """Say which part of the error these runs cannot show."""
    if values.shape[0] < 2:
        return "; one draw, so nothing on other parameters"
    if values.shape[1] < 2:
        return "; one replicate, so the noise that all draws share is not in the error"
    return f"; with {values.shape[0]} draws the error itself is rough" if values.shape[0] < FEW_DRAWS else ""


def more_runs(needed: tuple[float, float, float]) -> str:
    """Say how many runs would settle it."""
    runs, draws, replicates = needed
    if not np.isfinite(runs):
        return "no number of such runs would settle it"
    size = f"{draws:,.0f} draw{'s' * (draws != 1)} x {replicates:,.0f} replicate{'s' * (replicates != 1)}"
    return f"about {runs:,.0f} paired runs ({size}) would settle it"


def main_headline(headlines: Sequence[Headline], variant: str) -> Headline:
    """Return what a variant's answer begins with: work of the top 20 %, the region that moves most, the last year."""
    rows = leading(headlines, variant)
    return [row for row in rows if row.region == rows[0].region][-1]


def leading(headlines: Sequence[Headline], variant: str) -> list[Headline]:
    """List the headlines on work of the top 20 % of a variant."""
    return [row for row in headlines if (row.variant, row.tier, row.axis) == (variant, "top20", "work")]


JUDGEMENT = "M"


DRAWS_PER_INPUT = 1.5
"""Fewest draws per input for which the regression says anything."""


@dataclass(frozen=True)
class Inputs:
    """Ranks of the uninformed parameters by draw, standardised, (D, I)."""

    names: tuple[str, ...]
    ranks: Floats


def uninformed(data: Data, fixed: Sequence[str] = ()) -> tuple[str, ...]:
    """Name the uncertain parameters whose prior is judgement, but for those that a scenario fixes."""
    return tuple(p.name for p in data.parameters if p.prior is not None and p.tag == JUDGEMENT and p.name not in fixed)


def uninformed_inputs(run: Run, draws: Sequence[int], data: Data) -> Inputs | None:
    """Collect the uninformed parameters of draws of a run; None if the draws are too few or of another version.

    Parameters
    ----------
    run
        The run that the draws belong to.
    draws
        Numbers of the draws looked at, (D,).
    data
        The tables.
    """
    names = uninformed(data, tuple(fixed_parameters(run)))
    if len(draws) < DRAWS_PER_INPUT * len(names) or not is_current(run):
        return None
    vectors = run_vectors(run, data)
    values = np.array([[vectors[draw][name] for name in names] for draw in draws])
    ranks = values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable").astype(np.float64)
    return Inputs(names, ranks - ranks.mean(axis=0))


def prior_part(values: Floats, inputs: Inputs) -> float:
    """Return the share of the variance between draws that the uninformed parameters explain, 0..1.

    The share explained is adjusted for the number of inputs, and set against the variance between draws without replicate noise.

    Parameters
    ----------
    values
        Paired differences, (D, P).
    inputs
        Of `uninformed_inputs`, on the same draws.

    Returns
    -------
    float
        NaN where the draws do not differ, or where replicates cannot tell the noise.
    """
    parts = variance_parts(values)
    means = values.mean(axis=1)
    if np.isnan(means).any() or not np.isfinite(parts.draw) or parts.draw == 0.0:
        return float("nan")
    draws, count = inputs.ranks.shape
    centred = means - means.mean()
    weights, *_ = np.linalg.lstsq(inputs.ranks, centred, rcond=None)
    unexplained = float(((centred - inputs.ranks @ weights) ** 2).sum()) / (draws - count - 1)
    explained = float(means.var(ddof=1)) - unexplained
    return float(np.clip(explained / parts.draw, 0.0, 1.0))
