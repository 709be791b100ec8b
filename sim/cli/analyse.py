"""The verbs that analyse a finished sweep: ``sensitivity``, ``discover`` and ``robustness``; files go into its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import sim
from sim.cli.terminal import InputError, collect_seldom, follow_data, given, json_option, out_option, say, show_json, unknown

if TYPE_CHECKING:
    from sim.sweeps.analysis.sensitivity import Sensitivity
    from sim.sweeps.results import Sweep

_SWEEPS = "sweeps"
_ANALYSIS = "analysis"
_EXTRA = {"SALib": "SALib", "ema_workbench": "ema_workbench", "sklearn": "scikit-learn"}
_LONGEST_NAME = 60

sweep_argument = click.argument("sweep", metavar="SWEEP")
measure_option = click.option(
    "--measure", metavar="M", help="A measure the sweep kept, or a formula of them with + - * /.  [default: the first]"
)
scenario_option = click.option("--scenario", metavar="NAME", help="One scenario of the sweep.  [default: each]")


@click.command()
@sweep_argument
@out_option
@measure_option
@scenario_option
@click.option("--against", metavar="NAME", help="Subtract this scenario, run by run: what decides the size of an effect.")
@json_option
def sensitivity(sweep: str, out: str, measure: str | None, scenario: str | None, against: str | None, as_json: bool) -> None:
    """Say which inputs of the sweep in the folder SWEEP matter for a measure: its factors, and what its draws differ in.

    SWEEP is a folder, or a name below sweeps in the results folder. Tables and figures go into its folder, below analysis.
    """
    collect_seldom()
    with _explained_input():
        from sim.cli.tables.sweeps import sensitivity_record, sensitivity_report
        from sim.files.paths import unlinked
        from sim.reports.figures.analysis import INDEX_COLUMNS, index_rows, save_sensitivity
        from sim.runs.rows import write_table
        from sim.sweeps.analysis.responses import chosen_scenarios, default_measure, meanings

        held = _find_sweep(sweep, Path(out))
        text = measure or default_measure(held)
        records: list[dict[str, Any]] = []
        for name in chosen_scenarios(held, scenario):
            if against == name:
                continue
            answers, reasons = _sensitivities(held, text, name, against)
            for found in answers:
                less = f"-less-{found.against}" if found.against else ""
                folder, stem = _place(held, f"sensitivity-{name}{less}-{found.rows_are}", text)
                words = meanings(held, name, found.inputs)
                write_table(unlinked(folder / f"{stem}.csv"), INDEX_COLUMNS, index_rows(found.indices))
                record = sensitivity_record(found, words)
                paths = save_sensitivity(found, folder, stem, {**_record_of(held), **_without(record, "indices")})
                files = [str(folder / f"{stem}.csv"), *map(str, paths)]
                records.append({**record, "files": files})
                if not as_json:
                    say(sensitivity_report(found, words))
                    say(f"{stem}.csv and figures are in {folder}", soft_wrap=True)
            if not as_json:
                for reason in reasons:
                    say(reason, soft_wrap=True)
    if as_json:
        show_json({"folder": str(held.folder), "sensitivity": records})


def _sensitivities(sweep: Sweep, text: str, name: str, against: str | None) -> tuple[list[Sensitivity], list[str]]:
    """Analyse factors and draws, whichever there are; say why one of them is not given.

    Raises
    ------
    AnalysisError
        If neither can be given.
    """
    from sim.sweeps.analysis.responses import AnalysisError, chosen_scenarios, draw_inputs, respond
    from sim.sweeps.analysis.sensitivity import sensitivity_to_draws, sensitivity_to_factors

    base = chosen_scenarios(sweep, against)[0] if against else ""
    response = respond(sweep, text, name, base)
    found, reasons = [], []
    if sweep.factors:
        try:
            found.append(sensitivity_to_factors(response))
        except AnalysisError as error:
            reasons.append(f"Factors: {error}.")
    try:
        found.append(sensitivity_to_draws(response, draw_inputs(sweep, name)))
    except AnalysisError as error:
        reasons.append(f"What the draws differ in is not ranked: {error}.")
    if not found:
        raise AnalysisError(" ".join(reasons))
    return found, reasons


@click.command()
@sweep_argument
@out_option
@click.option("--where", required=True, metavar="CONDITION", help="As in 'share(work, CHN, top20, 2035) > 0.4'.")
@scenario_option
@click.option(
    "--density", type=click.FloatRange(0.0, 1.0), default=0.8, show_default=True, metavar="D", help="Least density of a box."
)
@json_option
def discover(sweep: str, out: str, where: str, scenario: str | None, density: float, as_json: bool) -> None:
    """Say under which conditions an outcome happens in the sweep in the folder SWEEP (PRIM and CART).

    A CONDITION is made of measures that the sweep kept, numbers, + - * /, comparisons, and, or, not and parentheses.
    """
    collect_seldom()
    with _explained_input():
        from sim.cli.tables.sweeps import discovery_record, discovery_report
        from sim.files.paths import unlinked
        from sim.reports.figures.analysis import save_discovery
        from sim.runs.rows import write_table
        from sim.sweeps.analysis.discovery import discover as discovered
        from sim.sweeps.analysis.responses import chosen_scenarios, meanings

        held = _find_sweep(sweep, Path(out))
        records: list[dict[str, Any]] = []
        for name in chosen_scenarios(held, scenario):
            found = discovered(held, where, name, density)
            words = meanings(held, name, found.inputs)
            folder, stem = _place(held, f"discover-{name}", where)
            rows = [
                (box.method, number, str(box), limit.input, limit.low, limit.high, limit.chance, box.rows, box.cases,
                 box.coverage, box.density)
                for number, box in enumerate(found.boxes)
                for limit in box.limits
            ]  # fmt: skip
            columns = ("method", "box", "words", "input", "low", "high", "chance", "rows", "cases", "coverage", "density")
            write_table(unlinked(folder / f"{stem}.csv"), columns, rows)
            record = discovery_record(found, words)
            paths = save_discovery(found, folder, stem, {**_record_of(held), **record})
            records.append({**record, "files": [str(folder / f"{stem}.csv"), *map(str, paths)]})
            if not as_json:
                say(discovery_report(found, words), soft_wrap=True)
                say(f"{stem}.csv is in {folder}", soft_wrap=True)
    if as_json:
        show_json({"folder": str(held.folder), "discovery": records})


@click.command()
@sweep_argument
@out_option
@measure_option
@click.option("--direction", type=click.Choice(["higher", "lower"]), default="higher", show_default=True, help="What is better.")
@json_option
def robustness(sweep: str, out: str, measure: str | None, direction: str, as_json: bool) -> None:
    """Set the policies of the sweep in the folder SWEEP against its uncertain futures: who regrets least.

    Policies are its scenarios and futures its points and draws; with one scenario, policies are the points.
    """
    collect_seldom()
    with _explained_input():
        from sim.cli.tables.sweeps import ROBUSTNESS_COLUMNS, robustness_record, robustness_report, robustness_rows
        from sim.files.paths import unlinked
        from sim.reports.figures.analysis import save_robustness
        from sim.runs.rows import write_table
        from sim.sweeps.analysis.responses import default_measure
        from sim.sweeps.analysis.robustness import robustness as compared

        held = _find_sweep(sweep, Path(out))
        text = measure or default_measure(held)
        found = compared(held, text, direction)
        folder, stem = _place(held, f"robustness-{direction}", text)
        write_table(unlinked(folder / f"{stem}.csv"), ROBUSTNESS_COLUMNS, robustness_rows(found))
        record = robustness_record(found)
        paths = save_robustness(found, folder, stem, {**_record_of(held), **_without(record, "policies")})
    if as_json:
        files = [str(folder / f"{stem}.csv"), *map(str, paths)]
        show_json({"folder": str(held.folder), "robustness": {**record, "files": files}})
    else:
        say(robustness_report(found))
        say(f"{stem}.csv and the regret of every policy in every future are in {folder}", soft_wrap=True)


@contextmanager
def _explained_input() -> Iterator[None]:
    """Turn what a user got wrong into an error of input."""
    from sim.runs.formulas.expressions import ExpressionError
    from sim.sweeps.analysis.responses import AnalysisError

    try:
        yield
    except (ExpressionError, AnalysisError) as error:
        raise InputError([str(error)]) from error
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in _EXTRA:
            raise
        raise InputError([f"this analysis needs the package {_EXTRA[package]}: pip install 'talentsim[analysis]'"]) from error


def _find_sweep(name: str, out: Path) -> Sweep:
    """Read a sweep by its folder, or by its name below sweeps in the results folder.

    Raises
    ------
    InputError
        If there is none; with the sweeps that are there.
    """
    from sim.sweeps.results import read_sweep
    from sim.sweeps.store import DESIGN_RECORD

    for folder in (Path(name), out / _SWEEPS / name):
        if (folder / DESIGN_RECORD).is_file():
            follow_data(folder)
            with given(folder):
                return read_sweep(folder)
    known = sorted(path.parent.name for path in (out / _SWEEPS).glob(f"*/{DESIGN_RECORD}"))
    if Path(name).is_dir():
        raise InputError([f"{name} holds no sweep; `talentsim sweep DESIGN` makes one"])
    if not known:
        raise InputError([f"there is no sweep {name!r}, nor any in {out / _SWEEPS}; `talentsim sweep DESIGN` makes one"])
    raise InputError([unknown("sweep", name, known)])


def _place(sweep: Sweep, prefix: str, text: str) -> tuple[Path, str]:
    """Make the folder of a sweep's analyses and the beginning of a file's name; what is too long for one ends in a hash."""
    import hashlib

    from sim.files.paths import check_unlinked, inside_folder
    from sim.runs.atomic import explained

    folder = sweep.folder / _ANALYSIS
    check_unlinked(folder)
    with explained(folder):
        folder.mkdir(exist_ok=True)
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")
    if len(plain) > _LONGEST_NAME or re.search(r"[^\w\s(),.]", text):
        plain = f"{plain[:_LONGEST_NAME].strip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    return folder, inside_folder(folder, f"{prefix}-{plain}").name


def _record_of(sweep: Sweep) -> dict[str, Any]:
    """Say which sweep an analysis rests on."""
    names = ("title", "method", "points", "draws", "replicates", "researchers", "seed", "until", "group")
    return {"talentsim": sim.__version__, "sweep": {name: sweep.record[name] for name in names}}


def _without(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Leave out one entry."""
    return {key: value for key, value in record.items() if key != name}
