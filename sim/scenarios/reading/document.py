"""A scenario that a program states: the tables of a file without the file, checked as strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sim.scenarios.reading.chain import ChainFile, read_chain
from sim.scenarios.reading.file import read_content
from sim.scenarios.reading.text import ScenarioError
from sim.scenarios.reading.values import Vocabulary

STATED: Final = "scenario"
"""How messages name what has no file."""
OWN_NAME: Final = "own"
"""Name of a scenario that is given none."""
_PLACED: Final = r"\b(lever|policy) of line (\d+)"


def chain_of(
    scenario: str | Path | Mapping[str, Any], levers: Sequence[Mapping[str, Any]], name: str, vocabulary: Vocabulary
) -> tuple[ChainFile, ...]:
    """Read a scenario and all that it extends, the extended one first.

    Parameters
    ----------
    scenario
        Path or name of a file, or what a file would say: its keys, ``lever`` a list of tables.
    levers
        Tables of more levers; over a file they are laid as a scenario that extends it.
    name
        Of a scenario that has no file; "" for a name of its own.
    vocabulary
        Regions, sources, parameters and named policies.

    Raises
    ------
    ScenarioError
        With every problem of what is stated and of the files.
    """
    if isinstance(scenario, str | Path):
        chain = read_chain(str(scenario), vocabulary)
        if not levers:
            return (*chain[:-1], replace(chain[-1], path=Path(f"{name}.toml"))) if name else chain
        base = chain[-1]
        document: dict[str, Any] = {
            "title": f"{base.content.title}, changed",
            "question": base.content.question,
            "lever": list(levers),
        }
        return (*chain, stated_file(document, name or f"{base.path.stem}-{OWN_NAME}", vocabulary))
    document = dict(scenario)
    extends = document.get("extends")
    below = read_chain(extends, vocabulary) if isinstance(extends, str) and extends.strip() else ()
    if levers:
        document["lever"] = [*document.get("lever", ()), *levers]
    return (*below, stated_file(document, name or OWN_NAME, vocabulary))


def stated_file(document: Mapping[str, Any], name: str, vocabulary: Vocabulary) -> ChainFile:
    """Check what a program states as if a file of that name said it.

    Raises
    ------
    ScenarioError
        With every problem; its places are keys, as there are no lines.
    """
    tables = {kind: len(found) if isinstance(found := document.get(kind, ()), Sequence) else 0 for kind in ("lever", "policy")}
    lines = "".join(f"[[{kind}]]\n" * number for kind, number in tables.items())
    try:
        content = read_content(document, lines, STATED, vocabulary)
    except ScenarioError as error:
        raise ScenarioError(
            replace(each, line=0, message=re.sub(_PLACED, lambda found: _by_key(found, tables["lever"]), each.message))
            for each in error.problems
        ) from None
    return ChainFile(Path(f"{name}.toml"), f"{name} (stated)", False, False, content)


def _by_key(found: re.Match[str], levers: int) -> str:
    """Name a table by its key where a message names it by its line."""
    position = int(found[2]) - (levers if found[1] == "policy" else 0)
    return f"{found[1]}[{position}]"
