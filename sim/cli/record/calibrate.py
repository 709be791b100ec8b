"""The verb that fits the draws to the record: ``talentsim calibrate``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sim.cli.run import workers_option
from sim.cli.sweep import executor_of
from sim.cli.terminal import InputError, collect_seldom, gathered, json_option, no_data_option, progress_lines, say, show_json

if TYPE_CHECKING:
    from sim.calibration.ensemble.calibrate import Calibrated
    from sim.calibration.ensemble.conditioned import Conditioned
    from sim.calibration.validation.strict.make import StrictMade


class CalibrationExtent(NamedTuple):
    """How much is calibrated."""

    points: tuple[int, int, int]
    waves: int
    chains: int
    steps: int


NEEDED = ("arviz_stats", "h5netcdf", "threadpoolctl", "xarray")


@click.command()
@no_data_option("it weighs draws by the packaged evidence")
@click.option("--to", "to", default="results/calibration", show_default=True, metavar="FOLDER",
              help="Where bank, ensemble.parquet and record.nc lie; what is there already is not done again.")  # fmt: skip
@workers_option
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster that is running, as in tcp://host:8786.")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, 2**31 - 1), metavar="S", help="Of all random numbers."
)
@gathered("extent", CalibrationExtent)
@click.option("--points", default=(220, 100, 240), show_default=True, metavar="PRIOR WAVE FINAL",
              type=(click.IntRange(20), click.IntRange(10), click.IntRange(10)),
              help="Points solved: of the prior, of each wave, of the final sample.")  # fmt: skip
@click.option("--waves", default=4, show_default=True, type=click.IntRange(1, 20), metavar="N", help="Waves at most.")
@click.option(
    "--chains", default=16, show_default=True, type=click.IntRange(2, 1_000), metavar="N", help="Chains of the sampler."
)
@click.option("--steps", default=2_000, show_default=True, type=click.IntRange(50), metavar="N", help="Steps of each chain.")
@click.option("--evidence", metavar="FILE", help="Rows of your own, added to the packaged evidence.")
@click.option("--only", type=click.Choice(["2019", "2022"]),
              help="Know the measurements of this year alone: the ensembles of the strict tests of `validate`.")  # fmt: skip
@json_option
def calibrate(
    to: str,
    workers: int | None,
    dask: str | None,
    seed: int,
    extent: CalibrationExtent,
    evidence: str | None,
    only: str | None,
    as_json: bool,
) -> None:
    """Fit the draws to the published record; write the ensemble that runs use.

    Kill it anyhow and run the same command to go on.
    """
    collect_seldom()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError([f"calibrate needs {', '.join(missing)}: pip install '.[calibrate]'"])
    from sim.calibration.ensemble.calibrate import calibrate as fit_draws
    from sim.calibration.ensemble.calibrate import reweighed
    from sim.calibration.ensemble.waves import CalibrationSizes
    from sim.calibration.evidence import EvidenceError, load_evidence
    from sim.calibration.validation.strict.make import make_strict
    from sim.runs.executors import Processes, available_cores
    from sim.scenarios.load import load_basis

    basis = load_basis()
    try:
        record = load_evidence(basis.data, own=Path(evidence) if evidence else None)
    except EvidenceError as error:
        raise InputError(error.problems) from error
    folder, sizes = Path(to), CalibrationSizes(*extent.points, *extent[1:])
    try:
        if only is not None:
            with progress_lines() as progress:
                made = make_strict(record, int(only), folder, sizes, seed, workers or available_cores(), progress)
            say_strict(made, as_json)
            return
        with executor_of(workers or available_cores(), dask) as (place, width), progress_lines() as progress:
            own = None if dask is None or isinstance(place, Processes) else place
            if evidence is not None:
                weighed = reweighed(basis, record, folder, seed, width, own, progress)
                if weighed is not None:
                    say_weighed(*weighed, as_json)
                    return
            found = fit_draws(basis, record, folder, sizes, seed, width, own, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped; what was solved is in {folder}. The same command goes on from there.") from None
    show_calibrated(found, as_json)


def say_weighed(weighed: Conditioned, file: Path, as_json: bool) -> None:
    """Print what became of the shipped ensemble under further evidence; where too few draws are left, that waves follow."""
    effective, tail = weighed.weights.effective, weighed.weights.tail
    if as_json:
        show_json({"file": str(file), "ensemble": weighed.ensemble.digest, **weighed.ensemble.record})
        return
    say(f"The shipped ensemble was weighed anew: effective size {effective:.0f}, Pareto k {tail:.2f}. {file}", soft_wrap=True)
    say(f"Use it: talentsim run baseline --ensemble {file}", soft_wrap=True)


def say_strict(made: StrictMade, as_json: bool) -> None:
    """Print what became of a strict ensemble."""
    record = dict(made.ensemble.record)
    if as_json:
        show_json({"file": str(made.file), "ensemble": made.ensemble.digest, **record})
        return
    say(
        f"Ensemble of {len(made.ensemble)} draws ({record['kind']}, {record['distinct']} distinct) that knows {record['knows']} "
        f"alone: {made.file}",
        soft_wrap=True,
    )
    say(f"Score it: talentsim validate --strict {made.file.parent}", soft_wrap=True)


def show_calibrated(found: Calibrated, as_json: bool) -> None:
    """Print what a calibration found."""
    from sim.calibration.ensemble.calibrate import calibrated_headlines, report

    if as_json:
        record = dict(found.ensemble.record)
        show_json(
            {
                "file": str(found.file),
                "ensemble": found.ensemble.digest,
                **record,
                "headlines": calibrated_headlines(found.posterior),
            }
        )
        return
    say("\n".join(report(found)), soft_wrap=True)
    say(f"\nEnsemble of {len(found.ensemble)} draws ({found.ensemble.digest}): {found.file}", soft_wrap=True)
    say(f"Use it: talentsim run baseline --ensemble {found.file}", soft_wrap=True)
