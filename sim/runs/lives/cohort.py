"""Who of a group of people stayed, went home, went elsewhere or left research, year by year, each followed as one person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.axes import TIERS
from sim.engines.counts import YearEnd
from sim.model.population import APPLY, OUT, WORK, Researchers
from sim.model.world import Bytes, Floats, Integers
from sim.runs.executors import Progress
from sim.runs.lives.replay import replay
from sim.runs.outcomes.statistics import band, ratio
from sim.runs.plan import RunPlan

FATES: Final = ("stayed", "home", "elsewhere", "left")
"""Where one is at a year's end: in the place in question, else in the region of origin, else in another; or out of research."""
_STAYED, _HOME, _ELSEWHERE, _LEFT = range(len(FATES))
_EVERYONE: Final = len(TIERS) - 1
"""Tier of all active researchers: the last of TIERS."""


@dataclass(frozen=True)
class CohortGroup:
    """Whom to follow: everyone in research at the end of a year to whom all of this applies.

    Parameters
    ----------
    year
        At whose end they are found.
    origin, study, at
        Ids of the regions of the first degree, of graduate school and of the place where they are; None: any.
    tier
        top20 or elite: visible as such in the year; all: everyone.
    is_doctors
        Whether only those are followed who got their degree in the year.
    """

    year: int
    origin: tuple[int, ...] | None = None
    study: tuple[int, ...] | None = None
    at: tuple[int, ...] | None = None
    tier: str = "all"
    is_doctors: bool = False

    @property
    def places(self) -> tuple[int, ...] | None:
        """Regions in which somebody has stayed: those of `at`, else of `study`; None: where each was in the year."""
        return self.at if self.at is not None else self.study


class CohortRow(NamedTuple):
    """One fate in one year: people and share of the group, mean and 5 %, 50 %, 95 % over the runs in which it has somebody."""

    year: int
    fate: str
    share_mean: float
    share_p05: float
    share_p50: float
    share_p95: float
    people_p05: float
    people_p50: float
    people_p95: float


class Cohort(NamedTuple):
    """A group followed through every run.

    Parameters
    ----------
    group
        Whom.
    rows
        By year from the group's on, then by fate; of those still in research the fate is ``stayed, of those in research``.
    people
        Of the group: 5 %, 50 % and 95 % over runs.
    simulated
        Researchers of the group in all runs together, the number that noise depends on.
    empty
        Runs in which the group has nobody, and runs in all.
    """

    group: CohortGroup
    rows: tuple[CohortRow, ...]
    people: tuple[float, float, float]
    simulated: int
    empty: tuple[int, int]


REMAINING: Final = "stayed, of those in research"
"""Share who stayed of those who have not left research: what surveys of the living in research see."""


def follow(plan: RunPlan, group: CohortGroup, weight: float, progress: Progress | None = None) -> Cohort:
    """Follow a group through every run of a plan.

    Parameters
    ----------
    plan : of a run, see `sim.runs.lives.replay.plan_of_run`.
    group : whom; its year lies in the run.
    weight : people per simulated researcher.
    progress : called with (phase, done, total).

    Returns
    -------
    Rows for each year from the group's to the run's last.
    """
    counts = replay(plan, partial(fates, group=group), progress)
    runs = counts.reshape(-1, *counts.shape[2:]).astype(np.float64)  # (N, Y, fates)
    size = runs[:, 0].sum(axis=1)
    shares = ratio(runs, np.broadcast_to(size[:, np.newaxis, np.newaxis], runs.shape))
    present = runs[:, :, :_LEFT].sum(axis=2)
    remaining = ratio(runs[:, :, _STAYED], present)
    rows = []
    for y in range(runs.shape[1]):
        columns = [(name, shares[:, y, k], runs[:, y, k]) for k, name in enumerate(FATES)]
        for name, part, people in (*columns, (REMAINING, remaining[:, y], runs[:, y, _STAYED])):
            rows.append(cohort_row(group.year + y, name, part, weight * people))
    low, middle, high = (weight * float(each) for each in band(size))
    return Cohort(group, tuple(rows), (low, middle, high), int(size.sum()), (int((size == 0).sum()), len(size)))


def cohort_row(year: int, fate: str, shares: Floats, people: Floats) -> CohortRow:
    """Summarise one fate of one year over runs: (N,) shares, NaN where the group is empty, and people."""
    mean = float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")
    return CohortRow(year, fate, mean, *(float(x) for x in band(shares)), *(float(x) for x in band(people)))


def fates(ends: Iterator[YearEnd], group: CohortGroup) -> Integers:
    """Count the fates of a group in one run: (years from the group's on, fates) simulated researchers.

    Rows keep their places, so the group is found once and looked up again in every later year.
    """
    found: list[Integers] = []
    rows: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    before: Bytes = np.empty(0, dtype=np.uint8)
    for end in ends:
        if end.year == group.year:
            rows = np.flatnonzero(members(end.researchers, end.entered, group))
            before = end.researchers.place[rows].copy()
        if end.year >= group.year:
            found.append(np.bincount(fate_of(end.researchers, rows, before, group.places), minlength=len(FATES)))
    return np.stack(found)


def members(researchers: Researchers, entered: int, group: CohortGroup) -> NDArray[np.bool_]:
    """Tell of every row that has entered whether it belongs to a group at the end of its year."""
    stage = researchers.stage[:entered]
    chosen: NDArray[np.bool_] = (stage != APPLY) & (stage != OUT)
    for column, wanted in ((researchers.origin, group.origin), (researchers.study, group.study), (researchers.place, group.at)):
        if wanted is not None:
            chosen &= np.isin(column[:entered], wanted)
    if group.tier != TIERS[_EVERYONE]:
        chosen &= researchers.tier[:entered] > TIERS.index(group.tier)
    if group.is_doctors:
        chosen &= (stage == WORK) & (researchers.age[:entered] == 0)
    return chosen


def fate_of(researchers: Researchers, rows: Integers, before: Bytes, places: Sequence[int] | None) -> Integers:
    """Name the fate of rows, (N,) of `FATES`; before: (N,) where each was in the year of the group."""
    place = researchers.place[rows]
    is_there = place == before if places is None else np.isin(place, places)
    fate = np.where(is_there, _STAYED, np.where(place == researchers.origin[rows], _HOME, _ELSEWHERE))
    return np.where(researchers.stage[rows] == OUT, _LEFT, fate)
