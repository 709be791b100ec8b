"""A published figure beside the draws, and all of them as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.calibration.validation.experiments.declared import Declared, Figure
from sim.model.world import Floats


@dataclass(frozen=True)
class FigureFit:
    """A published figure beside the draws.

    Parameters
    ----------
    figure
        What was published.
    low, median, high
        5, 50 and 95 % of the draws.
    """

    figure: Figure
    low: float
    median: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether the published figure lies within the draws' 5 to 95 %; of a bound: whether the median keeps it."""
        if self.figure.bound == "at_most":
            return self.median <= self.figure.published
        if self.figure.bound == "at_least":
            return self.median >= self.figure.published
        return self.low <= self.figure.published <= self.high

    @property
    def meets(self) -> bool:
        """Whether the two intervals have something in common."""
        return self.inside or (self.low <= self.figure.high and self.figure.low <= self.high)


@dataclass(frozen=True)
class Experimented:
    """What the experiments gave.

    Parameters
    ----------
    ensemble, draws
        Name and digest of the ensemble; how many of its draws.
    fits
        Every figure beside the draws.
    declared
        What was declared, with what cannot be said.
    """

    ensemble: str
    draws: int
    fits: tuple[FigureFit, ...]
    declared: Declared


def fit_figure(figure: Figure, values: Floats) -> FigureFit:
    """Put a figure beside (D,) modelled values."""
    low, median, high = (float(each) for each in np.quantile(values, (0.05, 0.5, 0.95)))
    return FigureFit(figure, low, median, high)


def experiments_record(found: Experimented) -> dict[str, Any]:
    """Make the JSON object of the experiments; a missing number is null."""
    return {
        "ensemble": found.ensemble,
        "draws": found.draws,
        "figures": [figure_record(each, found.declared) for each in found.fits],
        "unsaid": [
            {"label": each.label, "published": each.published, "source": list(each.source), "reason": each.reason}
            for each in found.declared.unsaid
        ],
    }


def figure_record(each: FigureFit, declared: Declared) -> dict[str, Any]:
    """Make the object of a figure."""
    figure = each.figure
    return {
        "id": figure.id, "label": figure.label, "experiment": declared.experiment_of(figure).title, "use": figure.use,
        "source": list(figure.source), "published": figure.published, "published_low": figure.low,
        "published_high": figure.high, "interval": figure.interval, "bound": figure.bound, "p05": each.low,
        "median": each.median, "p95": each.high, "inside": each.inside, "intervals_meet": each.meets, "note": figure.note,
    }  # fmt: skip
