"""The tour of docs/map.md can be walked: it is short, its files are there, each is named once, and none imports a later one."""

import ast
import itertools
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOUR = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
MOST_WORDS = 900
STOPS = re.findall(r"`((?:sim|scenarios)/[\w./-]+)`", TOUR)


def imported(path: str) -> set[str]:
    """The files of the package that a file imports, at once or when it is called."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {f"{name.replace('.', '/')}.py" for name in found}


def test_the_tour_is_short_and_begins_with_the_file_of_a_scenario() -> None:
    assert len(TOUR.split()) <= MOST_WORDS
    assert STOPS[0].startswith("scenarios/")
    assert "shares.csv" in TOUR
    assert len(STOPS) > 15


def test_every_stop_is_a_file_and_none_is_named_twice() -> None:
    assert [stop for stop in STOPS if not (ROOT / stop).is_file()] == []
    assert len(set(STOPS)) == len(STOPS)


def test_no_stop_imports_a_later_one() -> None:
    code = [stop for stop in STOPS if stop.endswith(".py")]
    assert [(first, later) for first, later in itertools.combinations(code, 2) if later in imported(first)] == []


def test_every_name_of_the_code_is_in_the_file_where_it_is_told() -> None:
    steps = re.findall(r"^\d+\. `(sim/[\w./]+)`(.*?)(?=^\d+\. |^## )", TOUR, flags=re.MULTILINE | re.DOTALL)
    for path, text in steps:
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`([A-Z]\w*[a-z]\w*|\w+_\w+)`", text):
            assert re.search(rf"\b{name}\b", source), f"{path}: {name}"
