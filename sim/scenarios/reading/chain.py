"""Which files a scenario is made of: the one a user names, and what each extends.

A bare name means a file beside the asking one, else a shipped scenario; no path may leave the asking
file's folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from sim.data.distributions import Distribution
from sim.data.load import data_folder, is_packaged
from sim.data.package import SCENARIOS
from sim.scenarios.levers.changes import Layers, LeverChange
from sim.scenarios.levers.named import PolicyUse, belongs, group_of
from sim.scenarios.reading.file import FileContent, read_content
from sim.scenarios.reading.text import (
    KeyPath,
    Problem,
    ScenarioError,
    key_lines,
    key_text,
    line_of,
    nearest_name,
    parse_text,
    read_text,
    show,
)
from sim.scenarios.reading.values import Vocabulary
from sim.sources import PACKAGE


@dataclass(frozen=True)
class ChainFile:
    """A file of a scenario.

    Parameters
    ----------
    path
        Where it is.
    shown
        How messages name it.
    is_shipped
        Whether it belongs to the shipped library.
    hides_shipped
        Whether it was taken instead of a shipped scenario of the same name.
    content
        What it says.
    """

    path: Path
    shown: str
    is_shipped: bool
    hides_shipped: bool
    content: FileContent


@dataclass(frozen=True)
class _Place:
    """A file that was found, before it is read."""

    path: Path
    hides_shipped: bool = False


def shipped_folder(package: Path = PACKAGE) -> Path:
    """Return the folder of the shipped scenarios, in an installed package and in a checkout; of own data, that beside them."""
    if not is_packaged():
        return data_folder() / SCENARIOS
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "scenarios"


def shipped_names() -> tuple[str, ...]:
    """List the names of the shipped scenarios, in alphabetical order."""
    return tuple(sorted(path.stem for path in shipped_folder().glob("*.toml")))


def read_chain(path_or_name: str, vocabulary: Vocabulary) -> tuple[ChainFile, ...]:
    """Read a scenario file and all that it extends.

    Parameters
    ----------
    path_or_name
        Path of a file, or the name of a file in the current folder or of a shipped scenario.
    vocabulary
        Regions, sources and parameters.

    Returns
    -------
    The files, the extended one first.

    Raises
    ------
    ScenarioError
        With the problems of all files that could be reached.
    """
    problems: list[Problem] = []
    chain: list[ChainFile] = []
    seen: list[Path] = []
    place: _Place | None = _named_place(path_or_name)
    while place is not None:
        shown = str(place.path)
        seen.append(place.path.resolve())
        extends = ""
        try:
            text = read_text(place.path, shown)
            document = parse_text(text, shown)
            wanted = document.get("extends")
            extends = wanted if isinstance(wanted, str) else ""
            content = read_content(document, text, shown, vocabulary)
            is_shipped = seen[-1].parent == shipped_folder().resolve()
            chain.append(ChainFile(place.path, shown, is_shipped, place.hides_shipped, content))
        except ScenarioError as error:
            problems.extend(error.problems)
        try:
            place = _extended_place(place.path, extends, seen) if extends.strip() else None
        except _ExtendsError as error:
            line = line_of(key_lines(text), ("extends",))
            problem = Problem(shown, line, "extends", error.message, show(extends), error.allowed, error.nearest)
            problems.append(problem)
            place = None
    if problems:
        raise ScenarioError(problems)
    return tuple(reversed(chain))


def read_over(before: Sequence[ChainFile], text: str, shown: str, vocabulary: Vocabulary) -> tuple[ChainFile, ...]:
    """Read a scenario that is a text and no file, over a chain that is read already: no path is taken from it.

    Parameters
    ----------
    before
        What it extends; empty for a text that extends nothing.
    text
        As a file would hold it; ``extends`` is the name of the last file of the chain, or absent.
    shown
        How messages name it.
    vocabulary
        Regions, sources and parameters.

    Raises
    ------
    ScenarioError
        With all problems of the text.
    """
    document = parse_text(text, shown)
    wanted, allowed = document.get("extends"), before[-1].path.stem if before else None
    content = read_content(document, text, shown, vocabulary)
    if wanted != allowed:
        message = f"must be {allowed}" if allowed else "a text that comes alone extends nothing: write it in resolved form"
        raise ScenarioError([Problem(shown, line_of(key_lines(text), ("extends",)), "extends", message, show(wanted))])
    return (*before, ChainFile(Path(shown), shown, False, False, content))


class _ExtendsError(Exception):
    """What ``extends`` names cannot be extended."""

    def __init__(self, message: str, allowed: Sequence[str] = (), nearest: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.allowed = tuple(allowed)
        self.nearest = nearest


def _named_place(name: str) -> _Place:
    """Find the file that a user names."""
    shipped = _first_file(shipped_folder(), name) if _is_bare(name) else None
    path = _first_file(Path(), name) if name else None
    if path is not None:
        return _Place(path, shipped is not None and path.resolve() != shipped.resolve())
    if shipped is not None:
        return _Place(shipped)
    if name and os.path.exists(name):  # a folder or a device: reading it says so
        return _Place(Path(name))
    near = nearest_name(Path(name).stem, [*shipped_names(), *(each.stem for each in _toml_files(Path()))])
    message = "there is no such file, and no shipped scenario of that name"
    raise ScenarioError([Problem(show(name), 0, "", message, "", shipped_names(), near)])


def _extended_place(path: Path, wanted: str, seen: Sequence[Path]) -> _Place | None:
    """Find what a file extends: beside it first, then in the shipped library; never the file itself."""
    if PurePosixPath(wanted).is_absolute() or PureWindowsPath(wanted).drive or wanted.startswith("\\"):
        raise _ExtendsError("must be a name or a path below this file's folder, not an absolute path")
    if _leaves(wanted):
        raise _ExtendsError("leaves this file's folder by '..'; name a file in the folder or below it")
    beside = _first_file(path.parent, wanted)
    shipped = _first_file(shipped_folder(), wanted) if _is_bare(wanted) else None
    if beside is not None and shipped is not None and beside.resolve() == seen[-1] != shipped.resolve():
        beside = None
    found = beside or shipped
    if found is None:
        names = sorted({*shipped_names(), *(each.stem for each in _toml_files(path.parent))} - {path.stem})
        near = nearest_name(PurePosixPath(wanted).stem, names)
        message = "there is no such file beside this one, and no shipped scenario of that name"
        raise _ExtendsError(message, names, near)
    if found.resolve() in seen:
        circle = [*seen[seen.index(found.resolve()) :], found.resolve()]
        raise _ExtendsError(f"goes in a circle: {' -> '.join(each.name for each in circle)}")
    return _Place(found, found is beside and shipped is not None and shipped.resolve() != found.resolve())


def _first_file(folder: Path, name: str) -> Path | None:
    """Return the file of this name in a folder, with or without ``.toml``; None if there is none.

    ``os.path`` says no to a name that no file system takes, where ``pathlib`` raises.
    """
    return next((path for path in (folder / name, folder / f"{name}.toml") if os.path.isfile(path)), None)


def _toml_files(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob("*.toml")))


def _is_bare(name: str) -> bool:
    return bool(name) and not re.search(r"[/\\]", name) and name not in (".", "..")


def _leaves(wanted: str) -> bool:
    depth = 0
    for part in re.split(r"[/\\]", wanted):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return True
    return False


@dataclass(frozen=True)
class Laid:
    """What holds after some files of a chain.

    Parameters
    ----------
    layers
        Lever changes by layer; no layer is empty, no id occurs twice.
    parameters
        Parameters that are fixed or have another distribution.
    policies
        Named policies of which a lever is still in force, with these levers alone.
    """

    layers: Layers = ()
    parameters: Mapping[str, float | Distribution] = field(default_factory=dict)
    policies: tuple[PolicyUse, ...] = ()


def lay(chain: Sequence[ChainFile], problems: list[Problem]) -> tuple[Laid, Laid]:
    """Lay the files of a chain over one another.

    Parameters
    ----------
    chain
        The files, the extended one first; each is right by itself.
    problems
        Grows by what is wrong between them.

    Returns
    -------
    What holds with the last file, and what holds before it.
    """
    laid, before = Laid(), Laid()
    for file in chain:
        before = laid
        layers = _without(before.layers, file, problems)
        uses = (*_still_there(before.policies, layers), *(policy.use for policy in file.content.policies))
        own = _own_layers(file, {change.id for layer in layers for change in layer}, problems)
        replaced = {change.id for layer in own for change in layer}
        layers = (*(tuple(c for c in layer if c.id not in replaced) for layer in layers), *own)
        layers = tuple(layer for layer in layers if layer)
        laid = Laid(layers, {**before.parameters, **file.content.parameters}, uses)
    return laid, before


def _still_there(uses: Sequence[PolicyUse], layers: Layers) -> tuple[PolicyUse, ...]:
    """Leave out policies that were dropped, whole or in part."""
    there = {change.id for layer in layers for change in layer}
    kept = (replace(use, changes=tuple(change for change in use.changes if change.id in there)) for use in uses)
    return tuple(use for use in kept if use.changes)


def is_dropped(change: LeverChange, drop: Sequence[str]) -> bool:
    """Return whether a list of ids drops a lever, by its own id or by that of its policy."""
    return any(belongs(change.id, wanted) for wanted in drop)


def _without(layers: Layers, file: ChainFile, problems: list[Problem]) -> Layers:
    """Leave out the levers a file drops, alone or by the id of their policy; an id that is not there is a problem."""
    ids = tuple(change.id for layer in layers for change in layer)
    known = tuple(dict.fromkeys((*(group_of(each) for each in ids if "." in each), *ids)))
    drop = file.content.drop
    for position, wanted in enumerate(drop):
        if not any(belongs(each, wanted) for each in ids):
            line = line_of(file.content.lines, ("drop", position))
            message = "is not the id of an inherited lever or policy" if ids else "drops a lever, but nothing is inherited"
            key, near = f"drop[{position + 1}]", nearest_name(wanted, known)
            problems.append(Problem(file.shown, line, key, message, show(wanted), known, near))
    return tuple(tuple(change for change in layer if not is_dropped(change, drop)) for layer in layers)


def _own_layers(file: ChainFile, inherited: Set[str], problems: list[Problem]) -> Layers:
    """Group a file's levers by layer and refuse ids that are inherited.

    A ``set`` without an id takes the place of an inherited one of the very same cells; anything else that
    repeats an id must drop the inherited lever or be given an id of its own.
    """
    groups = {group_of(each) for each in inherited if "." in each}
    by_layer: dict[int, list[LeverChange]] = {}
    for lever in file.content.levers:
        change = lever.change
        by_layer.setdefault(lever.layer, []).append(change)
        if lever.is_of_policy:
            continue
        if change.id in inherited and (lever.is_named or change.change != "set"):
            problems.append(_inherited_id(file, lever.path, lever.line, change.id, "lever"))
        elif change.id in groups:
            problems.append(_inherited_id(file, lever.path, lever.line, change.id, "policy"))
    for policy in file.content.policies:
        if policy.use.id in groups | inherited:
            kind = "lever" if policy.use.id in inherited else "policy"
            problems.append(_inherited_id(file, policy.path, policy.line, policy.use.id, kind))
    return tuple(tuple(by_layer[number]) for number in sorted(by_layer))


def _inherited_id(file: ChainFile, path: KeyPath, line: int, own_id: str, kind: str) -> Problem:
    shown = show(own_id, 240)
    message = f"is the id of an inherited {kind}; add drop = [{shown}] to replace that one, or choose another id to apply both"
    return Problem(file.shown, line, key_text((*path, "id")), message, shown)
