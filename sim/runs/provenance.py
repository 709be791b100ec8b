"""Where a result comes from: the hash of the model, versions, commit and data checksums.

Nothing here is computed at import; `model_id` reads the sources when it is first needed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sim
from sim.sources import PACKAGE, source_hash

DATA = PACKAGE / "data" / "tables"
MODEL_RANKS = 6  # modules above arrange, show and compare runs, and change no number of a run
LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "mesa", "pyarrow", "matplotlib")


def digest(value: Any) -> str:
    """Return the SHA-256 of a value made of plain lists, mappings, texts and numbers, as 64 hex digits.

    Numbers enter by their shortest exact text.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def model_id() -> str:
    """Return the SHA-256 of everything that decides a run's numbers, as 64 hex digits.

    It covers the sources of ranks 0-6 and every file of the packaged data.
    """
    total = hashlib.sha256(source_hash(MODEL_RANKS).encode())
    for path in data_files():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(DATA).as_posix()} {content}\n".encode())
    return total.hexdigest()


def data_files() -> list[Path]:
    """Return every packaged data file, in a fixed order; sources in the folder are left to their rank."""
    found = (path for path in DATA.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return sorted(found, key=lambda path: path.relative_to(DATA).as_posix())


def versions() -> dict[str, str]:
    """Return the versions of the project, of Python and of the libraries that compute."""
    found = {"talentsim": sim.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def data_version() -> str:
    """Return the version of the packaged data."""
    return (DATA / "VERSION").read_text(encoding="utf-8").strip()


def data_checksums() -> dict[str, str]:
    """Return the recorded SHA-256 of each packaged table."""
    lines = (DATA / "CHECKSUMS").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): checksum for checksum, name in pairs}


def source_state() -> Mapping[str, str | bool | None]:
    """Return the commit of the source tree and whether it has changes; None outside a checkout."""
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return {"commit": None, "dirty": None}
    commit = _git(root, "rev-parse", "HEAD")
    state = _git(root, "status", "--porcelain")
    return {"commit": commit, "dirty": None if state is None else bool(state)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
