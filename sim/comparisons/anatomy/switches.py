"""Who changed: researchers who end in another place, where their two lives parted and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.comparisons.anatomy.anatomy import SwitchRow
from sim.comparisons.anatomy.futures import ELSEWHERE, Future, TwoLives, who_switched
from sim.comparisons.anatomy.reasons import Reasons

MOST_LOOKED_AT: Final = 4_000
"""Researchers of one draw and replicate whose choice is looked into; of more, as many at equal distances."""
MOST_EXAMPLES: Final = 3
"""Researchers named in a row."""


class Switch(NamedTuple):
    """One researcher who is in another state at the end of the variant."""

    origin: str
    stage: str
    base: str
    variant: str
    reason: str
    name: str  # as `talentsim trace` reads it
    year: int  # in which the two lives part
    draw: int
    replicate: int

    @property
    def example(self) -> str:
        """The name with the run to look it up in."""
        return f"{self.name} (draw {self.draw}, replicate {self.replicate})"


def switches_of(
    base: Future, variant: Future, codes: tuple[str, ...], run: tuple[int, int], visible_only: bool = False,
    most: int = MOST_LOOKED_AT,
) -> list[Switch]:  # fmt: skip
    """List who changed between two futures.

    Parameters
    ----------
    base, variant : futures of the same years, regions and key.
    codes : (R,) region codes.
    run : draw and replicate.
    visible_only : leave out whoever is visible in neither last year.
    most : see MOST_LOOKED_AT; the reason of the others is said only if a chance decided it.
    """
    labels = (*codes, *ELSEWHERE)
    pairs = who_switched(base, variant, visible_only)
    looked_at = set(range(len(pairs))) if len(pairs) <= most else set(np.linspace(0, len(pairs) - 1, most).astype(int).tolist())
    reasons = Reasons(base, variant, codes)
    found = []
    for number, pair in enumerate(pairs):
        stage, reason = reasons.of(pair, number in looked_at)
        before, after = (labels[state] for state in pair.states)
        found.append(Switch(codes[pair.origin], stage, before, after, reason, name_of(pair, codes), 2000 + pair.parting, *run))
    return found


def name_of(pair: TwoLives, codes: Sequence[str]) -> str:
    """Name a researcher: CHN-2026-17."""
    return f"{codes[pair.origin]}-{pair.cohort}-{pair.index}"


def switch_rows(switches: Iterable[Switch], runs: int, weight: float) -> tuple[SwitchRow, ...]:
    """Count switches by origin, stage, both states and reason, most first.

    Parameters
    ----------
    switches : of all runs looked at.
    runs : how many these are.
    weight : people per simulated researcher.
    """
    groups: dict[tuple[str, ...], list[Switch]] = {}
    for each in switches:
        groups.setdefault(each[:5], []).append(each)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        SwitchRow(
            origin, stage, base, variant, reason, len(who), weight * len(who) / runs,
            tuple(each.example for each in who[:MOST_EXAMPLES]),
        )
        for (origin, stage, base, variant, reason), who in ordered
    )  # fmt: skip
