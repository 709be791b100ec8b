"""The calls for files and processes as Windows answers them, laid over those of this system, as far as the project makes them."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.runs import atomic
from sim.sweeps import store

ENDS = (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM))
"""Signals that Windows knows as the end of a process; 0 is Ctrl+C there."""


def lay_windows_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer as Windows does: no handle of a folder, no syncing by a reader, no locks, nothing moved or removed while it is open.

    What it cannot show: letters of drives, reserved names, lengths of paths, and what other programs hold open.
    """
    monkeypatch.setattr(atomic, "ON_WINDOWS", True)
    monkeypatch.setattr(store, "fcntl", None)
    originals: dict[str, Callable[..., Any]] = {
        name: getattr(os, name) for name in ("open", "fsync", "rename", "replace", "unlink")
    }

    def open_file(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if not named and os.path.isdir(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return int(originals["open"](path, flags, *more, **named))

    def fsync(handle: int) -> None:
        import fcntl

        if not fcntl.fcntl(handle, fcntl.F_GETFL) & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        originals["fsync"](handle)

    def kill(process: int, number: int) -> None:
        raise AssertionError(f"on Windows, signal {number} would end or interrupt process {process}")

    def rename(source: Any, target: Any) -> None:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        refuse_open(source)
        originals["rename"](source, target)

    def replace(source: Any, target: Any) -> None:
        refuse_open(source)
        refuse_open(target)
        originals["replace"](source, target)

    def unlink(path: Any, **named: Any) -> None:
        if not named:
            refuse_open(path)
        originals["unlink"](path, **named)

    fakes = {"open": open_file, "fsync": fsync, "kill": kill, "rename": rename, "replace": replace, "unlink": unlink}
    for name, fake in fakes.items():
        monkeypatch.setattr(os, name, fake)


def refuse_open(path: Any) -> None:
    """Refuse to move or remove what this process has open: a file, or anything in a folder.

    Raises
    ------
    PermissionError
        As Windows says it.
    """
    place = Path(path).resolve()
    for handle in Path("/proc/self/fd").iterdir():
        try:
            held = Path(os.readlink(handle))
        except OSError:  # the handle of this listing
            continue
        if held.is_relative_to(place):
            raise PermissionError(errno.EACCES, f"in use: {held}", str(path))
