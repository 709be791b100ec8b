"""Folders as older versions left them, forged as somebody else could, and damaged byte by byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.files.manifest import FILES, SEAL, sealed


def edit_record(path: Path, change: Callable[[dict[str, Any]], object], is_forged: bool = False) -> None:
    """Change a JSON record; a forged one is sealed anew, as only somebody who knows how would do."""
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(sealed(record) if is_forged else record, indent=2), encoding="utf-8")


def as_of_before(folder: Path, name: str = "provenance.json") -> None:
    """Take sums and seal away, as of a folder of version 0.1."""

    def strip(record: dict[str, Any]) -> None:
        for entry in (FILES, SEAL, "regions"):
            record.pop(entry, None)

    edit_record(folder / name, strip)


DAMAGES = ("truncated", "flipped", "several flipped", "swapped", "deleted", "foreign", "emptied", "zeroed", "doubled")


def damage(generator: np.random.Generator, how: str, path: Path, foreign: Path) -> None:
    """Damage a file in place; a foreign one comes from another folder of its kind."""
    content = bytearray(path.read_bytes())
    size = max(1, len(content))
    if how == "truncated":
        path.write_bytes(content[: int(generator.integers(size))])
    elif how in ("flipped", "several flipped"):
        for place in generator.integers(len(content), size=1 if how == "flipped" else 8) if content else ():
            content[int(place)] ^= 1 << int(generator.integers(8))
        path.write_bytes(content)
    elif how == "swapped":
        first, second = sorted(int(each) for each in generator.integers(size, size=2))
        path.write_bytes(content[second:] + content[first:second] + content[:first])
    elif how == "deleted":
        path.unlink()
    elif how == "foreign":
        path.write_bytes(foreign.read_bytes())
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "zeroed":
        first, second = sorted(int(each) for each in generator.integers(size, size=2))
        content[first:second] = bytes(second - first)
        path.write_bytes(content)
    else:
        path.write_bytes(content + content)
