"""The verb of pages: ``talentsim report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.terminal import InputError, WorkError, json_option, say, show_json

if TYPE_CHECKING:
    from sim.comparisons.comparison import Comparison
    from sim.runs.folder import Run

RUN_RECORD = "provenance.json"
_PAGE = "report.html"
_FIGURES = "figures"


@click.command()
@click.argument("folder", metavar="RUN_OR_COMPARISON", type=click.Path(path_type=Path))
@click.option("--to", "to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="The page.  [default: report.html in the folder]")  # fmt: skip
@click.option("--figures", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help="Write every figure there too, as PNG, SVG, CSV and JSON.")  # fmt: skip
@json_option
def report(folder: Path, to: Path | None, figures: Path | None, as_json: bool) -> None:
    """Write one page, to be mailed or printed, about the folder of a run or of a comparison."""
    from sim.reports.figures.catalogue import save_figures
    from sim.reports.page import ReportTooLargeError, write_report
    from sim.reports.single import as_comparison
    from sim.runs.folder import Run

    what = read_folder(folder)
    compared = as_comparison(what) if isinstance(what, Run) else what
    try:
        page = write_report(compared, to or folder / _PAGE)
    except ReportTooLargeError as error:
        raise WorkError(str(error)) from error
    files = [] if figures is None else save_figures(compared, figures)
    if as_json:
        sizes = {"page": str(page), "bytes": page.stat().st_size}
        show_json(sizes | {"answers": list(compared.answers), "figures": [str(each) for each in files]})
        return
    for answer in compared.answers:
        say(answer)
    say(f"\nReport: {page}", soft_wrap=True)
    if files:
        say(f"Figures: {figures}", soft_wrap=True)


def report_into(comparison: Comparison, folder: Path) -> Path:
    """Write the page and the figures of a comparison into its folder, unless they are there; return the page."""
    from sim.reports.figures.catalogue import save_figures
    from sim.reports.page import write_report

    page = folder / _PAGE
    if page.is_file():
        return page
    files = save_figures(comparison, folder / _FIGURES)
    return write_report(comparison, page, {path.stem: path.read_bytes() for path in files if path.suffix == ".png"})


def read_folder(folder: Path) -> Run | Comparison:
    """Read what a folder holds: a run or a comparison.

    Raises
    ------
    InputError
        If it holds neither.
    """
    import json

    from sim.comparisons.folder import read_comparison
    from sim.runs.folder import read_run

    record = folder / RUN_RECORD
    if not record.is_file():
        raise InputError(
            [f"{folder}: no run and no comparison; name a folder like results/SCENARIO/RUN-ID or results/comparisons/NAMES/ID"]
        )
    try:
        is_comparison = "comparison_id" in json.loads(record.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WorkError(f"{record}: damaged: {error}") from error
    return read_comparison(folder) if is_comparison else read_run(folder)
