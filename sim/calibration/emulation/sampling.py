"""Samples points of a posterior: elliptical slices on normal scores, and the number that keys everything else of a point.

A point is its normal scores, N(0, I) before the evidence, and its number, from which the quantiles of lever values and the errors
of solved targets follow (`sim.calibration.bank.points`). Scores move on ellipses (Murray, Adams and MacKay 2010), which need no
step size, about a normal approximation of the posterior (`sim.calibration.emulation.ellipse`); a number is chosen anew among many
by their likelihood. Many chains walk side by side, so that a likelihood is computed for all at once.
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
POOL_SIZE = 1 << 16  # numbers that chains choose among, unless told
PROPOSALS = 32  # of numbers beside its own that a chain chooses among after every move of its scores
HOPEFUL = 0.9  # of the proposals are in proportion to how likely a number looks at the middle of the ellipse, the others are any
TEMPER = 2.0  # of that likelihood, whose root is less sure of itself
MOST_SHRINKS = 60
GOOD_RHAT = 1.05


class Sample(NamedTuple):
    """What chains have seen after the first part of each is dropped."""

    scores: Floats  # (C, S, P)
    numbers: PointNumbers  # (C, S)
    log_likelihood: Floats  # (C, S)
    renewed: float  # share of the choices among numbers that did not leave a chain its own

    def flat(self) -> tuple[Floats, PointNumbers, Floats]:
        """List the states one after the other, step by step over all chains: (C S, P), (C S,), (C S,)."""
        scores = self.scores.transpose(1, 0, 2).reshape(-1, self.scores.shape[2])
        return scores, self.numbers.T.reshape(-1), self.log_likelihood.T.reshape(-1)


class NumberPool(NamedTuple):
    """Numbers that chains choose among: (N,) numbers, (N, U) their keyed scores."""

    numbers: PointNumbers
    keyed: Floats


class Mixing(NamedTuple):
    """How far chains agree: largest R-hat and smallest effective size over the scores and the log-likelihood."""

    rhat: float
    effective: float

    @property
    def good(self) -> bool:
        """Whether the chains tell one distribution."""
        return self.rhat <= GOOD_RHAT


def number_pool(keyed: Keyed, seed: int, size: int = POOL_SIZE) -> NumberPool:
    """Draw `size` numbers of sampled points; `keyed` : see `Keyed`."""
    numbers = np.random.default_rng([seed, size]).integers(FIRST_NUMBER, LAST_NUMBER, size)
    return NumberPool(numbers, keyed(numbers))


def sample_posterior(
    likelihood: LogLikelihood,
    pool: NumberPool,
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
    likelihood : see `LogLikelihood`.
    pool : N numbers, at least as many as chains.
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
    chosen = np.arange(chains)
    others = pool.keyed[chosen]
    if not np.isfinite(likelihood(np.zeros((1, dimensions)), others[:1])).all():
        raise ValueError("the log-likelihood is not finite at the middle of the prior: a row that is weighed has no value there")
    ellipse = ellipse or approximate(likelihood, dimensions, others.shape[1])

    def on_ellipse(w: Floats, their: Floats) -> Floats:
        scores = ellipse.scores(w, their)
        return likelihood(scores, their) + ellipse.excess(w, scores)

    odds = odds_of(on_ellipse, pool.keyed, dimensions)
    places = rng.normal(size=(chains, dimensions))
    current = on_ellipse(places, others)
    dropped = steps // 3
    shape = (chains, steps - dropped)
    seen = Sample(np.empty((*shape, dimensions)), np.empty(shape, np.int64), np.empty(shape), 0.0)
    renewed = 0
    for step in range(steps):
        if progress is not None and step % 50 == 0:
            progress("sampling", step, steps)
        places, current = moved_on_ellipses(on_ellipse, places, others, current, rng)
        if others.shape[1]:
            before = chosen
            chosen, current = chosen_among(on_ellipse, places, (pool.keyed, odds), chosen, current, rng)
            others = pool.keyed[chosen]
            renewed += int((chosen != before).sum())
        if step >= dropped:
            scores = ellipse.scores(places, others)
            seen.scores[:, step - dropped] = scores
            seen.numbers[:, step - dropped] = pool.numbers[chosen]
            seen.log_likelihood[:, step - dropped] = current - ellipse.excess(places, scores)
    return seen._replace(renewed=renewed / (steps * chains))


def odds_of(likelihood: LogLikelihood, keyed_pool: Floats, dimensions: int) -> Floats:
    """Compute with which odds each number of the pool is proposed, (N,): as it looks at the middle, none with next to nothing."""
    parts = np.array_split(keyed_pool, max(1, len(keyed_pool) // 1_024))
    logs = np.concatenate([likelihood(np.zeros((len(part), dimensions)), part) for part in parts]) / TEMPER
    looks = np.exp(logs - logs.max())
    odds: Floats = HOPEFUL * looks / looks.sum() + (1.0 - HOPEFUL) / len(looks)
    return odds


def chosen_among(
    likelihood: LogLikelihood,
    places: Floats,
    pool: tuple[Floats, Floats],
    chosen: PointNumbers,
    current: Floats,
    rng: np.random.Generator,
) -> tuple[PointNumbers, Floats]:
    """Choose for each chain among its own number and PROPOSALS of the pool (i-SIR: Andrieu, Lee and Vihola 2018).

    Parameters
    ----------
    likelihood : see `LogLikelihood`.
    places : (C, P) of the chains.
    pool : (N, U) keyed scores of the numbers there are, (N,) the odds with which each is proposed.
    chosen, current : (C,) rows of the pool and log-likelihoods as they are.
    rng : draws candidates and choices.

    Returns
    -------
    (C,) rows of the pool and log-likelihoods as they become.
    """
    keyed, odds = pool
    proposed = rng.choice(len(odds), size=(len(places), PROPOSALS), p=odds)
    values = likelihood(np.repeat(places, PROPOSALS, axis=0), keyed[proposed.reshape(-1)]).reshape(proposed.shape)
    candidates, logs = np.column_stack([chosen, proposed]), np.column_stack([current, values])
    weights = logs - np.log(odds[candidates])
    taken = np.argmax(weights + rng.gumbel(size=weights.shape), axis=1)  # the largest is each in proportion to exp(weights)
    rows = np.arange(len(places))
    return candidates[rows, taken], logs[rows, taken]


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
