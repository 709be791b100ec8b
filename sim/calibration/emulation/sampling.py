"""Samples points of a posterior: elliptical slices on normal scores, and the number that keys everything else of a point.

A point is its normal scores, N(0, I) before the evidence, and its number, from which the quantiles of lever values and the errors
of solved targets follow (`sim.calibration.bank.points`). Scores move on ellipses (Murray, Adams and MacKay 2010), which need no
step size, about a normal approximation of the posterior (`sim.calibration.emulation.ellipse`); a number is proposed anew from all
numbers and accepted by the ratio of likelihoods. Many chains walk side by side, so that a likelihood is computed for all at once.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.calibration.emulation.ellipse import Ellipse, approximate
from sim.model.world import Floats
from sim.runs.executors import Progress

PointNumbers = NDArray[np.int64]
LogLikelihood = Callable[[Floats, Floats], Floats]
"""Of (C, P) scores and (C, U) keyed scores, (C,)."""
Keyed = Callable[[PointNumbers], Floats]
"""The keyed scores of (C,) numbers, (C, U)."""
FIRST_NUMBER, LAST_NUMBER = 1 << 16, 1 << 31
"""PointNumbers of sampled points; those of prior points lie below."""
PROPOSALS = 4  # of a number between two moves of the scores
MOST_SHRINKS = 60
GOOD_RHAT = 1.05


class Sample(NamedTuple):
    """What chains have seen after the first part of each is dropped."""

    scores: Floats  # (C, S, P)
    numbers: PointNumbers  # (C, S)
    log_likelihood: Floats  # (C, S)
    accepted: float  # of the proposed numbers

    def flat(self) -> tuple[Floats, PointNumbers, Floats]:
        """List the states one after the other, step by step over all chains: (C S, P), (C S,), (C S,)."""
        scores = self.scores.transpose(1, 0, 2).reshape(-1, self.scores.shape[2])
        return scores, self.numbers.T.reshape(-1), self.log_likelihood.T.reshape(-1)


class Mixing(NamedTuple):
    """How far chains agree: largest R-hat and smallest effective size over the scores and the log-likelihood."""

    rhat: float
    effective: float

    @property
    def good(self) -> bool:
        """Whether the chains tell one distribution."""
        return self.rhat <= GOOD_RHAT


def sample_posterior(
    likelihood: LogLikelihood,
    keyed: Keyed,
    dimensions: int,
    seed: int,
    chains: int = 16,
    steps: int = 2_000,
    progress: Progress | None = None,
    ellipse: Ellipse | None = None,
) -> Sample:
    """Walk chains through the posterior; the first third of the steps is dropped.

    Parameters
    ----------
    likelihood, keyed : see `LogLikelihood` and `Keyed`.
    dimensions : P.
    seed : of all random numbers.
    chains, steps : C, at least 2, and steps of each.
    progress : told now and then.
    ellipse : the normal approximation, if it is known.

    Raises
    ------
    ValueError : the likelihood is not finite at the middle of the prior.
    """
    rng = np.random.default_rng(seed)
    numbers = rng.integers(FIRST_NUMBER, LAST_NUMBER, chains)
    others = keyed(numbers)
    if not np.isfinite(likelihood(np.zeros((1, dimensions)), others[:1])).all():
        raise ValueError("the log-likelihood is not finite at the middle of the prior: a row that is weighed has no value there")
    ellipse = ellipse or approximate(likelihood, dimensions, others.shape[1])

    def on_ellipse(w: Floats, their: Floats) -> Floats:
        scores = ellipse.scores(w, their)
        return likelihood(scores, their) + ellipse.excess(w, scores)

    places = rng.normal(size=(chains, dimensions))
    current = on_ellipse(places, others)
    dropped = steps // 3
    shape = (chains, steps - dropped)
    seen = Sample(np.empty((*shape, dimensions)), np.empty(shape, np.int64), np.empty(shape), 0.0)
    accepted = 0
    for step in range(steps):
        if progress is not None and step % 50 == 0:
            progress("sampling", step, steps)
        places, current = moved_on_ellipses(on_ellipse, places, others, current, rng)
        for _ in range(PROPOSALS if others.shape[1] else 0):
            proposed = rng.integers(FIRST_NUMBER, LAST_NUMBER, chains)
            theirs = keyed(proposed)
            new = on_ellipse(places, theirs)
            taken = np.log(rng.random(chains)) < new - current
            numbers, current = np.where(taken, proposed, numbers), np.where(taken, new, current)
            others = np.where(taken[:, np.newaxis], theirs, others)
            accepted += int(taken.sum())
        if step >= dropped:
            scores = ellipse.scores(places, others)
            seen.scores[:, step - dropped] = scores
            seen.numbers[:, step - dropped] = numbers
            seen.log_likelihood[:, step - dropped] = current - ellipse.excess(places, scores)
    return seen._replace(accepted=accepted / (steps * chains * PROPOSALS))


def moved_on_ellipses(
    likelihood: LogLikelihood, scores: Floats, others: Floats, current: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Move all chains one elliptical slice each; returns scores (C, P) and their log-likelihoods (C,)."""
    chains = len(scores)
    centre = rng.normal(size=scores.shape)
    level = current + np.log(rng.random(chains))
    angle = rng.uniform(0.0, 2.0 * math.pi, chains)
    low, high = angle - 2.0 * math.pi, angle.copy()
    there, value = scores.copy(), current.copy()
    open_ = np.arange(chains)
    for _ in range(MOST_SHRINKS):
        turn = angle[open_, np.newaxis]
        proposal = scores[open_] * np.cos(turn) + centre[open_] * np.sin(turn)
        new = likelihood(proposal, others[open_])
        on_slice = new > level[open_]
        there[open_[on_slice]], value[open_[on_slice]] = proposal[on_slice], new[on_slice]
        open_ = open_[~on_slice]
        if not len(open_):
            break
        below = angle[open_] < 0.0
        low[open_[below]], high[open_[~below]] = angle[open_[below]], angle[open_[~below]]
        angle[open_] = rng.uniform(low[open_], high[open_])
    return there, value


def mixing_of(sample: Sample) -> Mixing:
    """Compute R-hat and effective size by ArviZ (extra `calibrate`), over all scores and the log-likelihood."""
    from arviz_stats.base import array_stats

    states = np.concatenate([sample.scores, sample.log_likelihood[..., np.newaxis]], axis=2)
    rhat = array_stats.rhat(states, chain_axis=0, draw_axis=1)
    effective = array_stats.ess(states, chain_axis=0, draw_axis=1)
    return Mixing(float(np.max(rhat)), float(np.min(effective)))


def spread_out(sample: Sample, count: int) -> tuple[Floats, PointNumbers, Floats]:
    """Take states as far apart as the chains allow: scores (count, P), numbers and log-likelihoods (count,).

    Raises
    ------
    ValueError : there are fewer states than are asked for.
    """
    scores, numbers, values = sample.flat()
    if count > len(numbers):
        raise ValueError(f"{count} points of {len(numbers)} sampled ones: lengthen the chains")
    places = np.linspace(0, len(numbers) - 1, count).round().astype(np.int64)
    return scores[places], numbers[places], values[places]
