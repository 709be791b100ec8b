"""What a draw is solved on: published targets, each perturbed by its own error, keyed by the number of the draw.

A published share is an estimate. A draw that met it exactly would carry none of its error into what follows; draw k therefore
meets target + error k, and the reference point, which is no draw, the published values themselves. Errors are standard normal
scores. Shares of one chart move together: independent errors of ln p_k with variance D / (n p_k), of which only differences
count (docs/decisions/0016-evidence-as-data.md); the others move on the logit scale by sd / (p (1 - p)).
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sim.data.schema import DATA_YEARS, Data
from sim.model.world import Floats

ERROR_SEED = 2019
DESIGN_EFFECT = 3.7
"""Of papers whose authors share a country: a sample tells as much as one smaller by this factor."""
INDUSTRY_SD = {2010: 0.03, 2019: 0.03}
"""Of the share of new doctors who enter industry in the two years that are published; between them errors are interpolated."""
MOST_SPREAD = 0.5
"""Of the logarithm of a share; more is asked for below shares of .4 and 2 %, which are filled in by a rule."""


class SolvedTargets(NamedTuple):
    """The values that the constants of a draw are solved on."""

    work: Floats  # (R,) work shares of 2019 by headquarters
    origin: Floats  # (R,) origin shares of 2019
    single: Mapping[str, float]  # by id of the row of solved.csv
    industry: Floats  # (51,) share of new doctors of the regions of first jobs who enter industry, 2000..2050
    errors: Floats  # (E,) standard normal scores by which they differ from the published values


def target_errors(number: int, data: Data) -> Floats:
    """Draw the errors of the targets of a draw: (E,) standard normal scores, E = 2 R + 2 + rows of solved.csv; 0 for no draw.

    The numbers of authors of 2019 and 2022 are solved without an error: theirs is 2 %.

    Parameters
    ----------
    number : of the draw, from 0; negative for a point that is no draw.
    data : the tables.
    """
    size = 2 * len(data.codes) + len(data.solved) + len(INDUSTRY_SD)
    if number < 0:
        return np.zeros(size)
    return np.random.Generator(np.random.Philox(key=[ERROR_SEED, number])).standard_normal(size)


def solved_targets(data: Data, number: int) -> SolvedTargets:
    """Make the targets of a draw: those published, moved by the draw's errors."""
    errors = target_errors(number, data)
    work, origin, single, industry = errors_apart(errors, data)
    samples = data.work_sample / DESIGN_EFFECT, data.origin_sample / DESIGN_EFFECT
    return SolvedTargets(
        data.work_target_2019 if number < 0 else moved_shares(data.work_target_2019, samples[0], work),
        data.origin_target_2019 if number < 0 else moved_shares(data.origin_target_2019, samples[1], origin),
        {row.id: moved(row.value, row.sd, z) for row, z in zip(data.solved, single, strict=True)},
        moved_path(data.industry_entry, industry),
        errors,
    )


def errors_apart(errors: Floats, data: Data) -> list[Floats]:
    """Part errors into those of work shares, origin shares, rows of solved.csv, and the years of INDUSTRY_SD."""
    regions = len(data.codes)
    return np.split(errors, np.cumsum([regions, regions, len(data.solved)]))


def moved_shares(shares: Floats, sample: float, errors: Floats) -> Floats:
    """Move (R,) shares of one chart by (R,) errors of their logarithms, of variance 1 / (sample share), and let them add to 1.

    Errors are cut at three standard deviations, those of rows of hardly anyone are at most MOST_SPREAD; the mean stays.
    """
    sd = np.minimum(1.0 / np.sqrt(sample * shares), MOST_SPREAD)
    weighted = shares * np.exp(np.clip(errors, -3.0, 3.0) * sd - 0.5 * sd * sd)
    moved_to: Floats = weighted / weighted.sum()
    return moved_to


def moved_path(shares: Floats, errors: Floats) -> Floats:
    """Move (51,) shares by the errors of the years of INDUSTRY_SD, between which, and beyond, errors are interpolated."""
    between = [float(np.interp(year, list(INDUSTRY_SD), errors)) for year in DATA_YEARS]
    sds = [float(np.interp(year, list(INDUSTRY_SD), list(INDUSTRY_SD.values()))) for year in DATA_YEARS]
    return np.array([moved(float(share), sd, z) for share, sd, z in zip(shares, sds, between, strict=True)])


def moved(share: float, sd: float, error: float) -> float:
    """Move a share by an error on the logit scale, cut at three standard deviations."""
    odds = share / (1.0 - share) * math.exp(min(max(error, -3.0), 3.0) * sd / (share * (1.0 - share)))
    return odds / (1.0 + odds)
