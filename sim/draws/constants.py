"""Makes a draw: solves the constants and bar paths of a parameter vector on the baseline's expected flows.

Everything is solved jointly: regional constants on the headquarters census of 2019, cohort levels on published origins, study
constants on three published transitions, place effects on the elite of 2022, the industry constant on first jobs, the bars on
the number of authors (version 1, section 8). The solution is a fixed point of damped inversions, found by `sim.solver`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np

from sim.data.schema import Data
from sim.draws.assembly import CHN, GBR, IND, MODEL_YEARS, OTHER_ANGLOPHONE, USA, Constants, make_world
from sim.draws.solver import Mixer, first_unknowns, shipped_start
from sim.draws.targets import SolvedTargets
from sim.engines.expected.years import MOST_VISIBLE, ExpectedYear, Visibility, expected_years
from sim.model.world import (
    BASE_YEAR,
    FIRST_YEAR,
    LAST_YEAR,
    REFERENCE_RESEARCHERS,
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
COARSE_PATTERNS = 16
FINE_PATTERNS = 64
MOST_STUDENTS = 0.8  # of a region's work share: published are some .37 of all visible (model.md, finding 5)
CHINA_AT_HOME, CHINA_IN_US, CHINA_IN_OTHER_ANGLOPHONE = "M22-T-CNCNG", "M22-T-CNUSG", "D22-T-CNANG"
INDIA_IN_US, INDIA_IN_INDIA = "M19-T-INUSG", "IND-HOME-STUDY-2019"
ELITE_US, ELITE_CHINA = "M22E-W-US", "M22E-W-CN"


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
        abroad_share=np.where(np.array(data.codes) == GBR, 0.7, 0.0),
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
    Phase(FINE_PATTERNS, TIE_CLASSES, 10, TOLERANCE, 2, 0, corrected=5),
)


class Walked(NamedTuple):
    """The walk of the last step: the unknowns and fineness, the years so far, and those that can still be walked."""

    of: tuple[bytes, int, int]
    years: list[ExpectedYear]
    rest: Iterator[ExpectedYear]


class Equations:
    """One parameter vector to be solved: unknowns as a vector, and the step that each unknown should take.

    The unknowns, in order: work constants (R), cohort levels (R), study constants of USA, CHN and IND, place effects of USA and
    CHN, ln of the British share of industry jobs with US headquarters, the India-USA corridor, the corridor from China to the
    other anglophone regions, logit of the early visible share, industry constants FIRST_DOCTORS..BASE_YEAR.
    """

    def __init__(self, data: Data, parameters: Mapping[str, float], policies: Policies, targets: SolvedTargets) -> None:
        self.data = data
        self.parameters = parameters
        self.policies = policies
        self.targets = targets
        self.regions = len(data.codes)
        self.at = {code: data.codes.index(code) for code in (USA, CHN, IND, GBR, "CAN")}
        self.others = [data.codes.index(code) for code in OTHER_ANGLOPHONE]
        self.offsets = np.array([parameters.get(f"study_offset_{code.lower()}", 0.0) for code in data.codes])
        self.guess = first_guess(data)
        self.error = math.inf
        self.abroad_share = 0.0
        self.walked: Walked | None = None
        self.cheap: tuple[bytes, Floats] | None = None

    def pack(self, constants: Constants) -> Floats:
        """Put the unknown parts of constants into one vector."""
        named = [self.at[USA], self.at[CHN], self.at[IND]]
        share = float(constants.abroad_share[self.at[GBR]])
        early = constants.early_visible
        industry = constants.industry_constant[FIRST_DOCTORS - FIRST_YEAR : BASE_YEAR - FIRST_YEAR + 1]
        return np.concatenate(
            [
                constants.work_constant,
                constants.cohort_level,
                constants.study_constant[named],
                constants.place_effect[[self.at[USA], self.at[CHN]]],
                [math.log(share), constants.india_us, constants.china_anglophone, logit(early)],
                industry,
            ]
        )

    def unpack(self, x: Floats) -> Constants:
        """Make constants from a vector of unknowns; what is not unknown comes from the first guess."""
        r = self.regions
        work = x[:r] - x[:r].mean()
        study = work + self.offsets
        place = np.zeros(r)
        for k, code in enumerate((USA, CHN, IND)):
            study[self.at[code]] = x[2 * r + k]
        place[self.at[USA]], place[self.at[CHN]] = x[2 * r + 3], x[2 * r + 4]
        industry = np.empty(MODEL_YEARS)
        first, last = FIRST_DOCTORS - FIRST_YEAR, BASE_YEAR - FIRST_YEAR
        solved = x[2 * r + 9 :]
        industry[:first], industry[first : last + 1], industry[last + 1 :] = solved[0], solved, solved[-1]
        abroad = np.zeros(r)
        abroad[self.at[GBR]] = min(1.0, math.exp(x[2 * r + 5]))
        return replace(
            self.guess,
            work_constant=work,
            study_constant=study,
            cohort_level=x[r : 2 * r].copy(),
            place_effect=place,
            abroad_share=abroad,
            india_us=float(x[2 * r + 6]),
            china_anglophone=float(x[2 * r + 7]),
            early_visible=1.0 / (1.0 + math.exp(-x[2 * r + 8])),
            industry_constant=industry,
        )

    def walk(self, constants: Constants, until: int, patterns: int, ties: int) -> Iterator[ExpectedYear]:
        """Compute expected years of the baseline, one after the other, with bars solved on the number of authors."""
        world = make_world(self.data, self.parameters, constants, self.policies, until, 1.0)
        visibility = self.visibility(constants.early_visible, until)
        return expected_years(world, visibility, patterns, ties)

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
        """Compute the step that each unknown should take: damped log-ratios of target to model."""
        constants = self.unpack(x)
        rest = self.walk(constants, LAST_YEAR, patterns, ties)
        walked = list(islice(rest, REFERENCE_YEAR - FIRST_YEAR + 1))
        self.walked = Walked((x.tobytes(), patterns, ties), walked, rest)
        years = {year.year: year for year in walked}
        base, last = years[BASE_YEAR], years[REFERENCE_YEAR]
        damp = self.parameters["nest_dissimilarity"]
        steps: list[Floats] = []
        work = base.shares[0, 2] / base.shares[0, 2].sum()
        origin = base.shares[0, 0] / base.shares[0, 0].sum()
        steps.append(damp * np.log(self.targets.work / work))
        level = math.log(REFERENCE_RESEARCHERS / last.shares[2, 0].sum())
        steps.append(np.log(self.targets.origin / origin) + level)
        errors = [
            np.abs(self.targets.work - work).max(),
            np.abs(self.targets.origin - origin).max(),
        ]
        self.abroad_share = float(constants.abroad_share[self.at[GBR]])
        named, named_errors = self.named_steps(base, last, damp)
        steps.append(named)  # study constants, place effects, British share, corridors
        early = years[REPORT_FROM]
        visible = early.shares[0, 0].sum() / early.eligible
        steps.append(np.array([logit(visible) - logit(constants.early_visible)]))
        steps.append(self.industry_steps(years, damp))
        self.error = max([*errors, *named_errors, abs(level) * 0.1])
        found = np.concatenate(steps)
        if (patterns, ties) == (COARSE_PATTERNS, 1):
            self.cheap = (x.tobytes(), found)
        return found

    def cheap_step(self, x: Floats) -> Floats:
        """Compute a step coarsely, unless it is the last such."""
        if self.cheap is not None and self.cheap[0] == x.tobytes():
            return self.cheap[1]
        return self.step(x, COARSE_PATTERNS, 1)

    def named_steps(self, base: ExpectedYear, last: ExpectedYear, damp: float) -> tuple[Floats, list[float]]:
        """Compute the steps of three study constants, two place effects, the British share and two corridors; their errors.

        A study constant meets its transition, or fills the region with students to MOST_STUDENTS of its work share, whichever
        comes first: where students alone would exceed what works there, the transition is out of reach.
        """
        usa, chn, ind, gbr = (self.at[code] for code in (USA, CHN, IND, GBR))
        china = last.studying[chn] / last.studying[chn].sum()
        india = base.studying[ind] / base.studying[ind].sum()
        elite = last.shares[1, 2] / last.shares[1, 2].sum()
        pairs = [
            self.reachable(usa, self.targets.single[CHINA_IN_US], china[usa], base),
            self.reachable(chn, self.targets.single[CHINA_AT_HOME], china[chn], base),
            self.reachable(ind, self.targets.single[INDIA_IN_INDIA], india[ind], base),
            (self.targets.single[ELITE_US], elite[usa]),
            (self.targets.single[ELITE_CHINA], elite[chn]),
            (self.targets.single[INDIA_IN_US], india[usa]),
            (self.targets.single[CHINA_IN_OTHER_ANGLOPHONE], china[self.others].sum()),
        ]
        remote = [year.remote[gbr] / year.shares[0, 3, gbr] for year in (base, last)]
        wanted = math.log(self.abroad_share * self.targets.british / (0.5 * sum(remote)))
        british = min(wanted, 0.0) - math.log(self.abroad_share)
        gaps = [logit(target) - logit(model) for target, model in pairs]
        steps = [*(damp * gap for gap in gaps[:3]), 0.5 * gaps[3], 0.5 * gaps[4], british, damp * gaps[5], damp * gaps[6]]
        return np.array(steps), [abs(target - model) for target, model in pairs]

    def reachable(self, region: int, target: float, model: float, base: ExpectedYear) -> tuple[float, float]:
        """Choose between a transition and the limit of students in 2019, as (target, model): what asks for fewer students."""
        students = float((base.shares[0, 2, region] - base.shares[0, 4, region]) / base.shares[0, 2].sum())
        limit = MOST_STUDENTS * float(self.targets.work[region])
        if logit(limit) - logit(students) < logit(target) - logit(model):
            return limit, students
        return target, model

    def industry_steps(self, years: Mapping[int, ExpectedYear], damp: float) -> Floats:
        """Compute the steps of the industry constants from first jobs of doctors of the United States and Canada."""
        places = [self.at[USA], self.at["CAN"]]
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


def solve_constants(
    data: Data,
    parameters: Mapping[str, float],
    policies: Policies,
    targets: SolvedTargets,
    report: Callable[[str], None] | None = None,
) -> Constants:
    """Solve the constants of one parameter vector; the solution depends on nothing else, whatever was solved before.

    Parameters
    ----------
    data : the packaged tables.
    parameters : every parameter by name.
    policies : of the baseline scenario under this draw, (51, ...).
    targets : what the expected shares are to meet.
    report : called with a line of progress.

    Returns
    -------
    Constants whose expected shares meet their targets to 0.1 point, or as closely as the vector allows; `error` says it.

    Raises
    ------
    NotSolvedError : a target is missed by more than ACCEPTED; the message gives the largest error.
    """
    problem = Equations(data, parameters, policies, targets)
    start = shipped_start()
    x = first_unknowns(start, parameters, targets.errors)
    mixer = Mixer(start.preconditioner)
    for phase in PHASES:
        x = mix(problem, x, phase, mixer, report)
        mixer.forget_point()
    if problem.error > ACCEPTED:
        raise NotSolvedError(f"constants not solved: the largest error of a share stayed at {problem.error:.4f}")
    return with_bars(problem, x)


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
    visible = np.array([year.shares[0, 0].sum() / max(year.eligible, 1e-9) for year in years])
    return replace(
        problem.unpack(x),
        bar_top20=np.array([year.bar_top20 for year in years]),
        bar_elite=np.array([year.bar_elite for year in years]),
        demand_2019=years[BASE_YEAR + 1 - FIRST_YEAR].demand_index.copy(),
        binding=(visible >= MOST_VISIBLE - 1e-6).astype(np.float64),
        error=problem.error,
    )
