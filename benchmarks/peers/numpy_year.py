"""The same model by a good user of numpy: whole columns, masks, one matrix of shocks for those who choose.

It reads the same tables of a year and records the same counts; only the lives of the researchers are numpy's. Those who postpone
draw new shocks, which the model freezes.
"""

from typing import NamedTuple

import numpy as np

from sim.engines.counts import ENTRY, EVERYBODY, EXIT, FIRST_JOB, RELOCATION, Counts, new_counts
from sim.model.indices import as_floats, first_indices, next_indices
from sim.model.population import APPLY, NO_STATUS, OUT, PERMANENT, POST_STUDY, STUDENT, STUDY, TEMPORARY, WORK
from sim.model.world import AGE_FROM, AT_STUDY, AT_WORK, DURATION_FROM, INDUSTRY, STUDY_YEARS, World
from sim.model.year import make_year, new_past

LONGEST = 250
NO_DEGREE = -1


class Crowd:
    """Columns of all who are in research."""

    columns = (
        "origin", "talent", "tie", "visa", "taste", "stage", "study", "place", "employer", "sector", "years", "age", "duration",
        "postponed", "status", "attempts",
    )  # fmt: skip

    def __init__(self) -> None:
        for name in self.columns:
            setattr(self, name, np.zeros(0, dtype=np.int16))
        self.ranks = np.zeros((0, 3))

    def __len__(self) -> int:
        return len(self.origin)

    def enter(self, sizes: np.ndarray, visa_sensitive_share: float, rng: np.random.Generator) -> None:
        """Add a cohort."""
        n = int(sizes.sum())
        new = {name: np.zeros(n, dtype=np.int16) for name in self.columns}
        new["origin"] = np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
        new["talent"] = rng.integers(0, 5, n, dtype=np.int16)
        new["tie"] = rng.integers(0, 3, n, dtype=np.int16)
        new["visa"] = (rng.random(n) < visa_sensitive_share).astype(np.int16)
        new["taste"] = rng.integers(0, 2, n, dtype=np.int16)
        for name in self.columns:
            setattr(self, name, np.concatenate([getattr(self, name), new[name]]))
        self.ranks = np.concatenate([self.ranks, rng.random((n, 3))])

    def keep(self, rows: np.ndarray) -> None:
        """Forget all other rows."""
        for name in self.columns:
            setattr(self, name, getattr(self, name)[rows])
        self.ranks = self.ranks[rows]


class Job(NamedTuple):
    """Where those who chose work."""

    place: np.ndarray
    employer: np.ndarray
    sector: np.ndarray


class NumpyModel:
    """Years of a world.

    Parameters
    ----------
    world : as for the array engine.
    seed : of numpy's generator.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = np.random.default_rng(seed)
        self.people = Crowd()
        self.indices = first_indices(world)
        regions = len(world.anglophone)
        self.nests = np.where(world.anglophone[np.newaxis, :] == 1, 1, 2).repeat(regions, axis=0)
        np.fill_diagonal(self.nests, 0)
        self.past = new_past(world)
        exact = world.cohort / world.people_per_researcher
        self.sizes = (exact + self.rng.random(exact.shape)).astype(np.int64)

    def run(self) -> list[Counts]:
        """Live all years; return their counts."""
        return [self.step(t) for t in range(len(self.sizes))]

    def step(self, t: int) -> Counts:
        """Live one year."""
        self.tables = tables = make_year(self.world, self.indices, t, self.past)
        self.counts = counts = new_counts(len(self.world.anglophone))
        p = self.people
        p.enter(self.sizes[t], self.world.coefficients.visa_sensitive_share, self.rng)
        applying, studying, working = (np.flatnonzero(p.stage == stage) for stage in (APPLY, STUDY, WORK))
        self.apply(applying)
        self.study_on(studying)
        self.work_on(working)
        self.observe()
        p.keep(np.flatnonzero(p.stage != OUT))
        self.indices = next_indices(
            self.world, self.indices, t, tables.sector_weight, as_floats(counts.stars[0]), as_floats(counts.stars[1]),
            as_floats(counts.stock), as_floats(counts.demand),
        )  # fmt: skip
        return counts

    def uniform(self, rows: np.ndarray) -> np.ndarray:
        """Draw a uniform number for each of some researchers."""
        return self.rng.random(len(rows))

    def record(self, flow: int, origin: np.ndarray, here: np.ndarray, there: np.ndarray) -> None:
        """Count moves."""
        regions = len(self.world.anglophone)
        cells = (origin.astype(np.int64) * regions + here) * regions + there
        self.counts.flows[flow] += np.bincount(cells, minlength=regions**3).reshape(regions, regions, regions).astype(np.int32)

    def times(self, origin: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Draw the (N, R) times of a race: Gumbel shocks on the scale of an exponential clock, with a variate per nest."""
        lam = self.tables.dissimilarity
        u = np.pi * self.rng.random((len(origin), 3))
        e = self.rng.standard_exponential((len(origin), 3))
        rest = 1.0 - lam
        stable = (
            np.sin(lam * u) / np.sin(u) ** (1.0 / lam) * (np.sin(rest * u) / e) ** (rest / lam) if lam < 1.0 else np.ones_like(u)
        )
        rate = weights * np.take_along_axis(stable, self.nests[origin], axis=1)
        with np.errstate(divide="ignore"):
            return self.rng.standard_exponential(weights.shape) / rate

    def apply(self, rows: np.ndarray) -> None:
        """Choose graduate regions."""
        p, tables = self.people, self.tables
        o = p.origin[rows]
        times = self.study_times(rows)
        times[p.ranks[rows, 1 + AT_STUDY][:, np.newaxis] < tables.exit_gate[o, :, AT_STUDY]] = np.inf
        region = self.open_region(rows, times)
        goes = region >= 0
        p.postponed[rows[~goes]] = 1
        rows, region = rows[goes], region[goes]
        p.stage[rows] = STUDY
        p.years[rows] = 0
        self.enrol(rows, region)
        self.counts.demand[:] += np.bincount(region, minlength=len(self.counts.demand))
        self.record(ENTRY, p.origin[rows], p.origin[rows], region)

    def study_times(self, rows: np.ndarray) -> np.ndarray:
        """Draw the race among graduate regions."""
        p = self.people
        return self.times(p.origin[rows], self.tables.study_weight[p.origin[rows], p.visa[rows], p.talent[rows]])

    def open_region(self, rows: np.ndarray, times: np.ndarray, may_postpone: bool = True) -> np.ndarray:
        """Find the best region that is open, -1 for those who postpone."""
        p, tables = self.people, self.tables
        o = p.origin[rows]
        each = np.arange(len(rows))
        refused = (p.ranks[rows, 0][:, np.newaxis] < tables.entry_bar[o, :, p.talent[rows], AT_STUDY]) | (
            self.rng.random(times.shape) < tables.student_visa_refusal[o]
        )
        refused[each, o] = False
        times[refused] = np.inf
        region = times.argmin(axis=1)
        chance = tables.border_closure[o]
        if not chance.any():
            return region
        closed = self.rng.random(times.shape) < chance
        closed[each, o] = False
        shut = closed[each, region]
        waits = shut & (p.postponed[rows] == 0) & (self.uniform(rows) < tables.postponement) & may_postpone
        times[closed] = np.inf
        region = times.argmin(axis=1)
        region[waits] = -1
        return region

    def enrol(self, rows: np.ndarray, region: np.ndarray) -> None:
        """Make regions the graduate regions of students."""
        p = self.people
        p.study[rows] = p.place[rows] = p.employer[rows] = region
        p.status[rows] = np.where(self.moves_freely(p.origin[rows], region), NO_STATUS, STUDENT)

    def moves_freely(self, origin: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Tell who needs no status."""
        return (origin == place) | (self.tables.mobility_area[origin, place] >= 1.0)

    def study_on(self, rows: np.ndarray) -> None:
        """Graduate, lose the status, or drop out."""
        p, tables = self.people, self.tables
        p.years[rows] += 1
        done = self.uniform(rows) < tables.graduation[p.study[rows], np.minimum(p.years[rows], STUDY_YEARS - 1)]
        self.first_job(rows[done])
        rows = rows[~done]
        o, g = p.origin[rows], p.study[rows]
        p.status[rows] = status = self.updated_status(rows, p.status[rows], g, np.zeros(len(rows), dtype=np.int64))
        lost = self.is_lost(rows, status, tables.forced_exit[o, g, AT_STUDY])
        if lost.any():
            movers = rows[lost]
            times = self.study_times(movers)
            times[np.arange(len(movers)), g[lost]] = np.inf
            self.enrol(movers, self.open_region(movers, times, may_postpone=False))
            self.record(RELOCATION, o[lost], g[lost], p.study[movers])
        self.leave(rows, tables.attrition_rate)

    def first_job(self, rows: np.ndarray) -> None:
        """Take the first job."""
        p, tables = self.people, self.tables
        o, g = p.origin[rows], p.study[rows]
        each = np.arange(len(rows))
        weights = tables.job_weight[o, p.visa[rows], p.talent[rows], p.taste[rows]]
        weights[each, o] *= tables.home_factor[o, p.talent[rows], p.tie[rows], 0]
        weights[each, g] *= tables.study_pull * self.pulls("arrived", rows, g) * self.pulls("degree_pull", rows, g)
        weights[self.shut(rows, g)] = 0.0
        job = self.settle(rows, self.times(o, weights), o, g)
        p.stage[rows] = WORK
        self.place_at(rows, job)
        stays = (job.place == g) & (job.sector == INDUSTRY) & (tables.post_study_attempts[job.place] >= 1)
        stays &= ~self.moves_freely(o, job.place)
        direct = self.uniform(rows) < tables.direct[o, p.talent[rows], job.place]
        post_study = stays & ~direct
        p.status[rows] = np.where(post_study, POST_STUDY, np.where(self.moves_freely(o, job.place), NO_STATUS, TEMPORARY))
        p.attempts[rows] = np.where(post_study, tables.post_study_attempts[job.place], 0)
        self.record(FIRST_JOB, o, g, job.place)

    def pulls(self, name: str, rows: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Look up what a place is worth to those who are there, or whose degree is from there."""
        p = self.people
        table: np.ndarray = getattr(self.tables.own, name)
        return table[p.origin[rows], p.visa[rows], place]

    def shut(self, rows: np.ndarray, here: np.ndarray) -> np.ndarray:
        """Tell which places of work a gate or a bar closes to whom, (N, R)."""
        p, tables = self.people, self.tables
        o, each = p.origin[rows], np.arange(len(rows))
        closed = p.ranks[rows, 0][:, np.newaxis] < tables.entry_bar[o, :, p.talent[rows], AT_WORK]
        closed |= (here == o)[:, np.newaxis] & (p.ranks[rows, 1 + AT_WORK][:, np.newaxis] < tables.exit_gate[o, :, AT_WORK])
        closed[each, o] = closed[each, here] = False
        return closed

    def place_at(self, rows: np.ndarray, job: Job) -> None:
        """Write jobs."""
        p = self.people
        p.place[rows], p.employer[rows], p.sector[rows] = job

    def settle(self, rows: np.ndarray, times: np.ndarray, fallback: np.ndarray, study: np.ndarray) -> Job:
        """Take the best job that is authorised, after at most two refusals; else the one at the fallback."""
        p, tables = self.people, self.tables
        each = np.arange(len(rows))
        one, sector_one, granted_one = self.ask(rows, times, fallback, study)
        times[each[~granted_one], one[~granted_one]] = np.inf
        two, sector_two, granted_two = self.ask(rows, times, fallback, study)
        home = (self.uniform(rows) < tables.industry_share[p.origin[rows], p.visa[rows], p.taste[rows], fallback]).astype(int)
        place = np.where(granted_one, one, np.where(granted_two, two, fallback))
        sector = np.where(granted_one, sector_one, np.where(granted_two, sector_two, home))
        abroad = (sector == INDUSTRY) & (self.uniform(rows) < tables.abroad_share[place])
        employer = np.where(abroad, tables.abroad_region[place], place)
        kept = ~granted_one & granted_two & (sector_one == INDUSTRY) & (self.uniform(rows) < tables.offshoring[one])
        return Job(place, np.where(kept, one, employer), np.where(kept, INDUSTRY, sector))

    def ask(
        self, rows: np.ndarray, times: np.ndarray, fallback: np.ndarray, study: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Apply at the best place: place, sector, granted."""
        p, tables = self.people, self.tables
        o, talent = p.origin[rows], p.talent[rows]
        j = times.argmin(axis=1)
        sector = (self.uniform(rows) < tables.industry_share[o, p.visa[rows], p.taste[rows], j]).astype(int)
        direct = (j == fallback) | ((sector == INDUSTRY) & (j == study) & (tables.post_study_attempts[j] >= 1))
        return j, sector, direct | (self.uniform(rows) < tables.authorised[o, talent, j, sector])

    def updated_status(self, rows: np.ndarray, status: np.ndarray, place: np.ndarray, duration: np.ndarray) -> np.ndarray:
        """Apply this year's rules to statuses."""
        o = self.people.origin[rows]
        needed = (status != NO_STATUS) & (status != PERMANENT)
        free = needed & self.moves_freely(o, place)
        degree = (self.people.study[rows] != place).astype(int)
        over = needed & ~free & (status == TEMPORARY) & (self.tables.settled[o, place, degree, duration] == 1)
        return np.where(free, NO_STATUS, np.where(over, PERMANENT, status))

    def is_lost(self, rows: np.ndarray, status: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """Tell whose status is ended by a forced exit."""
        return (status != NO_STATUS) & (status != PERMANENT) & (self.uniform(rows) < chance)

    def work_on(self, rows: np.ndarray) -> None:
        """Live a year of work: status, opportunity, exit, a year older."""
        p, tables = self.people, self.tables
        o, here, age = p.origin[rows], p.place[rows], p.age[rows]
        x = np.searchsorted(AGE_FROM, age, side="right") - 1
        d = np.searchsorted(DURATION_FROM, p.duration[rows], side="right") - 1
        status = self.updated_status(rows, p.status[rows], here, d)
        trying = status == POST_STUDY
        attempts = np.where(trying, p.attempts[rows] - 1, 0)
        wins = trying & (self.uniform(rows) < tables.work_visa_odds[here])
        status = np.where(wins, TEMPORARY, status)
        status = self.updated_status(rows, status, here, d)
        ended = trying & ~wins & (attempts <= 0)
        lost = ended | self.is_lost(rows, status, tables.forced_exit[o, here, AT_WORK])
        p.attempts[rows] = np.where(status == POST_STUDY, np.maximum(attempts, 0), 0)
        p.status[rows] = status
        chance = self.uniform(rows) < tables.relocation[o, here, (p.study[rows] != here).astype(int), x, d]
        moved = np.zeros(len(rows), dtype=bool)
        for who, is_forced in ((lost, True), (~lost & chance, False)):
            at = np.flatnonzero(who)
            if len(at):
                moved[at] = self.move(rows[at], x[at], d[at], is_forced)
        p.age[rows] = np.minimum(age + 1, LONGEST)
        p.duration[rows] = np.where(moved, 0, np.minimum(p.duration[rows] + 1, LONGEST))
        self.leave(rows, tables.exit_rate)

    def move(self, rows: np.ndarray, x: np.ndarray, d: np.ndarray, is_forced: bool) -> np.ndarray:
        """Choose again; returns who moved."""
        p, tables = self.people, self.tables
        o, here = p.origin[rows], p.place[rows].copy()
        each = np.arange(len(rows))
        weights = tables.job_weight[o, p.visa[rows], p.talent[rows], p.taste[rows]]
        away = np.where((here == o) & ~is_forced, 0, 1 + x)
        weights[each, o] *= tables.home_factor[o, p.talent[rows], p.tie[rows], away]
        weights[each, p.study[rows]] *= self.pulls("degree_pull", rows, p.study[rows])
        weights[each, here] *= 0.0 if is_forced else tables.stay_pull[d] * self.pulls("arrived", rows, here)
        weights[self.shut(rows, here)] = 0.0
        job = self.settle(rows, self.times(o, weights), o if is_forced else here, np.full(len(rows), NO_DEGREE))
        if is_forced:
            kept = (p.sector[rows] == INDUSTRY) & (self.uniform(rows) < tables.offshoring[here])
            job = Job(job.place, np.where(kept, p.employer[rows], job.employer), np.where(kept, INDUSTRY, job.sector))
        moved = job.place != here
        goers = rows[moved]
        self.place_at(goers, Job(*(column[moved] for column in job)))
        p.status[goers] = np.where(self.moves_freely(o[moved], job.place[moved]), NO_STATUS, TEMPORARY)
        p.attempts[goers] = 0
        self.record(RELOCATION, o[moved], here[moved], job.place[moved])
        return moved

    def leave(self, rows: np.ndarray, rate: float) -> None:
        """Drop out of study, or leave research."""
        p = self.people
        gone = rows[self.uniform(rows) < rate]
        p.stage[gone] = OUT
        self.record(EXIT, p.origin[gone], p.place[gone], p.place[gone])

    def observe(self) -> None:
        """Count who is active, visible, and of the elite."""
        p, tables, counts = self.people, self.tables, self.counts
        regions = len(self.world.anglophone)
        rows = np.flatnonzero((p.stage == STUDY) | (p.stage == WORK))
        o, place, is_worker = p.origin[rows], p.place[rows], p.stage[rows] == WORK
        counts.stock[:] = np.bincount(o.astype(np.int64) * regions + place, minlength=regions**2).reshape(regions, regions)
        self.tally(EVERYBODY, rows)
        able = is_worker | (p.years[rows] >= 1)
        counts.eligible[0] = able.sum()
        rows, place, is_worker = rows[able], place[able], is_worker[able]
        profile = np.where(is_worker, np.searchsorted(AGE_FROM, p.age[rows], side="right"), 0)
        draw = self.uniform(rows)
        visible = draw < tables.visible[place, p.talent[rows], profile]
        elite = visible & (draw < tables.elite[place, p.talent[rows], profile])
        counts.stars[0] = np.bincount(place[visible], minlength=regions)
        counts.stars[1] = np.bincount(place[elite], minlength=regions)
        seen = self.uniform(rows) < tables.participation[place]
        self.tally(0, rows[visible & seen])
        self.tally(1, rows[elite & seen])
        workers = rows[visible & seen & is_worker]
        cells = (p.origin[workers].astype(np.int64) * regions + p.study[workers]) * regions + p.employer[workers]
        counts.careers[:] = np.bincount(cells, minlength=regions**3).reshape(regions, regions, regions)

    def tally(self, tier: int, rows: np.ndarray) -> None:
        """Add researchers to the counts of a tier."""
        p, regions = self.people, len(self.world.anglophone)
        workers = rows[p.stage[rows] == WORK]
        columns = (p.origin[rows], p.study[rows], p.employer[rows], p.place[rows], p.employer[workers])
        for axis, column in enumerate(columns):
            self.counts.shares[tier, axis] = np.bincount(column, minlength=regions)
