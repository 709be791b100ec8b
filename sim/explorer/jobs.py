"""What takes longer than a slider: who changed and why, what it would take, the full report. Made on request, with progress."""

from __future__ import annotations

import hashlib
import math
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.comparisons.anatomy.anatomy import Anatomy
from sim.comparisons.anatomy.dissect import Size, Worlds, dissect
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.regions import MAIN_TIER
from sim.explorer.live import Bench, PageQuestion, check_solved
from sim.explorer.numbers import as_lists, plain_row
from sim.explorer.state import ID_FORM, PageState, StateError, checked_keys, checked_number, named, text_of
from sim.explorer.texts import command_of, own_folder
from sim.files.ending import undone_by
from sim.reports.figures.kinds.fits import fit_of
from sim.reports.page import report_page
from sim.runs.execute import found_or_made
from sim.runs.executors import Progress
from sim.runs.folder import Run
from sim.runs.formulas.expressions import ExpressionError
from sim.scenarios.levers.changes import drawn_value
from sim.sweeps.design.points import Factor
from sim.sweeps.goals.goal import parse_goal
from sim.sweeps.goals.search import Aim, Solution, criterion, search

LOOKED_AT: Final = (0, 1)
"""Draws of which everybody's life is compared."""
MOST_SWITCHES: Final = 12
SOLVE_POINTS: Final = 7
SOLVE_DRAWS: Final = 10
"""Draws that a goal is searched with on the page; the command takes more."""


class StoppedError(Exception):
    """The page does not want the answer any more."""


def who_changed(bench: Bench, state: PageState, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Take the effect apart: who is elsewhere, why, what is the policy's own and what answers to it, what each lever brings.

    Raises
    ------
    StateError
        If nothing is moved.
    """
    question = moved_question(bench, state)
    size = Size(draws=LOOKED_AT[: 1 if state.assume else None], researchers=state.researchers, seed=state.seed, until=state.until)
    worlds = Worlds(bench.basis, question.base.ensemble)
    found = dissect(question.base.scenario, question.variant.scenario, worlds, size, bench.workers, progress)
    return who_record(found)


def who_record(found: Anatomy) -> dict[str, Any]:
    """Write the tables of an anatomy."""
    rows = [row._asdict() for row in found.channels if row.tier == MAIN_TIER and row.year == found.year]
    return {
        "year": found.year,
        "researchers": found.researchers,
        "runs": len(found.runs),
        "people": sum(row.people for row in found.switches),
        "switches": [plain_row(row._asdict()) for row in found.switches[:MOST_SWITCHES]],
        "more": max(0, len(found.switches) - MOST_SWITCHES),
        "channels": [plain_row(row) for row in rows],
        "levers": [plain_row(row._asdict()) for row in found.levers if row.year == found.year],
    }


def what_it_takes(bench: Bench, state: PageState, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """Search the smallest change of one lever that reaches a goal, and what every value does.

    Raises
    ------
    StateError
        If the lever is not one of the state, its range is empty, or the goal cannot be read.
    """
    known = checked_keys(dict(asked), "asked", {"item", "low", "high", "goal"})
    question = moved_question(bench, state)
    aim = asked_aim(question, known)
    change = next(each for each in question.variant.scenario.levers if each.id == aim.factor.target)
    found = search(aim, float(drawn_value(change, 0.5)), bench.workers, SOLVE_POINTS, progress)
    return dose_record(aim, found)


def asked_aim(question: PageQuestion, known: Mapping[str, Any]) -> Aim:
    """Read what is to be reached, by which lever, in which range; errors as of `what_it_takes`."""
    item = named(known.get("item"), "asked.item", ID_FORM)
    ids = [each.id for each in question.state.items if each.kind == "lever"]
    if item not in ids:
        raise StateError(f"asked.item is {item!r}; allowed: a lever that is moved ({', '.join(ids) or 'none is'})")
    low, high = (checked_number(known.get(key), f"asked.{key}") for key in ("low", "high"))
    if not low < high:
        raise StateError(f"asked: the range from {low:g} to {high:g} is empty")
    plan, text = question.variant, text_of(known.get("goal"), "asked.goal", 300)
    try:
        goal = parse_goal(text, plan.basis.data.codes, plan.until)
    except ExpressionError as error:
        raise StateError(f"asked.goal: {error}") from error
    small = replace(plan, draws=min(plan.draws, SOLVE_DRAWS), replicates=min(plan.replicates, 2))
    return Aim(small, Factor("value", "lever", item, low, high), goal)


def dose_record(aim: Aim, found: Solution) -> dict[str, Any]:
    """Write the dose-response curve and the value; a missing number is None."""
    line = aim.goal.line
    sign, level = line if line is not None else (1.0, 0.0)
    response = level + sign * found.margins
    p05, p50, p95 = np.quantile(response, (0.05, 0.5, 0.95), axis=0)
    return {
        "goal": aim.goal.text,
        "level": level if line is not None else 0.0,
        "lever": aim.factor.target,
        "draws": aim.plan.draws,
        "state": found.state,
        "value": number_or_none(found.value),
        "error": number_or_none(found.error),
        "today": found.today,
        "needed": number_or_none(found.needed),
        "missing": number_or_none(-found.criterion),
        "values": as_lists(found.values),
        "mean": as_lists(criterion(response, None)),
        "p05": as_lists(p05),
        "p50": as_lists(p50),
        "p95": as_lists(p95),
        "reaching": int(np.isfinite(found.by_draw).sum()),
        "crossings": list(found.crossings),
    }


def written_report(bench: Bench, state: PageState, asked: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
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
    if state.assume:
        raise StateError(
            "the full report tells the effect under every assumption in a table of its own; take the assumption back"
        )
    plans = [replace(plan, workers=bench.workers) for plan in (question.base, question.variant)]
    data = bench.basis.data.name if own_folder(bench.basis.data) else ""
    ensemble = "" if data else bench.ensemble.file
    with tempfile.TemporaryDirectory(prefix="talentsim-report-") as folder, undone_by(partial(shutil.rmtree, folder)):
        made = found_or_made(plans, Path(folder), no_files, (), lambda name: nullcontext(step_of(name, progress)))
        runs = [run for run, _ in made]
        command, extent = command_of(state, ensemble, data), Extent(workers=bench.workers)
        comparison, _, _ = compare_into(runs, Path(folder), extent, command, progress)
        progress("writing the page", 0, 1)
        page = report_page(comparison, fitted=fit_of(comparison)).encode()
    name = hashlib.sha256(page).hexdigest()[:16]
    bench.keep_report(name, page)
    return {"name": name, "bytes": len(page), "answers": list(comparison.answers)}


def no_files(run: Run) -> None:
    """Draw nothing beside a run: its folder goes again."""


def step_of(name: str, progress: Progress) -> Progress:
    """Tell the steps of the runs of a scenario under its name."""
    return lambda phase, done, total: progress(f"{name}, {phase}", done, total)


def number_or_none(value: float) -> float | None:
    """Return a number, None for what is none."""
    return value if math.isfinite(value) else None


def moved_question(bench: Bench, state: PageState) -> PageQuestion:
    """Load a question in which something is moved.

    Raises
    ------
    StateError
        If nothing is.
    """
    question = bench.question(state)
    if not question.is_moved:
        raise StateError("nothing is moved; move a lever or a policy first")
    check_solved(question)
    return question


Job = Callable[[Bench, PageState, Mapping[str, Any], Progress], dict[str, Any]]
JOBS: Final[Mapping[str, Job]] = {"who": who_changed, "solve": what_it_takes, "report": written_report}
