"""What a folder held when it was made: the SHA-256 of each file, in its record, which is sealed by a hash of its own.

It finds damage and edits by hand. Who writes record and files anew together is not found: SECURITY.md says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from sim.files.paths import inside_folder
from sim.files.reading import MOST_TABLE_BYTES, UnreadableError, check_ordinary, reason_of
from sim.files.words import Notice

FILES: Final = "files"
"""Entry of a record: SHA-256 by file, with its place in the folder."""
SEAL: Final = "seal"
"""Entry of a record: SHA-256 of all others."""
OLD: Final = "was made before folders carried checksums: it is read as it is, and a change since would not be found"
"""What is said of a folder without a manifest."""


class AlteredError(ValueError):
    """A file or record that is not what was written; says which."""


class OldFolderWarning(Notice):
    """A folder that cannot be checked."""


def sum_of(path: Path, most: int = MOST_TABLE_BYTES) -> str:
    """Return the SHA-256 of an ordinary file, 64 hex digits; errors as of `check_ordinary`."""
    check_ordinary(path, most)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read ({reason_of(error)})") from error


def sums_of(folder: Path, but: Iterable[str] = ()) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder and the folders in it, by its place, but for some and the hidden."""
    left_out = set(but)
    names = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: sum_of(path) for name, path in names.items() if name not in left_out and not name.startswith(".")}


def seal_of(record: Mapping[str, Any]) -> str:
    """Hash a record without its seal: equal for equal content, however it is laid out."""
    rest = json.loads(json.dumps({name: value for name, value in record.items() if name != SEAL}))
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Add its seal to a record."""
    return {**record, SEAL: seal_of(record)}


def check_seal(record: Mapping[str, Any], name: str) -> bool:
    """Check that a record is what was written.

    Returns
    -------
    Whether it has a seal; one of an older version has neither a seal nor sums.

    Raises
    ------
    AlteredError
        If its seal is another, or it has lost it.
    """
    if SEAL not in record and FILES not in record:
        return False
    if record.get(SEAL) != seal_of(record):
        raise AlteredError(f"{name} is not what was written: it was changed or damaged")
    return True


def check_sums(folder: Path, record: Mapping[str, Any], needed: Iterable[str]) -> None:
    """Check that files are those that a record, whose seal is right, has sums of.

    Parameters
    ----------
    folder
        Where they lie.
    record
        With `FILES`.
    needed
        Names of files that are about to be read, as they stand in the record.

    Raises
    ------
    AlteredError
        Naming the first that is another or of which there is no sum.
    UnreadableError
        If one cannot be read.
    """
    sums = record.get(FILES, {})
    for name in needed:
        place = folder
        for part in name.split("/"):
            place = inside_folder(place, part)
        if sum_of(place) != sums.get(name):
            raise AlteredError(f"{name} is not what was written: it was changed or damaged")
