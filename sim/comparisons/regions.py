"""Which regions are told: the United States and China always, and those that move most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.model.world import Floats

MAIN_TIER = "top20"
MAIN_AXES = ("work", "study")
"""Axes of which an effect is told in any case; the first decides the region that moves most."""

ALWAYS: Final = ("USA", "CHN")
"""Regions whose shares are always told."""


PASSING: Final = ("CHN", "USA")
"""Challenger and leader whose crossing is always told."""


def told_regions(change: Floats, codes: Sequence[str], others: int = 2) -> list[int]:
    """List the regions that are told of an effect: ALWAYS, then the others that move most.

    Parameters
    ----------
    change
        Effect on each region in any unit, (R,), groups of regions may follow; what is not known (NaN) counts as no change.
    codes
        Region codes in id order, (R,).
    others
        How many beside ALWAYS, 0..R - 2.

    Returns
    -------
    list
        Region ids; the others by falling size, equal ones in id order.
    """
    always = [codes.index(code) for code in ALWAYS]
    by_size = np.argsort(-np.nan_to_num(np.abs(change[: len(codes)])), kind="stable")
    return [*always, *[int(region) for region in by_size if region not in always][:others]]
