"""What decides a number, by folder: hashes of the sources that name compiled code, solved draws and runs; the cache's root.

A hash covers what the code does, not how it is worded: comments, docstrings, messages and prose in declarations are left out, so
that a reworded message neither recompiles nor renames anything. `tests/test_keys.py` walks the imports and holds this.
"""

import ast
import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent

COMPILED = ("model", "engines")
"""Sources of everything that is compiled; they name the folder of compiled code."""
SOLUTION = ("model", "engines/expected", "data", "scenarios/levers", "draws")
"""Sources that decide what is solved for a parameter vector; they name solved draws."""
MODEL = (*SOLUTION, "engines", "scenarios/scenario.py", "runs/outcomes", "runs/simulate.py", "runs/rows.py", "runs/tables.py")
"""Sources that decide the numbers of a run; they name runs. A resolved scenario enters as data, so its readers need not."""
COMPARISON = ("comparisons", "runs/formulas")
"""Sources that decide the numbers of a comparison of given runs."""

PROSE = frozenset({"meaning", "enters", "note", "definition", "title", "remedy"})
"""Keywords of declarations that say something and decide nothing."""


def cache_root() -> Path:
    """Choose the folder under which everything is cached: TALENTSIM_CACHE, XDG_CACHE_HOME or ~/.cache."""
    root = os.environ.get("TALENTSIM_CACHE") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "talentsim"


def source_files(parts: tuple[str, ...], package: Path = PACKAGE) -> tuple[Path, ...]:
    """List the modules of folders and files of the package, each once, ordered by their path.

    Parameters
    ----------
    parts : folders (``engines/expected``) and files (``runs/simulate.py``), relative to the package.
    package : folder of the package.
    """
    found: set[Path] = set()
    for part in parts:
        place = package / part
        found.update(place.rglob("*.py") if place.is_dir() else [place])
    return tuple(sorted(found, key=lambda path: path.relative_to(package).as_posix()))


@cache
def source_hash(parts: tuple[str, ...], package: Path = PACKAGE) -> str:
    """Hash what the modules of folders and files do (see `deeds`).

    Parameters
    ----------
    parts, package : see `source_files`.

    Returns
    -------
    64 hexadecimal digits; equal for equal sources wherever the package is installed, whatever the version of Python.
    """
    digest = hashlib.sha256()
    for path in source_files(parts, package):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(deeds(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def deeds(text: str) -> str:
    """Write the parsed code of a module without its words: comments, docstrings, messages, prose.

    A message is a text in a ``raise`` statement, or any text with a blank in it that is not compared, looked up or a key: no name
    or id that decides a number holds a blank. Prose is a text given under one of the keywords `PROSE`.
    """
    return "".join(_written(ast.parse(text), is_said=None))


def _written(node: Any, is_said: bool | None) -> Iterator[str]:
    """Write a syntax tree in one form for all versions of Python: empty fields are left out.

    is_said : whether texts are messages; None where their blanks tell.
    """
    if isinstance(node, list):
        for each in node:
            yield from _written(each, is_said)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return  # a docstring
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        has_blank = any(letter.isspace() for letter in node.value)
        yield "(text)" if (has_blank if is_said is None else is_said) else f"({node.value!r})"
    elif isinstance(node, ast.AST):
        if isinstance(node, ast.Raise) or (isinstance(node, ast.keyword) and node.arg in PROSE):
            is_said = True
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if value not in (None, []) and name not in ("ctx", "kind", "type_comment"):
                decides = isinstance(node, ast.Compare) or name == "slice" or (isinstance(node, ast.Dict) and name == "keys")
                yield f" {name}="
                yield from _written(value, False if decides else is_said)
        yield ")"
    else:
        yield f"{type(node).__name__}:{node!r}"
