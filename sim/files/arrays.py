"""Arrays of a cache, kept by numpy in a ZIP file, whose sums tell whether they are whole."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.files.private import say_torn
from sim.files.reading import UnreadableError, check_ordinary

MOST_ARRAY_BYTES = 2_000_000_000


def read_arrays(path: Path, is_ours: bool = True) -> dict[str, NDArray[Any]] | None:
    """Read all arrays of a file of a cache by name.

    Parameters
    ----------
    path
        Of the file.
    is_ours
        Whether it may be dropped; False for one that ships with the package.

    Returns
    -------
    None if it is not there or damaged; a damaged one is dropped, with one line.
    """
    if not path.exists():
        return None
    try:
        return whole_arrays(path)
    except UnreadableError:
        if is_ours:
            say_torn(path)
        return None


def whole_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a file by name.

    Raises
    ------
    UnreadableError
        If it is missing, damaged or no such file.
    """
    check_ordinary(path, MOST_ARRAY_BYTES)
    try:
        with warnings.catch_warnings(), path.open("rb") as file, contextlib.closing(np.load(file, allow_pickle=False)) as stored:
            warnings.simplefilter("ignore")  # of what a damaged header says
            return {name: np.array(stored[name]) for name in stored.files}
    except Exception as error:  # a damaged archive can raise anything
        raise UnreadableError(f"{path.name} is damaged ({type(error).__name__})") from error
