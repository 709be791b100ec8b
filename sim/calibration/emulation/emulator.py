"""The emulator: a process for every weighed row on its link scale, and for headlines; values and variances in the rows' units."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sim.calibration.emulation.process import Surface, fit_process
from sim.calibration.one_thread import one_thread
from sim.model.world import Floats
from sim.runs.executors import Progress, map_in_order, with_progress

LEAST_SHARE = 1e-5
"""Distance from 0 and 1 within which a share is not told from the end."""


@dataclass(frozen=True)
class Emulator:
    """Surfaces of K outputs, of which those that are not emulated are NaN; made by `fit_emulator`."""

    outputs: tuple[int, ...]  # positions of the emulated outputs
    of: int  # outputs in all
    is_share: tuple[bool, ...]
    surfaces: tuple[Surface, ...]

    def predict(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Predict (D, K) values and their variances, in the units of the outputs, from (D, P) inputs."""
        middle, variance = self.on_link_scale(inputs)
        shares = np.array(self.is_share)
        values = np.where(shares, expit(middle), np.exp(np.minimum(middle, 700.0)))
        slopes = np.where(shares, values * (1.0 - values), values)
        every = np.full((2, len(inputs), self.of), np.nan)
        every[0][:, list(self.outputs)] = values
        every[1][:, list(self.outputs)] = np.square(slopes) * variance
        return every[0], every[1]

    def on_link_scale(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Predict means and variances of the emulated outputs on their link scales, (D, outputs) each."""
        stacked = self.stacked
        middle = stacked.constant + inputs @ stacked.slope.T
        middle += np.add.reduceat(np.square(inputs @ stacked.directions.T) * stacked.curvature, stacked.starts, axis=1)
        length = np.square(inputs) @ stacked.relevance.T
        own = 1.0 + stacked.amplitudes[:, 0] * length + stacked.amplitudes[:, 1] * np.square(length)
        return middle, np.exp(stacked.level + stacked.rise * np.log(own))

    def only(self, kept: Sequence[int], of: int) -> "Emulator":
        """Keep the emulated outputs at some positions among them, and of all outputs the first `of`."""
        return Emulator(
            tuple(self.outputs[k] for k in kept), of, tuple(self.is_share[k] for k in kept), tuple(self.surfaces[k] for k in kept)
        )

    @cached_property
    def stacked(self) -> "Stacked":
        """Put the surfaces into one array of each kind, a direction of no curvature where a surface has none."""
        count = self.surfaces[0].slope.shape[0]
        curvatures = [surface.curvature if len(surface.curvature) else np.zeros(1) for surface in self.surfaces]
        directions = [surface.directions if len(surface.curvature) else np.zeros((1, count)) for surface in self.surfaces]
        lengths = [len(each) for each in curvatures]
        return Stacked(
            np.array([surface.constant for surface in self.surfaces]),
            np.stack([surface.slope for surface in self.surfaces]),
            np.concatenate(curvatures),
            np.concatenate(directions),
            np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64),
            np.stack([surface.relevance for surface in self.surfaces]),
            np.stack([surface.amplitudes for surface in self.surfaces]),
            np.array([surface.level for surface in self.surfaces]),
            np.array([surface.rise for surface in self.surfaces]),
        )


class Stacked(NamedTuple):
    """Surfaces of all outputs, one beside the other."""

    constant: Floats
    slope: Floats
    curvature: Floats
    directions: Floats
    starts: NDArray[np.int64]
    relevance: Floats
    amplitudes: Floats
    level: Floats
    rise: Floats


def fit_emulator(
    inputs: Floats,
    values: Floats,
    outputs: Sequence[int],
    noise: Floats | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Emulator:
    """Fit a process to each of some outputs.

    Parameters
    ----------
    inputs : (n, P) normal scores.
    values : (n, K) solved values; an output that is ever above 1 is a ratio or a count, the others are shares.
    outputs : positions of those to be emulated, finite in all points.
    noise : (n,) see `fit_process`.
    workers : processes; the numbers do not depend on it.
    progress : told after every output.

    Returns
    -------
    The emulator.
    """
    is_share = tuple(bool(values[:, k].max() <= 1.0) for k in outputs)
    work = partial(fit_output, inputs, noise)
    linked = [link(values[:, k], share) for k, share in zip(outputs, is_share, strict=True)]
    surfaces = list(with_progress(map_in_order(work, linked, workers), "fitting the emulator", len(linked), progress))
    return Emulator(tuple(outputs), values.shape[1], is_share, tuple(surfaces))


def fit_output(inputs: Floats, noise: Floats | None, output: Floats) -> Surface:
    """Fit one output, linear algebra in one thread."""
    with one_thread():
        return fit_process(inputs, output, noise)


def link(values: Floats, is_share: bool) -> Floats:
    """Take the logit of shares, the logarithm of ratios and counts, both kept off their ends by LEAST_SHARE."""
    least = np.maximum(values, LEAST_SHARE)
    logs: Floats = np.log(least)
    return logs - np.log(np.maximum(1.0 - least, LEAST_SHARE)) if is_share else logs
