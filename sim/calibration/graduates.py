"""Follows the doctors of one region through expected flows: first jobs, and who is where years later.

Expected flows keep no record of where workers of an age had their degree. The follower holds the doctors of one region in a
pool of their own, which lives through the same years by the same functions as everybody's.
"""

import numpy as np

from sim.engines.expected.jobs import AGES, new_jobs, take_first_jobs
from sim.engines.expected.moves import move_incumbents
from sim.engines.expected.years import Pool, age_workers, new_pool
from sim.model.world import FIRST_YEAR, Floats, Year


class Graduates:
    """Watches expected years (`sim.expected.expected_years`) and counts what becomes of the doctors of a region.

    Parameters
    ----------
    years, regions, attempts : T years watched from 2000 on; R regions; the most attempts at a work visa that anyone has.
    region : id of the region of the degrees, 0..R-1.
    ties : 3, or 1 to treat everyone as of mean home tie, as in the years watched.

    Attributes
    ----------
    students : (T, R, R) students by origin and study region, in people.
    degrees : (T, R, R) new doctors by origin and study region.
    first : (T, R, R) first jobs of the region's new doctors, by origin and place.
    staying, active : (T, T, R) the region's doctors of year t who at the end of year s are still researchers, by [s, t, origin]:
        in the region, anywhere. 0 where the degree is AGES - 1 years old or more, which ages do not tell apart.
    """

    def __init__(self, years: int, regions: int, attempts: int, region: int, ties: int) -> None:
        self.region = region
        self.ties = ties
        self.pool: Pool = new_pool(regions, attempts, ties)
        self.students = np.zeros((years, regions, regions))
        self.degrees = np.zeros((years, regions, regions))
        self.first = np.zeros((years, regions, regions))
        self.staying = np.zeros((years, years, regions))
        self.active = np.zeros((years, years, regions))

    def watch(self, year: int, tables: Year, everyone: Pool, degrees: Floats) -> None:
        """Live one year: the followed move, new doctors take first jobs, all age.

        Parameters
        ----------
        year : calendar year.
        tables : of the year.
        everyone : all people, for the students among them.
        degrees : (R, V, Q, R) new doctors by origin, visa class, talent class and study region.
        """
        t = year - FIRST_YEAR
        self.students[t] = everyone.students.sum(axis=(1, 2, 4))
        self.degrees[t] = degrees.sum(axis=(1, 2))
        own = np.zeros_like(degrees)
        own[..., self.region] = degrees[..., self.region]
        jobs = new_jobs(degrees.shape[0], self.ties)
        self.pool.left[:] -= 1
        move_incumbents(tables, self.pool.workers, self.pool.waiting, self.pool.left, self.pool.studied, jobs)
        take_first_jobs(tables, own, jobs)
        self.first[t] = jobs.first.sum(axis=1)[:, self.region]
        age_workers(tables, self.pool, jobs)
        by_age = self.pool.workers.sum(axis=(1, 2, 3, 5))
        for degree in range(max(0, t - AGES + 2), t + 1):
            self.staying[t, degree] = by_age[:, t - degree, self.region]
            self.active[t, degree] = by_age[:, t - degree].sum(axis=-1)
