"""The same model on mesa-frames: its model and its set of agents in a Polars frame, with the year of the numpy peer as its step.

Researchers enter by `add` and leave by `remove`. Columns are read where Polars keeps them and written whole by `with_columns`:
setting some rows through the set of agents (`agents[ids, name] = values`) joins the entire frame anew each time. Random numbers
are the numpy peer's, so that both must record the same counts.

    python benchmarks/peers/frames_year.py WORLD.pickle SEED REPETITIONS

runs in an environment that has mesa-frames, numba and numpy, and prints one JSON object.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["TALENTSIM_CACHE"] = str(Path(sys.prefix) / "cache")  # this numpy is older than the package's: compiled code apart

import mesa_frames
import numpy as np
import polars as pl

from benchmarks.peers.apart import print_measurement
from benchmarks.peers.numpy_year import Crowd, NumpyModel
from sim.model.population import OUT
from sim.model.world import World


class Model(mesa_frames.ModelDF):
    """The model: a set of agents, and the years that they have lived."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(seed)
        self.counts = []
        self.agents += Researchers(self, NumpyModel(world, seed))

    def run_model(self, years: int) -> None:
        """Live some years."""
        for _ in range(years):
            self.step()


class Researchers(mesa_frames.AgentSetPolars):
    """The researchers: rows of a frame."""

    def __init__(self, model: Model, year: NumpyModel) -> None:
        super().__init__(model)
        self.year = year
        year.people = View(self)
        year.people.enter(np.zeros(len(year.world.anglophone), dtype=np.int64), 0.0, year.rng)

    def step(self) -> None:
        """Live one year."""
        self.model.counts.append(self.year.step(len(self.model.counts)))


class View(Crowd):
    """The columns of the numpy peer over the frame."""

    def __init__(self, researchers: Researchers) -> None:
        self.researchers = researchers
        for name in self.columns:
            setattr(self, name, Column(researchers, name))
        self.ranks = Ranks([Column(researchers, f"rank_{k}") for k in range(3)])

    def __len__(self) -> int:
        return len(self.researchers)

    def enter(self, sizes: np.ndarray, visa_sensitive_share: float, rng: np.random.Generator) -> None:
        """Add a cohort as new agents."""
        cohort = Crowd()
        cohort.enter(sizes, visa_sensitive_share, rng)
        model = self.researchers.model
        ids = np.arange(model.current_id, model.current_id + len(cohort))
        model.current_id += len(cohort)
        columns = {name: getattr(cohort, name) for name in self.columns}
        ranks = {f"rank_{k}": np.ascontiguousarray(cohort.ranks[:, k]) for k in range(3)}
        self.researchers.add(pl.DataFrame({"unique_id": ids, **columns, **ranks}))
        self.researchers.agents = self.researchers.agents.rechunk()

    def keep(self, rows: np.ndarray) -> None:
        """Remove the others."""
        self.researchers.remove(self.researchers.agents.filter(pl.col("stage") == OUT)["unique_id"])


class Column:
    """One column of the frame."""

    def __init__(self, researchers: Researchers, name: str) -> None:
        self.researchers = researchers
        self.name = name

    def values(self) -> np.ndarray:
        """Look at the column where it is."""
        return self.researchers.agents[self.name].to_numpy()

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return self.values()[rows]

    def __setitem__(self, rows: np.ndarray, values: object) -> None:
        column = self.values().copy()
        column[rows] = values
        self.researchers.agents = self.researchers.agents.with_columns(pl.Series(self.name, column))

    def __eq__(self, value: object) -> np.ndarray:  # type: ignore[override]
        return self.values() == value

    def __ne__(self, value: object) -> np.ndarray:  # type: ignore[override]
        return self.values() != value


class Ranks:
    """Three fixed ranks by agent."""

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns

    def __getitem__(self, at: tuple[np.ndarray, int]) -> np.ndarray:
        rows, k = at
        return self.columns[k][rows]


def run_once(world: World, seed: int) -> tuple[float, list]:
    """Run all years; return the seconds of the years and their counts."""
    model = Model(world, seed)
    start = time.perf_counter()
    model.run_model(len(world.cohort))
    return time.perf_counter() - start, model.counts


if __name__ == "__main__":
    print_measurement(run_once, mesa_frames.__version__)
