"""Folders that are complete or absent: built beside their place and moved into it in one step."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

_PARTIAL = ".partial-"
_OWNER = ".owner.json"


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
        super().__init__(f"{folder}: {message}")
        self.folder = folder


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
    with explained(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = _make_partial(folder.parent)
    try:
        yield partial
        with explained(folder.parent):
            _move(partial, folder)
    finally:
        _remove(partial)


def check_writable(parent: Path, needed: int) -> None:
    """Check that a folder can be made in `parent`, and remove what a killed process of ours left there.

    Parameters
    ----------
    parent
        Created if absent.
    needed
        Free space wanted, bytes.

    Raises
    ------
    FolderError
        If it cannot be written or has too little space.
    """
    with explained(parent):
        parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(parent)
        partial = _make_partial(parent)
        _remove(partial)
        free = shutil.disk_usage(parent).free
    if free < needed:
        raise FolderError(parent, f"{free / 1e6:.0f} MB are free, about {needed / 1e6:.0f} MB are needed")


def _make_partial(parent: Path) -> Path:
    partial = parent / f"{_PARTIAL}{secrets.token_hex(8)}"
    partial.mkdir()
    try:
        owner = {"host": socket.gethostname(), "pid": os.getpid()}
        (partial / _OWNER).write_text(json.dumps(owner), encoding="utf-8")
    except OSError:
        _remove(partial)
        raise
    return partial


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
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_stale(parent: Path) -> None:
    """Remove what a killed process of this machine left; anything whose owner is unknown or alive stays."""
    for partial in parent.glob(_PARTIAL + "*"):
        try:
            owner = json.loads((partial / _OWNER).read_text(encoding="utf-8"))
            if owner["host"] == socket.gethostname() and not _is_alive(int(owner["pid"])):
                _remove(partial)
        except (OSError, ValueError, KeyError, TypeError):
            continue


def _is_alive(process: int) -> bool:
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
