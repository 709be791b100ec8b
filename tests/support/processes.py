"""Processes that a test started and that must be gone."""

import multiprocessing
import time
from multiprocessing.process import BaseProcess

PATIENCE = 0.5  # seconds


def workers_left() -> list[BaseProcess]:
    """List the child processes that do not end; one that was ended may for a moment be known to its executor's thread alone."""
    until = time.monotonic() + PATIENCE
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.01)
    return multiprocessing.active_children()
