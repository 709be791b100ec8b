"""The verb that shows how the draws stand the test: ``talentsim validate``."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from sim.cli.terminal import InputError, WorkError, json_option, no_data_option, progress_lines, say, show_json

if TYPE_CHECKING:
    from sim.calibration.validation.checks import BandFit, Checked
    from sim.calibration.validation.experiments.fits import Experimented, FigureFit
    from sim.calibration.validation.scoring import ForecastScores
    from sim.calibration.validation.validate import StrictTest, Validation

HOW_TO_MAKE = "No strict ensemble yet: talentsim calibrate --only {} --points 200 60 200 --waves 2 --to results/validation"
CHECKED_DRAWS = 100
WIDTH = 80  # signs of a line
FIGURE_LABEL = 48  # signs of the label of a figure
ROOM = 22  # signs of a forecaster's name


@click.command()
@no_data_option("it scores forecasts of what the packaged targets say")
@click.option(
    "--ensemble", metavar="NAME", help="Draws that are checked: a shipped ensemble, a file, or prior. [the one of runs]"
)
@click.option("--draws", type=click.IntRange(10, 10_000), metavar="N", help="Draws checked. [100; of experiments 25]")
@click.option("--strict", "folder", default="results/validation", show_default=True, metavar="FOLDER",
              help="Where strict ensembles lie that do not ship.")  # fmt: skip
@click.option("--experiments", "alone", is_flag=True, help="Simulate published quasi-experiments, and nothing else.")
@click.option("--check", is_flag=True, help="End with 1 if a headline left its band.")
@json_option
def validate(ensemble: str | None, draws: int | None, folder: str, alone: bool, check: bool, as_json: bool) -> None:
    """Show how the draws stand the test: checks, and forecasts of 2022 from 2019 beside baselines."""
    from sim.calibration.evidence import EvidenceError, load_evidence
    from sim.calibration.validation.report import as_record
    from sim.calibration.validation.validate import validate as run_validation
    from sim.draws.ensemble import EnsembleError, find_ensemble
    from sim.scenarios.load import load_basis

    if alone:
        show_experiments(ensemble, draws, as_json)
        return
    basis = load_basis()
    try:
        record = load_evidence(basis.data)
        with progress_lines() as progress:
            found = run_validation(basis, record, find_ensemble(ensemble), draws or CHECKED_DRAWS, Path(folder), progress)
    except EvidenceError as error:
        raise InputError(error.problems) from error
    except EnsembleError as error:
        raise InputError([str(error)]) from error
    if as_json:
        show_json(as_record(found))
    else:
        say("\n".join(validation_lines(found)), soft_wrap=True)
    left = [each.band.name for each in found.checked.headlines if not each.band.missed and not each.band.holds(each.median)]
    if check and left:
        raise WorkError(f"left their bands: {', '.join(left)}; see bands.toml in sim/calibration/validation")


def show_experiments(ensemble: str | None, draws: int | None, as_json: bool) -> None:
    """Simulate the declared experiments alone and print them."""
    from sim.calibration.evidence import EvidenceError
    from sim.calibration.validation.experiments.fits import experiments_record
    from sim.calibration.validation.experiments.simulate import EXPERIMENT_DRAWS, experiments
    from sim.draws.ensemble import EnsembleError, find_ensemble
    from sim.scenarios.load import load_basis

    try:
        with progress_lines() as progress:
            found = experiments(load_basis(), find_ensemble(ensemble), draws or EXPERIMENT_DRAWS, progress)
    except EvidenceError as error:
        raise InputError(error.problems) from error
    except EnsembleError as error:
        raise InputError([str(error)]) from error
    if as_json:
        show_json(experiments_record(found))
    else:
        say("\n".join(["Virtual quasi-experiments", *experiment_lines(found)]), soft_wrap=True)


def experiment_lines(found: Experimented) -> list[str]:
    """Write every figure on a line below its experiment, then the misses, and how many figures cannot be said."""
    head = f"{'':{FIGURE_LABEL}}{'published':>10} {'90 %':>10} {'median':>8} {'5 to 95 %':>16} in"
    lines = [f"{found.ensemble}, {found.draws} draws", head]
    before = ""
    for each in found.fits:
        title = found.declared.experiment_of(each.figure).title
        lines += [title] if title != before else []
        lines.append(figure_line(each))
        before = title
    missed = [each.figure.id for each in found.fits if not each.inside]
    return [
        *lines,
        *wrap(f"Missed: {', '.join(missed) or 'none'}.", WIDTH, break_on_hyphens=False),
        "in: published in 5 to 95 %.",
        "+ weighs already; < at most, > at least; ~ the intervals meet.",
        f"{len(found.declared.unsaid)} published figures cannot be said: docs/validation.md.",
    ]


def figure_line(each: FigureFit) -> str:
    """Write a figure on a line: label, published with its interval, modelled, whether it is inside."""
    figure = each.figure
    sign = {"at_most": "<", "at_least": ">", "": " "}[figure.bound]
    label = f" {'+' if figure.use == 'fit' else ' '}{figure.label}"
    published = f"{sign + format(figure.published, '.3g'):>6} {f'{figure.low:.2g} to {figure.high:.2g}':>14}"
    inside = "yes" if each.inside else "no ~" if each.meets else "no"
    return f"{label:{FIGURE_LABEL}}{published} {each.median:>8.3f} {f'{each.low:.3f} to {each.high:.3f}':>16} {inside}"


def validation_lines(found: Validation) -> list[str]:
    """Write the checks, then both strict tests, then the experiments."""
    lines = [f"Ensemble {found.ensemble}, {found.draws} draws", *check_lines(found.checked)]
    for direction, test in found.tests.items():
        lines += ["", *test_lines(direction, test)]
    return [*lines, "", "Virtual quasi-experiments", *experiment_lines(found.experiments)]


def check_lines(found: Checked) -> list[str]:
    """Write how many rows are inside, then the headlines."""
    total = found.fit.total
    return [
        f"Inside their 90 % predictive interval: {total.inside} of {total.rows} weighed rows, {found.checked_inside} of "
        f"{found.checked_rows} check rows;",
        f"{found.beyond} weighed rows missed by more than 3 sd.",
        "",
        f"{'Headline':44}{'median':>7} {'5 to 95 %':>12} {'band':>12}  in  {'own family out':>14}",
        *(band_line(each) for each in found.headlines),
    ]


def band_line(each: BandFit) -> str:
    """Write a headline on a line."""
    band, spread = f"{each.band.low:g}-{each.band.high:g}", f"{each.low:.3f}-{each.high:.3f}"
    left = f"{each.without:.3f}" if math.isfinite(each.without) else f"{each.effective:.0f} draws left"
    inside = "yes" if each.band.holds(each.median) else "no "
    return f"{each.band.name:44}{each.median:>7.3f} {spread:>12} {band:>12}  {inside} {left:>14}"


def test_lines(direction: str, test: StrictTest) -> list[str]:
    """Write the scores of a strict test, the best energy score of the headline group first."""
    key = str(test.test.rules["headline"])
    lines = [
        f"Strict {direction} {test.test.knows} -> {test.test.asks}, {len(test.test.rows)} rows (registered: {test.test.digest})",
        f"{'':{ROOM}}{'energy, ' + key:>22} {'CRPS, points':>20} {'log score':>16}  50 %  90 %",
        *(score_line(each, key) for each in sorted(test.scores, key=lambda each: each.energy[key])),
    ]
    return lines if test.digest else [*lines, HOW_TO_MAKE.format(test.test.knows)]


def score_line(each: ForecastScores, key: str) -> str:
    """Write the scores of a forecaster on a line."""
    energy = f"{each.energy[key]:.3f} [{each.energy_band[key][0]:.2f}-{each.energy_band[key][1]:.2f}]"
    crps = f"{100 * each.crps:.2f} [{100 * each.crps_band[0]:.2f}-{100 * each.crps_band[1]:.2f}]"
    log = f"{each.log:.2f} [{each.log_band[0]:.2f}-{each.log_band[1]:.2f}]"
    inside = "  ".join(f"{share:4.0%}" for share in each.coverage.values())
    return f"{each.name:{ROOM}}{energy:>22} {crps:>20} {log:>16}  {inside}"
