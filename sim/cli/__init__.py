"""The command line ``talentsim``: the only place that prints or exits.

Exit codes: 0 done; 1 the work failed; 2 the input was wrong; 130 interrupted by Ctrl-C, 143 by SIGTERM. Slow libraries
are imported inside the verbs that need them, and a verb when it is asked for, so that ``--help`` and ``check`` start at once.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

import sim
from sim.cli.terminal import (
    DONE,
    FAILED,
    SCREEN_WIDTH,
    WRONG_INPUT,
    InputError,
    Lazily,
    UnreadError,
    Verbs,
    WorkError,
    end_output,
    ready_notices,
    ready_output,
    stop,
)
from sim.files.ending import ENDING, STOPPED

if TYPE_CHECKING:
    from sim.runs.execute import Runner


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": SCREEN_WIDTH})
@click.version_option(sim.__version__, prog_name="talentsim")
def cli() -> None:
    """Simulate where AI researchers come from, study and work.

    A SCENARIO is the name of a shipped scenario or the path of a TOML file.
    """


VERBS = {
    "sim.cli.analyse": ("sensitivity", "discover", "robustness"),
    "sim.cli.ask": ("check", "scenarios", "levers", "policies", "sources", "trace"),
    "sim.cli.compare": ("compare",),
    "sim.cli.complete": ("completion",),
    "sim.cli.explore": ("explore",),
    "sim.cli.questions.cohort": ("cohort",),
    "sim.cli.questions.find": ("find",),
    "sim.cli.questions.new": ("new",),
    "sim.cli.questions.pack": ("pack",),
    "sim.cli.questions.solve": ("solve",),
    "sim.cli.questions.tracker": ("tracker",),
    "sim.cli.record.calibrate": ("calibrate",),
    "sim.cli.record.fit": ("fit",),
    "sim.cli.record.validate": ("validate",),
    "sim.cli.report": ("report",),
    "sim.cli.reproduce": ("reproduce",),
    "sim.cli.run": ("run",),
    "sim.cli.sweep": ("sweep", "merge"),
    "sim.cli.warm": ("warm",),
}
"""Verbs by the module that has them, each a function of its name."""
cli.commands = Lazily({verb: module for module, verbs in VERBS.items() for verb in verbs})


def main(arguments: Sequence[str] | None = None, runner: Runner | None = None) -> NoReturn:
    """Run the command line and exit with its code.

    Parameters
    ----------
    arguments
        Words after the command's name; those of the process if None.
    runner
        Who makes the outcomes of runs; the engines if None.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in words
    gc.disable()  # nothing that an answer makes is garbage before it is given; `run` collects again
    atexit.register(gc.freeze)  # nor is the end of the process the time to look for any
    ready_output()
    ready_notices()
    try:
        cli.main(args=words, obj=runner, prog_name="talentsim", standalone_mode=False)
        sys.stdout.flush()
    except InputError as error:
        stop(WRONG_INPUT, "input", error.problems, as_json)
    except click.UsageError as error:
        usage = [] if error.ctx is None else [error.ctx.get_usage()]
        stop(WRONG_INPUT, "input", [error.format_message(), *usage], as_json)
    except (KeyboardInterrupt, click.Abort) as error:
        said = error.__cause__ if isinstance(error, click.Abort) else error  # click makes the one of the other
        stop_as_told(str(said or ""), as_json)
    except (UnreadError, BrokenPipeError):
        end_output()
        sys.exit(DONE)
    except Exception as error:
        problem = explain(error)
        if ENDING.number:
            stop_as_told("", as_json)  # what is interrupted may fail in its own way, imports above all
        if problem is None:
            raise
        stop(*problem, as_json)
    end_output()
    sys.exit(DONE)


def stop_as_told(message: str, as_json: bool) -> NoReturn:
    """Say what an interrupted command leaves, and exit as a shell expects of one that was told to end."""
    ENDING.is_said = True
    stop(ENDING.code, "interrupted", [message or STOPPED], as_json)


def explain(error: Exception) -> tuple[int, str, list[str]] | None:
    """Return exit code, kind and sentences for a failure of the machine or the files, None for a fault of the program."""
    from concurrent.futures import BrokenExecutor

    if isinstance(error, MemoryError):
        return FAILED, "failed", ["the memory of this machine is full; use fewer --researchers, --draws or --workers"]
    if isinstance(error, BrokenExecutor):
        return FAILED, "failed", ["a worker process died (often for want of memory); use fewer --workers"]
    from sim.data.checks import DataError
    from sim.draws.ensemble import EnsembleError
    from sim.files.manifest import AlteredError
    from sim.files.paths import OutsideError
    from sim.files.reading import UnreadableError
    from sim.runs.atomic import FolderError
    from sim.runs.executors import ExecutorError
    from sim.runs.rows import RunTableError
    from sim.scenarios.reading.text import ScenarioError

    if isinstance(error, ScenarioError):
        return WRONG_INPUT, "input", [str(problem) for problem in error.problems]
    if isinstance(error, OutsideError | EnsembleError):
        return WRONG_INPUT, "input", [str(error)]
    known = OSError | FolderError | DataError | WorkError | ExecutorError | RunTableError | UnreadableError | AlteredError
    return (FAILED, "failed", [str(error)]) if isinstance(error, known) else None
