"""`compare_runs`: what variants change, paired by draw and replicate, with intervals and a verdict for each headline.

Notation: D draws, P replicates, Y reporting years, K tiers, X axes, R regions. Shares 0..1; differences in percentage points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.comparison import (
    CLEAR,
    NO_CHANGE,
    NOT_COMPARABLE,
    TOO_FEW,
    WITHIN_NOISE,
    Comparison,
    Effects,
    Headline,
)
from sim.comparisons.crossings import crossing_rows
from sim.comparisons.errors import FEWEST_DRAWS, clear_distance, crossed_degrees, crossed_error
from sim.comparisons.pairing import Pair, check_comparable, fixed_parameters, is_current, labels, pair, run_vectors
from sim.comparisons.regions import always_told, told_regions
from sim.data.schema import JUDGEMENT, Data
from sim.draws.ensemble import INFORMED
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.runs.folder import Run, ensemble_of
from sim.runs.outcomes.statistics import (
    ELITE_REPLICATES,
    ELITE_RESEARCHERS,
    grouped,
    mean_of,
    quantiles_of,
    ratio,
    runs_needed,
    shares_of,
    spread,
    variance_of_one,
    variance_parts,
)
from sim.scenarios.groups import Groups, known_places, member_ids, told_groups

POINTS = 100.0


HEADLINE_AXES = ("work", "study", "origin")


HEADLINE_YEARS = (2030, 2035, 2040, 2045, 2050)
"""Years of headlines that the runs reach; their last year is one in any case."""


FROM_EFFECTS = tuple(name for name in Headline._fields if name in {field.name for field in fields(Effects)})
"""What a headline takes over from the table of all effects."""


FORESEEABLE = 100
"""How many times the runs that are there a number of runs may be that somebody would make to settle a number."""


def compare_runs(base: Run, variants: Sequence[Run], data: Data, groups: Groups | None = None) -> Comparison:
    """Compare runs with their base, paired by draw and replicate.

    Parameters
    ----------
    base
        What the variants are compared with.
    variants
        Runs with the same data, model, seed, researchers and horizon.
    data
        The tables.
    groups
        Groups of regions told beside the regions, codes by name; those of the runs if None.

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
    told = groups_of_runs((base, *variants)) if groups is None else dict(groups)
    places = [member_ids(name, base.codes, told) for name in told]
    headlines: list[Headline] = []
    effects = []
    for name, variant, each in zip(names[1:], variants, pairs, strict=True):
        effects.append(effects_of(each, places))
        inputs = uninformed_inputs(variant, each.draws, data)
        headlines += headline_rows(Judged(name, base, each, effects[-1], told, inputs))
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
        groups=told,
    )


def groups_of_runs(runs: Sequence[Run]) -> dict[str, tuple[str, ...]]:
    """Collect the groups of regions that runs know; of two of one name the first holds."""
    return {name: members for run in reversed(runs) for name, members in run.groups.items()}


def effects_of(each: Pair, groups: Sequence[Sequence[int]] = ()) -> Effects:
    """Summarise the paired differences of all years, tiers, axes, regions and groups.

    Parameters
    ----------
    each
        The runs, paired.
    groups
        Region ids of each group; its share in a run is the sum of its members', taken before anything else.
    """
    base, variant = (with_sums(shares_of(each_one), groups) for each_one in (each.base, each.variant))  # (D, P, Y, K, X, R + G)
    before, after = (with_sums(each_one, groups) for each_one in (each.base, each.variant))
    difference = POINTS * (variant - base)
    draws = each.effective_draws
    flat = in_one_row(difference)
    p05, p25, p50, p75, p95 = quantiles_of(flat)
    sd_parameter, sd_replicate = spread(difference)
    base_mean, variant_mean = mean_of(in_one_row(base)), mean_of(in_one_row(variant))
    people = each.weight * in_one_row((after - before).astype(np.float64))
    people_quantiles = quantiles_of(people)
    return Effects(
        difference_points=mean_of(flat),
        error_points=crossed_error(difference, draws),
        p05_points=p05,
        p25_points=p25,
        p50_points=p50,
        p75_points=p75,
        p95_points=p95,
        sd_parameter_points=sd_parameter,
        sd_replicate_points=sd_replicate,
        ratio=ratio(variant_mean, base_mean),
        base_share=base_mean,
        variant_share=variant_mean,
        base_share_error=crossed_error(base, draws),
        variant_share_error=crossed_error(variant, draws),
        base_people=each.weight * in_one_row(before).mean(axis=0),
        variant_people=each.weight * in_one_row(after).mean(axis=0),
        people=people.mean(axis=0),
        people_p05=people_quantiles[0],
        people_p95=people_quantiles[4],
    )


def in_one_row(values: NDArray[Any]) -> NDArray[Any]:
    """Lay draws and replicates in one row: (D, P, ...) to (D P, ...)."""
    return values.reshape(-1, *values.shape[2:])


def with_sums(values: NDArray[Any], groups: Sequence[Sequence[int]]) -> NDArray[Any]:
    """Add the sums of groups of regions behind the regions: (..., R) to (..., R + G)."""
    return np.concatenate([values, grouped(values, groups)], axis=-1) if groups else values


@dataclass(frozen=True)
class Judged:
    """What the headlines of one variant are made from.

    Parameters
    ----------
    name
        Of the variant.
    base
        The base run.
    pair
        The runs, paired.
    effects
        Of `effects_of`.
    groups
        Groups of regions, codes by name.
    inputs
        What no data inform, by draw; None where it cannot be told.
    """

    name: str
    base: Run
    pair: Pair
    effects: Effects
    groups: Groups
    inputs: Inputs | None


def headline_rows(what: Judged) -> list[Headline]:
    """List the numbers that an answer rests on: by tier, axis, place (the region that moves most first, groups last) and year."""
    years = headline_years(what.base)
    rows = []
    for tier, axes in (("top20", HEADLINE_AXES), ("elite", ("work",))):
        for axis in axes:
            for place in (*headline_regions(what.effects, what.base.codes, axis), *told_groups(what.groups)):
                rows += [headline(what, year, tier, axis, place) for year in years]
    return rows


def headline_years(run: Run) -> list[int]:
    """List the years of headlines: multiples of five after the record, and the last year."""
    last = int(run.years[-1])
    return sorted({year for year in HEADLINE_YEARS if year <= last} | {last})


def headline_regions(effects: Effects, codes: Sequence[str], axis: str) -> list[str]:
    """List USA, CHN and those that move most among the top 20 % in the last year, the largest mover first."""
    moved = np.abs(np.nan_to_num(effects.difference_points[-1, TIERS.index("top20"), AXES.index(axis)]))
    told = [region for region in told_regions(moved, codes) if codes[region] in always_told() or moved[region] > 0.0]
    return [codes[region] for region in sorted(told, key=lambda region: (-moved[region], region))]


def headline(what: Judged, year: int, tier: str, axis: str, place: str) -> Headline:
    """Judge one number: the share of a place (a region or a group) of a tier on an axis in a year."""
    codes, each, effects = what.base.codes, what.pair, what.effects
    y, k, x = int(year - what.base.years[0]), TIERS.index(tier), AXES.index(axis)
    members = member_ids(place, codes, what.groups)
    ours, theirs = (shares_of(counts[:, :, y, k, x])[..., members].sum(axis=-1) for counts in (each.base, each.variant))
    values = POINTS * (theirs - ours)  # (D, P)
    cell = y, k, x, known_places(codes, what.groups).index(place)
    numbers = {name: float(getattr(effects, name)[cell]) for name in FROM_EFFECTS}
    parts, mean, error = variance_parts(values), numbers["difference_points"], numbers["error_points"]
    needed = runs_needed(parts, mean, *values.shape)
    unpaired = POINTS**2 * (variance_of_one(ours) + variance_of_one(theirs))
    is_unchanged = not np.nan_to_num(values).any() and bool((np.isnan(ours) == np.isnan(theirs)).all())
    verdict, reason = judge(values, is_unchanged, mean, error, needed, tier, what.base)
    return Headline(
        variant=what.name,
        year=year,
        tier=tier,
        axis=axis,
        region=place,
        **numbers,
        prior_part=float("nan") if what.inputs is None else prior_part(values, what.inputs),
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
    draws = len(values) * base.effective_draws / base.draws
    if draws < FEWEST_DRAWS:
        few = f"{draws:.3g} draw{'s' * (draws != 1)}; a verdict takes at least {FEWEST_DRAWS}: use more --draws"
        return TOO_FEW, f"{few}; {same_sign(values, mean)}"
    freedom = crossed_degrees(variance_parts(values), draws, values.shape[1])
    far = clear_distance(freedom)
    distance = "more" if abs(mean) > far * error else "not more"
    reason = (
        f"{distance} than {far:.2f} standard errors ({error:.2g} points; t with {freedom:.0f} degrees of freedom) from zero; "
        f"{same_sign(values, mean)}{unseen(values)}"
    )
    if abs(mean) > far * error:
        return CLEAR, reason
    return WITHIN_NOISE, f"{reason}; {more_runs(needed, values.size)}"


def same_sign(values: Floats, mean: float) -> str:
    """Say in how many runs the difference has the sign of its mean."""
    share = float((np.sign(values) == np.sign(mean)).mean())
    return f"the sign of the mean in {100.0 * share:.0f} % of {values.size} paired runs"


def unseen(values: Floats) -> str:
    """Say which part of the error these runs cannot show."""
    return "; one replicate, so the noise that all draws share is not in the error" if values.shape[1] < 2 else ""


def more_runs(needed: tuple[float, float, float], there: int) -> str:
    """Say how many runs would settle it, if that is a number that somebody would make."""
    runs, draws, replicates = needed
    if not runs <= FORESEEABLE * there:
        return f"{FORESEEABLE} times as many runs would not settle it"
    size = f"{draws:,.0f} draw{'s' * (draws != 1)} x {replicates:,.0f} replicate{'s' * (replicates != 1)}"
    return f"about {runs:,.0f} paired runs ({size}) would settle it"


def main_headline(headlines: Sequence[Headline], variant: str) -> Headline:
    """Return what a variant's answer begins with: work of the top 20 %, the region that moves most, the last year."""
    rows = leading(headlines, variant)
    return [row for row in rows if row.region == rows[0].region][-1]


def leading(headlines: Sequence[Headline], variant: str) -> list[Headline]:
    """List the headlines on work of the top 20 % of a variant."""
    return [row for row in headlines if (row.variant, row.tier, row.axis) == (variant, "top20", "work")]


DRAWS_PER_INPUT = 1.5
"""Fewest draws per input for which the regression says anything."""


@dataclass(frozen=True)
class Inputs:
    """Ranks of the uninformed parameters by draw, standardised, (D, I)."""

    names: tuple[str, ...]
    ranks: Floats


def uninformed(data: Data, fixed: Sequence[str] = (), shrinkage: Mapping[str, float] | None = None) -> tuple[str, ...]:
    """Name the uncertain parameters that nothing informs.

    Parameters
    ----------
    data : the tables.
    fixed : parameters that a scenario fixes; they are left out.
    shrinkage : of a calibrated ensemble, 1 - sd after / sd before by parameter; None: no data have weighed.

    Returns
    -------
    Those whose prior is judgement and whose spread the evidence leaves as it was, or nearly.
    """
    known = shrinkage or {}
    uncertain = (p.name for p in data.parameters if p.prior is not None and p.tag == JUDGEMENT and p.name not in fixed)
    return tuple(name for name in uncertain if known.get(name, 0.0) < INFORMED)


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
    if not is_current(run):
        return None
    shrinkage = ensemble_of(run).record.get("rests", {}).get("shrinkage")
    names = uninformed(data, tuple(fixed_parameters(run)), shrinkage)
    if len(draws) < DRAWS_PER_INPUT * len(names):
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
