"""The page on scenario files shows what its commands really print."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "scenario-files.md"


def test_the_outputs_on_the_page_are_what_the_commands_print(script: Callable[[str], ModuleType], tmp_path: Path) -> None:
    module, text = script("write_guide"), GUIDE.read_text(encoding="utf-8")
    assert len(module.FILE.findall(text)) == len(module.OUTPUT.findall(text)) == 2
    assert text == module.with_outputs(text, tmp_path), "python scripts/write_guide.py writes the page anew"


def test_the_writer_replaces_what_stands_there(script: Callable[[str], ModuleType], tmp_path: Path) -> None:
    module = script("write_guide")
    page = '<!-- file: a.toml -->\n```toml\ntitle = "A"\n```\n<!-- output: talentsim check a.toml -->\n```text\nstale\n```\n'
    fresh = module.with_outputs(page, tmp_path)
    assert "stale" not in fresh
    assert "a: A\nno errors" in fresh


def test_the_page_of_levers_follows_their_declarations(script: Callable[[str], ModuleType]) -> None:
    assert (ROOT / "docs" / "levers.md").read_text(encoding="utf-8") == script("write_levers").page()


def test_the_page_of_indicators_follows_their_declarations(script: Callable[[str], ModuleType]) -> None:
    assert (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8") == script("write_indicators").page()


def test_the_page_of_parameters_follows_their_table(script: Callable[[str], ModuleType]) -> None:
    assert (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8") == script("write_parameters").page()
