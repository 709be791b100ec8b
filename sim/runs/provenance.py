"""Where a result comes from: the hash of the model, versions, commit and data checksums.

Nothing here is computed at import; `model_id` reads the sources when it is first needed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sim
from sim.data.schema import Data
from sim.sources import MODEL, PACKAGE, source_hash

LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "mesa", "pyarrow", "matplotlib")


def digest(value: Any) -> str:
    """Return the SHA-256 of a value made of plain lists, mappings, texts and numbers, as 64 hex digits.

    Numbers enter by their shortest exact text.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def model_id(data: Data) -> str:
    """Return the SHA-256 of everything that decides a run's numbers, the scenario apart, as 64 hex digits.

    It covers what the sources of `sim.sources.MODEL` do, every number of the tables, and the reference point.
    """
    reference = json.dumps(sorted(data.reference.items()))
    return hashlib.sha256(f"{source_hash(MODEL)} {data.numbers} {reference}".encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of the project, of Python and of the libraries that compute."""
    found = {"talentsim": sim.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


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
