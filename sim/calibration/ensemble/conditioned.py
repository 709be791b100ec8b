"""An ensemble under another assumption or more evidence: its draws solved with values fixed, or observed anew, and reweighed.

Rows weigh exp(new - old) of the exact log-likelihood. With values fixed, the rows keep their other scores (which the prior keeps
independent of what is fixed), so that the sample is of the posterior given the value as far as its effective size allows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.calibration.bank.points import BankPoint
from sim.calibration.bank.solving import Solved
from sim.calibration.bank.store import Bank, fill
from sim.calibration.ensemble.make import Resampling, resampled_ensemble
from sim.calibration.ensemble.model import MOST_MISSED, missed_by
from sim.calibration.ensemble.waves import record_digest
from sim.calibration.ensemble.weights import MOST_TAIL, Weights, importance_weights
from sim.calibration.evidence import Record, load_evidence
from sim.calibration.likelihood import log_likelihood
from sim.draws.ensemble import Ensemble, read_ensemble, solution_digest, write_ensemble
from sim.model.world import Floats, Integers
from sim.runs.executors import Progress
from sim.runs.outcomes.statistics import effective_number
from sim.runs.plan import rows_by_point
from sim.scenarios.scenario import Basis
from sim.sources import cache_root

FEW_EFFECTIVE = 50.0
"""Effective size below which an answer says that it rests on few draws, and new evidence runs new waves."""


class Crew(NamedTuple):
    """Who solves points, and who is told (see `sim.calibration.bank.store.fill`)."""

    workers: int = 1
    executor: Executor | None = None
    progress: Progress | None = None


ALONE = Crew()


class Conditioned(NamedTuple):
    """An ensemble that was reweighed: as it is now, and its weights, of which the effective size is printed."""

    ensemble: Ensemble
    weights: Weights
    solved: tuple[Solved, ...]

    @property
    def enough(self) -> bool:
        """Whether draws enough are left."""
        return self.weights.effective >= FEW_EFFECTIVE and not self.weights.tail >= MOST_TAIL


def conditioned(
    ensemble: Ensemble,
    basis: Basis,
    record: Record,
    bank: Bank,
    old: Record,
    fixed: Mapping[str, float] | None = None,
    crew: Crew = ALONE,
    seed: int = 1,
) -> Conditioned:
    """Solve the draws of an ensemble with values fixed, observe them, and reweigh them by the exact likelihood.

    Parameters
    ----------
    ensemble : calibrated, rows of equal weight.
    basis, record : the tables; the evidence that weighs now.
    bank : where what is solved is kept.
    old : the evidence that the ensemble was fitted to.
    fixed : parameters by name.
    crew : who solves.
    seed : of the resampling.

    Raises
    ------
    ValueError : what is fixed leaves nothing that is admissible.
    """
    points, firsts, counts = distinct_points(ensemble)
    after = fill(bank, points, [row.question for row in record.rows], *crew[:2], fixed, crew.progress, "solving the draws")
    if ensemble.record.get("evidence") == record_digest(old):
        before = ensemble.columns["log_likelihood"][firsts]
    else:
        before_rows = fill(bank, points, [row.question for row in old.rows], *crew[:2], None, crew.progress, "weighing")
        before = exact_likelihood(old, before_rows)
    now = exact_likelihood(record, after)
    weights = importance_weights(now + np.log(counts), before)
    values = weights.values if weights.tail < MOST_TAIL else unsmoothed(now - before, counts)
    weights = weights._replace(values=values, effective=effective_number(values))
    about = {key: value for key, value in ensemble.record.items() if key not in ("solution", "evidence", "seed")}
    about |= {"of": ensemble.digest, "fixed": dict(fixed or {}), "effective": weights.effective}
    draw = Resampling(seed, ensemble.name, len(ensemble))
    made = resampled_ensemble(basis, record, after, values, {"log_likelihood": now}, about, draw)
    return Conditioned(made, weights, tuple(after))


def under_settings(
    ensemble: Ensemble,
    basis: Basis,
    fixed: Mapping[str, float],
    draws: int,
    folder: Path,
    workers: int,
    progress: Progress | None,
) -> tuple[Ensemble, float]:
    """Fix parameters in the first draws of a calibrated ensemble; returns the reweighed one and its effective size.

    It is kept in a folder by what it was made of, and read from there the second time.
    """
    if ensemble.record.get("fixed") == dict(fixed):
        return ensemble, float(ensemble.record["effective"])
    text = json.dumps([ensemble.digest, sorted(fixed.items()), draws, solution_digest(basis)])
    path = folder / f"{ensemble.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.parquet"
    if path.is_file():
        known = read_ensemble(path)
        return known, float(known.record["effective"])
    record = load_evidence(basis.data)
    bank = Bank(cache_root() / "bank", basis)
    found = conditioned(first_rows(ensemble, draws), basis, record, bank, record, fixed, Crew(workers, None, progress))
    return write_ensemble(path, found.ensemble), found.weights.effective


def first_rows(ensemble: Ensemble, draws: int) -> Ensemble:
    """Cut an ensemble to its first draws."""
    return replace(
        ensemble, parameters=ensemble.parameters[:draws], scores=ensemble.scores[:draws], numbers=ensemble.numbers[:draws],
        constants=ensemble.constants[:draws], columns={name: column[:draws] for name, column in ensemble.columns.items()},
    )  # fmt: skip


def distinct_points(ensemble: Ensemble) -> tuple[list[BankPoint], Integers, Floats]:
    """List the points that the rows are of, each once, with its first row and how many rows it has."""
    found = rows_by_point(ensemble, len(ensemble))
    firsts = np.array([rows[0] for rows in found], dtype=np.int64)
    points = [BankPoint(ensemble.numbers[row], ensemble.scores[row]) for row in firsts]
    return points, firsts, np.array([len(rows) for rows in found], dtype=np.float64)


def exact_likelihood(record: Record, solved: Sequence[Solved], rows: int | None = None) -> Floats:
    """Compute the exact log-likelihood of solved points from their first rows, -inf where a point misses its targets."""
    values = np.stack([each.rows[:rows] for each in solved])
    known = np.array([missed_by(each) <= MOST_MISSED for each in solved])
    found = np.full(len(solved), -np.inf)
    found[known] = log_likelihood(record, values[known])
    return found


def unsmoothed(logs: Floats, counts: Floats) -> Floats:
    """Compute weights without smoothing, (D,), sum 1."""
    values = counts * np.exp(logs - logs.max())
    weights: Floats = values / values.sum()
    return weights
