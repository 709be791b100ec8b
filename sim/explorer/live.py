"""What the page runs: the scenarios of a state, one draw at a time in one pool of threads, paired with a base that is kept.

Notation: D draws, P replicates, Y reporting years, K tiers, X axes, R regions.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.assumptions import SETTINGS, Setting
from sim.comparisons.pairing import Pair
from sim.data.load import work_with
from sim.draws.draw import REFERENCE, Draw, draw_key, known_draw, reference_vector
from sim.draws.ensemble import Ensemble, known_draw_of, solution_digest, vectors_of_draws
from sim.explorer.state import PageState, StateError, shown
from sim.explorer.texts import EXPLORED, command_of, own_folder, scenario_text
from sim.model.world import Integers
from sim.runs.execute import compile_ahead, run_replicates
from sim.runs.executors import Progress, map_in_order, with_progress
from sim.runs.folder import run_id
from sim.runs.outcomes.outcomes import Outcomes, reporting_years
from sim.runs.plan import RunPlan, Task, solve, tasks_of
from sim.scenarios.load import packaged_vocabulary, resolved_toml, scenario_of_chain
from sim.scenarios.reading.chain import ChainFile, read_chain, read_over, shipped_folder, shipped_names
from sim.scenarios.reading.text import ScenarioError
from sim.scenarios.scenario import Basis, Scenario

MOST_KEPT: Final = 6
"""Scenarios whose runs are kept, and comparisons; the one that nobody asked for longest goes."""
KeptKey = TypeVar("KeptKey")
KeptValue = TypeVar("KeptValue")


@dataclass(frozen=True)
class PageQuestion:
    """A state with its scenarios.

    Parameters
    ----------
    state
        As it came in.
    base, variant
        The plans of the two scenarios.
    """

    state: PageState
    base: RunPlan
    variant: RunPlan

    @property
    def is_moved(self) -> bool:
        """Whether anything differs from the base."""
        return bool(self.state.items or self.state.drop)


@dataclass(frozen=True)
class CountedDraw:
    """What is kept of the replicates of one draw.

    Parameters
    ----------
    counts
        Simulated researchers, (P, Y, K, X, R).
    paths
        Visible workers by origin, graduate school and headquarters, summed over the replicates, (Y, R, R, R).
    weight
        People per simulated researcher.
    """

    counts: Integers
    paths: NDArray[np.int32]
    weight: float


@dataclass(frozen=True)
class Finished:
    """All draws of a question.

    Parameters
    ----------
    question
        What was asked.
    pair
        Base and variant, draw by draw.
    base_paths, variant_paths
        Visible workers by origin, graduate school and headquarters, summed over all runs, (Y, R, R, R).
    """

    question: PageQuestion
    pair: Pair
    base_paths: NDArray[np.int32]
    variant_paths: NDArray[np.int32]


class Kept(OrderedDict[KeptKey, KeptValue]):
    """What was made last, by its key."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        super().__init__()
        self.most = most

    def found_or(self, key: KeptKey, make: Callable[[], KeptValue]) -> KeptValue:
        """Return what is kept under a key, made if it is not."""
        if key not in self:
            self[key] = make()
            while len(self) > self.most:
                self.popitem(last=False)
        self.move_to_end(key)
        return self[key]


@dataclass
class DrawsOfPlan:
    """The draws of one plan, each run once when it is first asked for.

    Parameters
    ----------
    plan
        What is run.
    pool
        Where.
    failed
        Draws whose worker failed and that were asked for anew, each with what went wrong; who tells them takes them out.
    """

    plan: RunPlan
    pool: ThreadPoolExecutor
    futures: dict[int, Future[CountedDraw]] = field(default_factory=dict)
    failed: deque[tuple[int, str]] = field(default_factory=deque)

    def future(self, number: int) -> Future[CountedDraw]:
        """Return the future of a draw; one that was cancelled or failed is asked for anew."""
        known = self.futures.get(number)
        problem = known.exception() if known is not None and known.done() and not known.cancelled() else None
        if problem is not None:
            self.failed.append((number, f"{type(problem).__name__}: {problem}"))
        if known is None or known.cancelled() or problem is not None:
            known = self.futures[number] = self.pool.submit(count_draw, self.plan, number)
        return known

    def let_go(self) -> None:
        """Cancel what has not begun, and let go of what was run."""
        for future in self.futures.values():
            future.cancel()
        self.futures.clear()


class Bench:
    """What all tabs share: the tables, the bases, one bounded pool, and what was run last.

    Parameters
    ----------
    basis
        The tables and the baseline.
    ensemble
        That draws are of.
    named
        Scenario files that the page was started with, by name.
    workers
        Threads.
    """

    def __init__(self, basis: Basis, ensemble: Ensemble, named: Mapping[str, Path], workers: int) -> None:
        self.basis, self.ensemble, self.named, self.workers = basis, ensemble, dict(named), workers
        self.pool = ThreadPoolExecutor(workers, "runs", work_with, (basis.data.folder,))
        self.bases: Kept[str, DrawsOfPlan] = Kept(3)
        self.finished: Kept[PageState, Finished] = Kept()
        self.reports: Kept[str, bytes] = Kept()
        self.lock = threading.Lock()

    def close(self) -> None:
        """Let go of what waits and stop the threads."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    def base_names(self) -> list[str]:
        """List the scenarios that may be a base: the user's own first, then the shipped ones."""
        return [*self.named, *(name for name in shipped_names() if name not in self.named)]

    def resolved(self, name: str) -> str:
        """Write a base of one's own in resolved form, as an address carries it; "" where it cannot be read."""
        try:
            scenario = scenario_of_chain(self.chain_of(PageState(base=name)))
        except ScenarioError:
            return ""
        return resolved_toml(scenario, self.basis.data.codes)

    def chain_of(self, state: PageState) -> tuple[ChainFile, ...]:
        """Read the files of a base; a text of one's own stands in where its file is missing.

        Raises
        ------
        StateError
            If it is neither here nor in the state.
        ScenarioError
            With the problems of its files.
        """
        if state.base in self.named and not state.text:
            return chain_of_file(str(self.named[state.base]))
        if state.text:
            return read_over((), state.text, f"{state.base}.toml", packaged_vocabulary())
        if state.base in shipped_names():
            return chain_of_file(str(shipped_folder() / f"{state.base}.toml"))
        raise StateError(
            f"base is {state.base!r}, which is not here; start `talentsim explore {state.base}.toml` beside it, or choose one "
            f"of {', '.join(self.base_names())}"
        )

    def question(self, state: PageState) -> PageQuestion:
        """Load the scenarios of a state.

        Raises
        ------
        StateError, ScenarioError
            With what is wrong.
        """
        chain = self.chain_of(state)
        over = read_over(chain, scenario_text(state), f"{EXPLORED}.toml", packaged_vocabulary())
        base, variant = (scenario_of_chain(each, state.until) for each in (chain, over))
        return PageQuestion(state, self.plan(base, state), self.plan(variant, state))

    def plan(self, scenario: Scenario, state: PageState) -> RunPlan:
        """Make the plan of a scenario in the size of a state."""
        sizes = {key: getattr(state, key) for key in ("draws", "replicates", "researchers", "seed", "until")}
        ensemble = reference_under(self.basis, state.assume) if state.assume else self.ensemble
        return RunPlan(scenario, self.basis, ensemble=ensemble, **sizes)

    def base_draws(self, question: PageQuestion) -> DrawsOfPlan:
        """Return the draws of a base, which all tabs share."""
        with self.lock:
            return self.bases.found_or(run_id(question.base), lambda: DrawsOfPlan(question.base, self.pool))

    def variant_draws(self, question: PageQuestion) -> DrawsOfPlan:
        """Return the draws of what is moved: those of the base where nothing is."""
        return DrawsOfPlan(question.variant, self.pool) if question.is_moved else self.base_draws(question)

    def keep(self, finished: Finished) -> None:
        """Keep a finished question for the views that are asked of it."""
        with self.lock:
            self.finished.found_or(finished.question.state, lambda: finished)

    def keep_report(self, name: str, page: bytes) -> None:
        """Keep a report that was made."""
        with self.lock:
            self.reports.found_or(name, lambda: page)

    def known(self, state: PageState) -> Finished | None:
        """Find a finished question."""
        with self.lock:
            return self.finished.get(state)

    def finish(self, state: PageState) -> Finished:
        """Find a finished question, or run it."""
        found = self.known(state)
        if found is None:
            question = self.question(state)
            check_solved(question)
            base, variant = self.base_draws(question), self.variant_draws(question)
            for number in range(state.draws):
                base.future(number)
                variant.future(number)
            found = finished_of(question, base, variant)
            self.keep(found)
        return found


def assumptions() -> dict[str, Setting]:
    """List the assumptions that the page can move, by the words that name each: those whose reference point ships solved."""
    return {f"{setting.assumption}: {setting.setting}": setting for setting in SETTINGS if setting.parameters}


@lru_cache(maxsize=16)
def reference_under(basis: Basis, assumption: str) -> Ensemble:
    """Make draws of the reference point alone, under an assumption.

    Raises
    ------
    StateError
        If it is none of the list, or its point is not solved.
    """
    known = assumptions()
    if assumption not in known:
        raise StateError(f"assume is {shown(assumption)}; allowed: {'; '.join(known)}")
    vector = reference_vector(basis.data) | dict(known[assumption].parameters)
    draw = known_draw(basis, vector, REFERENCE)
    if draw is None:
        raise StateError(f"assume: the reference point under {assumption} is not solved; `talentsim compare` solves it")
    return Ensemble(
        name=f"reference point, {assumption}",
        digest=draw_key(basis, vector, REFERENCE)[:16],
        names=tuple(vector),
        parameters=np.array([list(vector.values())]),
        scores=np.zeros((1, 0)),
        numbers=(REFERENCE,),
        constants=(draw.constants,),
        record={"solution": solution_digest(basis)},
    )


@lru_cache(maxsize=64)
def chain_of_file(path: str) -> tuple[ChainFile, ...]:
    """Read a base once; a file that is changed is read again when the page is started again."""
    return read_chain(path, packaged_vocabulary())


def check_solved(question: PageQuestion) -> None:
    """Refuse a question whose draws would have to be solved, which takes minutes.

    Raises
    ------
    StateError
        With the command that does it.
    """
    for plan in (question.base, question.variant):
        missing = len(unsolved_tasks(plan))
        if missing:
            solved_draws.cache_clear()  # somebody may solve them before this is asked again
            minutes, data = max(1, round(missing / 12)), own_folder(plan.basis.data)
            ensemble = "" if data else plan.ensemble.file
            raise StateError(
                f"{missing} draws of {plan.scenario.name} are not solved yet, about {minutes} minutes of work; solve them by "
                f"{command_of(question.state, ensemble, data)}, then ask again"
            )


def unsolved_tasks(plan: RunPlan) -> list[Task]:
    """List the draws of a plan that nobody has solved."""
    return [task for task, draw in draws_of_plan(plan) if draw is None]


def solve_ahead(plan: RunPlan, workers: int, progress: Progress | None) -> None:
    """Solve the draws of a plan that nobody has solved: of tables of one's own none ship.

    Raises
    ------
    sim.draws.constants.NotSolvedError, sim.runs.executors.ExecutorError
        If one cannot be solved, or workers die.
    """
    tasks = unsolved_tasks(plan)
    with contextlib.closing(map_in_order(solve, tasks, workers)) as solved:
        deque(with_progress(solved, "solving", len(tasks), progress), maxlen=0)
    solved_draws.cache_clear()


def draws_of_plan(plan: RunPlan) -> list[tuple[Task, Draw | None]]:
    """List the draws of a plan as tasks, each with its solution; None where nobody has solved it."""
    known = solved_draws(plan.ensemble, plan.basis, tuple(plan.scenario.parameters.items()), plan.draws)
    return [(Task(plan, number, parameters), draw) for number, (parameters, draw) in enumerate(known)]


@lru_cache(maxsize=16)
def solved_draws(
    ensemble: Ensemble, basis: Basis, parameters: tuple[tuple[str, Any], ...], draws: int
) -> list[tuple[Mapping[str, float], Draw | None]]:
    """Find the first draws of an ensemble under the parameters that a scenario states; None where one is not solved."""
    vectors = vectors_of_draws(ensemble, basis.data, draws, dict(parameters))
    return [(vector, known_draw_of(ensemble, basis, vector, number)) for number, vector in enumerate(vectors)]


def count_draw(plan: RunPlan, number: int) -> CountedDraw:
    """Run the replicates of one draw.

    Raises
    ------
    StateError
        If the draw is not solved.
    """
    task, draw = draws_of_plan(plan)[number]
    if draw is None:
        raise StateError(f"draw {number} of {plan.scenario.name} is not solved")
    return kept_of(run_replicates(task, draw), plan.until)


def kept_of(outcomes: list[Outcomes], until: int) -> CountedDraw:
    """Keep of the replicates of a draw what the page shows."""
    years = len(reporting_years(until))
    counts = np.stack([each.counts[-years:].astype(np.int64) for each in outcomes])
    paths = np.stack([each.careers[-years:] for each in outcomes]).sum(axis=0, dtype=np.int32)
    return CountedDraw(counts, paths, float(outcomes[0].weight))


def pair_of(base: list[CountedDraw], variant: list[CountedDraw], worth: float) -> Pair:
    """Pair the first draws of two scenarios; worth : of a draw, see `Pair`."""
    return Pair(
        np.stack([each.counts for each in base]),
        np.stack([each.counts for each in variant]),
        tuple(range(len(base))),
        base[0].weight,
        (),
        worth,
    )


def worth_of_draws(plan: RunPlan) -> float:
    """Tell what a draw of a plan is worth, in draws that repeat no other."""
    return plan.effective_draws / plan.draws


def finished_of(question: PageQuestion, base: DrawsOfPlan, variant: DrawsOfPlan) -> Finished:
    """Wait for all draws of a question and pair them."""
    ours, theirs = ([draws.future(number).result() for number in range(question.state.draws)] for draws in (base, variant))
    paths = (np.sum([each.paths for each in side], axis=0) for side in (ours, theirs))
    return Finished(question, pair_of(ours, theirs, worth_of_draws(question.base)), *paths)


def give_back() -> None:
    """Give the system what nothing holds any more: what stopped streams left, and the pieces that threads leave.

    It takes a few milliseconds: garbage of streams is young, and the C library gives its pieces back where it can.
    """
    gc.collect(1)
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)


def warm(bench: Bench, state: PageState) -> None:
    """Compile what is not compiled yet, before the first answer is asked for."""
    compile_ahead(tasks_of(bench.plan(bench.basis.baseline, state))[:1])
