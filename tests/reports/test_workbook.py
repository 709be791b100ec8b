"""The workbook of a comparison: sheets, numbers as numbers, texts that begin like formulas stay texts."""

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from sim.comparisons.comparison import Comparison
from sim.reports.evidence import evidence_rows
from sim.reports.workbook import SHEETS, NoOfficeError, write_workbook
from tests.support.comparisons import compared, run_of


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    root = tmp_path_factory.mktemp("runs")
    made = compared(run_of("baseline", root, until=2027), [run_of("us-entry-restrictions", root, until=2027, seed=2)], False)
    return replace(made, answers=("=1+1 is no formula",))


def test_a_workbook_holds_what_the_comparison_says(comparison: Comparison, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_workbook(comparison, tmp_path / "a.xlsx"))
    assert tuple(book.sheetnames) == SHEETS
    head, *rows = book["Effects"].iter_rows(values_only=True)
    assert len(rows) == len(comparison.headlines)
    place = head.index("difference_points")
    assert rows[0][place] == pytest.approx(comparison.headlines[0].difference_points)
    assert book["Evidence"].max_row == 1 + len(evidence_rows(comparison)) > 1


def test_texts_that_begin_like_formulas_stay_texts(comparison: Comparison, tmp_path: Path) -> None:
    path = write_workbook(comparison, tmp_path / "a.xlsx")
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    (answer,) = [cell for cell in cells if cell.value == "=1+1 is no formula"]
    assert answer.data_type != "f"
    assert answer.quotePrefix
    with zipfile.ZipFile(path) as packed:
        assert not [name for name in packed.namelist() if b"<f>" in packed.read(name)]


def test_the_same_comparison_gives_the_same_bytes(comparison: Comparison, tmp_path: Path) -> None:
    first, second = (write_workbook(comparison, tmp_path / name).read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert first == second


def test_without_the_package_it_says_what_to_install(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(NoOfficeError, match=r"talentsim\[office\]"):
        write_workbook(comparison, tmp_path / "a.xlsx")
