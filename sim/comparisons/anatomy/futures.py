"""Two futures of the same researchers: whole histories of two runs, laid side by side by identity.

Draws belong to the researcher, so whoever exists in both runs is the same person. Notation: T years, C columns kept, N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.walk import years_of
from sim.model.choice.randomness import Key
from sim.model.population import OUT, STUDY, WORK, Researchers, cohort_researchers, new_researchers
from sim.model.world import FIRST_YEAR, Bytes, Indices, Integers, World, Year
from sim.runs.lives.life import State

KEPT = (
    "stage", "study", "place", "employer", "sector", "postponed", "years", "age", "duration", "status", "attempts", "tier",
)  # fmt: skip
"""Columns that change in a life."""
LIFE = KEPT[:6]
"""Columns in which two lives are compared: a status or a tier alone parts no life, though it may later."""
ELSEWHERE = ("out", "applying", "absent")
"""States of those who are in no place: out of research, postponing the entry, not there in this run."""
OUT_OF_RESEARCH, APPLYING, ABSENT = range(len(ELSEWHERE))


class Future(NamedTuple):
    """One run with everyone's history."""

    world: World
    key: Key
    identity: Integers  # (N,) ascending: cohort, origin and index in one number
    origin: Bytes  # (N,)
    cohort: Integers  # (N,)
    index: Integers  # type: ignore[assignment]  # (N,) hides tuple.index, which nobody calls
    traits: Bytes  # (N,)
    states: Bytes  # (T + 1, C, N) of KEPT at the start of the first year and at the end of every year
    tables: tuple[Year, ...]  # (T,)
    indices: tuple[Indices, ...]  # (T,) the path that another run can be held on
    counts: Integers  # (T, 3 tiers, 5 axes, R)

    @property
    def regions(self) -> int:
        """Number of regions."""
        return len(self.world.anglophone)

    def state(self, row: int, t: int) -> State:
        """Read the state of a row at the start of year t since 2000."""
        return {name: int(value) for name, value in zip(KEPT, self.states[t, :, row], strict=True)}


def live_future(world: World, key: Key, held: Sequence[Indices] | None = None, engine: str = "arrays") -> Future:
    """Run a world and keep everyone's history.

    Parameters
    ----------
    world, key, held : as for `sim.engines.arrays.run_years`.
    engine : one of `sim.engines.walk.ENGINES`.
    """
    people = new_researchers(cohort_researchers(key, world.cohort, world.people_per_researcher, FIRST_YEAR), FIRST_YEAR)
    years = world.cohort.shape[0]
    states = np.empty((years + 1, len(KEPT), len(people.origin)), dtype=np.uint8)
    states[:] = [[column[0] if len(column) else 0] for column in (getattr(people, name) for name in KEPT)]
    tables, indices, counts = [], [], []
    for t, end in enumerate(years_of(engine, world, key, held=held)):
        for c, name in enumerate(KEPT):
            states[t + 1, c, : end.entered] = getattr(end.researchers, name)[: end.entered]
        tables.append(end.tables)
        indices.append(end.indices)
        counts.append(end.counts.shares)
        last = end.researchers
    return Future(
        world, key, identities(last), last.origin, last.cohort.astype(np.int64), last.index.astype(np.int64), last.traits,
        states, tuple(tables), tuple(indices), np.stack(counts),
    )  # fmt: skip


def identities(people: Researchers) -> Integers:
    """Make one number of each researcher's cohort, origin and index, (N,); ascending in the order of entry."""
    number: Integers = (people.cohort.astype(np.int64) << 40) | (people.origin.astype(np.int64) << 32) | people.index
    return number


def last_states(future: Future) -> Integers:
    """Say where everyone is at the end of the last year, (N,).

    Returns
    -------
    The region of the employer (students: their university's) for those active; R + OUT_OF_RESEARCH or R + APPLYING.
    """
    stage, employer = (future.states[-1, KEPT.index(name)] for name in ("stage", "employer"))
    outside = np.where(stage == OUT, future.regions + OUT_OF_RESEARCH, future.regions + APPLYING)
    where: Integers = np.where((stage == STUDY) | (stage == WORK), employer, outside).astype(np.int64)
    return where


def is_visible(future: Future) -> NDArray[np.bool_]:
    """Tell who is active and visible in the last year, (N,)."""
    stage, tier = (future.states[-1, KEPT.index(name)] for name in ("stage", "tier"))
    visible: NDArray[np.bool_] = ((stage == STUDY) | (stage == WORK)) & (tier > 0)
    return visible


class TwoLives(NamedTuple):
    """One researcher in two futures."""

    origin: int
    cohort: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    rows: tuple[int, int]  # in the base and in the variant; -1 where absent
    states: tuple[int, int]  # in the last year, see `last_states`; R + ABSENT where absent
    parting: int  # year since 2000 in which the two lives part; that of the cohort where absent in one


def who_switched(base: Future, variant: Future, visible_only: bool = False) -> list[TwoLives]:
    """List who is in another state in the last year of the variant than in that of the base, in the order of entry.

    Parameters
    ----------
    base, variant : futures of the same years, regions and key.
    visible_only : leave out whoever is visible in neither.
    """
    everyone = np.union1d(base.identity, variant.identity)
    rows, states, seen = [], [], np.zeros(len(everyone), dtype=np.bool_)
    for future in (base, variant):
        row, there = find_rows(future, everyone)
        rows.append(row)
        states.append(np.where(there, last_states(future)[row], future.regions + ABSENT))
        seen |= there & is_visible(future)[row]
        row[~there] = -1
    differs = states[0] != states[1]
    chosen = np.flatnonzero(differs & seen if visible_only else differs)
    parting = partings(base, variant, rows[0][chosen], rows[1][chosen])
    pairs = []
    for each, year in zip(chosen.tolist(), parting.tolist(), strict=True):
        at = int(rows[0][each]), int(rows[1][each])
        future, own = (base, at[0]) if at[0] >= 0 else (variant, at[1])
        who = int(future.origin[own]), int(future.cohort[own]), int(future.index[own])
        pairs.append(TwoLives(*who, at, (int(states[0][each]), int(states[1][each])), year))
    return pairs


def find_rows(future: Future, everyone: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Find the rows of identities (some row where there is none), and tell who is there."""
    row = np.minimum(np.searchsorted(future.identity, everyone), len(future.identity) - 1)
    return row, future.identity[row] == everyone


def partings(base: Future, variant: Future, of_base: Integers, of_variant: Integers) -> Integers:
    """Find the first year, since 2000, in which lives differ in a column of LIFE; that of entry where one row is -1."""
    life = slice(0, len(LIFE))
    differs = (base.states[:, life, of_base] != variant.states[:, life, of_variant]).any(axis=1)
    first = np.argmax(differs, axis=0) - 1
    entered = np.where(of_base >= 0, base.cohort[of_base], variant.cohort[of_variant]) - FIRST_YEAR
    year: Integers = np.where((of_base >= 0) & (of_variant >= 0), first, entered)
    return year
