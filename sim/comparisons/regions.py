"""Which regions are told: leader and challenger (USA and CHN as packaged) always, and those that move most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.data.load import load_data
from sim.model.world import Floats

MAIN_TIER = "top20"
MAIN_AXES = ("work", "study")
"""Axes of which an effect is told in any case; the first decides the region that moves most."""


def passing_pair() -> tuple[str, str]:
    """Return the challenger and the leader of the tables in force, whose crossing is always told: CHN and USA as packaged."""
    return load_data().passing


def always_told() -> tuple[str, str]:
    """Return the regions whose shares are always told: the leader and the challenger."""
    challenger, leader = passing_pair()
    return leader, challenger


def told_regions(change: Floats, codes: Sequence[str], others: int = 2) -> list[int]:
    """List the regions that are told of an effect: those of `always_told`, then the others that move most.

    Parameters
    ----------
    change
        Effect on each region in any unit, (R,), groups of regions may follow; what is not known (NaN) counts as no change.
    codes
        Region codes in id order, (R,).
    others
        How many beside them, 0..R - 2.

    Returns
    -------
    list
        Region ids; the others by falling size, equal ones in id order.
    """
    always = [codes.index(code) for code in always_told()]
    by_size = np.argsort(-np.nan_to_num(np.abs(change[: len(codes)])), kind="stable")
    return [*always, *[int(region) for region in by_size if region not in always][:others]]
