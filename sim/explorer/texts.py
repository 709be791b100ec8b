"""A state as what somebody takes away: the scenario file, the command and the lines of Python that give the same numbers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from sim.data.schema import PACKAGED, Data
from sim.explorer.state import Moved, PageState, Places
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import named_policies
from sim.scenarios.reading.text import toml_string

EXPLORED: Final = "explored"
"""Name of the scenario that a page explores; its file is `explored.toml`."""
ASSUMED: Final = "Moved in the explorer: an assumption."
SIZE_KEYS: Final = ("researchers", "draws", "replicates", "seed", "until")
FIRST_YEAR_ASKED: Final = 2027
"""From when a lever is moved, unless another year is asked for."""


def scenario_text(state: PageState) -> str:
    """Write the scenario file of a state: only differences from its base."""
    lines = [
        f"title    = {toml_string(title_of(state))}",
        f"question = {toml_string('What changes if this is done?')}",
        f"extends  = {toml_string(state.base)}",
    ]
    if state.drop:
        lines.append(f"drop     = {listed_text(state.drop)}")
    for item in state.items:
        lines += ["", *(lever_lines(item) if item.kind == "lever" else policy_lines(item))]
    return "\n".join(lines) + "\n"


def title_of(state: PageState) -> str:
    """Say in one line what a state moves."""
    moved = [item_words(item) for item in state.items] + [f"without {each}" for each in state.drop]
    return f"Explored: {'; '.join(moved) or 'nothing moved'}"[:300]


def item_words(item: Moved) -> str:
    """Name what is moved, by how much and for whom."""
    size = ""
    if item.kind == "lever":
        sign = {"set": "=", "multiply": "x", "add": "+" if item.value >= 0 else ""}.get(item.change, item.change)
        size = f" {sign}{'' if sign in ('+', '') else ' '}{item.value:g}"
    whom = "".join(f" {word} {'+'.join(codes)}" for word, codes in (("from", item.origin), ("to", item.destination)) if codes)
    of = "".join(f" {'+'.join(names)}" for _, names in item.aims)
    return f"{item.name}{size}{whom}{of}"


def lever_lines(item: Moved) -> Iterator[str]:
    """Write the table of a lever."""
    yield "[[lever]]"
    yield f"id = {toml_string(item.id)}"
    yield f"name = {toml_string(item.name)}"
    filters = LEVERS[item.name].filters if item.name in LEVERS else ("origin", "destination")
    for axis, codes in (("origin", item.origin), ("destination", item.destination)):
        if axis in filters or codes is not None:
            yield f"{axis} = {places_text(codes)}"
    for axis, names in item.aims:
        yield f"{axis} = [{', '.join(names)}]" if axis == "talent_class" else f"{axis} = {listed_text(names)}"
    yield from window_lines(item, FIRST_YEAR_ASKED)
    yield f"change = {toml_string(item.change)}"
    yield f"value = {item.value!r}"
    yield f"evidence = {toml_string(ASSUMED)}"


def policy_lines(item: Moved) -> Iterator[str]:
    """Write the table of a named policy."""
    yield "[[policy]]"
    yield f"name = {toml_string(item.name)}"
    yield f"id = {toml_string(item.id)}"
    policy = named_policies().get(item.name)
    for axis, codes in (("origin", item.origin), ("destination", item.destination)):
        if codes is not None or (policy is not None and axis in policy.asks):
            yield f"{axis} = {places_text(codes)}"
    needs_year = policy is not None and policy.from_year is None
    yield from window_lines(item, FIRST_YEAR_ASKED if needs_year else None)
    if item.values:
        pairs = ", ".join(f"{toml_string(key)} = {value!r}" for key, value in item.values)
        yield f"values = {{ {pairs} }}"


def window_lines(item: Moved, usual: int | None) -> Iterator[str]:
    """Write the window; what is not asked for is left out."""
    start = item.start if item.start is not None else usual
    for key, year in (("from", start), ("until", item.until), ("ramp_years", item.ramp)):
        if year is not None:
            yield f"{key} = {year}"


def places_text(codes: Places) -> str:
    """Write a filter."""
    return '"*"' if codes is None else listed_text(codes)


def listed_text(names: Sequence[str]) -> str:
    """Write a list of texts."""
    return f"[{', '.join(toml_string(name) for name in names)}]"


def own_folder(data: Data) -> str:
    """Return the folder of tables of one's own; "" for the packaged ones."""
    return "" if data.name == PACKAGED else str(data.folder)


def command_of(state: PageState, ensemble: str = "", data: str = "") -> str:
    """Write the command that gives the numbers of a state, beside its scenario file.

    Parameters
    ----------
    state
        Of the page.
    ensemble
        How the ensemble was asked for; "" for the one that runs have anyway.
    data
        Folder or name of tables of one's own; "" for the packaged ones.
    """
    sizes = [word for key in SIZE_KEYS for word in (f"--{key}", f"{getattr(state, key)}")]
    of_ensemble = ["--ensemble", ensemble] if ensemble else []
    of_data = ["--data", data] if data else []
    return shlex.join(["talentsim", "compare", state.base, f"{EXPLORED}.toml", *sizes, *of_data, *of_ensemble])


def python_of(state: PageState, data: str = "") -> str:
    """Write the lines of Python that give the numbers of a state, beside its scenario file; `data` as of `command_of`."""
    sizes = ", ".join(f"{key}={getattr(state, key)}" for key in SIZE_KEYS)
    sizes += f", data={toml_string(data)}" if data else ""
    return (
        f'import sim\n\nfound = sim.compare("{state.base}", "{EXPLORED}.toml", {sizes})\n'
        'print(found)\nprint(found.table("headlines"))\n'
    )
