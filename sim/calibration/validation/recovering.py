"""Uses the bank of a calibration once more: recovers known truths, and samples without one family of evidence.

Truths are emulated ones, and solved ones that the emulator has not seen.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.calibration.bank.points import BankPoint, drawn_parameters
from sim.calibration.bank.solving import PointTask, Solved
from sim.calibration.bank.store import Bank, read_point
from sim.calibration.emulation.emulator import Emulator
from sim.calibration.ensemble.model import Answers, SolvedModel, missed_by
from sim.calibration.ensemble.recovery import (
    Effort,
    Recovered,
    Recovery,
    Truth,
    emulated_truths,
    medians_without,
    recover,
)
from sim.calibration.ensemble.waves import Calibration, CalibrationSizes
from sim.calibration.evidence import Record
from sim.calibration.validation.checks import Band
from sim.draws.draw import MOST_POINTS
from sim.draws.ensemble import INFORMED
from sim.files.arrays import read_arrays
from sim.model.world import Floats
from sim.runs.executors import map_in_order, with_progress
from sim.scenarios.scenario import Basis
from sim.sources import whole_file

INFORMED_FILE = Path(__file__).with_name("informed.toml")
TRUTHS = (50, 10)
"""Emulated and solved truths."""
WELL_SOLVED = 0.002  # largest error of a share of a solved truth
BINS = 10
UNKNOWN_POINT = BankPoint(0, np.zeros(0))
"""Asked for where a file says itself which point it is of."""


class RecoveryTask(NamedTuple):
    """What is recovered: a calibration's folder, the tables, the evidence, how many truths of each kind, a seed."""

    folder: Path
    basis: Basis
    record: Record
    truths: tuple[int, int] = TRUTHS
    seed: int = 1


def informed_parameters(basis: Basis) -> np.ndarray:
    """Tell which of the drawn parameters were fixed as informed, (P,)."""
    with INFORMED_FILE.open("rb") as file:
        names = tomllib.load(file)["informed"]
    return np.isin(drawn_parameters(basis.data), names)


def solved_in_bank(task: RecoveryTask) -> list[Solved]:
    """Read all points of the bank that were solved with today's model and nothing fixed, in the order of their files."""
    bank = Bank(task.folder / "bank", task.basis)
    questions = tuple(row.question for row in task.record.rows)
    found = []
    for path in sorted(bank.folder.glob("*.npz")):
        solved = read_point(path, PointTask(UNKNOWN_POINT, questions))
        if solved is not None and not solved.failure and bank.place(PointTask(solved.point, questions)) == path:
            found.append(solved)
    return found


def recover_truths(task: RecoveryTask, effort: Effort) -> dict[str, Any]:
    """Recover emulated and solved truths and sum up, each group by itself; truths done before are read.

    Parameters
    ----------
    task : what is recovered.
    effort : chains, steps, processes, and who is told.

    Raises
    ------
    ValueError : the bank has fewer points than are held out and fitted.
    """
    solved = solved_in_bank(task)
    held = held_out(solved, task.truths[1], task.seed)
    fitted = [each for k, each in enumerate(solved) if k not in held]
    if len(fitted) < 2 * BINS:
        raise ValueError(f"{task.folder}: {len(solved)} solved points; allowed: {2 * BINS} and more; calibrate first")
    model = SolvedModel(Bank(task.folder / "bank", task.basis), task.basis, task.record)
    emulator = emulator_of(model, task, fitted, effort)
    groups = {
        "emulated": emulated_truths(emulator, model.keyed, model.dimensions, task.truths[0], task.seed),
        "solved": [Truth(solved[k].point.scores, solved[k].rows) for k in held],
    }
    informed = informed_parameters(task.basis)
    names = np.array(drawn_parameters(task.basis.data))
    found = {name: recovered_group(task, emulator, model, (name, truths), effort) for name, truths in groups.items() if truths}
    return {
        "informed": names[informed].tolist(),
        "shown": names[1.0 - found["emulated"].widths.mean(axis=0) >= INFORMED].tolist() if "emulated" in found else [],
        "groups": [summed_up(name, each._replace(informed=informed)) for name, each in found.items()],
    }


def bands_without_families(task: RecoveryTask, bands: Sequence[Band], effort: Effort) -> list[dict[str, Any]]:
    """Compute the emulated median of each headline with all families, and with its own family left out.

    Parameters
    ----------
    task, effort : as for `recover_truths`; all points are fitted.
    bands : headlines; their rows are of the record and emulated.
    """
    model = SolvedModel(Bank(task.folder / "bank", task.basis), task.basis, task.record)
    emulator = emulator_of(model, task, solved_in_bank(task), effort)
    at = {row.id: k for k, row in enumerate(task.record.rows)}
    family_of = {band.row: task.record.rows[at[band.row]].family for band in bands}
    families = ["", *sorted(set(family_of.values()))]
    work = partial(medians_without, task.record, emulator, model.keyed, effort.chains, effort.steps)
    results = map_in_order(work, [(task.seed, model.dimensions, family) for family in families], effort.workers)
    told = with_progress(results, "sampling without a family", len(families), effort.progress)
    medians = dict(zip(families, told, strict=True))
    return [
        {
            "row": band.row,
            "family": family_of[band.row],
            "all": float(medians[""][at[band.row]]),
            "without": float(medians[family_of[band.row]][at[band.row]]),
        }
        for band in bands
    ]


def held_out(solved: Sequence[Solved], count: int, seed: int) -> list[int]:
    """Choose well solved points of the prior that the emulator does not see."""
    able = [
        k for k, each in enumerate(solved)
        if each.point.number < MOST_POINTS and each.constants is not None and each.constants.error < WELL_SOLVED
    ]  # fmt: skip
    chosen = np.random.default_rng(seed).permutation(len(able))[:count]
    return sorted(able[k] for k in chosen)


def emulator_of(model: SolvedModel, task: RecoveryTask, fitted: Sequence[Solved], effort: Effort) -> Emulator:
    """Fit the weighed rows to solved points."""
    inputs = np.stack([np.concatenate([each.point.scores, each.keyed]) for each in fitted])
    rows = np.stack([each.rows for each in fitted])
    calibration = Calibration(model, task.record, None, CalibrationSizes(), task.seed, effort.workers, effort.progress)
    missed = np.array([missed_by(each) for each in fitted])
    return calibration.emulate(Answers(inputs, rows, np.zeros((len(rows), 0)), missed))


def recovered_group(
    task: RecoveryTask, emulator: Emulator, model: SolvedModel, group: tuple[str, Sequence[Truth]], effort: Effort
) -> Recovery:
    """Recover truths one by one and keep each; those that are kept are read."""
    name, truths = group
    places = [place_of(task, name, truth, effort) for truth in truths]
    found = {k: read_recovered(place) for k, place in enumerate(places)}
    missing = [k for k, each in found.items() if each is None]
    work = partial(recover, task.record, emulator, model.keyed, effort.chains, effort.steps)
    results = map_in_order(work, [(task.seed + k, truths[k]) for k in missing], effort.workers)
    told = with_progress(results, f"recovering {name} truths", len(missing), effort.progress)
    for k, each in zip(missing, told, strict=True):
        found[k] = each
        with whole_file(places[k]) as place, place.open("wb") as file:
            np.savez(file, **each._asdict())
    done = [each for each in found.values() if each is not None]
    ranks, widths = (np.stack(each) for each in zip(*done, strict=True))
    return Recovery(ranks, widths, np.zeros(ranks.shape[1], dtype=bool))


def place_of(task: RecoveryTask, name: str, truth: Truth, effort: Effort) -> Path:
    """Name the file of a recovered truth by what decides it, the emulator being that of the bank as it is."""
    bank = sorted(path.name for path in (task.folder / "bank").glob("*.npz"))
    digest = hashlib.sha256(repr([name, effort.chains, effort.steps, task.seed, bank]).encode())
    for array in truth:
        digest.update(np.ascontiguousarray(array).tobytes())
    return task.folder / "recovery" / f"{name}-{digest.hexdigest()[:16]}.npz"


def read_recovered(place: Path) -> Recovered | None:
    """Read a recovered truth; None if it is not there or damaged."""
    stored = read_arrays(place)
    if stored is None or not set(stored) >= set(Recovered._fields):
        return None
    return Recovered(*(stored[name] for name in Recovered._fields))


def summed_up(name: str, found: Recovery) -> dict[str, Any]:
    """Sum up a group of truths: coverage, width and ranks of the informed parameters and of the others."""
    return {"truths": name, "count": len(found.ranks), "informed": part_of(found, True), "others": part_of(found, False)}


def part_of(found: Recovery, informed: bool) -> dict[str, Any]:
    """Sum up one part of the parameters."""
    widths: Floats = found.widths[:, found.informed == informed]
    return {
        "parameters": int((found.informed == informed).sum()),
        "coverage": found.coverage(informed),
        "width": float(widths.mean()) if widths.size else 0.0,
        "ranks": found.histogram(informed, BINS).tolist(),
    }
