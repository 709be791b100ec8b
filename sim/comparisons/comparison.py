"""The nouns of a comparison: what a policy changes, how sure that is, who changed and why, and by which lever.

Notation: V variants, Y reporting years, K tiers, X axes, R regions. Differences are the variant's less the base's, paired by
draw and replicate; differences of shares are in percentage points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sim.comparisons.anatomy.anatomy import Anatomy
from sim.model.world import Floats
from sim.runs.folder import Run
from sim.scenarios.groups import Groups, known_places

NO_CHANGE = "no change"  # every paired difference is exactly zero


CLEAR = "clear"  # the mean difference lies farther from zero than chance explains in 95 % of such samples of draws


WITHIN_NOISE = "within noise"  # it does not


NOT_COMPARABLE = "not comparable"  # too small a tier at this size, or runs that cannot be paired


TOO_FEW = "too few draws"  # fewer than `sim.comparisons.errors.FEWEST_DRAWS`


VERDICTS = (NO_CHANGE, CLEAR, WITHIN_NOISE, TOO_FEW, NOT_COMPARABLE)


@dataclass(frozen=True)
class Effects:
    """Paired differences of one variant from the base; every array has the shape (Y, K, X, R + G), groups last.

    Parameters
    ----------
    difference_points
        Mean over runs, percentage points; NaN where nobody is counted.
    error_points
        Monte-Carlo standard error of it; NaN from a single run.
    p05_points, p25_points, p50_points, p75_points, p95_points
        Quantiles over runs, percentage points.
    sd_parameter_points, sd_replicate_points
        Standard deviation of the difference between draws (replicate noise removed) and between replicates of a draw,
        percentage points; NaN where one draw or one replicate cannot give it.
    ratio
        Mean share of the variant over mean share of the base.
    base_share, variant_share
        Mean shares over the same pairs, 0..1: 100 (variant_share - base_share) is difference_points.
    base_share_error, variant_share_error
        Monte-Carlo standard errors of them.
    base_people, variant_people
        Mean numbers of people over the same pairs.
    people
        Mean paired difference of the number of people.
    people_p05, people_p95
        Quantiles of it.
    """

    difference_points: Floats
    error_points: Floats
    p05_points: Floats
    p25_points: Floats
    p50_points: Floats
    p75_points: Floats
    p95_points: Floats
    sd_parameter_points: Floats
    sd_replicate_points: Floats
    ratio: Floats
    base_share: Floats
    variant_share: Floats
    base_share_error: Floats
    variant_share_error: Floats
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
    region: str  # or the name of a group
    base_share: float  # mean over the same pairs, 0..1
    variant_share: float
    base_share_error: float  # Monte-Carlo standard errors of the two
    variant_share_error: float
    base_people: float  # mean over the same pairs
    variant_people: float
    difference_points: float  # mean paired difference
    p05_points: float
    p25_points: float
    p50_points: float
    p75_points: float
    p95_points: float
    sd_parameter_points: float
    sd_replicate_points: float
    prior_part: float  # share of the parameter variance that goes with inputs that no data inform, 0..1; NaN if too few draws
    error_points: float  # Monte-Carlo standard error of the mean difference
    verdict: str  # one of VERDICTS
    reason: str  # why, in words
    runs: int  # draws x replicates
    runs_needed: float  # paired runs that would put the mean two standard errors from zero; infinite if no number does
    runs_unpaired: float  # runs of each scenario that give today's precision without pairing


class CrossingRow(NamedTuple):
    """In how many runs one region has passed another by a year."""

    scenario: str
    tier: str
    challenger: str
    leader: str
    year: int
    share_of_runs: float  # with a first crossing in or before the year, 0..1
    change: float  # that of this scenario less that of the base, paired; 0 for the base


class Judgement(NamedTuple):
    """A verdict and why, in words."""

    verdict: str  # one of VERDICTS
    reason: str


class RankRow(NamedTuple):
    """What a scenario does to a goal, and its rank among all that are compared."""

    goal: str
    rank: int  # 1 is the best
    variant: str  # or the base
    unit: str  # of the four numbers that follow: points, people, or number for a formula of its own
    difference: float  # mean paired difference from the base
    p05: float
    p95: float
    error: float  # Monte-Carlo standard error of the mean
    people: float  # mean paired difference of the numbers of people; NaN where the goal has none
    best_share_of_draws: float  # draws in which this scenario is the best, means over replicates compared; equal ones share
    verdict: str  # one of VERDICTS, or "base"
    reason: str
    runs: int  # draws x replicates


class AssumptionRow(NamedTuple):
    """The main effect at the reference point under another assumption."""

    variant: str
    assumption: str  # such as "seat elasticity"
    setting: str  # such as "0 (fixed places)"
    year: int
    tier: str
    axis: str
    region: str
    difference_points: float  # mean over replicates
    error_points: float  # standard error over replicates
    headline_points: float  # the effect over the draws, which this one is beside
    from_headline_points: float  # difference_points less headline_points


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
    groups
        Groups of regions that are told beside the regions, codes by name.
    ranking
        Goal by goal, the best first; empty where nothing is ranked.
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
    groups: Groups = field(default_factory=dict)
    ranking: tuple[RankRow, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Regions in id order, then the groups: the last axis of effects."""
        return known_places(self.base.codes, self.groups)
