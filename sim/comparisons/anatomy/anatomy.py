"""The nouns of an anatomy: who changed, through which channel, and by which lever."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


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
    """An effect split into the policy's own part and what answers to it; mean over the runs looked at.

    What these few runs miss of the headline is a part of its own: headline = direct + feedback + interaction + other runs.
    """

    year: int
    tier: str
    axis: str
    region: str
    total_points: float  # in the runs looked at
    direct_points: float  # the policy, with congestion, ecosystem and diasporas on the base's path
    feedback_points: float  # the base's levers on the policy run's paths
    interaction_points: float  # what is left
    headline_points: float = math.nan  # the effect over all pairs; NaN where there is no comparison
    other_runs_points: float = math.nan  # headline_points less total_points
    headline_error_points: float = math.nan  # Monte-Carlo standard error of the headline


class LeverPart(NamedTuple):
    """The Shapley value of one lever, mean over the runs looked at; all parts and other runs sum to the headline."""

    lever: str  # id
    words: str  # what it changes, for people
    year: int
    tier: str
    axis: str
    region: str
    part_points: float
    low_points: float  # 90 % interval of the sampling of orders; equal to the part where all orders were taken
    high_points: float
    total_points: float  # in the runs looked at
    headline_points: float = math.nan  # the effect over all pairs; NaN where there is no comparison
    other_runs_points: float = math.nan  # headline_points less total_points
    headline_error_points: float = math.nan  # Monte-Carlo standard error of the headline


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
