"""Start the command line: ``python -m sim``; the process ends at any moment that it is told to, within two seconds.

Ctrl-C and SIGTERM interrupt what is done, as Python has it: work is let go of, folders are removed, one message is said. But
Python hears a signal only between two steps of its own, and its libraries lose some. A thread therefore hears it too, and ends
the process itself where it has not ended after a while.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

from sim.files.ending import ENDING, STOPPED

ALGEBRA_THREADS: Final = ("OPENBLAS_NUM_THREADS", "1")
"""Else numpy starts a thread for every core, which waits for a large matrix at full speed; no command has one."""
SECONDS_TO_END: Final = 1.5
ANSWER: Final = f'{{"error": "interrupted", "problems": ["{STOPPED}"]}}'
SHOW_CURSOR: Final = "\r\x1b[?25h"
"""A bar hides it."""


def start_command() -> None:
    """Run the command line and exit with its code."""
    os.environ.setdefault(*ALGEBRA_THREADS)
    with obeying_signals():
        from sim.cli import main as command_line  # takes a moment

        command_line()


@contextlib.contextmanager
def obeying_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end this process while the lines inside last; what it ignores, as under nohup, stays ignored."""
    try:
        heard = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
        begin_to_watch()
        for number in heard:
            signal.signal(number, interrupt)
        try:
            yield
        finally:
            for number in () if ENDING.number else heard:  # all is done: nothing is left that would have to be told
                signal.signal(number, signal.SIG_DFL)
    except SystemExit:
        raise
    except BaseException:
        if not ENDING.number:
            raise
        end_at_once(ENDING.number)


def interrupt(number: int, frame: object) -> None:
    """Interrupt what is done, once: a second signal finds it at its end."""
    if not ENDING.number:
        ENDING.number = number
        raise KeyboardInterrupt


def begin_to_watch() -> None:
    """Start the thread that hears signals, where the system has them, and say nothing of what an interruption breaks."""
    if not hasattr(signal, "pthread_sigmask"):
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=watch, args=(reading,), daemon=True).start()
    sys.unraisablehook, threading.excepthook = unless_told(sys.unraisablehook), unless_told(threading.excepthook)


def unless_told(hook: Callable[[Any], object]) -> Callable[[Any], Any]:
    """Make a hook for errors that nobody catches one that is deaf once the process is told to end."""
    return lambda error: None if ENDING.number else hook(error)


def watch(reading: int) -> None:
    """Wait for a signal; end the process a while later."""
    number = os.read(reading, 1)[0]
    time.sleep(SECONDS_TO_END)
    end_at_once(number)


def end_at_once(number: int) -> NoReturn:
    """Undo what is being made, say so unless something is said, and end this process; its workers end with it."""
    for undo in reversed(ENDING.undo):
        with contextlib.suppress(Exception):
            undo()
    processes = sys.modules.get("multiprocessing.util")
    if processes is not None:
        with contextlib.suppress(Exception):
            processes._run_finalizers(0)  # names that it has in the system
    if not ENDING.is_said:
        with contextlib.suppress(OSError):
            os.write(2, f"{SHOW_CURSOR if os.isatty(2) else ''}talentsim: {STOPPED}\n".encode())
            os.write(1, f"{ANSWER}\n".encode() if "--json" in sys.argv else b"")
    os._exit(128 + number)


if __name__ == "__main__":
    start_command()
