"""The nouns of a comparison: what a policy changes, how sure that is, who changed and why, and by which lever.

Notation: V variants, Y reporting years, K tiers, X axes, R regions. Differences are the variant's less the base's, paired by
draw and replicate; differences of shares are in percentage points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sim.comparisons.anatomy.anatomy import Anatomy
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
