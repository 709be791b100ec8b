"""What the log of a sweep says."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def read_log(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read the events of a log; torn lines are passed over."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event
