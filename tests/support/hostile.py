"""Attempts on the command line and on readers: nothing outside is touched, nothing hangs, nobody sees a traceback."""

import contextlib
import hashlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.cli import main
from sim.sources import PACKAGE

MOST_SECONDS, MOST_WAITED = 10, 60
"""Of work of the processor; of waiting, as for a pipe that nobody writes, on a machine that others use too."""
MOST_BYTES = 500_000_000
"""Of a command that begins anew."""
MOST_GROWN = 200_000_000
"""Of an attempt in a process that works already: a command that begins anew holds less than 300 million bytes before it reads."""


class Attempt(NamedTuple):
    """How an attempt ended: exit code, standard output, standard error, most memory in bytes (0: not measured)."""

    code: int
    out: str
    err: str
    memory: int = 0


class TooSlowError(Exception):
    """An attempt that did not end in time."""


class TooLargeError(Exception):
    """An attempt that took too much memory."""


def memory_of(process: int | str, entry: str) -> int:
    """Read the bytes of an entry of a process: `VmRSS`, what it holds, or `VmHWM`, the most it held."""
    with open(f"/proc/{process}/status", encoding="utf-8") as lines:  # not by Path, which tests take apart
        return 1024 * int(next(line for line in lines if line.startswith(entry)).split()[1])


@contextlib.contextmanager
def memory_limit() -> Iterator[None]:
    """Refuse what took too much memory at any moment, where the system tells."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="utf-8") as file:
            file.write("5")  # the most it held begins anew
    except OSError:
        yield
        return
    before = memory_of("self", "VmRSS")
    try:
        yield
    finally:
        grown = memory_of("self", "VmHWM") - before
        if grown > MOST_GROWN:
            raise TooLargeError(f"{grown:,} bytes more than before; at most {MOST_GROWN:,}")


@contextlib.contextmanager
def within_bounds() -> Iterator[None]:
    """Hold what is hostile to its time and its memory."""
    with memory_limit(), time_limit():
        yield


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """End what works or waits too long."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = {number: signal.signal(number, stop) for number in (signal.SIGALRM, signal.SIGPROF)}
    signal.setitimer(signal.ITIMER_REAL, MOST_WAITED)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        for number, usual in before.items():
            signal.signal(number, usual)


def attempt(*words: object) -> Attempt:
    """Run the command line in this process, within bounds; what is no exit is raised."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = None
    with within_bounds(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as stopped:
            code = stopped.code
    return Attempt(code, out.getvalue(), err.getvalue())


MEASURED = """
import sys
from sim.cli import main
try:
    main(sys.argv[1:])
finally:
    lines = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # of this image alone
    with open({peak!r}, "w") as file:
        file.write(str(1024 * int(lines[0].split()[1])))
"""


def attempt_apart(words: Sequence[object], place: Path, seconds: int = 300, **started: Any) -> Attempt:
    """Run the command line in a process of its own and measure its memory; `started` goes to the process."""
    peak = place / "peak"
    environment = {"PYTHONPATH": str(PACKAGE.parent), **started.pop("env", os.environ)}
    done = subprocess.run(
        [sys.executable, "-c", MEASURED.format(peak=str(peak)), *map(str, words)],
        cwd=place, env=environment, timeout=seconds, capture_output="stdout" not in started, check=False, **started,
    )  # fmt: skip
    out, err = ((each or b"").decode("utf-8", "replace") for each in (done.stdout, done.stderr))
    return Attempt(done.returncode, out, err, int(peak.read_text()) if peak.exists() else 0)


def state_of(place: Path) -> dict[str, str]:
    """Hash all that lies in a place, to see whether it was touched."""
    found = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "other"
    return found


def assert_refused(made: Attempt, *words: str, code: int = 2) -> None:
    """Assert that an attempt was refused with a code and these words, without a traceback, in few and short lines."""
    assert made.code == code, made
    assert "Traceback" not in made.err + made.out
    assert len(made.err) < 20_000
    for word in words:
        assert word in made.err, made.err
