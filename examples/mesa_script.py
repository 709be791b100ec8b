"""The model as any Mesa model: build it, step it, plot what its DataCollector holds, run a batch.

python examples/mesa_script.py [folder of the figure]
"""

import sys
from pathlib import Path

import mesa
import pandas as pd
from matplotlib.figure import Figure

from sim.runs.talent_model import TalentModel

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")


def main() -> None:
    """Step one model, then run a small batch."""
    model = TalentModel("us-entry-restrictions", researchers=500, until=2035)
    while model.running:  # one step is one year, from 2000; `model.year` is the year that has ended
        model.step()
    print(pd.Series([model.code(each.employer) for each in model.agents if each.tier]).value_counts().head())

    frame = model.datacollector.get_model_vars_dataframe().set_index("year").loc[2010:]
    figure = Figure()
    frame[["USA", "CHN", "GBR"]].plot(ax=figure.subplots(), ylabel="work share of the top 20 %")
    figure.savefig(folder / "mesa-shares.png")
    print(model.life("CHN", 2012, 3))  # why a life went as it did, option by option

    # Vary `replicate`, not `iterations`: every random number is keyed by seed, replicate and researcher, so that a run
    # repeated is the same run, and two scenarios of one replicate differ by what the scenario does and by nothing else.
    design = {"scenario": ["baseline", "us-entry-restrictions"], "replicate": range(3), "researchers": 500}
    rows = pd.DataFrame(mesa.batch_run(TalentModel, design, data_collection_period=1, display_progress=False))
    last = rows[rows["year"] == 2035].pivot_table(index="replicate", columns="scenario", values="USA")
    print(last.diff(axis=1).iloc[:, -1].describe())


if __name__ == "__main__":  # batch_run with number_processes > 1 imports this file anew in each process
    main()
