"""The same model on Starsim: its agents, states and loop, with the year of the numpy peer as its module.

Every event of a researcher has a distribution of its own that draws by agent, as Starsim does to keep random numbers common to
scenarios; matrices of shocks are drawn at once.

    python benchmarks/peers/starsim_year.py WORLD.pickle SEED REPETITIONS

runs in an environment that has Starsim, numba and numpy, and prints one JSON object.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import starsim as ss

from benchmarks.peers.apart import print_measurement
from benchmarks.peers.numpy_year import Crowd, NumpyModel
from sim.model.population import OUT
from sim.model.world import World

EVENTS = 48
"""More than there are in a year."""


class Draws:
    """Starsim's uniform numbers behind the methods of numpy's generator."""

    def __init__(self, dist: ss.Dist) -> None:
        self.dist = dist

    def random(self, shape: int | tuple[int, ...]) -> np.ndarray:
        """Draw uniform numbers."""
        return np.asarray(self.dist.rvs(int(np.prod(shape)))).reshape(shape)

    def standard_exponential(self, shape: int | tuple[int, ...]) -> np.ndarray:
        """Draw exponential numbers."""
        return -np.log1p(-self.random(shape))

    def integers(self, low: int, high: int, size: int, dtype: type) -> np.ndarray:
        """Draw whole numbers."""
        return (low + self.random(size) * (high - low)).astype(dtype)


class Researchers(ss.Module, NumpyModel):
    """The model as a module: states in Starsim's arrays, entry and exit through its people."""

    def __init__(self, world: World, seed: int) -> None:
        ss.Module.__init__(self)
        NumpyModel.__init__(self, world, seed)
        self.define_pars(shock=ss.random(strict=False), **{f"event_{k}": ss.random() for k in range(EVENTS)})
        self.define_states(*(ss.IntArr(name, default=0) for name in Crowd.columns), *(ss.FloatArr(f"rank_{k}") for k in range(3)))
        self.people_counts = []

    def init_post(self) -> None:
        """Begin with nobody: the agents that Starsim needs to start with are out at once."""
        super().init_post()
        self.rng = Draws(self.pars.shock)
        self.people = View(self)
        self.stage[self.sim.people.auids] = OUT

    def uniform(self, rows: np.ndarray) -> np.ndarray:
        """Draw by agent, from the distribution of the next event of the year."""
        self.event += 1
        return np.asarray(self.pars[f"event_{self.event}"].rvs(ss.uids(rows)))

    def step(self) -> None:
        """Live one year."""
        self.event = -1
        self.people_counts.append(NumpyModel.step(self, self.ti))


class View(Crowd):
    """The columns of the numpy peer over Starsim's states."""

    def __init__(self, module: Researchers) -> None:
        self.module = module
        for name in self.columns:
            setattr(self, name, Column(module, getattr(module, name)))
        self.ranks = Ranks([getattr(module, f"rank_{k}") for k in range(3)])

    def __len__(self) -> int:
        return len(self.module.sim.people)

    def enter(self, sizes: np.ndarray, visa_sensitive_share: float, rng: Draws) -> None:
        """Add a cohort as new agents."""
        n = int(sizes.sum())
        uids = self.module.sim.people.grow(n)
        self.origin[uids] = np.repeat(np.arange(len(sizes)), sizes)
        self.talent[uids] = rng.integers(0, 5, n, int)
        self.tie[uids] = rng.integers(0, 3, n, int)
        self.visa[uids] = (rng.random(n) < visa_sensitive_share).astype(int)
        self.taste[uids] = rng.integers(0, 2, n, int)
        for k in range(3):
            self.ranks.states[k][uids] = rng.random(n)

    def keep(self, rows: np.ndarray) -> None:
        """Let the others leave Starsim's people."""
        self.module.sim.people.request_death((self.module.stage == OUT).uids)


class Column:
    """One state by agent."""

    def __init__(self, module: Researchers, state: ss.Arr) -> None:
        self.module = module
        self.state = state

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self.state.raw[rows]

    def __setitem__(self, rows: np.ndarray, values: object) -> None:
        self.state.raw[rows] = values

    def __eq__(self, value: object) -> np.ndarray:  # type: ignore[override]
        return np.isin(np.arange(self.state.len_used), (self.state == value).uids)

    def __ne__(self, value: object) -> np.ndarray:  # type: ignore[override]
        return ~(self == value)


class Ranks:
    """Three fixed ranks by agent."""

    def __init__(self, states: list[ss.Arr]) -> None:
        self.states = states

    def __getitem__(self, at: tuple[np.ndarray, int]) -> np.ndarray:
        rows, k = at
        return self.states[k].raw[rows]


def run_once(world: World, seed: int) -> tuple[float, list]:
    """Run all years; return the seconds of the years and their counts."""
    module = Researchers(world, seed)
    sim = ss.Sim(
        n_agents=1,
        modules=[module],
        start=2000,
        dur=len(world.cohort) - 1,
        dt=ss.year,
        rand_seed=seed,
        verbose=0,
        copy_inputs=False,
    )
    sim.init()
    start = time.perf_counter()
    sim.run()
    return time.perf_counter() - start, module.people_counts


if __name__ == "__main__":
    print_measurement(run_once, ss.__version__)
