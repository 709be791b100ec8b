"""The one way from a name that stands in a file to a path: inside a folder, or refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from sim.files.words import briefly

MOST_NAME_BYTES: Final = 240
"""Bytes of a name; file systems take 255, and a name may get an ending."""


class OutsideError(ValueError):
    """A name that would not stay inside its folder, or that no file should have."""


def inside_folder(folder: Path, name: object) -> Path:
    """Make the path of a file or folder right inside a folder.

    Parameters
    ----------
    folder
        Where it shall lie.
    name
        One name, as it stands in a file: no path.

    Raises
    ------
    OutsideError
        If it is no text, empty, a path, hidden, too long, or holds control characters.
    """
    shown = briefly(repr(name), 80)
    if not isinstance(name, str) or not name:
        raise OutsideError(f"{shown} is no name of a file in {folder}")
    if name.startswith(".") or any(sign in name for sign in ("/", "\\", ":")):
        raise OutsideError(f"{shown} is a path or hidden, not a name of a file in {folder}; nothing outside a folder is touched")
    if not name.isprintable() or len(name.encode(errors="replace")) > MOST_NAME_BYTES:
        raise OutsideError(f"{shown} is no name for a file: too long, or with control characters")
    return folder / name


def check_unlinked(place: Path) -> None:
    """Check that what is about to be written into is no link to somewhere else, pipe or device; OutsideError if it is."""
    if place.is_symlink():
        raise OutsideError(f"{briefly(str(place))} is a link; nothing is written through links: put the folder itself there")
    if place.exists() and not (place.is_file() or place.is_dir()):
        raise OutsideError(f"{briefly(str(place))} is no ordinary file or folder; remove it")


def unlinked(path: Path) -> Path:
    """Return the path of a file that is about to be written; a link, pipe or device that lies there is removed, itself alone."""
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode) and not stat.S_ISDIR(path.lstat().st_mode):
        path.unlink()
    return path
