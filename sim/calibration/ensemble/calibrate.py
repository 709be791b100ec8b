"""The whole calibration: bank, waves, ensemble and record, in one folder that a killed calibration goes on from."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.calibration.bank.solving import Solved
from sim.calibration.bank.store import Bank
from sim.calibration.ensemble.conditioned import Conditioned, Crew, conditioned
from sim.calibration.ensemble.make import RECORD_FILE, Resampling, about_posterior, resampled_ensemble, tree_of, write_tree
from sim.calibration.ensemble.model import SolvedModel, headline_names
from sim.calibration.ensemble.rests import what_headlines_rest_on
from sim.calibration.ensemble.waves import Calibration, CalibrationSizes, Posterior, record_digest
from sim.calibration.evidence import Record, load_evidence
from sim.calibration.fit import far_rows, fit, weighted_quantile
from sim.draws.ensemble import CALIBRATED, SUFFIX, Ensemble, find_ensemble, write_ensemble
from sim.model.world import Floats
from sim.runs.executors import Progress
from sim.scenarios.scenario import Basis

SHOWN = (0.05, 0.5, 0.95)


class Calibrated(NamedTuple):
    """A finished calibration: the ensemble as it reads back, its file, and what was sampled."""

    ensemble: Ensemble
    file: Path
    posterior: Posterior
    solved: tuple[Solved, ...]


def calibrate(
    basis: Basis,
    record: Record,
    folder: Path,
    sizes: CalibrationSizes,
    seed: int = 1,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Calibrated:
    """Calibrate on evidence and write ensemble and record.

    Parameters
    ----------
    basis, record : the packaged tables; the evidence.
    folder : of bank, waves and results; what is there already is not done again.
    sizes, seed : how many points; of all random numbers.
    workers, executor : see `sim.calibration.bank.store.fill`; no number depends on them.
    progress : told from the first second.

    Raises
    ------
    sim.runs.executors.ExecutorError, sim.runs.atomic.FolderError : workers die; the folder cannot be written.
    """
    model = SolvedModel(Bank(folder / "bank", basis), basis, record, workers, executor)
    calibration = Calibration(model, record, folder / "waves", sizes, seed, workers, progress)
    posterior = calibration.run()
    solved = model.solved(posterior.proposal.points(), "reading the final sample", None)
    columns = {
        "log_likelihood": posterior.log_likelihood,
        "emulated_log_likelihood": posterior.proposal.log_likelihood,
        "headlines": posterior.final.headlines,
    }
    about = about_posterior(posterior) | {"sizes": sizes._asdict(), "fit": fit_in_short(record, posterior)}
    about["bands"] = calibrated_headlines(posterior)
    about["headlines"] = [row["headline"] for row in about["bands"]]
    about["rests"] = what_headlines_rest_on(calibration, posterior.all_answers, basis.data)
    made = resampled_ensemble(basis, record, solved, posterior.draw_weights, columns, about, Resampling(seed))
    file = folder / f"{CALIBRATED}{SUFFIX}"
    written = write_ensemble(file, made)
    write_tree(tree_of(record, basis, posterior, solved), folder / RECORD_FILE)
    return Calibrated(written, file, posterior, tuple(solved))


def fit_in_short(record: Record, posterior: Posterior) -> dict[str, Any]:
    """Say how the draws fit: weighed rows, those inside their 90 % interval, those missed by more than 3 sd and by how much."""
    found = fit(record, posterior.final.rows, posterior.draw_weights)
    return {
        "rows": found.total.rows,
        "inside": found.total.inside,
        "beyond": {each.row.id: each.miss for each in far_rows(found)},
    }


def reweighed(
    basis: Basis,
    record: Record,
    folder: Path,
    seed: int,
    workers: int,
    executor: Executor | None,
    progress: Progress | None,
    ensemble: Ensemble | None = None,
) -> tuple[Conditioned, Path] | None:
    """Weigh the shipped ensemble (or another) by further evidence; None, and why is told, where that is not possible.

    Parameters
    ----------
    record : the packaged evidence, then the further rows.
    Others : see `calibrate`; what is written lies in its folder.
    """
    packaged = load_evidence(basis.data)
    known = find_ensemble() if ensemble is None else ensemble
    tell = progress or (lambda *_: None)
    if known.is_prior or known.record.get("evidence") != record_digest(packaged):
        tell("no ensemble of the packaged evidence to weigh anew: running waves", 0, 1)
        return None
    bank = Bank(folder / "bank", basis)
    found = conditioned(known, basis, record, bank, packaged, None, Crew(workers, executor, progress), seed)
    if not found.enough:
        tell(f"the further evidence leaves {found.weights.effective:.0f} of {len(known)} draws: running new waves", 0, 1)
        return None
    file = folder / f"{CALIBRATED}{SUFFIX}"
    return found._replace(ensemble=write_ensemble(file, found.ensemble)), file


def calibrated_headlines(posterior: Posterior) -> list[dict[str, Any]]:
    """List 5, 50 and 95 % of every headline: prior, emulated and solved final sample."""
    rows = posterior.proposal.values.shape[1] - len(headline_names())
    solved = posterior.final.solved
    weights = posterior.draw_weights[solved] / posterior.draw_weights[solved].sum()
    equal = np.full(len(posterior.proposal.numbers), 1.0 / len(posterior.proposal.numbers))
    before = posterior.prior.headlines[posterior.prior.solved]
    return [
        {
            "headline": name,
            "prior": shown_band(before[:, k], np.full(len(before), 1.0 / len(before))),
            "emulated": shown_band(posterior.proposal.values[:, rows + k], equal),
            "solved": shown_band(posterior.final.headlines[solved][:, k], weights),
        }
        for k, name in enumerate(headline_names())
    ]


def shown_band(values: Floats, weights: Floats) -> list[float]:
    """Compute the weighted quantiles SHOWN."""
    return [weighted_quantile(values, weights, u) for u in SHOWN]


def report(found: Calibrated) -> list[str]:
    """Write what a calibration found on lines: waves, weights, headlines."""
    posterior = found.posterior
    lines = ["wave  points  solved  in 90 %  error/row's (median, 90 %)  R-hat  effective"]
    for number, wave in enumerate(posterior.waves, start=1):
        name = "final" if number == len(posterior.waves) else f"{number}"
        errors = f"{np.median(wave.agreement.errors):.2f} {np.quantile(wave.agreement.errors, 0.9):.2f}"
        lines.append(
            f"{name:5} {wave.points:6d}  {wave.solved:6d}  {wave.agreement.coverage:7.2f}  {errors:>26}  {wave.mixing.rhat:5.3f}"
            f"  {wave.mixing.effective:9.0f}"
        )
    weights = posterior.weights
    used = "used" if weights.usable else "not used: the ensemble is emulated, of equal weights"
    agreed = "agree" if posterior.agreed else "do not agree yet: more --waves"
    lines += [
        f"Emulator and solved model {agreed}.",
        f"Exact over emulated weights: Pareto k {weights.tail:.2f}, effective size {weights.effective:.0f}; {used}.",
        "",
        f"{'median [5 to 95 %]':34}{'prior':>19}{'emulated':>19}{'solved':>19}",
    ]
    shown = [row for row in calibrated_headlines(posterior) if "elite" not in row["headline"]]
    return [*lines, *(headline_line(row) for row in shown)]


def headline_line(row: dict[str, Any]) -> str:
    """Write one headline on a line."""
    cells = (f"{middle:.3f} [{low:.2f}-{high:.2f}]" for low, middle, high in (row["prior"], row["emulated"], row["solved"]))
    return f"{row['headline']:34}" + "".join(f"{cell:>19}" for cell in cells)
