"""The page on scenario files shows what its commands really print."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "scenario-files.md"


def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_guide", ROOT / "scripts" / "write_guide.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_outputs_on_the_page_are_what_the_commands_print(tmp_path: Path) -> None:
    module, text = writer(), GUIDE.read_text(encoding="utf-8")
    assert len(module.FILE.findall(text)) == len(module.OUTPUT.findall(text)) == 2
    assert text == module.with_outputs(text, tmp_path), "python scripts/write_guide.py writes the page anew"


def test_the_writer_replaces_what_stands_there(tmp_path: Path) -> None:
    module = writer()
    page = '<!-- file: a.toml -->\n```toml\ntitle = "A"\n```\n<!-- output: talentsim check a.toml -->\n```text\nstale\n```\n'
    fresh = module.with_outputs(page, tmp_path)
    assert "stale" not in fresh
    assert "a: A\nno errors" in fresh
