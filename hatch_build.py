"""Build step of hatchling: an installed package knows the commit that it was built from."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMMIT = "COMMIT"


class CommitHook(BuildHookInterface):
    """Write ``sim/COMMIT``: the commit, and whether the checkout had changes."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to a wheel or an sdist; a wheel that is built from an sdist keeps its file."""
        root = Path(self.root)
        if version == "editable" or (root / "sim" / COMMIT).is_file():
            return
        commit, changes = (git(root, *words) for words in (("rev-parse", "HEAD"), ("status", "--porcelain")))
        if commit is None:
            return
        folder = Path(tempfile.mkdtemp())
        (folder / COMMIT).write_text(f"{commit}{' dirty' if changes else ''}\n", encoding="ascii")
        build_data["force_include"][str(folder / COMMIT)] = f"sim/{COMMIT}"


def git(root: Path, *words: str) -> str | None:
    """Ask git; None where there is no checkout."""
    if not (root / ".git").exists():
        return None
    try:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
