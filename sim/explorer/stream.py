"""One question answered in a stream: what it says, a first line, bands as draws come in, and the result when all are there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any, Final

from sim.engines.arrays import is_compiled
from sim.explorer.desk import values_today
from sim.explorer.jobs import Job, StoppedError
from sim.explorer.live import (
    Bench,
    CountedDraw,
    DrawsOfPlan,
    PageQuestion,
    finished_of,
    give_back,
    pair_of,
    warm,
    worth_of_draws,
)
from sim.explorer.numbers import bands_record, cell_of, line_record, places_of, refused, result_record
from sim.explorer.state import PageState, StateError
from sim.explorer.texts import command_of, own_folder, python_of, scenario_text
from sim.runs.executors import ExecutorError
from sim.runs.provenance import model_id
from sim.scenarios.reading.text import ScenarioError
from sim.scenarios.warnings import doubts

SHOWN_AFTER: Final = (5, 10, 15, 20)
"""Draws after which bands are shown that are not complete; of more draws, every tenth."""
OTHER_MODEL: Final = "The link was made with another version of the model ({}; this is {}): numbers may differ."
UNDER_ASSUMPTION: Final = (
    "Both scenarios run at the reference point under {}: one draw, its bands are luck alone. `talentsim compare` has this row in "
    "its table of assumptions."
)
SECONDS_TO_DRAW: Final = 0.15
"""In which the page draws the first line, before all cores are at work again."""
Event = tuple[str, dict[str, Any]]


async def answered(
    bench: Bench, question: PageQuestion, look: Mapping[str, Any], is_last: Callable[[], bool]
) -> AsyncIterator[Event]:
    """Answer a question.

    Parameters
    ----------
    bench
        Where it is run.
    question
        What is asked.
    look
        Tier and axis that are shown.
    is_last
        Tells whether the tab has not asked anything else since.

    Yields
    ------
    Name and record of each event: ``said``, ``compiling`` (where nothing is compiled yet), ``line``, ``progress`` and ``bands``
    (several), ``again`` (where a worker failed), ``result``; ``stopped`` where another question came.
    """
    await asyncio.to_thread(give_back)
    yield "said", await asyncio.to_thread(said_record, bench, question)
    if not is_compiled():
        yield "compiling", {}
        await asyncio.to_thread(warm, bench, question.state)
    base, variant = bench.base_draws(question), bench.variant_draws(question)
    try:
        known = bench.known(question.state)
        if known is None:
            async with aclosing(partial(question, base, variant, look, is_last)) as events:
                async for event in events:
                    yield event
                    if event[0] == "stopped":
                        return
            known = await asyncio.to_thread(finished_of, question, base, variant)
            bench.keep(known)
        if not refused(question, look["tier"]):
            yield "bands", await asyncio.to_thread(bands_record, question, known.pair, look)
        yield "result", await asyncio.to_thread(result_record, known)
    finally:
        if variant is not base:
            variant.let_go()


async def partial(
    question: PageQuestion, base: DrawsOfPlan, variant: DrawsOfPlan, look: Mapping[str, Any], is_last: Callable[[], bool]
) -> AsyncGenerator[Event, None]:
    """Yield the first line and the bands that are not complete."""
    draws, is_shown = question.state.draws, not refused(question, look["tier"])
    worth = worth_of_draws(question.base)
    ours: list[CountedDraw] = []
    theirs: list[CountedDraw] = []
    try:
        for number in range(draws):
            if not is_last():
                yield "stopped", {}
                return
            for ahead in range(number, min(number + 2, draws) if number else 1):
                base.future(ahead)
                variant.future(ahead)
            for draws_of, kept in ((base, ours), (variant, theirs)):
                kept.append(await counted_or_again(draws_of, number))
                while draws_of.failed:
                    draw, problem = draws_of.failed.popleft()
                    yield "again", {"draw": draw, "problem": problem}
            if not is_last():
                yield "stopped", {}
                return
            if number == 0 and is_shown:
                pair = cell_of(pair_of(ours, theirs, worth), look["tier"], look["axis"])
                yield "line", line_record(pair, question) | {"tier": look["tier"], "axis": look["axis"]}
                await asyncio.sleep(SECONDS_TO_DRAW)
            elif is_shown and number + 1 < draws and (number + 1 in SHOWN_AFTER or (number + 1) % 10 == 0):
                yield "bands", await asyncio.to_thread(bands_record, question, pair_of(ours, theirs, worth), look)
            yield "progress", {"done": number + 1, "total": draws}
    finally:  # what went wrong keeps this frame, and with it what was counted, until garbage is collected
        ours.clear()
        theirs.clear()


async def counted_or_again(draws: DrawsOfPlan, number: int) -> CountedDraw:
    """Wait for a draw; one whose worker fails is run once more.

    Raises
    ------
    Exception
        Whatever goes wrong a second time, and a state that cannot be run.
    """
    try:
        return await asyncio.wrap_future(draws.future(number))
    except StateError:
        raise
    except Exception:
        return await asyncio.wrap_future(draws.future(number))


async def worked(job: Job, bench: Bench, state: PageState, asked: Mapping[str, Any]) -> AsyncIterator[Event]:
    """Make a long answer: ``progress`` now and then, then ``answer``, or ``error`` with its problems.

    The work stops at its next step where nobody waits for it any more.
    """
    loop, steps, gone = asyncio.get_running_loop(), asyncio.Queue[tuple[str, int, int]](), threading.Event()

    def step(phase: str, done: int, total: int) -> None:
        if gone.is_set():
            raise StoppedError
        loop.call_soon_threadsafe(steps.put_nowait, (phase, done, total))

    making = asyncio.ensure_future(asyncio.to_thread(job, bench, state, asked, step))
    making.add_done_callback(lambda done: steps.put_nowait(("", 0, 0)))
    try:
        while not making.done():
            phase, done, total = await steps.get()
            if phase:
                yield "progress", {"phase": phase, "done": done, "total": total}
        yield "answer", await making
    except (StateError, ScenarioError, ValueError, ExecutorError) as error:
        yield "error", {"problems": problems_of(error)}
    finally:
        gone.set()


def problems_of(error: Exception) -> list[str]:
    """List what is wrong, one line each."""
    return [str(each) for each in error.problems] if isinstance(error, ScenarioError) else [str(error)]


def said_record(bench: Bench, question: PageQuestion) -> dict[str, Any]:
    """Write what a question says before anything is run: its file, its command, what in it does nothing."""
    state, basis = question.state, question.base.basis
    data = basis.data
    made_with, folder = model_id(data), own_folder(data)
    ensemble = "" if folder else bench.ensemble.file
    notes = [UNDER_ASSUMPTION.format(state.assume)] if state.assume else []
    if state.made_with and state.made_with != made_with:
        notes.append(OTHER_MODEL.format(state.made_with[:8], made_with[:8]))
    return {
        "title": question.variant.scenario.title,
        "base": {"name": state.base, "title": question.base.scenario.title},
        "places": list(places_of(question)),
        "years": list(range(2010, state.until + 1)),
        "doubts": [asdict(doubt) for doubt in doubts(question.variant.scenario, data, basis.baseline)],
        "today": values_today(bench, question),
        "droppable": sorted({change.id.partition(".")[0] for change in question.base.scenario.levers}),
        "file": scenario_text(state),
        "command": command_of(state, ensemble, folder),
        "python": python_of(state, folder),
        "model": made_with,
        "moved": question.is_moved,
        "draws": state.draws,
        "refused": {tier: refused(question, tier) for tier in ("elite",)},
        "notes": notes,
    }
