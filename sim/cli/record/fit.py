"""The verb that shows how the draws fit the record: ``talentsim fit``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.run import ENSEMBLE_HELP, ensemble_asked
from sim.cli.terminal import InputError, json_option, no_data_option, progress_bar, say, show_json

if TYPE_CHECKING:
    from sim.calibration.evidence import Record
    from sim.calibration.fit import FamilyFit, Fit, RowFit

FIGURE_SUFFIXES = (".png", ".svg", ".csv")
FIT_LINES = 30
"""Lines of the report unless all are asked for."""
HEAD = f"{'':41}{'publ.':>7} {'model':>7} {'5 to 95 %':>12} {'miss':>6} in"


@click.command()
@no_data_option("it sets draws beside the packaged evidence")
@click.option("--draws", default=100, show_default=True, type=click.IntRange(1, 10_000), metavar="N",
              help="Draws of the uncertain parameters.")  # fmt: skip
@click.option("--ensemble", metavar="NAME|FILE", help=ENSEMBLE_HELP)
@click.option("--full", is_flag=True, help="Print every row, family by family.")
@click.option("--to", "to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Draw the misses, the largest first: a .png or .svg; .csv writes the table of all.")  # fmt: skip
@json_option
def fit(draws: int, ensemble: str | None, full: bool, to: Path | None, as_json: bool) -> None:
    """Show published beside modelled for every target, the largest misses first."""
    from sim.calibration.evidence import EvidenceError, load_evidence
    from sim.calibration.fit import fit as compare
    from sim.calibration.modelled import first_draws, modelled_values
    from sim.draws.ensemble import EnsembleError
    from sim.scenarios.load import load_basis

    if to is not None and to.suffix not in FIGURE_SUFFIXES:
        raise InputError([f"--to {to}: a figure of the fit ends in {', '.join(FIGURE_SUFFIXES)}"])
    basis, of = load_basis(), ensemble_asked(ensemble)
    try:
        record = load_evidence(basis.data)
        with progress_bar("fit") as progress:
            values = modelled_values(record, basis, first_draws(basis, draws, progress, of), progress)
    except EvidenceError as error:
        raise InputError(error.problems) from error
    except EnsembleError as error:
        raise InputError([str(error)]) from error
    found = compare(record, values)
    if to is not None:
        draw_fit(found, to)
    if as_json:
        show_json(fit_record(found))
    else:
        say("\n".join(full_report(found, record) if full else short_report(found)), soft_wrap=True)


def draw_fit(found: Fit, path: Path) -> None:
    """Write the figure of the fit, or the table behind it with every weighed row, by the ending of the file."""
    import matplotlib as mpl

    from sim.reports.figures.files import STYLE, file_figure
    from sim.reports.figures.kinds.fits import fit_table
    from sim.runs.rows import write_table

    if path.suffix == ".csv":
        table = fit_table(found, most=0)
        write_table(path, table.columns, table.rows)
        return
    note = f"{found.draws} draws, effective {found.effective:.0f}. Rows, sources and reasons: docs/evidence.md."
    with mpl.rc_context(STYLE):
        file_figure(fit_table(found), note).savefig(path, metadata=None if path.suffix == ".png" else {"Date": None})


def short_report(found: Fit) -> list[str]:
    """Write the summary, the families and the largest misses on LINES lines of at most 80 characters."""
    lines = [*summary(found), "", *family_lines(found), "", f"{'Largest misses of weighed rows (in sd)':41}{HEAD[41:]}"]
    weighed = [each for each in found.rows if each.row.use in ("fit", "one-sided")]
    room = FIT_LINES - len(lines) - 1
    lines += [row_line(each) for each in weighed[:room]]
    return [*lines, f"{len(found.rows)} rows in all: --full lists them; sources and reasons: docs/evidence.md"]


def full_report(found: Fit, record: Record) -> list[str]:
    """Write the summary and every row, families and rows with the largest misses first."""
    lines = [*summary(found), "", *family_lines(found)]
    names = [family.name for family in found.families]
    for name in [*names, *(name for name in record.families if name not in names)]:
        rows = [each for each in found.rows if each.row.family == name]
        if rows:
            lines += ["", record.families[name].title, HEAD, *(row_line(each) for each in rows)]
    return [
        *lines,
        "",
        "in: the published value lies in the 90 % predictive interval",
        "+: solved by construction, ?: only checked",
    ]


def summary(found: Fit) -> list[str]:
    """Say on three lines how many rows are inside and how large chi-square is."""
    from sim.calibration.fit import far_rows

    total = found.total
    return [
        f"{found.draws} draws (effective {found.effective:.0f}): {total.inside} of {total.rows} weighed rows inside their 90 %",
        f"predictive interval ({0.9 * total.rows:.0f} expected), {len(far_rows(found))} missed by more than 3 sd. Chi-square",
        f"{total.misfit:.0f} (median draw; best {found.best:.0f}) on {total.degrees} degrees of freedom; charts on log-ratios.",
    ]


def family_lines(found: Fit) -> list[str]:
    """Write one line a family with weighed rows."""

    def line(family: FamilyFit) -> str:
        return f"{family.name:41}{family.rows:>7} {family.inside:>7} {family.misfit:>12.0f} {family.degrees:>6}"

    return [f"{'Family':41}{'rows':>7} {'inside':>7} {'chi-square':>12} {'df':>6}", *(line(each) for each in found.families)]


def row_line(each: RowFit) -> str:
    """Write one row on 80 characters: label, year, published, modelled, band, miss, whether it is inside."""
    mark = {"solved": "+", "check": "?"}.get(each.row.use, " ")
    label = f"{mark}{each.row.label}"[:36].ljust(36) + f" {each.row.year}"
    bound = {"at_most": "<", "at_least": ">", None: ""}[each.row.bound]
    if not math.isfinite(each.median):
        return f"{label}{bound + number(each.row.value):>7} {'unknown':>7}"
    spread = f"{number(each.low)}-{number(each.high)}"
    inside = "yes" if each.inside else "no"
    return f"{label}{bound + number(each.row.value):>7} {number(each.median):>7} {spread:>12} {each.miss:>+6.1f} {inside}"


def number(value: float) -> str:
    """Write a share with three decimals, a count without."""
    return f"{value:.0f}" if abs(value) > 1.5 else f"{value:.3f}".replace("0.", ".", 1)


def fit_record(found: Fit) -> dict[str, Any]:
    """Make the JSON object: every row with source, errors and fit; families; totals. A missing number is null."""

    def known(value: float) -> float | None:
        return value if math.isfinite(value) else None

    rows = [
        {
            "id": each.row.id,
            "label": each.row.label,
            "operator": each.row.operator,
            "family": each.row.family,
            "chart": each.row.chart,
            "use": each.row.use,
            "bound": each.row.bound,
            "year": each.row.year,
            "published_in": each.row.published,
            "source": list(each.row.source),
            "published": each.row.value,
            "sd": each.row.sd,
            "discrepancy": each.row.discrepancy,
            "median": known(each.median),
            "p05": known(each.low),
            "p95": known(each.high),
            "miss_in_sd": known(each.miss),
            "predictive_place": known(each.place),
            "inside_90": each.inside if math.isfinite(each.miss) else None,
        }
        for each in found.rows
    ]
    families = [family_record(each) for each in found.families]
    return {
        "draws": found.draws,
        "effective_draws": found.effective,
        "chi_square_best_draw": known(found.best),
        "all": family_record(found.total),
        "families": families,
        "rows": rows,
    }


def family_record(family: FamilyFit) -> dict[str, Any]:
    """Make the JSON object of a family."""
    return {
        "name": family.name,
        "rows": family.rows,
        "inside_90": family.inside,
        "chi_square_median_draw": family.misfit if math.isfinite(family.misfit) else None,
        "degrees_of_freedom": family.degrees,
    }
