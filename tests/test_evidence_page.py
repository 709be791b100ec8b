"""The page on the evidence is what its script writes."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from sim.calibration.evidence import load_evidence
from sim.data.load import load_data

PAGE = Path(__file__).parents[1] / "docs" / "evidence.md"


def test_the_page_is_what_the_script_writes(script: Callable[[str], ModuleType]) -> None:
    data = load_data()
    text = PAGE.read_text(encoding="utf-8")
    assert text == script("write_evidence").page(load_evidence(data), data), "`make evidence` writes the page anew"


def test_every_row_stands_on_the_page_with_its_reason() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for row in load_evidence(load_data()).rows:
        line = next(line for line in text.splitlines() if line.startswith(f"| `{row.id}` |"))
        assert row.reason in line
