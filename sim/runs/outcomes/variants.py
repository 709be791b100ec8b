"""The headline at the reference point under other values of one parameter that is settled by no data.

The seat elasticity decides whether a doctoral place that one origin loses is filled by another (version 1, section 5); every
run therefore shows its headline for 0 (fixed places), one half and 1 (a place for everyone).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from sim.engines.axes import AXES, TIERS
from sim.engines.counts import shares
from sim.model.world import REPORT_FROM
from sim.runs.outcomes.outcomes import Outcomes

VARIED = "seat_elasticity"


VALUES = (0.0, 0.5, 1.0)


HEADLINE = (("top20", "work"), ("top20", "study"))


class VariantRow(NamedTuple):
    """One share of one variant: the mean over replicates at the reference point."""

    parameter: str
    value: float
    year: int
    tier: str
    axis: str
    region: str
    share: float


def variant_rows(runs: Mapping[float, Iterable[Outcomes]], codes: tuple[str, ...]) -> Iterator[VariantRow]:
    """List the headline shares of each variant.

    Parameters
    ----------
    runs : replicates at the reference point by the value of VARIED.
    codes : region codes in id order.

    Yields
    ------
    Rows by value, year, axis and region; years from 2010.
    """
    for value, outcomes in runs.items():
        made = list(outcomes)
        mean = np.mean([shares(each.counts) for each in made], axis=0)
        for t, year in enumerate(made[0].years):
            if year < REPORT_FROM:
                continue
            for tier, axis in HEADLINE:
                for region, share in zip(codes, mean[t, TIERS.index(tier), AXES.index(axis)], strict=True):
                    yield VariantRow(VARIED, value, int(year), tier, axis, region, float(share))
