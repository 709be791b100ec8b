"""A comparison as a workbook for an office: summary, ranking, effects and evidence, a sheet each."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sim.comparisons.comparison import Comparison, Headline, RankRow
from sim.reports.evidence import EvidenceRow, citation, evidence_rows
from sim.reports.figures.tables import shown_runs
from sim.reports.summary import caveats
from sim.sources import whole_file

if TYPE_CHECKING:
    import xlsxwriter

SHEETS: Final = ("Summary", "Ranking", "Effects", "Evidence")
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a program may take for the beginning of a formula."""
MOST_IN_CELL: Final = 32_767
"""Letters that a cell holds."""
_MADE: Final = datetime.datetime(2000, 1, 1)  # of every workbook, so that equal ones have equal bytes


class NoOfficeError(ImportError):
    """The package that writes workbooks is not installed; says how to get it."""


def write_workbook(comparison: Comparison, path: Path) -> Path:
    """Write the workbook of a comparison; texts stay texts, whatever they begin with.

    Parameters
    ----------
    comparison
        With answers.
    path
        Of the file, which is replaced; ends in ``.xlsx``.

    Raises
    ------
    NoOfficeError
        If the extra `office` is not installed.
    OSError
        If it cannot be written.
    """
    try:
        import xlsxwriter
    except ModuleNotFoundError as error:
        raise NoOfficeError("a workbook needs the package XlsxWriter: pip install 'talentsim[office]'") from error
    with (
        whole_file(path) as place,
        xlsxwriter.Workbook(str(place), {"strings_to_formulas": False, "strings_to_urls": False}) as book,
    ):
        book.set_properties({"title": "talentsim: a comparison", "created": _MADE})
        _write(book, SHEETS[0], ("what", "text"), _summary(comparison))
        _write(book, SHEETS[1], RankRow._fields, comparison.ranking)
        _write(book, SHEETS[2], Headline._fields, comparison.headlines)
        _write(book, SHEETS[3], EvidenceRow._fields, evidence_rows(comparison))
    return path


def _summary(comparison: Comparison) -> list[tuple[str, str]]:
    """Return what page one of the report says."""
    runs = [(series.label, run) for series, run in shown_runs(comparison)]
    names = [label for label, _ in runs][1:] or [runs[0][0]]
    question = str(runs[-1][1].provenance["scenario"]["question"])
    return [
        ("question", question),
        *(("answer: " + name, answer) for name, answer in zip(names, comparison.answers, strict=True)),
        *(("to keep in mind", text) for text in caveats(comparison)),
        ("cite as", citation(comparison)),
        *((f"run of {label}", run.run_id) for label, run in runs),
        ("units", "points: percentage points, variant less base; share: 0..1; people: researchers"),
    ]


def _write(book: xlsxwriter.Workbook, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write one sheet: a bold head that stays in sight, numbers as numbers, texts as texts."""
    sheet = book.add_worksheet(name)
    head, text, quoted = (
        book.add_format(looks) for looks in ({"bold": True}, {"text_wrap": True, "valign": "top"}, {"valign": "top"})
    )
    quoted.set_quote_prefix()
    quoted.set_text_wrap()
    widths = [len(column) for column in columns]
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, head)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, place, value[:MOST_IN_CELL], quoted if value.startswith(FORMULA_SIGNS) else text)
                widths[place] = max(widths[place], min(len(value), 80))
            elif math.isfinite(value):
                sheet.write_number(line, place, value)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width + 2)
    sheet.freeze_panes(1, 1)
