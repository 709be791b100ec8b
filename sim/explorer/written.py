"""The full report of a state: what `talentsim compare` writes about the same two scenarios, as one page."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim.comparisons.compare import Extent, compare_into
from sim.explorer.jobs import moved_question
from sim.explorer.live import Bench
from sim.explorer.state import PageState
from sim.explorer.texts import command_of
from sim.reports.figures.kinds.fits import fit_of
from sim.reports.page import report_page
from sim.runs.execute import found_or_made
from sim.runs.executors import Progress
from sim.runs.folder import Run


def full_report(bench: Bench, state: PageState, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Make the report of a state and keep it where the page can open it; its runs lie in a folder that goes again.

    Returns
    -------
    dict
        ``name``, under which it is kept, ``bytes`` of it, and the ``answers`` that stand at its top.

    Raises
    ------
    StateError
        If nothing is moved.
    """
    question = moved_question(bench, state)
    plans = [replace(plan, workers=bench.workers) for plan in (question.base, question.variant)]
    ensemble = "" if bench.ensemble.is_prior else bench.ensemble.file
    with tempfile.TemporaryDirectory(prefix="talentsim-report-") as folder:
        made = found_or_made(plans, Path(folder), no_files, (), lambda name: nullcontext(within(name, progress)))
        runs = [run for run, _ in made]
        command, extent = command_of(state, ensemble), Extent(workers=bench.workers)
        comparison, _, _ = compare_into(runs, Path(folder), extent, command, progress)
        progress("writing the page", 0, 1)
        page = report_page(comparison, fitted=fit_of(comparison)).encode()
    name = hashlib.sha256(page).hexdigest()[:16]
    bench.keep_report(name, page)
    return {"name": name, "bytes": len(page), "answers": list(comparison.answers)}


def no_files(run: Run) -> None:
    """Draw nothing beside a run: its folder goes again."""


def within(name: str, progress: Progress) -> Progress:
    """Tell the steps of the runs of a scenario under its name."""
    return lambda phase, done, total: progress(f"{name}, {phase}", done, total)
