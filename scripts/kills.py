"""Kill commands at random moments; look at what is left and at what the same command makes of it afterwards.

    python scripts/kills.py [KILLS] [--seed S] [--only run compare sweep calibrate explore]

Each command works at a tiny size in a folder of its own: it is started, killed after a random part of the time that it takes
undisturbed, and started again, until it was killed often enough; then it is left alone. Said of each kill, and counted as a
fault:

- SIGTERM and SIGINT: an end after more than two seconds, another exit code than 143 and 130 (or the command's own, where it was
  through), more than one message or a traceback, a folder that is empty, a partial file;
- every signal: a process of it that is still there ten seconds later; a run, comparison, sweep or ensemble that is half there and
  read as a whole one;
- in the end: other bytes than of a command that nobody killed.

A signal before the program is loaded, or when it is through and Python ends, has Python's own end: the process dies of it, which
a shell shows by the same codes, 143 and 130. That is no fault; an orphan or something half there is one even then. What an
earlier SIGKILL left is not held against a later command.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.comparisons.folder import read_comparison
from sim.draws.ensemble import read_ensemble
from sim.runs.folder import read_run
from sim.sources import PACKAGE, cache_root
from sim.sweeps.results import read_sweep
from sim.sweeps.store import DESIGN_RECORD

SIGNALS: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
KILLS: Final = 60
SECONDS_TO_END: Final = 2.0
SECONDS_TO_BE_GONE: Final = 10.0
PATIENCE: Final = 900.0
ASKED: Final = 128 + signal.SIGINT
"""Exit code of a page that is ended once it has answered, which can be in the moment of a kill."""
OUT: Final = "out"
VOLATILE: Final = ("provenance.json", "status.log", "lock")
"""Files that say when and by whom; the first is sealed and holds the sums of the others."""
MADE: Final = re.compile(rb"<dt>made</dt><dd[^>]*>[^<]*</dd>")
"""When a run was made, on a page."""
OURS: Final = re.compile(r'File "[^"]*/sim/')
SIZE: Final = {"draws": 20, "replicates": 2, "researchers": 1000, "seed": 1, "until": 2030}
SMALL: Final = ("--draws", "3", "--replicates", "2", "--researchers", "400", "--until", "2030", "--workers", "2", "--out", OUT)
DESIGN: Final = """title = "Small"
scenarios = ["us-opening"]
keep = ["share(work, USA, top20, 2030)"]
until = 2030
researchers = 400
draws = 6
replicates = 20
"""
STATE: Final = {
    "v": 1, "size": SIZE,
    "items": [{"id": "m1", "kind": "lever", "name": "entry_bar", "change": "add", "value": 0.15, "origin": ["CHN"],
               "destination": ["USA"], "from": 2027}],
}  # fmt: skip


class Left(NamedTuple):
    """What a killed process left."""

    signal: int
    after: float
    code: int
    seconds: float
    faults: tuple[str, ...]
    was_loaded: bool = True


class Case(NamedTuple):
    """A command, what it makes, and how that is read: `content` by name, equal for equal numbers; `read` fails on damage."""

    name: str
    words: tuple[str, ...]
    content: Callable[[Path], Mapping[str, str]]
    read: Callable[[Path], object]
    asks: Callable[[Path, subprocess.Popen[str]], None] | None = None
    goes_on: bool = False  # whether what is finished stays for the next start


def files_of(place: Path) -> dict[str, str]:
    """Sum every file below the results, by its path; pages without the times at which runs were made."""
    paths = [path for path in (place / OUT).rglob("*") if path.is_file() and path.name not in VOLATILE]
    return {
        path.relative_to(place).as_posix(): hashlib.sha256(MADE.sub(b"", path.read_bytes())).hexdigest() for path in sorted(paths)
    }


def runs_of(place: Path) -> dict[str, str]:
    """List the runs of a sweep by key, without the time that they took."""
    rows = read_sweep(place / OUT).table.drop_columns(["seconds"]).to_pylist()
    return {row["key"]: repr(row) for row in rows}


def ensemble_of(place: Path) -> dict[str, str]:
    """Sum the ensemble that a calibration made."""
    return {"ensemble": hashlib.sha256((place / OUT / "ensemble.parquet").read_bytes()).hexdigest()}


def answers_of(place: Path) -> dict[str, str]:
    """Return what the page answered, the last time that it was through."""
    path = place / "answered.json"
    return {"answer": path.read_text(encoding="utf-8")} if path.is_file() else {}


def read_runs(place: Path) -> None:
    """Read every run and comparison that is in its place; FolderError for one that is not whole."""
    for path in (place / OUT).glob("*/*/provenance.json"):
        if ".partial-" not in path.parent.name:
            (read_comparison if (path.parent / "effects.parquet").is_file() else read_run)(path.parent)


def read_rows(place: Path) -> None:
    """Read a sweep, if it has begun."""
    if (place / OUT / "design.json").is_file():
        read_sweep(place / OUT)


def read_draws(place: Path) -> None:
    """Read an ensemble, if it is there."""
    if (place / OUT / "ensemble.parquet").is_file():
        read_ensemble(place / OUT / "ensemble.parquet")


def ask(place: Path, process: subprocess.Popen[str]) -> None:
    """Ask the page a question as soon as it is there; note the answer, end the page when it is through."""
    said, found = place / "said", None
    while process.poll() is None and found is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/enter\?token=([\w-]+)", said.read_text(encoding="utf-8"))
        time.sleep(0.02)
    if found is None:
        return
    connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=120)
    headers = {
        "Cookie": f"talentsim-{found[1]}={found[2]}",
        "Origin": f"http://127.0.0.1:{found[1]}",
        "Content-Type": "application/json",
    }
    try:
        connection.request("POST", "/api/stream", json.dumps({"state": STATE}).encode(), headers)
        text = connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return  # killed meanwhile
    finally:
        connection.close()
    results = [block.split("data: ", 1)[1] for block in text.split("\n\n") if block.startswith("event: result")]
    if results:
        (place / "answered.json").write_text(results[0], encoding="utf-8")
        process.send_signal(signal.SIGINT)


CASES: Final = (
    Case("run", ("run", "baseline", *SMALL), files_of, read_runs),
    Case("compare", ("compare", "baseline", "us-opening", *SMALL), files_of, read_runs),
    Case("sweep", ("sweep", "design.toml", "--to", OUT, "--workers", "2"), runs_of, read_rows, goes_on=True),
    Case("calibrate", ("calibrate", "--points", "20", "10", "10", "--waves", "1", "--chains", "2", "--steps", "50",
                       "--workers", "2", "--to", OUT), ensemble_of, read_draws, goes_on=True),
    Case("explore", ("explore", "--no-browser", "--workers", "2"), answers_of, lambda place: None, asks=ask),
)  # fmt: skip


def start(case: Case, place: Path, cache: Path) -> subprocess.Popen[str]:
    """Start a command as the leader of a group, with its words in files."""
    temporary = place / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "TALENTSIM_CACHE": str(cache), "TMPDIR": str(temporary)}
    with (place / "said").open("w") as said, (place / "errors").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "sim", *case.words], cwd=place, env=environment | {"PYTHONUNBUFFERED": "1"}, text=True,
            stdin=subprocess.DEVNULL, stdout=said, stderr=errors, start_new_session=True,
        )  # fmt: skip
    if case.asks is not None:
        threading.Thread(target=case.asks, args=(place, process), daemon=True).start()
    return process


def kill(case: Case, place: Path, cache: Path, number: int, after: float) -> Left:
    """Start a command, send it a signal after some seconds, and look at what is left."""
    before = {path.relative_to(place).as_posix() for path in place.rglob("*")}
    process = start(case, place, cache)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    was_alive, begun = process.poll() is None, time.monotonic()
    if number == signal.SIGINT:  # a terminal sends it to the whole group
        send(process, number)
    elif was_alive:
        process.send_signal(number)
    code = process.wait(PATIENCE)
    seconds = time.monotonic() - begun
    errors = (place / "errors").read_text(encoding="utf-8", errors="replace")
    was_loaded = number == signal.SIGKILL or (code != -number and ("Traceback" not in errors or bool(OURS.search(errors))))
    faults = [] if is_gone(process) else ["a process of it is still there"]
    if number != signal.SIGKILL and was_alive and was_loaded:
        faults += [] if case.asks and code == ASKED else faults_of_end(number, code, seconds, errors)
        faults += [f"left: {each}" for each in sorted(litter(place) - before)]
    try:
        case.read(place)
    except Exception as error:
        faults.append(f"half there: {type(error).__name__}: {error}")
    return Left(number, after, code, seconds, tuple(faults), was_loaded)


def litter(place: Path) -> set[str]:
    """List empty folders, but that for the parts of a begun sweep, and what is unfinished: none may be left."""
    paths = [place / OUT, *(place / OUT).rglob("*")]
    empty = [path for path in paths if path.is_dir() and not any(path.iterdir()) and not (path.parent / DESIGN_RECORD).is_file()]
    unfinished = [*place.rglob(".partial-*"), *(place / "tmp").glob("talentsim*")]
    return {path.relative_to(place).as_posix() for path in (*empty, *unfinished)}


def faults_of_end(number: int, code: int, seconds: float, errors: str) -> list[str]:
    """List what is wrong with the end of a process that was told to end."""
    last = [line for line in errors.splitlines() if line.startswith("talentsim: ")]
    told = code == 128 + number
    found = {
        f"it took {seconds:.1f} s": seconds > SECONDS_TO_END,
        f"exit code {code}": not told and code != 0,
        f"{len(last)} messages": told and len(last) != 1,
        f"said: {errors[-600:]}": any(word in errors for word in ("Traceback", "Exception ignored", "leaked")),
    }
    return [fault for fault, is_there in found.items() if is_there]


def send(process: subprocess.Popen[str], number: int) -> bool:
    """Send a signal to a process and its workers; tell whether anybody is there."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def is_gone(process: subprocess.Popen[str]) -> bool:
    """Wait until nobody of the group of a process that has ended is left; end who is."""
    end = time.monotonic() + SECONDS_TO_BE_GONE
    while time.monotonic() < end:
        if not send(process, 0):
            return True
        time.sleep(0.05)
    send(process, signal.SIGKILL)
    return False


def finish(case: Case, place: Path, cache: Path) -> float:
    """Run a command to its end; return how long it took.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    begun, process = time.monotonic(), start(case, place, cache)
    code = process.wait(PATIENCE)
    if code not in (0, ASKED if case.asks else 0):
        raise RuntimeError(f"{case.name}: exit code {code}: {(place / 'errors').read_text(encoding='utf-8')}")
    return time.monotonic() - begun


def fresh(place: Path) -> Path:
    """Make an empty folder for a command."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / "design.toml").write_text(DESIGN, encoding="utf-8")
    return place


def torment(case: Case, kills: int, chance: random.Random, folder: Path, cache: Path) -> list[Left]:
    """Kill a command at random moments, then let it be; what it makes in the end is compared with one that was let be at once.

    Moments are drawn from what the command takes undisturbed and a tenth more; where finished work stays, from what is left of it
    shared by the kills to come.
    """
    whole, place = fresh(folder / f"{case.name}-whole"), fresh(folder / case.name)
    finish(case, whole, cache)
    shutil.rmtree(whole)
    seconds, left = finish(case, fresh(whole), cache), []
    for k in range(kills):
        most = seconds * (2.0 / (kills - k + 1) if case.goes_on else 1.1)
        left.append(kill(case, place, cache, chance.choice(SIGNALS), chance.uniform(0.0, most)))
        say(case.name, left[-1])
        if left[-1].code == 0 and not case.goes_on:
            fresh(place)
    finish(case, place, cache)
    if case.content(place) != case.content(whole) or not case.content(whole):
        left.append(Left(0, 0.0, 0, 0.0, ("other bytes than without the kills",)))
        say(case.name, left[-1])
    return left


def say(name: str, left: Left) -> None:
    """Print what became of one kill."""
    what = signal.Signals(left.signal).name if left.signal else "the end"
    said = "; ".join(left.faults) or ("ok" if left.was_loaded else "ok (before the program was loaded)")
    print(f"{name:<10} {what:<8} after {left.after:6.2f} s: {left.code:>4} in {left.seconds:5.2f} s  {said}", flush=True)


def run_cases(cases: Sequence[Case], kills: int, seed: int) -> list[Left]:
    """Share kills among commands; return what became of each."""
    chance, left = random.Random(seed), []
    print(f"{kills} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        cache = Path(folder) / "cache"
        shutil.copytree(cache_root(), cache / cache_root().name)
        cache.chmod(0o700)
        for k, case in enumerate(cases):
            share = kills // len(cases) + (k < kills % len(cases))
            left += torment(case, share, chance, Path(folder), cache)
    return left


def main() -> int:
    """Kill; return how many kills had a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", nargs="?", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES], default=[case.name for case in CASES])
    asked: Any = parser.parse_args()
    left = run_cases([case for case in CASES if case.name in asked.only], asked.kills, asked.seed)
    told = [each for each in left if each.signal in (signal.SIGTERM, signal.SIGINT) and each.code == 128 + each.signal]
    faults = sum(bool(each.faults) for each in left)
    slowest = max((each.seconds for each in told), default=0.0)
    print(f"{len(left)} kills, {faults} with a fault; {len(told)} were told to end and did so within {slowest:.2f} s at most")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
