"""The object engine by name: a Mesa model of a scenario, for scripts and notebooks, and the lives of its researchers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.data.load import data_in_force
from sim.data.schema import Data
from sim.draws.draw import REFERENCE, Draw
from sim.draws.worlds import named_draw, world_of
from sim.engines.agents import Researcher, WorldModel
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.runs.lives.history import history
from sim.runs.lives.life import Life
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.scenario import Scenario


class TalentModel(WorldModel):
    """All researchers of one run of a scenario, one step a year from 2000 on.

    Parameters
    ----------
    scenario : name or path of a scenario file, or a loaded scenario.
    draw : number of a draw, -1 for the reference point, or a solved draw.
    replicate, seed : key of the random numbers, each 0..2**32-1; without a seed, 1.
    researchers : active researchers in 2022 on the baseline, at least 1.
    until : last year, 2000..2050; the model stops running after it.
    collect : fill the DataCollector after every step: one row a year.
    collect_researchers : also collect a row of every active researcher each year.
    data : own data, as `sim.load_data` returns them, or their folder; the packaged ones if None. A draw of theirs that nobody has
        solved yet is solved first.
    rng : the name by which `mesa.batch_run` gives a seed from Mesa 3.5 on.

    Raises
    ------
    sim.scenarios.reading.text.ScenarioError : the scenario file has errors.
    sim.data.checks.DataError : the folder is no package of tables, or they are wrong.
    ValueError : a key, a year or a scale out of range; the scenario was loaded with other tables.
    """

    def __init__(
        self,
        scenario: str | Scenario = "baseline",
        draw: int | Draw = REFERENCE,
        replicate: int = 0,
        researchers: int = 2_000,
        seed: int | None = None,
        until: int = 2035,
        collect: bool = True,
        collect_researchers: bool = False,
        data: Data | str | Path | None = None,
        rng: int | None = None,
    ) -> None:
        if seed is not None and rng is not None:
            raise ValueError(f"seed {seed} and rng {rng}: two names of one number; give one")
        chosen = next((each for each in (seed, rng) if each is not None), 1)
        if not FIRST_YEAR <= until <= LAST_YEAR or researchers < 1:
            raise ValueError(f"until {until} and researchers {researchers}: from {FIRST_YEAR} to {LAST_YEAR}, and at least 1")
        with data_in_force(data) as tables:
            known = load_scenario(scenario) if isinstance(scenario, str) else scenario
            solved = named_draw(load_basis(), known, draw) if isinstance(draw, int) else draw
            world = world_of(tables, known, solved, researchers, until)
        super().__init__(world, chosen, replicate, tables.codes, collect, collect_researchers)

    def collect_also(
        self, of_model: Mapping[str, Callable[[TalentModel], object]], of_researchers: Mapping[str, Any] | None = None
    ) -> None:
        """Collect columns of one's own after every step, beside those that are there.

        Parameters
        ----------
        of_model : a function of the model by the name of its column, as ``lambda model: model.share("USA", tier="elite")``.
        of_researchers : functions of a researcher, or names of attributes, by the name of the column: a row of every active
            researcher each year.

        Raises
        ------
        ValueError : a year has passed already, nothing is collected, or a name is taken.
        """
        if self.collector is None or self.year >= FIRST_YEAR:
            raise ValueError("columns are added before the first step, to a model that collects (`collect=True`)")
        known, people = self.collector.model_reporters, self.collector.agent_reporters
        taken = sorted(known.keys() & of_model.keys() | people.keys() & (of_researchers or {}).keys())
        if taken:
            raise ValueError(f"{', '.join(taken)}: a column of that name is there already; give it another")
        self.collector = self.datacollector = type(self.collector)({**known, **of_model}, {**people, **(of_researchers or {})})

    def life(self, origin: str, cohort: int, index: int) -> Life:
        """Tell the life of a researcher, year by year (see `life_of`).

        Raises
        ------
        KeyError : nobody of that identity has entered.
        """
        return life_of(self.researcher(origin, cohort, index))


def life_of(researcher: Researcher) -> Life:
    """Tell a life year by year: options, utilities, probabilities, shocks, gates, and what was chosen."""
    model, who = researcher.model, researcher.who
    return history(who.key, who.index, who.origin, who.cohort, model.past, model.codes)
