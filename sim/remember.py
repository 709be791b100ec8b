"""Numbers remembered between processes: importing what computes them takes longer than a whole answer."""

import atexit
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

MOST = 20_000
"""Numbers kept in a file; a fuller one begins anew."""


def cache_root() -> Path:
    """Choose the folder under which everything is cached: TALENTSIM_CACHE, XDG_CACHE_HOME or ~/.cache."""
    root = os.environ.get("TALENTSIM_CACHE") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "talentsim"


class Remembered:
    """Numbers by name in a file of the cache, read at the first question and written when the process ends.

    Parameters
    ----------
    name
        Of the file; it must change with whatever the numbers depend on.
    """

    def __init__(self, name: str) -> None:
        self.path = cache_root() / f"{name}.json"
        self.known: dict[str, float] | None = None
        self.is_new = False

    def get(self, key: str, compute: Callable[[], float]) -> float:
        """Return the number of that name, computed if nobody knows it; what `compute` raises is raised and not remembered."""
        if self.known is None:
            self.known = self.read()
        if key not in self.known:
            value = compute()
            if not self.is_new:
                self.is_new = True
                atexit.register(self.write)
            self.known[key] = value
        return self.known[key]

    def read(self) -> dict[str, float]:
        """Read the file; one that is missing, damaged or too full counts as empty."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict) or len(found) > MOST or not all(isinstance(each, float) for each in found.values()):
            return {}
        return found

    def write(self) -> None:
        """Write the file with what others wrote meanwhile; whoever cannot write goes without."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.stem)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self.read() | (self.known or {}), file)
            Path(name).replace(self.path)
        except OSError:
            return
