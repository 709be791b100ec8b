"""The notebook of the site: it runs in an empty folder, and what is stored in it is what it shows, but for the numbers."""

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import nbformat
import pytest

from sim.sources import PACKAGE

NOTEBOOK = nbformat.read(PACKAGE.parent / "docs" / "tutorial.ipynb", as_version=4)
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
STEPS = ("sim.run(", "sim.load_scenario(", "sim.compare(", "sim.sweep(", "sim.solve(")
NUMBER = re.compile(r"[-−+]?\d[\d,.]*")


def shown(cell: Any) -> list[tuple[str, str]]:
    """What a cell shows: the kinds of each output, and its words, numbers left out however many there are."""
    return [
        (", ".join(sorted(output.get("data", {"text": ""}))), " ".join(NUMBER.sub(" ", text_of(output)).split()))
        for output in cell.outputs
    ]


def text_of(output: Any) -> str:
    """The words that an output begins with: the numbers decide what a verdict says."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return str(text).split("moves", 1)[0]


def test_the_notebook_goes_from_the_baseline_to_a_goal() -> None:
    code = "\n".join(cell.source for cell in CODE)
    places = [code.find(step) for step in STEPS]
    assert -1 not in places
    assert places == sorted(places)


def test_what_is_stored_can_be_shown() -> None:
    assert all(cell.outputs for cell in CODE[1:])
    kinds = [kind for cell in CODE for output in cell.outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") == 2
    assert {output.output_type for cell in CODE for output in cell.outputs} <= {"execute_result", "display_data", "stream"}
    assert not [cell for cell in CODE for output in cell.outputs if output.get("name") == "stderr"]
    assert "/tmp" not in nbformat.writes(NOTEBOOK)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq.*", "ignore::DeprecationWarning:jupyter_client.*")
def test_the_notebook_shows_what_is_stored(script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    made = script("write_tutorial").executed(NOTEBOOK)
    again = [cell for cell in made.cells if cell.cell_type == "code"]
    assert [shown(cell) for cell in again] == [shown(cell) for cell in CODE], "python scripts/write_tutorial.py writes it anew"
