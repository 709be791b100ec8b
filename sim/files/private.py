"""The folder of caches: one that nobody else can write, as code is loaded from it; a fresh one where there is none.

A cache spares time and is never needed: whatever is wrong with it is said in one line, and the work goes on.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Final

from sim.files.ending import ENDING
from sim.files.reading import reason_of
from sim.files.words import Notice

OWNER_ONLY: Final = 0o700
OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class CacheWarning(Notice):
    """Something is wrong with a cache: slower, nothing is lost."""


def private_root(bases: Sequence[str], name: str) -> Path:
    """Choose the first folder of that name below one of the bases that is private; make it, or a fresh one if there is none.

    Parameters
    ----------
    bases
        Folders, ``~`` for the home.
    name
        Of the folder.

    Returns
    -------
    A folder of the user's alone, mode 0700. A fresh one is removed when this process ends; processes that it starts share it.
    """
    reasons = []
    for base in bases:
        try:
            folder = Path(base).expanduser().absolute() / name
            problem = made_private(folder)
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: there is no home
            reasons.append(f"{base}: {reason_of(error)}")
            continue
        if not problem:
            if reasons:
                warn(f"the cache is {folder} ({'; '.join(reasons)})")
            return folder
        reasons.append(f"{folder}: {problem}")
    return fresh_root(name, "; ".join(reasons))


def kept_private(folder: Path) -> Path:
    """Make a folder in the folder of caches the user's alone; where there is no room for it, say so and return its path."""
    with sparing(folder):
        problem = made_private(folder)
        if problem:  # what is above was private a moment ago
            warn(f"the cache {folder} is not used: it {problem}")
            return folder.with_name(f"{folder.name}-{os.urandom(16).hex()}")
    return folder


def made_private(folder: Path) -> str:
    """Make a folder the user's alone, if it can be; return what is wrong with it, "" for nothing.

    One that others could write is set aside, as they may have put something into it.

    Raises
    ------
    OSError
        If it cannot be made or changed.
    """
    for each in (*reversed(folder.parents), folder):
        if not os.path.lexists(each):
            each.mkdir(OWNER_ONLY, exist_ok=True)
    real = folder.resolve(strict=True)
    if not hasattr(os, "getuid"):
        return "" if os.access(real, os.W_OK) else "cannot be written"
    for parent in real.parents:
        problem = fault_of_parent(parent)
        if problem:
            return f"{parent} {problem}"
    status = real.stat()
    if not stat.S_ISDIR(status.st_mode):
        return "is no folder"
    if status.st_uid != os.getuid():
        return "belongs to somebody else"
    if status.st_mode & OTHERS_WRITE:
        aside = real.with_name(f"{real.name}.open-to-others-{os.urandom(4).hex()}")
        real.rename(aside)
        real.mkdir(OWNER_ONLY)
        warn(f"others could write the cache {real}: it was set aside as {aside.name} and is begun anew")
    elif stat.S_IMODE(status.st_mode) != OWNER_ONLY:
        real.chmod(OWNER_ONLY)
    return "" if os.access(real, os.W_OK | os.X_OK) else "cannot be written"


def fault_of_parent(parent: Path) -> str:
    """Say why somebody else could put another folder in the place of one below: "" if nobody can."""
    status = parent.stat()
    if status.st_uid not in (0, os.getuid()):
        return "belongs to somebody else"
    if status.st_mode & OTHERS_WRITE and not status.st_mode & stat.S_ISVTX:
        return "can be written by others; `chmod go-w` it, or name another folder in TALENTSIM_CACHE"
    return ""


def fresh_root(name: str, why: str) -> Path:
    """Make a folder of the user's alone below the system's temporary one, under a name that nobody knows beforehand."""
    import tempfile

    try:
        made = Path(tempfile.mkdtemp(prefix=f"{name}-")).resolve()
        folder = made / name
        folder.mkdir(OWNER_ONLY)
    except OSError as error:
        warn(f"nothing is cached ({why}; nor below the temporary folder: {reason_of(error)}): every start is slow")
        return Path(f"/{name}-{os.urandom(16).hex()}") / name  # not there, and nobody else's
    warn(f"nothing is cached from one command to the next ({why}): every start is slow")
    os.environ["TALENTSIM_CACHE"] = str(made)  # for the processes that this one starts
    atexit.register(partial(removed_by, os.getpid(), made))
    ENDING.undo.append(partial(removed_by, os.getpid(), made))
    return folder


def removed_by(owner: int, folder: Path) -> None:
    """Remove a folder, if this is the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sparing(folder: Path, do: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Let the work go on where a cache cannot be written; say it once for each cache.

    Parameters
    ----------
    folder
        The cache.
    do
        Called then.
    """
    try:
        yield
    except OSError as error:
        say_unwritten(folder, reason_of(error))
        do()


@cache
def say_unwritten(folder: Path, reason: str) -> None:
    """Say once that a cache cannot be written."""
    warn(f"the cache {folder} cannot be written ({reason}): slower, nothing is lost")


def say_torn(path: Path) -> None:
    """Drop a file of a cache that is not what was written, and say so."""
    try:
        path.unlink(missing_ok=True)
        done = "it was dropped and is made again"
    except OSError as error:
        done = f"it is passed over and could not be dropped ({reason_of(error)})"
    warn(f"{path.name} in the cache {path.parent} was damaged: {done}")


def warn(text: str) -> None:
    """Say something about a cache, in one line."""
    warnings.warn(text, CacheWarning, stacklevel=3)
