"""The end of a command's process that is told to end (see `sim.__main__`): what all know of it, and what is undone then."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Final

STOPPED: Final = "interrupted; what was unfinished was removed, what was finished stays"


class Ending:
    """What is known of the end of this process.

    Attributes
    ----------
    number
        Signal that it was told by, 0 before that.
    is_said
        Whether the message is.
    undo
        What takes back what is being made, the last one first.
    """

    number = 0
    is_said = False

    def __init__(self) -> None:
        self.undo: list[Callable[[], object]] = []

    @property
    def code(self) -> int:
        """Exit code, as shells have it: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + (self.number or signal.SIGINT)


ENDING = Ending()


@contextlib.contextmanager
def undone_by(undo: Callable[[], object]) -> Iterator[None]:
    """Have something undone if the process is ended by force before the lines inside are through; else they do it themselves."""
    ENDING.undo.append(undo)
    try:
        yield
    finally:
        ENDING.undo.remove(undo)
