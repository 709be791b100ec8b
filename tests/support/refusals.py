"""Files that are refused say at their top with which problems."""

from collections.abc import Sequence
from pathlib import Path


def expected_lines(path: Path) -> list[str]:
    """The comments at the top of a file: ``# 7: key = value: message``, one for each problem."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        lines.append(line.removeprefix("# "))
    return lines


def assert_named(found: Sequence[str], path: Path) -> None:
    """Assert that the problems found are those that the file's first lines name, in order."""
    expected = expected_lines(path)
    assert expected
    assert len(found) == len(expected), "\n".join(found)
    for message, start in zip(found, expected, strict=True):
        assert message.startswith(start), message
