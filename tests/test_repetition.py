"""Nothing is written twice: no run of six equal lines of code stands in two places of the package."""

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sim.sources import PACKAGE

LEAST = 6
"""Equal lines of code that are a repetition."""
DEFENDED: Mapping[frozenset[str], str] = {
    frozenset({"model/choice/race.py"}): "0014-choices-side-by-side.md",
    frozenset({"model/choice/randomness.py"}): "0014-choices-side-by-side.md",
}
"""Pairs of files whose repetition a decision record defends, with the record."""
Line = tuple[str, int]


def code_lines(text: str) -> list[Line]:
    """List the lines of code and their numbers: no comments, docstrings, imports, or lines of signs alone; spaces as one."""
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    starts = dict(token.start for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT)
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        code = " ".join(line[: starts.get(number)].split())
        if number not in left_out and any(sign.isalnum() for sign in code):
            found.append((code, number))
    return found


def repetitions(files: Mapping[str, str], least: int = LEAST) -> Iterator[tuple[str, str]]:
    """Yield the places, as FILE:LINE, of each longest run of at least so many equal lines that stands in two places."""
    lines = {name: code_lines(text) for name, text in files.items()}
    seen: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for name, each in lines.items():
        for at in range(len(each) - least + 1):
            seen.setdefault(tuple(code for code, _ in each[at : at + least]), []).append((name, at))
    for places in seen.values():
        for k, (name, at) in enumerate(places):
            for other, there in places[:k]:
                is_start = not (at and there and lines[name][at - 1][0] == lines[other][there - 1][0])
                if is_start and not (name == other and at - there < least):
                    yield f"{other}:{lines[other][there][1]}", f"{name}:{lines[name][at][1]}"


def package() -> dict[str, str]:
    """Read the files of the package by their path in it."""
    return {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def test_no_six_lines_stand_twice_in_the_package() -> None:
    found = [pair for pair in repetitions(package()) if frozenset(place.rsplit(":", 1)[0] for place in pair) not in DEFENDED]
    assert found == [], "\n".join(" and ".join(pair) for pair in found)


def test_what_is_defended_is_there_and_has_its_record() -> None:
    there = {frozenset(place.rsplit(":", 1)[0] for place in pair) for pair in repetitions(package())}
    records = Path(__file__).parents[1] / "docs" / "decisions"
    for files, record in DEFENDED.items():
        assert files in there, f"{sorted(files)} repeat nothing any more"
        assert (records / record).is_file(), record


@pytest.mark.parametrize("name", ["runs/folder.py", "comparisons/pairing.py"])
def test_a_function_that_is_copied_is_found(name: str) -> None:
    files = package()
    function = max(ast.parse(files[name]).body, key=lambda node: isinstance(node, ast.FunctionDef) and len(ast.unparse(node)))
    lines = files[name].splitlines()[function.lineno - 1 : function.end_lineno]
    copied = "\n".join(["def other() -> None:", *(f"  {line}  # a remark" if line.strip() else line for line in lines)])
    found = [pair for pair in repetitions({**files, "copy.py": copied}) if any("copy.py" in place for place in pair)]
    assert len(found) == 1
    assert found[0][0].startswith(f"{name}:")


def test_five_lines_or_other_words_are_no_repetition() -> None:
    five = [f"value_{k} = {k}" for k in range(5)]
    text = "\n".join([*five, "a = 1", *five, "b = 2"])
    assert list(repetitions({"one.py": text})) == []
    six = [*five, "value_5 = 5"]
    assert list(repetitions({"one.py": "\n".join([*six, "a = 1", *six])})) == [("one.py:1", "one.py:8")]
    assert len(list(repetitions({"one.py": "\n".join(six), "two.py": "import os\n\n# so\n" + "\n\n".join(six)}))) == 1
