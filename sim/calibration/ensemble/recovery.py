"""Recovery of known truths: evidence made by a known point, the posterior sampled, and whether it holds the point.

Emulated truths are points of the prior whose rows the emulator says, with its own error; solved truths are solved points that
the emulator has not seen. Both get the errors of the rows. Ranks of the truths among their samples are uniform if all is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from sim.calibration.charts import with_rest
from sim.calibration.emulation.emulator import Emulator
from sim.calibration.emulation.sampling import FIRST_NUMBER, LAST_NUMBER, Keyed, number_pool, sample_posterior
from sim.calibration.evidence import Record
from sim.calibration.likelihood import log_likelihood
from sim.calibration.one_thread import one_thread
from sim.draws.ensemble import INFORMED
from sim.model.world import Floats
from sim.runs.executors import Progress, map_in_order, with_progress

HELD = (0.05, 0.95)
LEAST_VALUE = 1e-3
MOST_STATES = 1_000  # of the chains, of which rows are read


class Truth(NamedTuple):
    """A known point: its (P,) scores and the (K,) values of the rows that it makes, before their errors."""

    scores: Floats
    rows: Floats


class Recovered(NamedTuple):
    """One truth: its rank among the sample for each parameter, 0..1 (P,), and the posterior sd over the prior's (P,)."""

    ranks: Floats
    widths: Floats


class Recovery(NamedTuple):
    """Truths together.

    ranks, widths : (truths, P).
    informed : (P,) whether the mean shrinkage is INFORMED or more.
    """

    ranks: Floats
    widths: Floats
    informed: np.ndarray

    def coverage(self, informed: bool) -> float:
        """Pool the coverage of 90 % intervals over the truths and the informed, or the other, parameters."""
        chosen = self.ranks[:, self.informed == informed]
        return float(np.mean((chosen >= HELD[0]) & (chosen <= HELD[1]))) if chosen.size else float("nan")

    def histogram(self, informed: bool, bins: int = 10) -> np.ndarray:
        """Count ranks in equal bins, pooled."""
        return np.histogram(self.ranks[:, self.informed == informed], bins=bins, range=(0.0, 1.0))[0]


def emulated_truths(emulator: Emulator, keyed: Keyed, dimensions: int, count: int, seed: int) -> list[Truth]:
    """Draw points of the prior and what the emulator says of them, its own error added on the link scale's first order."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(count, dimensions))
    numbers = rng.integers(FIRST_NUMBER, LAST_NUMBER, count)
    values, variances = emulator.predict(np.concatenate([scores, keyed(numbers)], axis=1))
    rows = values + np.sqrt(variances) * rng.normal(size=values.shape)
    return [Truth(scores[k], rows[k]) for k in range(count)]


def evidence_of(record: Record, truth: Truth, seed: int) -> Record:
    """Put what a truth makes, with the errors of the rows, in the place of published values."""
    rng = np.random.default_rng(seed)
    values = truth.rows + np.array([row.error for row in record.rows]) * rng.normal(size=len(record.rows))
    for chart in record.charts:
        members = list(record.members(chart))
        if not np.isfinite(truth.rows[members]).all():
            continue
        _, variances = record.variances(chart)
        parts = np.maximum(truth.rows[members], LEAST_VALUE)
        if len(variances) > len(members):
            parts = with_rest(parts / max(1.0, parts.sum() / (1.0 - LEAST_VALUE)))
        noisy = parts * np.exp(np.sqrt(variances) * rng.normal(size=len(variances)))
        values[members] = (noisy / noisy.sum())[: len(members)]
    made = [
        row if not np.isfinite(value) else replace(row, value=float(value))
        for row, value in zip(record.rows, values, strict=True)
    ]
    return Record(tuple(made), MappingProxyType(dict(record.families)), MappingProxyType(dict(record.charts)))


def recover(record: Record, emulator: Emulator, keyed: Keyed, chains: int, steps: int, numbered: tuple[int, Truth]) -> Recovered:
    """Sample the posterior under the evidence that a truth makes, and rank the truth in it."""
    seed, truth = numbered
    evidence = evidence_of(record, truth, seed)

    def likelihood(scores: Floats, others: Floats) -> Floats:
        return log_likelihood(evidence, *emulator.predict(np.concatenate([scores, others], axis=1)))

    with one_thread():
        sample = sample_posterior(likelihood, number_pool(keyed, seed), len(truth.scores), seed, chains, steps)
    scores, _, _ = sample.flat()
    return Recovered((scores < truth.scores).mean(axis=0), scores.std(axis=0))


def medians_without(
    record: Record, emulator: Emulator, keyed: Keyed, chains: int, steps: int, left_out: tuple[int, int, str]
) -> Floats:  # fmt: skip
    """Sample the emulated posterior with one family left out; the (K,) medians of the rows, NaN where they are not emulated.

    Parameters
    ----------
    record, emulator, keyed, chains, steps : as in `recover`.
    left_out : seed, number of scores, and the family ("": none is left out).
    """
    seed, dimensions, family = left_out

    def likelihood(scores: Floats, others: Floats) -> Floats:
        said = emulator.predict(np.concatenate([scores, others], axis=1))
        return log_likelihood(record, *said, without=[family] if family else [])

    with one_thread():
        pool = number_pool(keyed, seed)
        scores, numbers, _ = sample_posterior(likelihood, pool, dimensions, seed, chains, steps).flat()
        thin = slice(None, None, max(1, len(scores) // MOST_STATES))
        values, _ = emulator.predict(np.concatenate([scores[thin], keyed(numbers[thin])], axis=1))
    return np.asarray(np.median(values, axis=0))


class Effort(NamedTuple):
    """What is spent on recovering a truth."""

    chains: int = 8
    steps: int = 1_200
    workers: int = 1  # processes
    progress: Progress | None = None  # told after each truth


USUAL_EFFORT = Effort()


def recovery(
    record: Record,
    emulator: Emulator,
    keyed: Keyed,
    truths: Sequence[Truth],
    seed: int,
    informed: np.ndarray | None = None,
    effort: Effort = USUAL_EFFORT,
) -> Recovery:
    """Recover truths.

    Parameters
    ----------
    record, emulator, keyed : what is tested; the emulator's outputs are the rows.
    truths : emulated or solved ones, each group by itself.
    seed : of errors and chains.
    informed : (P,) parameters that count as informed, fixed beforehand; None: those that these truths show.
    effort : what is spent on each.
    """
    work = partial(recover, record, emulator, keyed, effort.chains, effort.steps)
    made = map_in_order(work, list(enumerate(truths, start=seed)), effort.workers)
    found = list(with_progress(made, "recovering truths", len(truths), effort.progress))
    ranks, widths = (np.stack(each) for each in zip(*found, strict=True))
    shown = 1.0 - widths.mean(axis=0) >= INFORMED if informed is None else informed
    return Recovery(ranks, widths, np.asarray(shown))
