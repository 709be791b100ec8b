"""The command line ``talentsim``: the only place that prints or exits.

Exit codes: 0 done; 1 the work failed; 2 the input was wrong; 130 interrupted by Ctrl-C. Slow libraries are
imported inside the verbs that need them, so that ``--help`` and ``check`` start at once.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

import sim
from sim.cli.analyse import discover, robustness, sensitivity
from sim.cli.ask import check, levers, policies, scenarios, sources, trace
from sim.cli.compare import compare
from sim.cli.complete import completion
from sim.cli.explore import explore
from sim.cli.questions.cohort import cohort
from sim.cli.questions.find import find
from sim.cli.questions.new import new
from sim.cli.questions.solve import solve
from sim.cli.questions.tracker import tracker
from sim.cli.record.calibrate import calibrate
from sim.cli.record.fit import fit
from sim.cli.record.validate import validate
from sim.cli.report import report
from sim.cli.reproduce import reproduce
from sim.cli.run import run
from sim.cli.sweep import merge, sweep
from sim.cli.terminal import DONE, FAILED, INTERRUPTED, SCREEN_WIDTH, WRONG_INPUT, InputError, WorkError, stop
from sim.cli.warm import warm

if TYPE_CHECKING:
    from sim.runs.execute import Runner


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": SCREEN_WIDTH})
@click.version_option(sim.__version__, prog_name="talentsim")
def cli() -> None:
    """Simulate where AI researchers come from, study and work.

    A SCENARIO is the name of a shipped scenario or the path of a TOML file.
    """


VERBS = (
    find, new, run, compare, explore, solve, tracker, cohort, report, reproduce, fit, calibrate, validate, sweep, merge,
    sensitivity, discover, robustness, check, scenarios, levers, policies, sources, trace, completion,
    warm,
)  # fmt: skip
for verb in VERBS:
    cli.add_command(verb)


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
    try:
        cli.main(args=words, obj=runner, prog_name="talentsim", standalone_mode=False)
    except InputError as error:
        stop(WRONG_INPUT, "input", error.problems, as_json)
    except click.UsageError as error:
        usage = [] if error.ctx is None else [error.ctx.get_usage()]
        stop(WRONG_INPUT, "input", [error.format_message(), *usage], as_json)
    except (KeyboardInterrupt, click.Abort) as error:
        said = error.__cause__ if isinstance(error, click.Abort) else error  # click makes the one of the other
        message = str(said or "") or "interrupted; the unfinished run was removed, finished runs stay"
        stop(INTERRUPTED, "interrupted", [message], as_json)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (nobody reads any more)
        sys.exit(DONE)
    except Exception as error:
        problem = explain(error)
        if problem is None:
            raise
        stop(FAILED, "failed", [problem], as_json)
    sys.exit(DONE)


def explain(error: Exception) -> str | None:
    """Return one sentence for a failure of the machine or the files, None for a fault of the program."""
    from concurrent.futures import BrokenExecutor

    if isinstance(error, MemoryError):
        return "the memory of this machine is full; use fewer --researchers, --draws or --workers"
    if isinstance(error, BrokenExecutor):
        return "a worker process died (often for want of memory); use fewer --workers"
    from sim.data.checks import DataError
    from sim.runs.atomic import FolderError
    from sim.runs.executors import ExecutorError

    return str(error) if isinstance(error, OSError | FolderError | DataError | WorkError | ExecutorError) else None
