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
WORK_SAMPLE = 4249 / 3.7
"""Author slots of the census of 2019 over the design effect of papers whose authors share a country."""
ORIGIN_SAMPLE = 675 / 3.7
"""Persons of the tracker's sample of 2019 over the same."""
SINGLE = {
    "M22-T-CNCNG": 0.0521,
    "M22-T-CNUSG": 0.05,
    "D22-T-CNANG": 0.0286,
    "M19-T-INUSG": 0.06,
    "M22E-W-US": 0.0337,
    "M22E-W-CN": 0.0222,
    "IND-HOME-STUDY-2019": 0.03,
}
"""Targets that are solved one by one, with their sd (evidence.toml, which a test compares)."""
INDIA_AT_HOME = 0.05
"""Of visible Indian origins in 2019: M19-T-INSTAY says that at most .05 worked (and so studied) there."""
INDUSTRY_SD = {2010: 0.03, 2019: 0.03}
"""Of the share of new doctors who enter industry in the two years that are published; between them errors are interpolated."""
MOST_SPREAD = 0.5
"""Of the logarithm of a share; more is asked for below shares of .4 and 2 %, which are filled in by a rule."""
BRITISH_SD = 0.035
"""Of the share of those in GBR whose headquarters are in the USA: half of the distance between the two censuses."""


class SolvedTargets(NamedTuple):
    """The values that the constants of a draw are solved on."""

    work: Floats  # (R,) work shares of 2019 by headquarters
    origin: Floats  # (R,) origin shares of 2019
    single: Mapping[str, float]  # by id of the target
    british: float  # share of those in GBR whose headquarters are in the USA
    industry: Floats  # (51,) share of new doctors of USA and CAN who enter industry, 2000..2050
    errors: Floats  # (E,) standard normal scores by which they differ from the published values


def target_errors(number: int, regions: int) -> Floats:
    """Draw the errors of the targets of a draw: (E,) standard normal scores, E = 2 R + 10; all 0 for the reference point.

    The numbers of authors of 2019 and 2022 are solved without an error: theirs is 2 %.

    Parameters
    ----------
    number : of the draw, from 0; negative for a point that is no draw.
    regions : R.
    """
    size = 2 * regions + len(SINGLE) + 1 + len(INDUSTRY_SD)
    if number < 0:
        return np.zeros(size)
    return np.random.Generator(np.random.Philox(key=[ERROR_SEED, number])).standard_normal(size)


def solved_targets(data: Data, number: int) -> SolvedTargets:
    """Make the targets of a draw: those published, moved by the draw's errors."""
    regions = len(data.codes)
    errors = target_errors(number, regions)
    ends = np.cumsum([regions, regions, len(SINGLE), 1])
    work, origin, single, british, industry = np.split(errors, ends)
    published = {target.id: target.value for target in data.targets} | {"IND-HOME-STUDY-2019": INDIA_AT_HOME}
    return SolvedTargets(
        data.work_target_2019 if number < 0 else moved_shares(data.work_target_2019, WORK_SAMPLE, work),
        data.origin_target_2019 if number < 0 else moved_shares(data.origin_target_2019, ORIGIN_SAMPLE, origin),
        {name: moved(published[name], sd, z) for (name, sd), z in zip(SINGLE.items(), single, strict=True)},
        moved(data.gbr_usa_hq_share, BRITISH_SD, british[0]),
        moved_path(data.industry_entry, industry),
        errors,
    )


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
