"""What a user writes: every public name once, types and all. `mypy --strict` reads it, and it runs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import sim

SMALL_DESIGN = """
scenarios = ["us-entry-restrictions"]
until = 2028
draws = 2
replicates = 1
researchers = 500
keep = ["share(study, USA, all, 2028)", "indicator(returned, IND, 2028)"]
"""


@sim.indicator("share", "top20, degree completed: of Indian origin with a US degree, at work in India", places="IND")
def returned(counted: sim.Counted) -> npt.NDArray[np.float64]:
    india, usa = counted.codes.index("IND"), counted.codes.index("USA")
    trained = counted.careers[:, india, usa].astype(np.float64)
    share: npt.NDArray[np.float64] = trained[:, india] / np.maximum(trained.sum(axis=1), 1.0)
    return share


def stay_by_draw(folder: Path) -> pd.Series:
    careers = sim.read_run(folder).careers(by_run=True)
    group = careers.query("origin == 'IND' and study == 'USA' and year == 2028")
    there = group[group.work == "IND"].groupby("draw").researchers.sum()
    return there.reindex(group.draw.unique(), fill_value=0) / group.groupby("draw").researchers.sum()


def main(say: Callable[[object], object]) -> None:
    bar = sim.lever(
        "entry_bar", id="bar", origin="CHN", destination="USA", start=2026, change="add", value=0.1, evidence="assumed"
    )
    scenario: sim.Scenario = sim.load_scenario("baseline", levers=[bar], data=sim.load_data())
    made: sim.Run = sim.run(scenario, draws=2, replicates=1, researchers=500, until=2028)
    say(made.shares().head())
    say(made.flows(by_run=True).people.sum())
    say(made.indicators("returned", by_run=True).value.mean())
    say(stay_by_draw(made.folder))
    compared: sim.Compared = sim.compare("baseline", made, assumptions=False, anatomy=False)
    say(compared.indicators("returned").difference.mean())
    Path("small.toml").write_text(SMALL_DESIGN, encoding="utf-8")
    swept: sim.Sweep = sim.sweep("small.toml", workers=1)
    say(sim.read_sweep(swept.folder).frame())
    goal = "share(study, USA, top20, 2028) >= 0.01"
    solved: sim.Solved = sim.solve(scenario, {"bar": (0.05, 0.2)}, goal, draws=2, researchers=500, workers=1)
    say(solved.state)
    fitted: sim.Fit = sim.fit(draws=2)
    say(fitted.frame().miss.abs().max())
    alone: sim.Simulated = sim.simulate(scenario, researchers=500, until=2028, follow=[2028])
    say(alone.researchers().groupby("stage").size())
    model = sim.TalentModel(scenario, researchers=200, until=2010)
    model.step()
    say((model.year, sim.__version__))
    try:
        sim.load_scenario({"title": "wrong", "lever": [{"name": "entry_ban"}]})
    except sim.ScenarioError as error:
        say(error)


if __name__ == "__main__":
    main(print)
