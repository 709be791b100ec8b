"""Expected flows by group: the year of the engines with the same tables, closed forms instead of draws, and no rows.

It serves the solving of constants and checks what the engines share. Groups: origin, visa class, talent class, home tie,
then study region and year, or academic age, duration and place. Sector taste is averaged over after the first job. Two
compositions of the workers at a place (where they studied, whose employer) move with them in proportion.
"""

import math
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

import numpy as np

from sim.engines.expected.jobs import AGES, Jobs, new_jobs, take_first_jobs
from sim.engines.expected.moves import move_incumbents
from sim.engines.expected.study import TRANSFER_PATTERNS, choose_regions, enter_late, mask_patterns, study_on, transfer_shares
from sim.model.choice.compiled import compiled, inlined
from sim.model.indices import first_indices, next_indices
from sim.model.population import age_class
from sim.model.study import CONGESTION_FROM
from sim.model.world import (
    AT_STUDY,
    FIRST_YEAR,
    PROFILES,
    REFERENCE_YEAR,
    STUDY_YEARS,
    TALENT_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    YEARS_BEFORE,
    Floats,
    Integers,
    World,
    Year,
)
from sim.model.year import fill_visibility, make_year, new_past, output_means

DURATIONS = 5  # never moved (duration = age), then 0, 1-2, 3-5, 6+ years after a move
ELITE_SHARE = 0.1  # of the visible
MOST_VISIBLE = 0.95  # of the eligible
HIGHEST_BAR = 20.0  # output, far above anyone's
BAR_STEP = 0.1  # in which a bar is looked for around that of the year before, at first
BAR_TOLERANCE = 1e-13


class Pool(NamedTuple):
    """Expected numbers of people by group."""

    postponed: Floats  # (R, V, Q, R) by the region wanted
    students: Floats  # (R, V, Q, R, STUDY_YEARS)
    workers: Floats  # (R, V, Q, H, AGES, DURATIONS, R)
    studied: Floats  # (R, Q, R, R) workers by place and study region
    employers: Floats  # (R, Q, R, R) workers by place and headquarters region
    waiting: Floats  # (R, V, Q, H, A, R) workers on post-study status by years since the degree; they never moved
    left: Integers  # (A, R) attempts that those have left, which is the same for everyone of an age at a place


class Visibility(NamedTuple):
    """How many are visible in a year: a count, or a share of the eligible; or the world's own bars."""

    people: float  # or nan
    share: float  # of the eligible, or nan
    trend: float  # logits added to the share of REFERENCE_YEAR, where count and share are nan


class ExpectedYear(NamedTuple):
    """Expected numbers at one year's end, in people; shares, careers, studying and remote are nan where they are not counted."""

    year: int
    shares: Floats  # (3 tiers, 5 axes, R)
    careers: Floats  # (R, R, R) visible workers by origin, study region, headquarters
    studying: Floats  # (R, R) visible of an origin by study region, students included
    demand: Floats  # (R,) entrants by study region
    entry: Floats  # (R, R) entrants by origin and study region
    industry_entry: Floats  # (R, 2) new doctors by study region: all, into industry
    remote: Floats  # (R,) visible workers by place whose employer's headquarters is elsewhere
    eligible: float
    visible: float  # of the eligible, and observed
    bar_top20: float
    bar_elite: float
    demand_index: Floats  # (R,) smoothed demand that this year read


ALL_YEARS: Container[int] = range(FIRST_YEAR, 10_000)  # toy worlds go on for centuries
Watch = Callable[[int, Year, Pool, Floats], None]
"""Called every year with the year, its tables, the pool before it ages and the (R, V, Q, R) new doctors; changes none of them."""


def nobody_watches(year: int, tables: Year, pool: Pool, degrees: Floats) -> None:
    """Look at nothing."""


def new_pool(regions: int, attempts: int = 1, ties: int = TIE_CLASSES) -> Pool:
    """Make an empty pool of R regions; attempts: the most that a graduate ever has; ties: 1 if all are of the middle one."""
    return Pool(
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, regions)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, regions, STUDY_YEARS)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, ties, AGES, DURATIONS, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, ties, max(attempts, 1), regions)),
        np.zeros((max(attempts, 1), regions), dtype=np.int64),
    )


@compiled
def eligible_people(pool: Pool) -> tuple[Floats, Floats]:
    """Count (R, Q, PROFILES, R) people who can be visible and (R, R) all active, by place."""
    regions, visas, talents, ties, ages, durations, places = pool.workers.shape
    eligible = np.zeros((regions, talents, PROFILES, places))
    active = np.zeros((regions, places))
    for o in range(regions):
        for q in range(talents):
            for v in range(visas):
                for g in range(places):
                    active[o, g] += pool.students[o, v, q, g, 0]
                    for y in range(1, pool.students.shape[4]):
                        eligible[o, q, 0, g] += pool.students[o, v, q, g, y]
                for h in range(ties):
                    for x in range(ages):
                        for d in range(durations):
                            for place in range(places):
                                eligible[o, q, 1 + age_class(x), place] += pool.workers[o, v, q, h, x, d, place]
            for profile in range(PROFILES):
                for place in range(places):
                    active[o, place] += eligible[o, q, profile, place]
    return eligible, active


@compiled
def visible_people(means: Floats, noise: float, bar: float, eligible: Floats, chance: Floats) -> float:
    """Count the visible among (Q, PROFILES, R) eligible people at a bar; fills `chance` (R, Q, PROFILES) with it."""
    fill_visibility(means, noise, bar, chance)
    total = 0.0
    for q in range(eligible.shape[0]):
        for profile in range(eligible.shape[1]):
            for place in range(eligible.shape[2]):
                total += eligible[q, profile, place] * chance[place, q, profile]
    return total


def solve_bar(means: Floats, noise: float, eligible: Floats, target: float, near: float, chance: Floats) -> float:
    """Find the bar that leaves `target` of the (Q, PROFILES, R) eligible visible; fills `chance` (R, Q, PROFILES) with it.

    Their output has (R, Q, PROFILES) `means` and one noise. The bar is looked for around `near`, the bar of the year before. The
    lowest bar stands where even that leaves no more than the target.
    """
    from scipy.optimize import brentq  # imported late: it takes longer to import than a scenario file to check

    def surplus(bar: float) -> float:
        return visible_people(means, noise, bar, eligible, chance) - target

    low, high, width = max(near - BAR_STEP, -HIGHEST_BAR), near + BAR_STEP, BAR_STEP
    while surplus(low) <= 0.0:
        if low <= -HIGHEST_BAR:
            return -HIGHEST_BAR
        low, high, width = max(low - 2.0 * width, -HIGHEST_BAR), low, 2.0 * width
    while surplus(high) > 0.0:
        low, high, width = high, min(high + 2.0 * width, HIGHEST_BAR), 2.0 * width
    bar = float(brentq(surplus, low, high, xtol=BAR_TOLERANCE, rtol=BAR_TOLERANCE))
    surplus(bar)
    return bar


def solve_bars(
    world: World, pull: Floats, eligible: Floats, target: float, before: list[float], chances: list[Floats]
) -> list[float]:  # fmt: skip
    """Find the bars of both tiers, see `solve_bar`; before, chances : by tier."""
    wanted = (target, ELITE_SHARE * target)
    means, noise = output_means(world, pull), world.coefficients.visibility_noise
    return [solve_bar(means, noise, eligible, wanted[k], before[k], chances[k]) for k in range(len(wanted))]


@compiled
def visible_by_place(eligible: Floats, chance: Floats) -> Floats:
    """Count (R,) visible people by place, observed or not."""
    people = np.zeros(eligible.shape[3])
    for o in range(eligible.shape[0]):
        for q in range(eligible.shape[1]):
            for place in range(eligible.shape[3]):
                workers = 0.0
                for profile in range(1, PROFILES):
                    workers += eligible[o, q, profile, place] * chance[place, q, profile]
                people[place] += eligible[o, q, 0, place] * chance[place, q, 0] + workers
    return people


@compiled
def tier_shares(pool: Pool, eligible: Floats, chance: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Count one tier: (5, R) axes, (R, R, R) careers, (R, R) by origin and study region, (R,) remote workers by place."""
    regions = eligible.shape[0]
    axes = np.zeros((5, regions))
    by_employer = np.zeros((regions, regions, regions))  # origin, headquarters, study region
    studying = np.zeros((regions, regions))
    remote = np.zeros(regions)
    studied = np.empty(regions)
    for o in range(regions):
        for q in range(eligible.shape[1]):
            for place in range(regions):
                students = eligible[o, q, 0, place] * chance[place, q, 0]
                workers = 0.0
                for profile in range(1, PROFILES):
                    workers += eligible[o, q, profile, place] * chance[place, q, profile]
                axes[0, o] += students + workers
                axes[2, place] += students
                axes[3, place] += students + workers
                studying[o, place] += students
                everyone = pool.studied[o, q, place].sum()
                if everyone <= 0.0 or workers <= 0.0:
                    continue
                for g in range(regions):
                    studied[g] = workers / everyone * pool.studied[o, q, place, g]
                    studying[o, g] += studied[g]
                for employer in range(regions):
                    part = pool.employers[o, q, place, employer] / everyone
                    if part > 0.0:
                        axes[4, employer] += workers * part
                        if employer != place:
                            remote[place] += workers * part
                        for g in range(regions):
                            by_employer[o, employer, g] += part * studied[g]
    axes[1] = studying.sum(axis=0)
    axes[2] += axes[4]
    return axes, by_employer.transpose((0, 2, 1)), studying, remote


@compiled
def age_workers(tables: Year, pool: Pool, jobs: Jobs, ages: int = AGES) -> None:
    """Let incumbents, of whom none is beyond `ages`, leave and age, then add movers and new doctors, in place."""
    stay = 1.0 - tables.exit_rate
    regions, visas, talents, ties = pool.workers.shape[:4]
    for o in range(regions):
        for v in range(visas):
            for q in range(talents):
                for h in range(ties):
                    age_group(stay, pool.workers[o, v, q, h], jobs.moved[o, v, q, h], jobs.started[o, v, q, h], ages)
    for x in range(pool.left.shape[0] - 1, 0, -1):
        pool.waiting[:, :, :, :, x] = pool.waiting[:, :, :, :, x - 1] * stay
        pool.left[x] = pool.left[x - 1]
    pool.waiting[:, :, :, :, 0] = jobs.waiting
    pool.left[0] = tables.post_study_attempts
    flow_compositions(tables, pool, jobs)


@inlined
def age_group(stay: float, workers: Floats, moved: Floats, started: Floats, ages: int) -> None:
    """Age (AGES, DURATIONS, R) workers of one group in place, the oldest first, as the last age keeps its own."""
    last = workers.shape[0] - 1
    for x in range(ages - 1, -1, -1):
        older = min(x + 1, last)
        kept = 1.0 if x < older == last else 0.0  # those of the last age have aged already
        now, then, movers = workers[x], workers[older], moved[x]
        for place in range(started.shape[0]):  # one loop a duration, the longest first: quicker than one for all
            then[4, place] = kept * then[4, place] + (now[3, place] / 3 + now[4, place]) * stay
        for place in range(started.shape[0]):
            then[3, place] = kept * then[3, place] + (0.5 * now[2, place] + now[3, place] * 2 / 3) * stay
        for place in range(started.shape[0]):
            then[2, place] = kept * then[2, place] + (now[1, place] + 0.5 * now[2, place]) * stay
        for place in range(started.shape[0]):
            then[1, place] = kept * then[1, place] + movers[place] * stay
        for place in range(started.shape[0]):
            then[0, place] = kept * then[0, place] + now[0, place] * stay
    for place in range(started.shape[0]):
        workers[0, 0, place] = started[place]
        for d in range(1, workers.shape[1]):
            workers[0, d, place] = 0.0


@compiled
def expel(tables: Year, pool: Pool, expelled: Floats, o: int, q: int) -> None:
    """Take (R from, R to) people who lose a post-study status out of the compositions: their degree is from the place."""
    for place in range(expelled.shape[0]):
        out = expelled[place].sum()
        pool.studied[o, q, place, place] = max(0.0, pool.studied[o, q, place, place] - out)
        abroad = out * tables.abroad_share[place]
        for k, people in ((place, out - abroad), (tables.abroad_region[place], abroad)):
            pool.employers[o, q, place, k] = max(0.0, pool.employers[o, q, place, k] - people)


@compiled
def flow_compositions(tables: Year, pool: Pool, jobs: Jobs) -> None:
    """Move where workers studied and whose employees they are along with the workers, in place."""
    stay = 1.0 - tables.exit_rate
    for o in range(pool.studied.shape[0]):
        for q in range(pool.studied.shape[1]):
            expel(tables, pool, jobs.expelled[o, q], o, q)
            studied, employers = pool.studied[o, q], pool.employers[o, q]
            move_studied(studied, employers, jobs.moves[o, q])
            for place in range(studied.shape[0]):
                for k in range(studied.shape[0]):
                    studied[place, k] += jobs.expelled[o, q, k, place]
                    studied[place, k] = studied[place, k] * stay + jobs.first[o, q, k, place]
                    moved = employers[place, k] + jobs.moved_employers[o, q, place, k]
                    employers[place, k] = moved * stay + jobs.employers[o, q, place, k]


@compiled
def move_studied(studied: Floats, employers: Floats, moves: Floats) -> None:
    """Let (R, R) movers of an origin and talent take along where they studied, and leave their employers, in place."""
    regions = studied.shape[0]
    before = studied.copy()
    moving = np.zeros((regions, regions))  # part of those at a place who move to each other one
    for place in range(regions):
        total, out = 0.0, 0.0
        for k in range(regions):
            total += before[place, k]
            out += moves[place, k]
        kept = max(0.0, 1.0 - out / total) if total > 0.0 else 0.0
        for k in range(regions):
            studied[place, k] *= kept
            employers[place, k] *= kept
            moving[place, k] = moves[place, k] / total if total > 0.0 else 0.0
    for place in range(regions):
        row = studied[place]
        for source in range(regions):
            part = moving[source, place]
            if part > 0.0:
                for k in range(regions):
                    row[k] += part * before[source, k]


def expected_years(
    world: World, visibility: list[Visibility] | None = None, patterns: int = 256, ties: int = TIE_CLASSES,
    watch: Watch = nobody_watches, counted: Container[int] = ALL_YEARS,
) -> Iterator[ExpectedYear]:  # fmt: skip
    """Compute expected numbers year after year.

    Parameters
    ----------
    world : see `sim.world`; its people_per_researcher must be 1.
    visibility : per year, how many are visible: bars and the demand of 2019 are then solved; None: the world's own.
    patterns : 2 to the number of regions of an origin that are open or closed in turn, see `masked_shares`.
    ties : 3, or 1 to treat everyone as of mean home tie (faster, for the first steps of a solution).
    watch : called in every year when the new doctors have their first jobs.
    counted : years of which shares are counted; the others take less time.

    Yields
    ------
    One year's expected numbers.
    """
    regions = world.anglophone.shape[0]
    pool = new_pool(regions, int(world.levers.post_study_attempts.max()), ties)
    indices = first_indices(world)
    masks, uncounted = mask_patterns(TRANSFER_PATTERNS, regions), no_shares(regions)
    most = patterns.bit_length() - 1
    reference, bars = math.nan, [0.0, 0.0]
    past = new_past(world)
    choices: list[Floats] = []
    for t in range(world.cohort.shape[0]):
        if visibility is not None and t == CONGESTION_FROM:
            world = world._replace(demand_2019=indices.demand)  # nothing reads it before
        tables = make_year(world, indices, t, past)
        gates = world.levers.exit_gate[max(t - 1, 0), :, :, AT_STUDY]
        begun, come = enter_students(tables, pool, world.cohort[t], most, gates, choices)
        chosen = begun + come
        degrees = study_on(tables, pool.students, begun, come, transfer_shares(tables, masks))
        jobs = new_jobs(regions, ties)
        pool.left[:] -= 1
        move_incumbents(tables, pool.workers, pool.waiting, pool.left, pool.studied, jobs, min(t, AGES))
        take_first_jobs(tables, degrees, jobs)
        watch(FIRST_YEAR + t, tables, pool, degrees)
        age_workers(tables, pool, jobs, min(t, AGES))  # nobody has a degree from before the first year
        eligible, active = eligible_people(pool)
        chances = [tables.visible, tables.elite]
        total = float(eligible.sum())
        if visibility is None:
            bars = [float(world.bar_top20[t]), float(world.bar_elite[t])]
        else:
            target = visible_target(visibility[t], total, reference)
            if FIRST_YEAR + t == REFERENCE_YEAR:
                reference = target / total
            taking_part = eligible.sum(axis=0) * tables.participation
            bars = solve_bars(world, indices.pull, taking_part, target, bars, chances)
        top, elite = (visible_by_place(eligible, chance) for chance in chances)
        shares, careers, studying, remote = all_shares(pool, eligible, active, tables) if FIRST_YEAR + t in counted else uncounted
        demand = chosen.sum(axis=(0, 1, 2))
        yield ExpectedYear(
            FIRST_YEAR + t, shares, careers, studying, demand, chosen.sum(axis=(1, 2)), jobs.industry_entry,
            remote, total, float((top * tables.participation).sum()), bars[0], bars[1], indices.demand,
        )  # fmt: skip
        indices = next_indices(world, indices, t, tables.sector_weight, top, elite, active, demand)


def enter_students(
    tables: Year, pool: Pool, cohort: Floats, most: int, gates: Floats, choices: list[Floats]
) -> tuple[Floats, Floats]:  # fmt: skip
    """Let a cohort choose; returns who begins to study and who comes late, (R, V, Q, R) each.

    choices: what those who began in the years before chose; this year's are added.
    """
    late = cohort * tables.late_entry
    begun, pool.postponed[:], settled = choose_regions(tables, pool.postponed, cohort - late, most, gates)
    choices.append(settled)
    return begun, enter_late(tables, late, choices[max(len(choices) - 1 - YEARS_BEFORE, 0)])


def all_shares(pool: Pool, eligible: Floats, active: Floats, tables: Year) -> tuple[Floats, Floats, Floats, Floats]:
    """Count all tiers, (3, 5, R); of the top 20 % also what `tier_shares` counts besides."""
    shares = np.zeros((3, 5, active.shape[0]))
    top, elite = (chance * tables.participation[:, np.newaxis, np.newaxis] for chance in (tables.visible, tables.elite))
    shares[0], careers, studying, remote = tier_shares(pool, eligible, top)
    shares[1], _, _, _ = tier_shares(pool, eligible, elite)
    shares[2, 0] = active.sum(axis=1)
    shares[2, 3] = active.sum(axis=0)
    return shares, careers, studying, remote


def no_shares(regions: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Make what stands for the results of `all_shares` where they are not counted."""
    square, cube = (regions, regions), (regions, regions, regions)
    return np.full((3, 5, regions), math.nan), np.full(cube, math.nan), np.full(square, math.nan), np.full(regions, math.nan)


def visible_target(visibility: Visibility, eligible: float, reference: float) -> float:
    """Turn a year's visibility into people, at most MOST_VISIBLE of the eligible; `reference`: share of 2022."""
    most = MOST_VISIBLE * eligible
    if not math.isnan(visibility.people):
        return min(visibility.people, most)
    if not math.isnan(visibility.share):
        return min(visibility.share * eligible, most)
    odds = reference / (1.0 - reference) * math.exp(visibility.trend)
    return min(odds / (1.0 + odds) * eligible, most)
