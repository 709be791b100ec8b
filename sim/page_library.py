"""The plotting library as a page carries it: packed, and allowed to run by its hash alone."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
from typing import NamedTuple


class Library(NamedTuple):
    """The script of plotly: packed with gzip and written in base64, and what a content policy calls it."""

    packed: str
    hash: str


@functools.cache
def plotting_library() -> Library:
    """Pack the script of the installed plotly; equal versions give equal bytes."""
    from plotly.offline import get_plotlyjs

    script = get_plotlyjs()
    return Library(base64.b64encode(gzip.compress(script.encode(), 9, mtime=0)).decode(), script_hash(script))


def script_hash(script: str) -> str:
    """Return how a content policy names a script: by the hash of its text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
