"""An effect split into the policy's own part, what answers to it, and what the two do together.

The own part: the policy while congestion, ecosystem and diasporas stay on the base's path. The feedback: the base's levers on the
policy run's paths. Notation: N runs, Y years, X axes (MAIN_AXES), R regions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sim.comparisons.anatomy.anatomy import ChannelRow
from sim.comparisons.regions import MAIN_AXES, MAIN_TIER, told_regions
from sim.engines.axes import AXES, TIERS
from sim.engines.counts import shares
from sim.model.world import FIRST_YEAR, Floats, Integers


class ShownCell(NamedTuple):
    """One share of which effects are told, with its place in arrays."""

    at: tuple[int, int, int]  # year, axis, region
    year: int
    axis: str
    region: str


def shares_at(counts: Integers, years: Sequence[int]) -> Floats:
    """Return (Y, X, R) shares of the visible in percent.

    Parameters
    ----------
    counts : (T, 3 tiers, 5 axes, R) from FIRST_YEAR on.
    years : calendar years.
    """
    rows = [year - FIRST_YEAR for year in years]
    axes = [AXES.index(axis) for axis in MAIN_AXES]
    return 100.0 * shares(counts[rows, TIERS.index(MAIN_TIER)][:, axes])


def cells_shown(total: Floats, years: Sequence[int], codes: Sequence[str], also: Sequence[str] = ()) -> Iterator[ShownCell]:
    """List the shares that are told: USA, CHN, on each axis the two others that move most in the last year, and those asked for.

    Parameters
    ----------
    total : (Y, X, R) mean effect, percentage points.
    years : the Y years.
    codes : (R,) region codes.
    also : codes of regions that are told in any case.
    """
    for y, year in enumerate(years):
        for x, axis in enumerate(MAIN_AXES):
            for region in dict.fromkeys([*told_regions(total[-1, x], codes), *(codes.index(code) for code in also)]):
                yield ShownCell((y, x, region), year, axis, codes[region])


def channel_rows(
    base: Floats, direct: Floats, feedback: Floats, variant: Floats, cells: Sequence[ShownCell]
) -> tuple[ChannelRow, ...]:
    """Split the mean effect of each cell.

    Parameters
    ----------
    base, variant : (N, Y, X, R) shares in percent.
    direct : of the policy on the base's paths; feedback : of the base on the policy run's paths.
    cells : which to tell.
    """
    total, own, answer = ((each - base).mean(axis=0) for each in (variant, direct, feedback))
    rows = []
    for cell in cells:
        whole, first, second = (float(each[cell.at]) for each in (total, own, answer))
        rows.append(ChannelRow(cell.year, MAIN_TIER, cell.axis, cell.region, whole, first, second, whole - first - second))
    return tuple(rows)
