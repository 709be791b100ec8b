"""The record: the first score of a strict ensemble is marked registered and stays; the page is what the script writes of it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sim.calibration.validation.record import REGISTERED, read_kept, record_line, with_validation, write_kept

PAGE = Path(__file__).parents[3] / "docs" / "validation.md"
EMPTY: dict[str, Any] = {"validation": None, "scores": [], "recovery": None}


def forecaster(name: str, energy: float) -> dict[str, Any]:
    return {"name": name, "energy": {"work": energy}, "crps": 0.02, "coverage": {"0.5": 0.5, "0.9": 0.9}}


def found(digest: str | None, energy: float, registration: str = REGISTERED) -> dict[str, Any]:
    forecasters = [forecaster("persistence", 0.9), forecaster("damped", 1.0)]
    forecasters += [forecaster("strict ensemble", energy)] if digest else []
    test = {
        "strict_ensemble": digest, "strict_kind": "emulated", "registration": registration, "forecasters": forecasters,
    }  # fmt: skip
    return {"tests": {"hindcast": test}}


def marks(kept: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["strict_ensemble"], each["mark"]) for each in kept["scores"]]


def test_the_first_score_stays_and_later_ones_are_marked() -> None:
    kept = with_validation(EMPTY, found(None, 0.0))
    assert marks(kept) == []
    assert record_line(kept) == ""
    kept = with_validation(kept, found("one", 0.7))
    kept = with_validation(kept, found("one", 0.6))
    assert marks(kept) == [("one", "registered")]
    kept = with_validation(kept, found("two", 0.5))
    assert marks(kept) == [("one", "registered"), ("two", "after seeing")]
    assert "energy score of 0.70" in record_line(kept)


def test_reports_have_a_panel_once_the_hindcast_was_scored() -> None:
    from sim.reports.evidence import record_part
    from sim.reports.html import DataTable

    assert record_part(EMPTY) == []
    _, table = record_part(with_validation(EMPTY, found("one", 0.7)))
    assert isinstance(table, DataTable)
    assert [str(row[0].text) for row in table.rows] == ["strict ensemble", "persistence", "damped"]  # type: ignore[union-attr]


def test_a_score_under_another_registration_is_never_marked_registered() -> None:
    kept = with_validation(EMPTY, found("one", 0.7, registration="changed"))
    assert marks(kept) == [("one", "after seeing")]


def test_the_record_reads_back_with_six_digits(tmp_path: Path) -> None:
    kept = with_validation(EMPTY, found("one", 0.123456789))
    write_kept(kept, tmp_path / "record.json")
    again = read_kept(tmp_path / "record.json")
    assert again["scores"][0]["forecasters"][2]["energy"]["work"] == 0.123457
    assert read_kept(tmp_path / "nothing.json") == EMPTY


def test_the_registration_is_the_committed_one() -> None:
    from sim.calibration.evidence import load_evidence
    from sim.calibration.validation.registration import load_registration
    from tests.support.packaged import DATA

    assert load_registration(load_evidence(DATA), "hindcast").digest == REGISTERED


def test_the_page_is_what_the_script_writes(script: Callable[[str], ModuleType]) -> None:
    assert PAGE.read_text(encoding="utf-8") == script("write_validation").page(read_kept()), "`make validate` writes the page"
