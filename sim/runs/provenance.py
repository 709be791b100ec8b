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
from sim.sources import MODEL, PACKAGE, WORKERS, source_hash

LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "mesa",
    "pyarrow",
    "matplotlib",
    "pandas",
    "pillow",
    "plotly",
    "jinja2",
    "click",
)
COMMIT_FILE = "COMMIT"
"""Holds the commit of a package that was built from a checkout; written when it is built."""


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


def work_id(data: Data) -> str:
    """Return the SHA-256 of everything that a worker makes numbers and parts by, as 64 hex digits."""
    return hashlib.sha256(f"{model_id(data)} {source_hash(WORKERS)}".encode()).hexdigest()


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
    """Return the commit of the source tree and whether it has changes; of an installed package as it was built; None: unknown."""
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return built_from()
    commit = _git(root, "rev-parse", "HEAD")
    state = _git(root, "status", "--porcelain")
    return {"commit": commit, "dirty": None if state is None else bool(state)}


def built_from(package: Path = PACKAGE) -> Mapping[str, str | bool | None]:
    """Read the commit that an installed package was built from, and whether the checkout had changes."""
    try:
        commit, _, state = (package / COMMIT_FILE).read_text(encoding="ascii").strip().partition(" ")
    except (OSError, ValueError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": state == "dirty"}


def system() -> dict[str, str]:
    """Name the system and the machine: results have the same bytes on any, as far as is known."""
    return {"system": platform.platform(), "machine": platform.machine(), "python": platform.python_implementation()}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
