"""What decides a number, by folder: hashes of sources that name compiled code, solved draws and runs; what the cache remembers.

A hash covers what the code does, not how it is worded: comments, docstrings, messages and prose in declarations are left out, so
that a reworded message neither recompiles nor renames anything. `tests/test_keys.py` walks the imports and holds this.
"""

import ast
import atexit
import contextlib
import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sim.files.ending import undone_by
from sim.files.private import private_root, say_torn, sparing

PACKAGE = Path(__file__).resolve().parent

COMPILED = ("model", "engines")
"""Sources of everything that is compiled; they name the folder of compiled code."""
SOLUTION = ("model", "engines/expected", "data", "scenarios/levers", "draws")
"""Sources that decide what is solved for a parameter vector; they name solved draws."""
MODEL = (*SOLUTION, "engines", "scenarios/scenario.py", "runs/outcomes", "runs/simulate.py", "runs/rows.py", "runs/tables.py")
"""Sources that decide the numbers of a run; they name runs. A resolved scenario enters as data, so its readers need not."""
WORKERS = (*MODEL, "calibration", "runs", "scenarios", "sweeps")
"""Sources of all that workers of a sweep or a calibration do: those of another machine must have the same."""
COMPARISON = ("comparisons", "runs/formulas")
"""Sources that decide the numbers of a comparison of given runs."""

MARK_DIGITS = 32
"""Of the sum that a small file of the cache begins with."""
MOST = 5_000
"""Numbers that a file of the cache remembers, the last that were computed: to read more takes longer than to compute a run's."""
PROSE = frozenset({"meaning", "enters", "note", "definition", "title", "remedy"})
"""Keywords of declarations that say something and decide nothing."""


def cache_root() -> Path:
    """Choose the folder under which everything is cached: below TALENTSIM_CACHE, XDG_CACHE_HOME or ~/.cache, the user's alone.

    See `sim.files.private.private_root`; what is found is remembered.
    """
    named = os.environ.get("TALENTSIM_CACHE"), os.environ.get("XDG_CACHE_HOME")
    return _private_root(tuple(each for each in (*named, "~/.cache") if each))


@cache
def _private_root(bases: tuple[str, ...]) -> Path:
    return private_root(bases, "talentsim")


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
    64 hexadecimal digits; equal for equal sources wherever the package is installed, whatever the version of Python. They are
    remembered below `cache_root` by the bytes of the sources.
    """
    files = {path.relative_to(package).as_posix(): path.read_bytes() for path in source_files(parts, package)}

    def digest() -> str:
        made = hashlib.sha256()
        for name, content in files.items():
            made.update(name.encode())
            made.update(deeds(content.decode("utf-8")).encode())
        return made.hexdigest()

    return remembered_text("deeds", files, digest)


def remembered_text(folder: str, files: dict[str, bytes], make: Callable[[], str]) -> str:
    """Return an ASCII text that the cache remembers by the bytes of files; it is made where it is not there.

    Parameters
    ----------
    folder : of the cache, for texts of one kind.
    files : all that the text depends on, by name.
    make : makes the text; what it raises is raised and not remembered.
    """
    path = cache_root() / folder / bytes_hash(files)[:32]
    known = _kept(path)
    if known is None:
        known = make()
        _keep(path, known)
    return known


def bytes_hash(files: dict[str, bytes]) -> str:
    """Hash the bytes of files and of what reads them: equal bytes mean equal deeds, which take a hundred times longer to read."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name, content in {"sources.py": Path(__file__).read_bytes(), **files}.items():
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the place of a new file beside `path`, with the same ending; move it into place at the end, or remove it on any error.

    The folder is made if it is absent. Nobody ever reads half a file, and of several that write the same the last stays. The new
    file has a name that nobody knows beforehand and no link is followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{os.urandom(8).hex()}-{path.name}")
    remove = functools.partial(partial.unlink, missing_ok=True)
    with undone_by(remove):
        try:
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o666))
            yield partial
            partial.replace(path)
        except BaseException:
            remove()
            raise


def write_whole(path: Path, text: str) -> None:
    """Write a text file that is whole or as before, the same bytes on every system."""
    with whole_file(path) as place:
        place.write_text(text, encoding="utf-8", newline="\n")


def _keep(path: Path, text: str) -> None:
    """Write a small file whole, its sum first; a cache that cannot be written is no error."""
    with sparing(cache_root()), whole_file(path) as place:
        place.write_text(f"{_sum(text)}\n{text}", encoding="ascii")


def _kept(path: Path) -> str | None:
    """Read what `_keep` wrote; None if it is not there or damaged: such a file is dropped."""
    try:
        first, _, text = path.read_text(encoding="ascii").partition("\n")
    except OSError:
        return None
    except ValueError:
        first, text = "", ""
    if first == _sum(text):
        return text
    say_torn(path)
    return None


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_DIGITS]


class Remembered:
    """Numbers that a file of the cache remembers between processes: importing what computes them takes longer than an answer.

    The file is read at the first question and written, with what is new, when the process ends.

    Parameters
    ----------
    name : of the numbers.
    sources : files whose bytes name the file: all that the numbers depend on besides their keys.
    """

    def __init__(self, name: str, sources: tuple[Path, ...]) -> None:
        content = {path.name: path.read_bytes() for path in sources}
        self.path = cache_root() / f"{name}-{bytes_hash(content)[:16]}.json"
        self.known: dict[tuple[str | float, ...], float] | None = None
        self.is_new = False

    def get(self, key: tuple[str | float, ...], compute: Callable[[], float]) -> float:
        """Return the number of a key, computed if nobody knows it; what `compute` raises is raised and not remembered."""
        if self.known is None:
            self.known = self.read()
        found = self.known.get(key)
        if found is None:
            found = compute()
            self.known[key] = found
            if not self.is_new:
                self.is_new = True
                atexit.register(self.write)
        return found

    def read(self) -> dict[tuple[str | float, ...], float]:
        """Read the file; one that is missing or damaged counts as empty."""
        text = _kept(self.path)
        return {} if text is None else {tuple(row[:-1]): float(row[-1]) for row in json.loads(text)}

    def write(self) -> None:
        """Write the file with what other processes wrote meanwhile."""
        rows = [[*key, value] for key, value in (self.read() | (self.known or {})).items()]
        _keep(self.path, json.dumps(rows[-MOST:]))


@cache
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
