"""Runs of sweeps are the runs of the engine, whatever executes them; points share their random numbers."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.data.load import load_data
from sim.draws.draw import REFERENCE, reference_vector
from sim.runs.formulas.measures import values_of
from sim.runs.simulate import simulate
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import read_design
from tests.support.packaged import reference_draw, world_named

pytestmark = pytest.mark.slow


@pytest.fixture
def design(small_design: Callable[..., Path]) -> Design:
    return read_design(str(small_design(points=4, replicates=3, researchers=400)))


def test_a_row_is_the_run_of_the_engine(design: Design, tmp_path: Path) -> None:
    frame = sim.sweep(design, tmp_path / "out", workers=1).frame()
    row = frame[(frame["point"] == 2) & (frame["replicate"] == 1)].iloc[0]
    scenario = design.scenario_at(0, [row["refusal"]])
    world = world_named(scenario, REFERENCE, 400, 2015)
    outcomes = simulate(world, world_draw(), 1, design.seed)
    expected = values_of(design.keep, outcomes, load_data().codes)
    assert [row[str(measure)] for measure in design.keep] == pytest.approx(expected, abs=0, nan_ok=True)
    assert row["point"] == 2
    assert row["refusal"] == design.make_points()[2, 0]


def world_draw() -> Any:

    return reference_draw()


def test_any_executor_gives_the_same(design: Design, tmp_path: Path, content_of: Callable[[Path], Any]) -> None:
    sim.sweep(design, tmp_path / "here", workers=1)
    sim.sweep(design, tmp_path / "own", workers=2)
    with ThreadPoolExecutor(2) as threads:
        sim.sweep(design, tmp_path / "threads", threads, 2)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        sim.sweep(design, tmp_path / "pool", pool, 3)
    wanted = content_of(tmp_path / "here")
    assert len(wanted) == 12
    for name in ("own", "threads", "pool"):
        assert content_of(tmp_path / name) == wanted, name


def test_points_share_their_random_numbers(small_design: Callable[..., Path], tmp_path: Path) -> None:
    path = small_design(points=4, replicates=3, researchers=1000)
    scenario = tmp_path / "small.toml"
    scenario.write_text(scenario.read_text().replace("from = 2010\n", "from = 2013\n"), encoding="utf-8")
    text = path.read_text().replace(
        "keep = [", 'keep = ["researchers(study, CHN, all, 2012)", "researchers(study, CHN, all, 2015)", '
    )
    path.write_text(text, encoding="utf-8")
    frame = sim.sweep(path, tmp_path / "out", workers=1).frame()
    before = frame.pivot_table(index="point", columns="replicate", values="researchers(study, CHN, all, 2012)")
    after = frame.pivot_table(index="point", columns="replicate", values="researchers(study, CHN, all, 2015)")
    assert (before.nunique() == 1).all()  # equal at every point until the lever moves
    assert before.iloc[0].nunique() > 1  # and another number in every replicate
    assert (after.nunique() > 1).any()
    refusal = frame.groupby("point")["refusal"].first()
    gained = after.loc[refusal.idxmax()] - after.loc[refusal.idxmin()]
    assert (gained > 0).all(), "more refusals keep people at home in every replicate, as they are the same people"


def test_a_parameter_varies_and_a_run_that_cannot_be_made_fails_alone(small_design: Callable[..., Path], tmp_path: Path) -> None:
    path = small_design(replicates=2)
    at_reference = reference_vector(load_data())["ecosystem_pull"]
    highest = next(each.high for each in load_data().parameters if each.name == "ecosystem_pull")
    text = path.read_text()
    text = (
        text[: text.index("[sample]")] + f'[[factor]]\nparameter = "ecosystem_pull"\nvalues = [{at_reference!r}, {highest!r}]\n'
    )
    path.write_text(text, encoding="utf-8")
    sweep = sim.sweep(path, tmp_path / "out", workers=1)
    frame = sweep.frame()
    assert sweep.failed == 2
    assert frame["error"].tolist()[:2] == ["", ""]  # the reference point ships solved
    assert all("not stable" in message for message in frame["error"].tolist()[2:])
