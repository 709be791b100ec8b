"""The state of the page: what is moved, over which base, in runs of which size. Checked once, when it comes in.

The whole of it stands in the fragment of the page's address, as ``v1.`` and base64url of JSON, so that a copied address says all.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sim.scenarios.levers.changes import axis_names

VERSION: Final = 1
MOST_ITEMS: Final = 12
"""Levers and policies that are moved at once."""
MOST_TEXT: Final = 200_000
"""Letters of a base of one's own that an address carries."""
MOST_RESEARCHERS: Final = 20_000
MOST_PAGE_RUNS: Final = 200
"""Draws times replicates."""
MOST_DRAWS: Final = 100
ID_FORM: Final = re.compile(r"[a-z][a-z0-9-]{0,23}")
NAME_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
CODE_FORM: Final = re.compile(r"[A-Z]{3}")
FINER: Final = {axis: axis_names(axis, ()) for axis in ("sector", "talent_class", "stage", "degree")}
"""What some levers can be aimed at besides places, by filter; a talent class by its number."""
ITEM_KINDS: Final = ("lever", "policy")
Places = tuple[str, ...] | None


class StateError(ValueError):
    """A state that cannot be; says what of it, its value and what is allowed."""


@dataclass(frozen=True)
class Moved:
    """One thing that is moved.

    Parameters
    ----------
    id
        Its id in the scenario file.
    kind, name
        "lever" or "policy", and which.
    change, value
        Of a lever: set, multiply or add, and the size.
    values
        Of a policy: ids of its levers with other sizes.
    origin, destination
        Region codes; None for all, or where the policy does not ask.
    aims
        Of a lever, what else it is aimed at: names by filter, such as sector or stage; a filter that is not there means what it
        usually means.
    start, until, ramp
        First and last year (None: the policy's own, for good), and years until full strength (None: the policy's own, one).
    """

    id: str
    kind: str
    name: str
    change: str = "set"
    value: float = 0.0
    values: tuple[tuple[str, float], ...] = ()
    origin: Places = None
    destination: Places = None
    aims: tuple[tuple[str, tuple[str, ...]], ...] = ()
    start: int | None = None
    until: int | None = None
    ramp: int | None = None


@dataclass(frozen=True)
class PageState:
    """What is asked of the page.

    Parameters
    ----------
    base
        Name of the scenario that everything is compared with.
    text
        The base in resolved form where it is a file of one's own that may be missing elsewhere; "" else.
    items
        What is moved.
    drop
        Ids of levers and policies of the base that are taken away.
    assume
        An assumption that is another one for both scenarios, which then run at the reference point, one draw; "" for none.
    draws, replicates, researchers, seed, until
        Size of the runs, as of `talentsim run`.
    made_with
        Hash of the model that the address was copied from; "" if it does not say.
    """

    base: str = "baseline"
    text: str = ""
    items: tuple[Moved, ...] = ()
    drop: tuple[str, ...] = ()
    assume: str = ""
    draws: int = 25
    replicates: int = 2
    researchers: int = 5_000
    seed: int = 1
    until: int = 2035
    made_with: str = ""


def read_state(record: object) -> PageState:
    """Check a record of the page and make a state of it.

    Raises
    ------
    StateError
        For an unknown key, a value of another type or out of range, or too much of anything.
    """
    known = checked_keys(record, "state", {"v", "base", "text", "items", "drop", "assume", "size", "look", "model"})
    if known.get("v", VERSION) != VERSION:
        raise StateError(
            f"state: v is {shown(known['v'])}; this page reads version {VERSION}: use the version that made the link"
        )
    items = listed(known.get("items", []), "items", MOST_ITEMS)
    size = checked_keys(known.get("size", {}), "size", {"draws", "replicates", "researchers", "seed", "until"})
    found = PageState(
        base=named(known.get("base", "baseline"), "base", NAME_FORM),
        text=text_of(known.get("text", ""), "text", MOST_TEXT),
        items=tuple(read_item(item, f"items[{k}]") for k, item in enumerate(items)),
        drop=tuple(named(each, "drop", NAME_FORM) for each in listed(known.get("drop", []), "drop", 200)),
        assume=text_of(known.get("assume", ""), "assume", 100),
        draws=checked_whole(size.get("draws", 25), "size.draws", 1, MOST_DRAWS),
        replicates=checked_whole(size.get("replicates", 2), "size.replicates", 1, 50),
        researchers=checked_whole(size.get("researchers", 5_000), "size.researchers", 100, MOST_RESEARCHERS),
        seed=checked_whole(size.get("seed", 1), "size.seed", 0, 2**32 - 1),
        until=checked_whole(size.get("until", 2035), "size.until", 2026, 2050),
        made_with=text_of(known.get("model", ""), "model", 64),
    )
    if found.draws * found.replicates > MOST_PAGE_RUNS:
        runs = f"{found.draws} draws x {found.replicates} replicates"
        raise StateError(f"size: {runs} are more than {MOST_PAGE_RUNS} runs; ask for fewer, or use `talentsim compare`")
    if len({item.id for item in found.items}) < len(found.items):
        raise StateError("items: two have the same id; give each its own")
    return replace(found, draws=1) if found.assume else found


def read_item(record: object, where: str) -> Moved:
    """Check one thing that is moved; errors as of `read_state`."""
    allowed = {"id", "kind", "name", "change", "value", "values", "origin", "destination", "from", "until", "ramp"}
    known = checked_keys(record, where, allowed | set(FINER))
    for key in ("id", "kind", "name"):
        if key not in known:
            raise StateError(f"{where}.{key} is missing")
    kind = text_of(known["kind"], f"{where}.kind", 10)
    if kind not in ITEM_KINDS:
        raise StateError(f"{where}.kind is {shown(kind)}; allowed: {', '.join(ITEM_KINDS)}")
    values = known.get("values", {})
    if not isinstance(values, dict) or len(values) > 50:
        raise StateError(f"{where}.values is {shown(values)}; allowed: at most 50 sizes by lever id")
    return Moved(
        id=named(known["id"], f"{where}.id", ID_FORM),
        kind=kind,
        name=named(known["name"], f"{where}.name", NAME_FORM),
        change=text_of(known.get("change", "set"), f"{where}.change", 10),
        value=checked_number(known.get("value", 0.0), f"{where}.value"),
        values=tuple((named(key, where, NAME_FORM), checked_number(size, f"{where}.{key}")) for key, size in values.items()),
        origin=places(known.get("origin"), f"{where}.origin"),
        destination=places(known.get("destination"), f"{where}.destination"),
        aims=tuple((axis, some_of(known[axis], f"{where}.{axis}", names)) for axis, names in FINER.items() if axis in known),
        start=None if known.get("from") is None else checked_whole(known["from"], f"{where}.from", 1900, 2100),
        until=None if known.get("until") is None else checked_whole(known["until"], f"{where}.until", 1900, 2100),
        ramp=None if known.get("ramp") is None else checked_whole(known["ramp"], f"{where}.ramp", 1, 60),
    )


def state_record(state: PageState) -> dict[str, Any]:
    """Write a state as the page has it; `read_state` reads it back."""
    return {
        "v": VERSION,
        "base": state.base,
        "text": state.text,
        "items": [item_record(item) for item in state.items],
        "drop": list(state.drop),
        "assume": state.assume,
        "size": {key: getattr(state, key) for key in ("draws", "replicates", "researchers", "seed", "until")},
        "model": state.made_with,
    }


def item_record(item: Moved) -> dict[str, Any]:
    """Write one thing that is moved, as the page has it."""
    record: dict[str, Any] = {"id": item.id, "kind": item.kind, "name": item.name}
    record |= {"change": item.change, "value": item.value} if item.kind == "lever" else {"values": dict(item.values)}
    asked = {"origin": item.origin, "destination": item.destination}
    record |= {axis: list(codes) for axis, codes in asked.items() if codes is not None}
    record |= {axis: list(names) for axis, names in item.aims}
    window = {"from": item.start, "until": item.until, "ramp": item.ramp}
    return record | {key: year for key, year in window.items() if year is not None}


def fragment_of(record: Mapping[str, Any]) -> str:
    """Write a record of the page as the fragment of an address."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    return f"v{VERSION}." + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def record_of_link(link: str) -> dict[str, Any]:
    """Read the record in an address that was copied, or in its fragment alone; `read_state` checks it.

    Raises
    ------
    StateError
        If there is none in it, or one of another version.
    """
    fragment = link.rpartition("#")[2]
    version, dot, rest = fragment.partition(".")
    if not dot or not re.fullmatch(r"v\d+", version):
        raise StateError(f"{shown(link)} holds no state; a link ends in #v{VERSION}. and letters, as the page's address does")
    if version != f"v{VERSION}":
        raise StateError(f"the link is of version {version[1:]} of the page; this one reads {VERSION}")
    try:
        record = json.loads(base64.b64decode(rest + "=" * (-len(rest) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise StateError("the link is damaged: letters are missing or changed; copy it anew") from error
    if not isinstance(record, dict):
        raise StateError("the link is damaged: it holds no state; copy it anew")
    return record


def shown(value: object) -> str:
    """Write a value for a message, short and on one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def checked_keys(record: object, where: str, allowed: set[str]) -> dict[str, Any]:
    """Take an object of known keys."""
    if not isinstance(record, dict):
        raise StateError(f"{where} is {shown(record)}; allowed: an object")
    other = sorted(str(key) for key in set(record) - allowed)
    if other:
        raise StateError(f"{where}.{other[0][:40]} is not known; allowed: {', '.join(sorted(allowed))}")
    return record


def listed(value: object, where: str, most: int) -> list[Any]:
    """Take a list that is not too long."""
    if not isinstance(value, list) or len(value) > most:
        raise StateError(f"{where} is {shown(value)}; allowed: a list of at most {most}")
    return value


def text_of(value: object, where: str, most: int) -> str:
    """Take a text that is not too long."""
    if not isinstance(value, str) or len(value) > most:
        raise StateError(f"{where} is {shown(value)}; allowed: a text of at most {most:,} letters")
    return value


def named(value: object, where: str, form: re.Pattern[str]) -> str:
    """Take a name of a form."""
    if not isinstance(value, str) or not form.fullmatch(value):
        raise StateError(f"{where} is {shown(value)}; allowed: a name such as us-opening, letters, digits, - _ .")
    return value


def checked_number(value: object, where: str) -> float:
    """Take a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15 or not math.isfinite(value):
        raise StateError(f"{where} is {shown(value)}; allowed: a number")
    return float(value)


def checked_whole(value: object, where: str, low: int, high: int) -> int:
    """Take a whole number of a range."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise StateError(f"{where} is {shown(value)}; allowed: {low} to {high}")
    return value


def places(value: object, where: str) -> Places:
    """Take a list of region codes; None for all."""
    if value is None:
        return None
    return tuple(named(each, where, CODE_FORM) for each in listed(value, where, 60))


def some_of(value: object, where: str, names: Sequence[str]) -> tuple[str, ...]:
    """Take a list of some of the names there are, at least one, in their order."""
    asked = [text_of(each, where, 20) for each in listed(value, where, len(names))]
    if not asked or not set(asked) <= set(names):
        raise StateError(f"{where} is {shown(value)}; allowed: some of {', '.join(names)}")
    return tuple(name for name in names if name in asked)
