"""Fixtures of sweeps: the command line, a small design, what a folder holds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.small_sweep import Command, Content, content, write_design


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    made = Command(tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            made.kill_group(process)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:  # one that nobody read is warned of in whichever test comes next
                pipe.close()


@pytest.fixture
def small_design(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the small design in the test's folder."""
    return lambda **options: write_design(tmp_path, **options)


@pytest.fixture
def content_of() -> Callable[[Path], Content]:
    """Return the function that reads all runs of a sweep."""
    return content
