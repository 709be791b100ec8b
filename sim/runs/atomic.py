"""Folders that are complete or absent: built beside their place and moved into it in one step."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import secrets
import shutil
import socket
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial as bound
from pathlib import Path

from sim.files.ending import undone_by
from sim.files.reading import read_object
from sim.files.words import Notice, briefly

_PARTIAL = ".partial-"
_OWNER = ".owner.json"
ON_WINDOWS = os.name == "nt"
"""There folders cannot be synced, files are synced by who may write them, and no signal asks whether a process lives."""
WEEK = 7 * 86_400
"""Seconds after which what another process left on Windows counts as left by a dead one."""
_DAMAGED = ".damaged-"
_MOST_OWNER_BYTES = 10_000


class FolderError(Exception):
    """A folder cannot be written or read.

    Parameters
    ----------
    folder
        The folder in question.
    message
        What is wrong with it.
    """

    def __init__(self, folder: Path, message: str) -> None:
        super().__init__(briefly(f"{folder}: {message}"))
        self.folder = folder


class SetAsideWarning(Notice):
    """A damaged folder of ours was renamed, and is made again."""


def set_aside(folder: Path, why: str) -> None:
    """Rename a damaged folder, so that it can be made again and nothing of it is lost; a warning says so.

    Raises
    ------
    FolderError
        If it cannot be renamed.
    """
    aside = folder.with_name(f"{_DAMAGED}{folder.name}-{secrets.token_hex(4)}")
    with explained(folder.parent):
        folder.rename(aside)
    warnings.warn(f"{why}. It was set aside as {aside.name} and is made again", SetAsideWarning, stacklevel=2)


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the system says about files into one sentence about the folder.

    Raises
    ------
    FolderError
        In place of any `OSError` of the enclosed lines.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise FolderError(folder, f"cannot write here ({reason})") from error


@contextlib.contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Give a new folder beside `folder`; move it into place at the end, or remove it on any error.

    If another process has put the same folder in place meanwhile, that one stays.

    Raises
    ------
    FolderError
        If it cannot be made or moved.
    """
    partial = _partial_in(folder.parent)
    with made_folder(folder.parent), undone_by(bound(_remove, partial)):
        try:
            with explained(folder.parent):
                _make_partial(partial)
            yield partial
            with explained(folder.parent):
                _move(partial, folder)
        finally:
            _remove(partial)


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder, with those that it lies in; those of them that were not there and are empty in the end go again.

    Raises
    ------
    FolderError
        If it cannot be made.
    """
    with explained(folder):
        absent = list(itertools.takewhile(lambda each: not each.exists(), (folder, *folder.parents)))
    with undone_by(bound(remove_empty, absent)):
        try:
            with explained(folder):
                folder.mkdir(parents=True, exist_ok=True)
            yield
        finally:
            remove_empty(absent)


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, up to the first that holds something or is not there."""
    with contextlib.suppress(OSError):
        for each in folders:
            each.rmdir()


def check_writable(parent: Path, needed: int) -> None:
    """Check that a folder can be made in `parent`, and remove what a killed process of ours left there.

    Parameters
    ----------
    parent
        If it is absent it is made, and removed again.
    needed
        Free space wanted, bytes.

    Raises
    ------
    FolderError
        If it cannot be written or has too little space.
    """
    partial = _partial_in(parent)
    with made_folder(parent), undone_by(bound(_remove, partial)), explained(parent):
        _remove_stale(parent)
        try:
            _make_partial(partial)
        finally:
            _remove(partial)
        free = shutil.disk_usage(parent).free
    if free < needed:
        raise FolderError(parent, f"{free / 1e6:.0f} MB are free, about {needed / 1e6:.0f} MB are needed")


def _partial_in(parent: Path) -> Path:
    return parent / f"{_PARTIAL}{secrets.token_hex(8)}"


def _make_partial(partial: Path) -> None:
    partial.mkdir(parents=True)  # who checks a place at the same moment may have removed what it is in
    owner = {"host": socket.gethostname(), "pid": os.getpid()}
    (partial / _OWNER).write_text(json.dumps(owner), encoding="utf-8", newline="\n")


def _move(partial: Path, folder: Path) -> None:
    (partial / _OWNER).unlink()
    for path in sorted(partial.iterdir()):
        _sync(path)
    _sync(partial)
    try:
        partial.rename(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    _sync(folder.parent)


def _sync(path: Path) -> None:
    """Have the system put a file, or the names in a folder, on the disk; Windows knows this of files alone."""
    if ON_WINDOWS and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if ON_WINDOWS else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_stale(parent: Path) -> None:
    """Remove what a killed process of this machine left; anything whose owner is unknown or alive stays."""
    for partial in parent.glob(_PARTIAL + "*"):
        try:
            owner = read_object(partial / _OWNER, _MOST_OWNER_BYTES)
            if owner["host"] == socket.gethostname() and not _is_alive(int(owner["pid"]), partial):
                _remove(partial)
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            continue


def _is_alive(process: int, partial: Path) -> bool:
    """Tell whether who writes a folder lives. On Windows, where signal 0 would interrupt, who wrote within a week does."""
    if ON_WINDOWS:
        return max(path.stat().st_mtime for path in (partial, *partial.rglob("*"))) > time.time() - WEEK
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(partial: Path) -> None:
    """Remove one of our own partial folders, if it is still there."""
    shutil.rmtree(partial, ignore_errors=True)
