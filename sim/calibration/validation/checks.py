"""Checks of an ensemble on the record: predictive check by row and family, headlines and their bands, families left out."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.calibration.ensemble.conditioned import unsmoothed
from sim.calibration.ensemble.weights import MOST_TAIL, importance_weights
from sim.calibration.evidence import Record
from sim.calibration.fit import Fit, far_rows, fit, weighted_quantile
from sim.calibration.likelihood import log_likelihood
from sim.model.world import Floats
from sim.runs.outcomes.statistics import effective_number

BANDS_FILE = Path(__file__).with_name("bands.toml")
LEAST_INSIDE = 0.85
MOST_BEYOND = 3
"""Weighed rows that may be missed by more than so many standard deviations."""
FEW_LEFT = 10.0
"""Effective draws below which a median with a family left out says nothing."""


@dataclass(frozen=True)
class Band:
    """A headline: the row it is of, the band for its median, and why it is a known miss, if it is one."""

    name: str
    row: str
    low: float
    high: float
    missed: str = ""

    def holds(self, value: float) -> bool:
        """Whether a median lies in the band."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class BandFit:
    """A headline beside the draws.

    Parameters
    ----------
    band
        What was asked.
    low, median, high
        5, 50 and 95 % of the draws.
    without
        Median with the headline's own family left out, by weights; NaN if too few draws are left.
    effective, tail
        What those weights are worth: effective number of draws; Pareto k of their tail.
    """

    band: Band
    low: float
    median: float
    high: float
    without: float
    effective: float
    tail: float


@dataclass(frozen=True)
class Checked:
    """The predictive check.

    Parameters
    ----------
    fit
        Every row and family beside the draws.
    headlines
        Those of bands.toml.
    checked_rows, checked_inside
        Rows that weigh nothing and are not solved; of those inside their 90 % predictive interval.
    """

    fit: Fit
    headlines: tuple[BandFit, ...]
    checked_rows: int
    checked_inside: int

    @property
    def beyond(self) -> int:
        """Weighed rows that the median misses by far (see `far_rows`)."""
        return len(far_rows(self.fit))

    @property
    def inside_part(self) -> float:
        """Part of the weighed rows inside their 90 % predictive interval."""
        return self.fit.total.inside / max(1, self.fit.total.rows)


def load_bands(path: Path = BANDS_FILE) -> tuple[Band, ...]:
    """Read the headlines."""
    with path.open("rb") as file:
        return tuple(Band(**entry) for entry in tomllib.load(file)["headline"])


def checked(record: Record, values: Floats, bands: Sequence[Band]) -> Checked:
    """Check draws of equal weight on the record.

    Parameters
    ----------
    record : the evidence, K rows.
    values : (D, K) modelled values.
    bands : headlines; their rows are of the record.
    """
    found = fit(record, values)
    shown = [each for each in found.rows if each.row.use == "check" and math.isfinite(each.miss)]
    headlines = tuple(band_fit(record, values, band) for band in bands)
    return Checked(found, headlines, len(shown), sum(each.inside for each in shown))


def band_fit(record: Record, values: Floats, band: Band) -> BandFit:
    """Compute a headline's quantiles, and its median with its family left out."""
    (at,) = (k for k, row in enumerate(record.rows) if row.id == band.row)
    column = values[:, at]
    low, median, high = (float(each) for each in np.quantile(column, (0.05, 0.5, 0.95)))
    whole = log_likelihood(record, values)
    without = log_likelihood(record, values, without=[record.rows[at].family])
    with np.errstate(divide="ignore", invalid="ignore"):  # the tail of weights that one draw has alone has no k
        weights = importance_weights(without, whole, FEW_LEFT)
    if not math.isfinite(weights.effective):
        plain = unsmoothed(without - whole, np.ones(len(values)))
        weights = weights._replace(values=plain, effective=effective_number(plain), tail=math.inf)
    enough = weights.effective >= FEW_LEFT and not weights.tail >= MOST_TAIL
    left = weighted_quantile(column, weights.values, 0.5) if enough else math.nan
    return BandFit(band, low, median, high, left, weights.effective, weights.tail)
