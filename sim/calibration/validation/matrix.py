"""Where people of each origin work, in one year, made to agree with all that was published of that year (raking).

Nobody publishes the whole matrix. Cells start from those of the margins with more people at home, and are scaled in turn until
origins, work, the origins of those in the USA and those who work abroad are as published (Deming and Stephan 1940).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.calibration.evidence import Evidence
from sim.calibration.validation.series import YearSeries
from sim.model.world import Floats

AT_HOME = 5.0
"""How much likelier home is in the cells to start from."""
RAKINGS = 60
LEAST_CELL = 1e-6  # of all people in a cell


class Sum(NamedTuple):
    """What cells together are to be: a mask (R, R) by origin and work, and a total (D,)."""

    mask: Floats
    total: Floats


def raked(origin: Floats, work: Floats, sums: Sequence[Sum]) -> Floats:
    """Find matrices with given margins and sums of cells.

    Parameters
    ----------
    origin, work : (D, R) shares, each adding to 1.
    sums : further sums of cells.

    Returns
    -------
    (D, R, R) by origin and work, adding to 1; sums that contradict the margins are met as nearly as RAKINGS rounds allow, the
    margins last.
    """
    regions = origin.shape[1]
    cells = origin[:, :, np.newaxis] * work[:, np.newaxis, :] * (1.0 + (AT_HOME - 1.0) * np.eye(regions))
    for _ in range(RAKINGS):
        for mask, total in sums:
            there = (cells * mask).sum(axis=(1, 2))
            cells = cells * (1.0 + mask * (total / np.maximum(there, LEAST_CELL) - 1.0)[:, np.newaxis, np.newaxis])
        cells *= (origin / np.maximum(cells.sum(axis=2), LEAST_CELL))[:, :, np.newaxis]
        cells *= (work / np.maximum(cells.sum(axis=1), LEAST_CELL))[:, np.newaxis, :]
    return cells


def over_regions(rows: Sequence[Evidence], parts: Floats, series: YearSeries) -> Floats:
    """Spread (D, K + 1) parts of rows and the rest to 1 over the (D, R) regions, within a part as the last year of the series."""
    weight = series.counts[-1]
    shares = np.zeros((len(parts), len(series.codes)))
    masks = [np.isin(series.codes, row.arguments["regions"]) for row in rows]
    masks.append(~np.any(masks, axis=0))
    for mask, part in zip(masks, parts.T, strict=True):
        inside = weight * mask
        shares += part[:, np.newaxis] * inside / inside.sum()
    kept = np.maximum(shares, LEAST_CELL)
    found: Floats = kept / kept.sum(axis=1, keepdims=True)
    return found


def read_off(row: Evidence, cells: Floats, codes: Sequence[str]) -> Floats | None:
    """Read a row off (D, R, R) matrices, (D,); None for what a matrix does not say."""

    def at(name: str) -> Floats:
        return np.asarray(np.isin(codes, row.arguments.get(name, codes)), dtype=np.float64)

    found: Floats
    if row.operator == "abroad":
        found = 1.0 - np.einsum("dii->d", cells)
    elif (
        row.operator == "share" and row.arguments.get("tier", "top20") == "top20" and row.arguments["axis"] in ("work", "origin")
    ):
        margin = cells.sum(axis=1 if row.arguments["axis"] == "work" else 2)
        found = margin @ at("regions")
    elif row.operator in ("workforce", "work_of_origin"):
        both = np.einsum("dow,o,w->d", cells, at("origin"), at("work"))
        whole = cells.sum(axis=1) @ at("work") if row.operator == "workforce" else cells.sum(axis=2) @ at("origin")
        found = both / whole
    else:
        return None
    return found
