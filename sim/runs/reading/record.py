"""The record of a folder, ``provenance.json``: whole, of the right shape, and the files it names are what was written."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sim.files.manifest import FILES, OLD, OldFolderWarning, check_seal, check_sums, sealed, sums_of
from sim.files.reading import UnreadableError, read_object
from sim.runs.outcomes.outcomes import Remark
from sim.sources import write_whole

PROVENANCE: Final = "provenance.json"
MOST_RUNS_HELD: Final = 100_000_000
MOST_ENTRY_LETTERS: Final = 100_000
Rule = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    """Tell whether a value is a text of bearable length."""
    return isinstance(value, str) and len(value) <= MOST_ENTRY_LETTERS


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Tell whether a value is a whole number that a run can have."""
    return is_whole(value) and 0 <= value <= MOST_RUNS_HELD


def is_people(value: Any) -> bool:
    """Tell whether a value is a number above 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


def is_list(value: Any) -> bool:
    """Tell whether a value is a list."""
    return isinstance(value, list)


def are_texts(value: Any) -> bool:
    """Tell whether a value is a list of texts."""
    return is_list(value) and all(isinstance(each, str) for each in value)


def is_table(value: Any) -> bool:
    """Tell whether a value is an object."""
    return isinstance(value, dict)


def is_groups(value: Any) -> bool:
    """Tell whether a value is groups of regions: lists of codes by name."""
    return is_table(value) and all(are_texts(each) for each in value.values())


def is_remarks(value: Any) -> bool:
    """Tell whether a value is the remarks of a run."""
    wanted = set(Remark._fields)
    return isinstance(value, list) and all(isinstance(each, dict) and set(each) == wanted for each in value)


def is_versions(value: Any) -> bool:
    """Tell whether a value is versions by name, that of the project among them."""
    return isinstance(value, dict) and "talentsim" in value and all(is_text(each) for each in value.values())


def is_ensemble(value: Any) -> bool:
    """Tell whether a value is an ensemble's name and digest; nothing is right too: there were none before."""
    return value is None or (isinstance(value, dict) and {"name", "digest"} <= set(value) and all(map(is_text, value.values())))


RUN_SHAPE: Final[Mapping[str, Rule]] = {
    "run_id": is_text,
    "scenario": is_table,
    "scenario.name": is_text,
    "scenario.title": is_text,
    "scenario.question": is_text,
    "draws": is_count,
    "replicates": is_count,
    "seed": is_whole,
    "researchers": is_count,
    "until": is_count,
    "engine": is_text,
    "people_per_researcher": is_people,
    "bands": is_text,
    "notes": are_texts,
    "remarks": is_remarks,
    "model_id": is_text,
    "command": is_text,
    "versions": is_versions,
    "ensemble": is_ensemble,
    "source": is_table,
    "started": is_text,
    "ended": is_text,
    "data": is_table,
    "data.version": is_text,
    "data.checksums": is_table,
}
COMPARISON_SHAPE: Final[Mapping[str, Rule]] = {
    "comparison_id": is_text,
    "runs": is_list,
    "notes": are_texts,
    "groups": is_groups,
}


def write_record(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write the record of a folder, the last of its files, with a sum of each of the others, sealed; return it as written."""
    whole = sealed({**record, FILES: sums_of(folder, but=[PROVENANCE])})
    write_whole(folder / PROVENANCE, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    return whole


def read_origin(folder: Path, shape: Mapping[str, Rule]) -> dict[str, Any]:
    """Read the record of a folder and check it; a folder of before there were seals is read, which a warning says.

    Parameters
    ----------
    folder
        Of a run or a comparison.
    shape
        What each entry must be; a dot leads into an object.

    Raises
    ------
    UnreadableError
        If it is missing, no record, or an entry is missing or of another kind.
    sim.files.manifest.AlteredError
        If it is not what was written.
    """
    record = read_object(folder / PROVENANCE)
    if record.get("status", "complete") != "complete":
        raise UnreadableError(f"{PROVENANCE} says that it is not complete")
    if not check_seal(record, PROVENANCE):
        warnings.warn(f"{folder} {OLD}", OldFolderWarning, stacklevel=2)
    check_entries(record, shape, PROVENANCE)
    return record


def check_entries(record: Mapping[str, Any], shape: Mapping[str, Rule], name: str) -> None:
    """Check that each entry of a record is there and of its kind; UnreadableError if not, with the name of the record."""
    for entry, is_right in shape.items():
        value: Any = record
        for part in entry.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not is_right(value):
            raise UnreadableError(f"{name}: {entry} is missing, too long or of the wrong kind")


def check_held(folder: Path, record: Mapping[str, Any], names: list[str]) -> None:
    """Check that files are there and, where the record has sums, that they are what was written.

    Raises
    ------
    UnreadableError, sim.files.manifest.AlteredError
        Naming the file.
    """
    if FILES in record:
        check_sums(folder, record, names)
