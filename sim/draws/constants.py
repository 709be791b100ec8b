"""Makes a draw: solves the constants and bar paths of a parameter vector on the baseline's expected flows.

Everything is solved jointly: regional constants on the headquarters census of 2019, cohort levels on published origins, some
study constants, place effects and corridors on the rows of solved.csv, the industry constant on first jobs, the bars on the
number of authors (version 1, section 8). The solution is a fixed point of damped inversions, found by `sim.solver`.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from sim.data.declared import CORRIDOR, PLACE_EFFECT, REMOTE_SHARE, STUDY_CONSTANT, TILT, UNKNOWNS
from sim.data.schema import PACKAGED, Data, SolvedShare
from sim.draws.assembly import MODEL_YEARS, Constants, make_world
from sim.draws.solver import Mixer, Start, first_unknowns, plain_start, shipped_start
from sim.draws.targets import SolvedTargets
from sim.engines.expected.years import ALL_YEARS, MOST_VISIBLE, ExpectedYear, Visibility, expected_years
from sim.model.world import (
    BASE_YEAR,
    FIRST_YEAR,
    LAST_YEAR,
    REFERENCE_YEAR,
    REPORT_FROM,
    TIE_CLASSES,
    Floats,
)
from sim.scenarios.levers.changes import Policies

FIRST_DOCTORS = 2005
TOLERANCE = 0.0005  # of a share: half of the 0.1 point that is asked for
COARSE_TOLERANCE = 0.01  # of a share: what the coarse phase leaves to the fine one
ACCEPTED = 0.30  # of a share: farther off, a solution has run away and is refused; nearer, every run says how far off it is
NEGLIGIBLE_STEP = 0.003  # of any unknown: a step that hardly moves a share by the tolerance
COARSE_PATTERNS = 8
FINE_PATTERNS = 64
MOST_STUDENTS = 0.8  # of a region's work share: published are some .37 of all visible (model.md, finding 5)
REMOTE_AT_FIRST = 0.7  # of industry jobs where a remote share is solved: the first guess
TARGET_YEARS = (REPORT_FROM, BASE_YEAR, REFERENCE_YEAR)  # whose shares the equations read
PLACE_DAMPING = 0.5  # of the step of a place effect


class NotSolvedError(RuntimeError):
    """The constants of a parameter vector could not be solved; the message says how far off they stayed."""


def first_guess(data: Data) -> Constants:
    """Make a starting point for the solution from published shares alone."""
    work = np.log(np.maximum(data.work_target_2019, 1e-4))
    origin = np.log(np.maximum(data.origin_target_2019, 1e-4))
    regions = len(data.codes)
    constant = 0.5 * (work - work.mean())
    return Constants(
        study_constant=constant.copy(),
        work_constant=constant,
        cohort_level=origin + math.log(1500.0),
        industry_constant=np.full(MODEL_YEARS, -0.5),
        place_effect=np.zeros(regions),
        bar_top20=np.full(MODEL_YEARS, 0.5),
        bar_elite=np.full(MODEL_YEARS, 2.0),
        demand_2019=np.exp(origin) * 2500.0,
        abroad_share=np.where(np.isin(data.codes, [row.origin for row in data.solved_on(REMOTE_SHARE)]), REMOTE_AT_FIRST, 0.0),
        india_us=0.0,
        china_anglophone=0.0,
        early_visible=0.3,
        binding=np.zeros(MODEL_YEARS),
        error=math.inf,
    )


class Phase(NamedTuple):
    """How finely steps are computed for how long."""

    patterns: int
    ties: int
    most: int  # passes
    tolerance: float  # of a share
    patience: int  # passes without an improvement by a tenth: the targets cannot be met any closer
    restarts: int  # from the best unknowns where nothing improves
    corrected: int = 0  # at most: cheap passes after each, their steps moved by what the last fine and cheap step differ


PHASES = (
    Phase(COARSE_PATTERNS, 1, 30, COARSE_TOLERANCE, 6, 1),
    Phase(FINE_PATTERNS, TIE_CLASSES, 10, TOLERANCE, 2, 0, corrected=7),
)


class Walked(NamedTuple):
    """The walk of the last step: the unknowns and fineness, the years so far, and those that can still be walked."""

    of: tuple[bytes, int, int]
    years: list[ExpectedYear]
    rest: Iterator[ExpectedYear]


class Equations:
    """One parameter vector to be solved: unknowns as a vector, and the step that each unknown should take.

    The unknowns, in order: work constants (R), cohort levels (R), one for each row of solved.csv in the order of
    `sim.data.schema.Data.solved_on` (study constants, place effects, ln of the remote share, corridor, tilt), logit of the early
    visible share, industry constants FIRST_DOCTORS..BASE_YEAR.
    """

    def __init__(self, data: Data, parameters: Mapping[str, float], policies: Policies, targets: SolvedTargets) -> None:
        self.data = data
        self.parameters = parameters
        self.policies = policies
        self.targets = targets
        self.regions = len(data.codes)
        self.at = {code: region for region, code in enumerate(data.codes)}
        self.rows = data.solved_on(*UNKNOWNS)
        self.offsets = np.array([parameters.get(f"study_offset_{code.lower()}", 0.0) for code in data.codes])
        self.guess = first_guess(data)
        self.error = math.inf
        self.walked: Walked | None = None
        self.cheap: tuple[bytes, Floats] | None = None

    def pack(self, constants: Constants) -> Floats:
        """Put the unknown parts of constants into one vector."""
        named = [self.solved_in(constants, row) for row in self.rows]
        industry = constants.industry_constant[FIRST_DOCTORS - FIRST_YEAR : BASE_YEAR - FIRST_YEAR + 1]
        early = logit(constants.early_visible)
        return np.concatenate([constants.work_constant, constants.cohort_level, named, [early], industry])

    def solved_in(self, constants: Constants, row: SolvedShare) -> float:
        """Read the unknown of a row of solved.csv out of constants."""
        place = self.at[row.destination[0]]
        if row.unknown == STUDY_CONSTANT:
            return float(constants.study_constant[place])
        if row.unknown == PLACE_EFFECT:
            return float(constants.place_effect[place])
        if row.unknown == REMOTE_SHARE:
            return math.log(float(constants.abroad_share[self.at[row.origin]]))
        return constants.india_us if row.unknown == CORRIDOR else constants.china_anglophone

    def unpack(self, x: Floats) -> Constants:
        """Make constants from a vector of unknowns; what is not unknown comes from the first guess."""
        r = self.regions
        work = x[:r] - x[:r].mean()
        study = work + self.offsets
        place, abroad = np.zeros(r), np.zeros(r)
        ties = {CORRIDOR: 0.0, TILT: 0.0}
        for row, value in zip(self.rows, x[2 * r : 2 * r + len(self.rows)], strict=True):
            region = self.at[row.destination[0]]
            if row.unknown == STUDY_CONSTANT:
                study[region] = value
            elif row.unknown == PLACE_EFFECT:
                place[region] = value
            elif row.unknown == REMOTE_SHARE:
                abroad[self.at[row.origin]] = min(1.0, math.exp(value))
            else:
                ties[row.unknown] = float(value)
        early, solved = x[2 * r + len(self.rows)], x[2 * r + len(self.rows) + 1 :]
        industry = np.empty(MODEL_YEARS)
        first, last = FIRST_DOCTORS - FIRST_YEAR, BASE_YEAR - FIRST_YEAR
        industry[:first], industry[first : last + 1], industry[last + 1 :] = solved[0], solved, solved[-1]
        return replace(
            self.guess,
            work_constant=work,
            study_constant=study,
            cohort_level=x[r : 2 * r].copy(),
            place_effect=place,
            abroad_share=abroad,
            india_us=ties[CORRIDOR],
            china_anglophone=ties[TILT],
            early_visible=1.0 / (1.0 + math.exp(-early)),
            industry_constant=industry,
        )

    def walk(
        self, constants: Constants, until: int, patterns: int, ties: int, counted: Container[int] = ALL_YEARS
    ) -> Iterator[ExpectedYear]:  # fmt: skip
        """Compute expected years of the baseline, one after the other, with bars solved on the number of authors."""
        world = make_world(self.data, self.parameters, constants, self.policies, until, 1.0)
        visibility = self.visibility(constants.early_visible, until)
        return expected_years(world, visibility, patterns, ties, counted=counted)

    def whole_walk(self, x: Floats, patterns: int, ties: int) -> list[ExpectedYear]:
        """List the expected years to the horizon; the last step's years are walked on from, if they are of these unknowns."""
        if self.walked is None or self.walked.of != (x.tobytes(), patterns, ties):
            self.step(x, patterns, ties)
        assert self.walked is not None
        return [*self.walked.years, *self.walked.rest]

    def visibility(self, early: float, until: int) -> list[Visibility]:
        """List how many are visible by year: a fixed share before 2010, authors to 2022, a drifting share after."""
        counts = author_counts(self.data.pool_size)
        trend = self.parameters["visible_fraction_trend"]
        path = []
        for year in range(FIRST_YEAR, until + 1):
            if year < REPORT_FROM:
                path.append(Visibility(math.nan, early, 0.0))
            elif year <= REFERENCE_YEAR:
                path.append(Visibility(float(counts[year - FIRST_YEAR]), math.nan, 0.0))
            else:
                path.append(Visibility(math.nan, math.nan, trend * min(year - REFERENCE_YEAR, 10) / 10.0))
        return path

    def step(self, x: Floats, patterns: int, ties: int) -> Floats:
        """Compute the step that each unknown should take; the last cheap one is remembered."""
        found = self.walked_step(x, patterns, ties)
        if (patterns, ties) == (COARSE_PATTERNS, 1):
            self.cheap = (x.tobytes(), found)
        return found

    def cheap_step(self, x: Floats) -> Floats:
        """Compute a step coarsely, unless it is the last such."""
        if self.cheap is not None and self.cheap[0] == x.tobytes():
            return self.cheap[1]
        return self.step(x, COARSE_PATTERNS, 1)

    def walked_step(self, x: Floats, patterns: int, ties: int) -> Floats:
        """Walk to the last year of targets and compute steps: damped log-ratios of target to model."""
        constants = self.unpack(x)
        rest = self.walk(constants, LAST_YEAR, patterns, ties, TARGET_YEARS)
        walked = list(islice(rest, REFERENCE_YEAR - FIRST_YEAR + 1))
        self.walked = Walked((x.tobytes(), patterns, ties), walked, rest)
        years = {year.year: year for year in walked}
        base, last = years[BASE_YEAR], years[REFERENCE_YEAR]
        damp = self.parameters["nest_dissimilarity"]
        steps: list[Floats] = []
        work = base.shares[0, 2] / base.shares[0, 2].sum()
        origin = base.shares[0, 0] / base.shares[0, 0].sum()
        steps.append(damp * np.log(self.targets.work / work))
        level = math.log(self.data.researchers / last.shares[2, 0].sum())
        steps.append(np.log(self.targets.origin / origin) + level)
        errors = [
            np.abs(self.targets.work - work).max(),
            np.abs(self.targets.origin - origin).max(),
        ]
        named, named_errors = self.named_steps(constants, base, last)
        steps.append(named)
        early = years[REPORT_FROM]
        visible = early.shares[0, 0].sum() / early.eligible
        steps.append(np.array([logit(visible) - logit(constants.early_visible)]))
        steps.append(self.industry_steps(years, damp))
        self.error = max([*errors, *named_errors, abs(level) * 0.1])
        return np.concatenate(steps)

    def named_steps(self, constants: Constants, base: ExpectedYear, last: ExpectedYear) -> tuple[Floats, list[float]]:
        """Compute the step of the unknown of every row of solved.csv, and the errors of the shares.

        A study constant meets its transition, or fills the region with students to MOST_STUDENTS of its work share, whichever
        comes first: where students alone would exceed what works there, the transition is out of reach.
        """
        damp = self.parameters["nest_dissimilarity"]
        steps, errors = [], []
        for row in self.rows:
            year, target = base if row.year == BASE_YEAR else last, self.targets.single[row.id]
            if row.unknown == REMOTE_SHARE:
                steps.append(self.remote_step(constants, self.at[row.origin], target, (base, last)))
                continue
            places = [self.at[code] for code in row.destination]
            found = year.shares[1, 2] if row.unknown == PLACE_EFFECT else year.studying[self.at[row.origin]]
            model = (found / found.sum())[places].sum()
            if row.unknown == STUDY_CONSTANT:
                target, model = self.reachable(places[0], target, model, base)
            steps.append((PLACE_DAMPING if row.unknown == PLACE_EFFECT else damp) * (logit(target) - logit(model)))
            errors.append(abs(target - model))
        return np.array(steps), errors

    def remote_step(self, constants: Constants, region: int, target: float, years: Sequence[ExpectedYear]) -> float:
        """Compute the step of ln of the remote share of a region; all of its industry is the most there can be."""
        share = float(constants.abroad_share[region])
        remote = [year.remote[region] / year.shares[0, 3, region] for year in years]
        wanted = math.log(share * target / (0.5 * sum(remote)))
        return min(wanted, 0.0) - math.log(share)

    def reachable(self, region: int, target: float, model: float, base: ExpectedYear) -> tuple[float, float]:
        """Choose between a transition and the limit of students in 2019, as (target, model): what asks for fewer students."""
        students = float((base.shares[0, 2, region] - base.shares[0, 4, region]) / base.shares[0, 2].sum())
        limit = MOST_STUDENTS * float(self.targets.work[region])
        if logit(limit) - logit(students) < logit(target) - logit(model):
            return limit, students
        return target, model

    def industry_steps(self, years: Mapping[int, ExpectedYear], damp: float) -> Floats:
        """Compute the steps of the industry constants from first jobs of doctors of the regions with the role first_jobs."""
        places = [self.at[code] for code in self.data.having("first_jobs")]
        steps = []
        for year in range(FIRST_DOCTORS, BASE_YEAR + 1):
            doctors, industry = years[year].industry_entry[places].sum(axis=0)
            target = float(self.targets.industry[year - FIRST_YEAR])
            steps.append(damp * (logit(target) - logit(industry / doctors)))
        return np.array(steps)


def logit(share: float) -> float:
    """Compute ln(p / (1 - p)), with p kept within 1e-6 of the ends."""
    p = min(max(float(share), 1e-6), 1.0 - 1e-6)
    return math.log(p / (1.0 - p))


def author_counts(pool_size: Floats) -> Floats:
    """Fill the years between counted pools log-linearly; (51,), nan outside the counted years."""
    years = np.arange(pool_size.shape[0])
    known = np.isfinite(pool_size)
    filled = np.exp(np.interp(years, years[known], np.log(pool_size[known])))
    first, last = years[known][[0, -1]]
    filled[(years < first) | (years > last)] = np.nan
    return filled


def solve_constants(problem: Equations, report: Callable[[str], None] | None = None) -> Constants:
    """Solve the constants of one parameter vector; the solution depends on nothing else, whatever was solved before.

    Parameters
    ----------
    problem : the equations of the vector.
    report : called with a line of progress.

    Returns
    -------
    Constants whose expected shares meet their targets to 0.1 point, or as closely as the vector allows; `error` says it.

    Raises
    ------
    NotSolvedError : a target is missed by more than ACCEPTED; the message gives the largest error.
    """
    start = start_of(problem)
    x = first_unknowns(start, problem.parameters, problem.targets.errors)
    mixer = Mixer(start.preconditioner)
    for phase in PHASES:
        x = mix(problem, x, phase, mixer, report)
        mixer.forget_point()
    if problem.error > ACCEPTED:
        raise NotSolvedError(f"constants not solved: the largest error of a share stayed at {problem.error:.4f}")
    return with_bars(problem, x)


def start_of(problem: Equations) -> Start:
    """Choose where a solution starts: what ships for the packaged tables, the first guess for any others."""
    return shipped_start() if problem.data.name == PACKAGED else plain_start(problem.pack(problem.guess))


def mix(
    problem: Equations, x: Floats, phase: Phase, mixer: Mixer, report: Callable[[str], None] | None = None
) -> Floats:  # fmt: skip
    """Mix steps until every share is within the phase's tolerance, or nothing improves; return the best unknowns seen.

    Where nothing improves, mixing begins anew from the best unknowns, as often as the phase says.
    """
    best = (math.inf, x)
    hopeful = (math.inf, 0)
    restarts = phase.restarts
    for passed in range(phase.most):
        step = problem.step(x, phase.patterns, phase.ties)
        if report is not None:
            report(f"{phase.patterns} patterns, {phase.ties} ties: largest error of a share {problem.error:.5f}")
        if problem.error < best[0]:
            best = (problem.error, x)
        if problem.error < 0.9 * hopeful[0]:
            hopeful = (problem.error, passed)
        if problem.error < phase.tolerance:
            break
        if passed - hopeful[1] >= phase.patience:
            if restarts == 0:
                break
            restarts -= 1
            mixer.begin_anew()
            x, hopeful = best[1], (best[0], passed)
            continue
        x = corrected(problem, x, step, phase.corrected, mixer) if phase.corrected else mixer.mixed(x, step)
    problem.error = best[0]
    return best[1]


def corrected(problem: Equations, x: Floats, step: Floats, passes: int, mixer: Mixer) -> Floats:
    """Mix cheap steps, moved by what a fine step and a cheap one differ at x: the two differ by nearly the same nearby."""
    moved_by = step - problem.cheap_step(x)
    for _ in range(passes):
        x = mixer.mixed(x, step)
        step = problem.cheap_step(x) + moved_by
        if np.abs(step).max() < NEGLIGIBLE_STEP:
            break
    following = mixer.mixed(x, step)
    mixer.forget_point()
    return following


def with_bars(problem: Equations, x: Floats) -> Constants:
    """Walk the whole horizon and store the bar paths and the demand of 2019 that belong to the unknowns."""
    years = problem.whole_walk(x, FINE_PATTERNS, TIE_CLASSES)
    visible = np.array([year.visible / max(year.eligible, 1e-9) for year in years])
    return replace(
        problem.unpack(x),
        bar_top20=np.array([year.bar_top20 for year in years]),
        bar_elite=np.array([year.bar_elite for year in years]),
        demand_2019=years[BASE_YEAR + 1 - FIRST_YEAR].demand_index.copy(),
        binding=(visible >= MOST_VISIBLE - 1e-6).astype(np.float64),
        error=problem.error,
    )
