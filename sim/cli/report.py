"""The verb of pages: ``talentsim report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.terminal import InputError, WorkError, follow_data, given, json_option, say, show_json

if TYPE_CHECKING:
    from sim.comparisons.comparison import Comparison
    from sim.runs.folder import Run

RUN_RECORD = "provenance.json"
_PAGE = "report.html"
_FIGURES = "figures"
_WORKBOOK = "comparison.xlsx"


@click.command()
@click.argument("folder", metavar="RUN_OR_COMPARISON", type=click.Path(path_type=Path))
@click.option("--to", "to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="The page.  [default: report.html in the folder]")  # fmt: skip
@click.option("--figures", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help="Write every figure there too, as PNG, SVG, CSV and JSON.")  # fmt: skip
@click.option("--slides", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help="Write every figure there in the shape of a slide, 16 : 9, as PNG and SVG.")  # fmt: skip
@click.option("--workbook", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Write a comparison as .xlsx too: summary, ranking, effects, evidence.")  # fmt: skip
@click.option("--crate", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help="Copy a run there as an RO-Crate (Process Run Crate), for an archive.")  # fmt: skip
@json_option
def report(
    folder: Path,
    to: Path | None,
    figures: Path | None,
    slides: Path | None,
    workbook: Path | None,
    crate: Path | None,
    as_json: bool,
) -> None:
    """Write one page, to be mailed or printed, about the folder of a run or of a comparison."""
    from sim.bridges.crate import write_crate
    from sim.reports.figures.catalogue import save_figures, save_slides
    from sim.reports.figures.kinds.fits import fit_of
    from sim.reports.page import ReportTooLargeError, write_report
    from sim.reports.single import as_comparison
    from sim.runs.folder import Run

    if workbook is not None and workbook.suffix != ".xlsx":
        raise InputError([f"--workbook {workbook}: a workbook ends in .xlsx"])
    what = read_folder(folder)
    if workbook is not None and isinstance(what, Run):
        raise InputError([f"--workbook: {folder} is a run; a workbook is of a comparison, `talentsim compare` makes one"])
    if crate is not None and not isinstance(what, Run):
        raise InputError([f"--crate: {folder} is a comparison; a crate is of one run, `talentsim report RUN --crate {crate}`"])
    if crate is not None and crate.exists():
        raise InputError([f"--crate {crate}: is there already; name a folder that is not, as nothing is overwritten"])
    compared = as_comparison(what) if isinstance(what, Run) else what
    try:
        page = write_report(compared, to or folder / _PAGE, fitted=fit_of(compared))
    except ReportTooLargeError as error:
        raise WorkError(str(error)) from error
    files = [] if figures is None else save_figures(compared, figures)
    files += [] if slides is None else save_slides(compared, slides)
    files += [] if workbook is None else [workbook_into(compared, workbook)]
    if crate is not None and isinstance(what, Run):
        write_crate(what, crate)
    if as_json:
        sizes = {"page": str(page), "bytes": page.stat().st_size} | ({} if crate is None else {"crate": str(crate)})
        show_json(sizes | {"answers": list(compared.answers), "figures": [str(each) for each in files]})
        return
    for answer in compared.answers:
        say(answer)
    say(f"\nReport: {page}", soft_wrap=True)
    for name, place in (("Figures", figures), ("Slides", slides), ("Workbook", workbook), ("Crate", crate)):
        if place is not None:
            say(f"{name}: {place}", soft_wrap=True)


def report_into(comparison: Comparison, folder: Path) -> Path:
    """Write the page, the figures and, with the extra `office`, the workbook of a comparison into its folder; return the page.

    Nothing is written where the page is there.
    """
    import contextlib

    from sim.files.paths import check_unlinked
    from sim.reports.figures.catalogue import save_figures
    from sim.reports.figures.kinds.fits import fit_of
    from sim.reports.page import write_report
    from sim.reports.workbook import NoOfficeError, write_workbook

    page = folder / _PAGE
    if page.is_file():
        return page
    check_unlinked(folder / _FIGURES)
    files = save_figures(comparison, folder / _FIGURES)
    with contextlib.suppress(NoOfficeError):
        write_workbook(comparison, folder / _WORKBOOK)
    return write_report(
        comparison, page, {path.stem: path.read_bytes() for path in files if path.suffix == ".png"}, fit_of(comparison)
    )


def workbook_into(comparison: Comparison, path: Path) -> Path:
    """Write the workbook of a comparison.

    Raises
    ------
    InputError
        If the extra `office` is not installed.
    """
    from sim.reports.workbook import NoOfficeError, write_workbook

    try:
        return write_workbook(comparison, path)
    except NoOfficeError as error:
        raise InputError([str(error)]) from error


def read_folder(folder: Path) -> Run | Comparison:
    """Read what a folder holds: a run or a comparison.

    Raises
    ------
    InputError
        If it holds neither, or is damaged.
    """
    from sim.comparisons.folder import read_comparison
    from sim.files.reading import read_object
    from sim.runs.folder import read_run

    follow_data(folder)
    record = folder / RUN_RECORD
    if not record.is_file():
        raise InputError(
            [f"{folder}: no run and no comparison; name a folder like results/SCENARIO/RUN-ID or results/comparisons/NAMES/ID"]
        )
    with given(folder):
        return read_comparison(folder) if "comparison_id" in read_object(record) else read_run(folder)
