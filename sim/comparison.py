"""The nouns of a comparison: what a policy changes, how sure that is, who changed and why, and by which lever.

Notation: V variants, Y reporting years, K tiers, X axes, R regions. Differences are the variant's less the base's, paired by
draw and replicate; differences of shares are in percentage points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sim.model.world import Floats
from sim.runs.folder import Run

NO_CHANGE = "no change"  # every paired difference is exactly zero
CLEAR = "clear"  # the mean difference lies more than two standard errors from zero
WITHIN_NOISE = "within noise"  # it does not
NOT_COMPARABLE = "not comparable"  # too small a tier at this size, or runs that cannot be paired
VERDICTS = (NO_CHANGE, CLEAR, WITHIN_NOISE, NOT_COMPARABLE)


@dataclass(frozen=True)
class Effects:
    """Paired differences of one variant from the base; every array has the shape (Y, K, X, R).

    Parameters
    ----------
    difference
        Mean over runs, percentage points; NaN where nobody is counted.
    p05, p25, p50, p75, p95
        Quantiles over runs, percentage points.
    sd_parameter, sd_replicate
        Standard deviation of the difference between draws (replicate noise removed) and between replicates of a draw,
        percentage points; NaN where one draw or one replicate cannot give it.
    ratio
        Mean share of the variant over mean share of the base.
    base_share, variant_share
        Median shares, 0..1.
    base_people, variant_people
        Median numbers of people.
    people
        Mean paired difference of the number of people.
    people_p05, people_p95
        Quantiles of it.
    """

    difference: Floats
    p05: Floats
    p25: Floats
    p50: Floats
    p75: Floats
    p95: Floats
    sd_parameter: Floats
    sd_replicate: Floats
    ratio: Floats
    base_share: Floats
    variant_share: Floats
    base_people: Floats
    variant_people: Floats
    people: Floats
    people_p05: Floats
    people_p95: Floats


class Headline(NamedTuple):
    """One number that the answer rests on, with its verdict."""

    variant: str
    year: int
    tier: str
    axis: str
    region: str
    base_share: float  # median, 0..1
    variant_share: float
    base_people: float  # median
    variant_people: float
    difference: float  # mean paired difference, percentage points
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    sd_parameter: float
    sd_replicate: float
    prior_part: float  # share of the parameter variance that goes with inputs that no data inform, 0..1; NaN if too few draws
    error: float  # standard error of the mean difference, percentage points
    verdict: str  # one of VERDICTS
    reason: str  # why, in words
    runs: int  # draws x replicates
    runs_needed: float  # paired runs that would put the mean two standard errors from zero; infinite if it is zero
    runs_unpaired: float  # runs of each scenario that give today's precision without pairing


class CrossingRow(NamedTuple):
    """How probable it is that one region has passed another by a year."""

    scenario: str
    tier: str
    challenger: str
    leader: str
    year: int
    probability: float  # share of runs with a first crossing in or before the year, 0..1
    change: float  # that of this scenario less that of the base, paired; 0 for the base


class AssumptionRow(NamedTuple):
    """The main effect at the reference point under another assumption."""

    variant: str
    assumption: str  # such as "seat elasticity"
    setting: str  # such as "0 (fixed places)"
    year: int
    tier: str
    axis: str
    region: str
    difference: float  # percentage points, mean over replicates
    error: float  # standard error over replicates


class SwitchRow(NamedTuple):
    """Researchers who are in one state in the base and in another in the variant, in the last year."""

    origin: str
    stage: str  # of the decision in which their lives parted: study, first job, next job, forced move, entry, exit
    base: str  # place (headquarters region) in the base, or "out", "applying", "absent"
    variant: str
    reason: str  # the term of utility or the gate that flipped the decision
    researchers: int  # simulated, over all runs looked at
    people: float  # a run's mean
    examples: tuple[str, ...]  # some of them, as "CHN-2026-17" of draw and replicate "0/1": "CHN-2026-17 (draw 0, replicate 1)"


class ChannelRow(NamedTuple):
    """An effect split into the policy's own part and what answers to it; percentage points, mean over the runs looked at."""

    year: int
    tier: str
    axis: str
    region: str
    total: float
    direct: float  # the policy, with congestion, ecosystem and diasporas on the base's path
    feedback: float  # the base's levers on the policy run's paths
    interaction: float  # what is left


class LeverPart(NamedTuple):
    """The Shapley value of one lever; percentage points, mean over the runs looked at. The parts sum to the total."""

    lever: str  # id
    words: str  # what it changes, for people
    year: int
    tier: str
    axis: str
    region: str
    part: float
    low: float  # 90 % interval of the sampling of orders; equal to part where all orders were taken
    high: float
    total: float


@dataclass(frozen=True)
class Anatomy:
    """Why a variant differs from the base: from runs made again with every researcher's history.

    Parameters
    ----------
    base, variant
        Names of the scenarios.
    year
        Of the switches: the last one.
    researchers
        Size of the runs.
    runs
        (draw, replicate) of the runs looked at.
    switches, channels, levers
        The rows.
    exact
        Whether the levers' parts come from all orders.
    lever_researchers
        Size of the runs that the levers' parts come from, which take many.
    """

    base: str
    variant: str
    year: int
    researchers: int
    runs: tuple[tuple[int, int], ...]
    switches: tuple[SwitchRow, ...]
    channels: tuple[ChannelRow, ...]
    levers: tuple[LeverPart, ...]
    exact: bool
    lever_researchers: int = 0


@dataclass(frozen=True)
class Comparison:
    """Runs beside their base, paired by draw and replicate.

    Parameters
    ----------
    base, variants
        The runs.
    effects
        By variant.
    headlines, crossings, assumptions
        The rows, variant by variant.
    answers
        By variant: the answer in two sentences, with numbers taken from the headlines.
    anatomies
        By name of the variant; empty where no runs were made again.
    notes
        What a reader should know about the pairing, such as a change of assumptions or draws that only one run has.
    """

    base: Run
    variants: tuple[Run, ...]
    effects: tuple[Effects, ...]
    headlines: tuple[Headline, ...]
    crossings: tuple[CrossingRow, ...]
    assumptions: tuple[AssumptionRow, ...]
    answers: tuple[str, ...]
    anatomies: Mapping[str, Anatomy]
    notes: tuple[str, ...] = ()
