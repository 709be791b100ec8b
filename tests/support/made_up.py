"""Outcomes and sweeps made by hand, without any simulation."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sim.data.load import load_data
from sim.engines.axes import AXES, STAGES, TIERS
from sim.runs.formulas.measures import parse_measure
from sim.runs.outcomes.outcomes import Outcomes, Remark
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_scenario
from sim.sweeps.design.design import Design
from sim.sweeps.design.points import Factor
from sim.sweeps.keys import sweep_runs
from sim.sweeps.parts import PartRow
from sim.sweeps.results import Sweep, read_sweep
from sim.sweeps.store import Store

FIRST_YEAR = 2000


def made_up(plan: RunPlan, draw: int, replicate: int) -> Outcomes:
    """Make outcomes with the right shapes from a local generator: growth in every region, fastest in CHN."""
    generator = np.random.default_rng([plan.seed, draw, replicate])
    years = np.arange(FIRST_YEAR, plan.until + 1)
    regions = len(load_data().codes)
    growth = np.linspace(0.2, 1.0, len(years))[:, None, None, None]
    base = np.array([90.0, 12.0, *([4.0] * (regions - 2))])
    trend = np.ones(regions)
    trend[1] = 1.0 + 8.0 * (draw + 1) / (plan.draws + 1)
    mean = growth * np.array([1.0, 0.1, 5.0])[:, None, None] * base * np.where(growth > 0.55, trend, 1.0)
    shape = (len(years), len(TIERS), len(AXES), regions)
    counts = generator.poisson(np.broadcast_to(mean, shape)).astype(np.int64)
    flows = generator.poisson(0.02, (len(years), len(STAGES), regions, regions, regions)).astype(np.int32)
    careers = generator.poisson(0.4, (len(years), regions, regions, regions)).astype(np.int32)
    return Outcomes(
        draw=draw,
        replicate=replicate,
        years=years.astype(np.int64),
        counts=counts,
        flows=flows,
        careers=careers,
        weight=22_500 / plan.researchers,
        active=counts[:, TIERS.index("all"), 0].sum(axis=1),
        eligible=counts[:, TIERS.index("all"), 0].sum(axis=1),
        remarks=(Remark("visible_share_cut", draw, (plan.until - draw, plan.until - draw), None),) if draw else (),
    )


def made_up_sweep(
    folder: Path,
    values: Callable[[str, tuple[float, ...], int, int], Sequence[float]],
    factors: Sequence[Factor] = (),
    method: str = "none",
    points: int = 0,
    scenarios: Sequence[str] = ("us-entry-restrictions",),
    keep: Sequence[str] = ("share(work, USA, top20, 2035)", "share(work, CHN, top20, 2035)"),
    draws: int = 0,
    replicates: int = 2,
    researchers: int = 2000,
    fails: Callable[[int, int, int], bool] = lambda point, draw, replicate: False,
) -> Sweep:
    """Make a sweep's folder without any simulation: values(scenario, point, draw, replicate) gives what is kept."""
    measures = tuple(parse_measure(text, load_data().codes, 2035) for text in keep)
    loaded = tuple(load_scenario(name) for name in scenarios)
    text = f"scenarios = [{', '.join(repr(name) for name in scenarios)}]\n"
    sizes = {"draws": draws, "replicates": replicates, "researchers": researchers, "seed": 1, "until": 2035}
    design = Design("made up", loaded, tuple(factors), method, points, 1, measures, **sizes, text=text)
    store = Store(folder, design)
    rows = []
    for run in sweep_runs(design):
        name = scenarios[run.scenario]
        failed = fails(run.point, run.draw, run.replicate)
        kept = [np.nan] * len(keep) if failed else values(name, run.values, run.draw, run.replicate)
        error = "ValueError: made up" if failed else ""
        rows.append(PartRow(run.key, name, run.point, run.draw, run.replicate, run.values, tuple(map(float, kept)), error, 0.01))
    store.write(rows)
    store.close()
    return read_sweep(folder)
