"""The results folder: what it holds, that it is complete or absent, and what names it."""

import csv
import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sim.data.load import load_data
from sim.engines.axes import AXES, TIERS
from sim.reports.words import remark_notes
from sim.runs import atomic as folders
from sim.runs import folder as results
from sim.runs.atomic import FolderError, check_writable
from sim.runs.folder import NUMBER_FILES, differing_files, find_run, read_run, run_folder, run_id, write_run
from sim.runs.outcomes.indicators import INDICATORS, crossing
from sim.runs.outcomes.outcomes import Outcomes, Remark
from sim.runs.outcomes.statistics import spread
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_scenario

Make = Callable[[RunPlan], Iterator[Outcomes]]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_shares_are_those_of_the_outcomes(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    run = write_run(plan, outcomes_of(plan), tmp_path)
    work, top20 = AXES.index("work"), TIERS.index("top20")
    counts = np.array([each.counts[-1, top20, work] for each in outcomes_of(plan)])
    by_hand = counts / counts.sum(axis=1, keepdims=True)
    assert run.years.tolist() == list(range(2010, plan.until + 1))
    np.testing.assert_allclose(run.shares.mean[-1, top20, work], by_hand.mean(axis=0), atol=5e-7)
    np.testing.assert_allclose(run.shares.p95[-1, top20, work], np.quantile(by_hand, 0.95, axis=0), atol=5e-7)
    people = np.median(counts, axis=0) * 22_500 / plan.researchers
    np.testing.assert_allclose(run.shares.researchers_p50[-1, top20, work], people, atol=0.5)
    np.testing.assert_array_equal(run.counts[:, -1, top20, work], counts)
    np.testing.assert_allclose(run.shares_by_run("top20", "work", [[0], [1, 2]])[:, -1, 1], by_hand[:, 1:3].sum(axis=1))


def test_share_table_has_the_agreed_columns_and_every_row(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    run = write_run(plan, outcomes_of(plan), tmp_path)
    rows = rows_of(run.folder / "shares.csv")
    columns = "year tier axis region mean sd_parameter sd_replicate p05 p25 p50 p75 p95 researchers_p50"
    assert list(rows[0]) == columns.split()
    keys = {(row["year"], row["tier"], row["axis"], row["region"]) for row in rows}
    assert len(keys) == len(rows) == len(run.years) * len(TIERS) * len(AXES) * len(load_data().codes)


def test_long_tables_hold_every_run(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    run = write_run(plan, outcomes_of(plan), tmp_path)
    flows = pq.read_table(run.folder / "flows.parquet")
    assert flows.schema.metadata[b"people_per_researcher"] == b"45.0"
    made = [each.flows[each.years >= 2010] for each in outcomes_of(plan)]
    assert flows.num_rows == sum(int((each > 0).sum()) for each in made)
    assert sum(flows["researchers"].to_pylist()) == sum(int(each.sum()) for each in made)
    stocks = pq.read_table(run.folder / "outcomes.parquet")
    assert stocks.column_names == [
        "draw",
        "replicate",
        "year",
        "tier",
        "axis",
        "region",
        "researchers",
        "share",
    ]
    first = stocks.slice(0, 1).to_pylist()[0]
    assert (first["draw"], first["year"], first["tier"], first["region"]) == (0, 2010, "top20", "USA")


def test_every_declared_indicator_is_written_with_unit_and_definition(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    run = write_run(plan, outcomes_of(plan), tmp_path)
    rows = rows_of(run.folder / "indicators.csv")
    assert {row["indicator"] for row in rows} == set(INDICATORS)
    assert all(row["unit"] and row["definition"] for row in rows)
    stay = [each.careers[-1][:, 0].sum(axis=0) for each in outcomes_of(plan)]
    by_hand = float(np.mean([each[0] / each.sum() for each in stay]))
    (found,) = [row for row in run.indicators if row[:3] == (plan.until, "stay_rate", "USA")]
    assert found.mean == pytest.approx(by_hand, abs=1e-6)


def test_same_run_gives_same_bytes(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    first = write_run(plan, outcomes_of(plan), tmp_path / "a").folder
    second = write_run(plan, outcomes_of(plan), tmp_path / "b").folder
    assert differing_files(first, second) == []
    for name in (*NUMBER_FILES, "scenario.toml"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_other_numbers_for_an_existing_run_are_refused(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    before = write_run(plan, outcomes_of(plan), tmp_path)
    other = dataclasses.replace(plan, seed=plan.seed + 1)
    kept = (before.folder / "shares.csv").read_bytes()
    with pytest.raises(FolderError, match="other numbers"):
        write_run(plan, outcomes_of(other), tmp_path)
    assert (before.folder / "shares.csv").read_bytes() == kept


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError])
def test_an_interrupted_run_leaves_nothing(plan: RunPlan, outcomes_of: Make, tmp_path: Path, error: type[BaseException]) -> None:
    def broken() -> Iterator[Outcomes]:
        yield next(outcomes_of(plan))
        raise error("stop")

    with pytest.raises(error):
        write_run(plan, broken(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert find_run(plan, tmp_path) is None


def test_outcomes_that_are_not_the_plan_are_refused(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    made = list(outcomes_of(plan))
    for wrong in (made[:-1], made[::-1], [*made[:-1], made[0]]):
        with pytest.raises(ValueError, match="outcomes"):
            write_run(plan, wrong, tmp_path)
    assert find_run(plan, tmp_path) is None


def test_a_finished_folder_of_another_process_stays(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    def overtaken() -> Iterator[Outcomes]:
        yield from outcomes_of(plan)
        write_run(plan, outcomes_of(plan), tmp_path)
        (run_folder(plan, tmp_path) / "mark").touch()

    run = write_run(plan, overtaken(), tmp_path)
    assert (run.folder / "mark").exists()
    assert [path.name for path in (tmp_path / "baseline").iterdir()] == [run.run_id]


def test_only_the_leftover_of_a_dead_process_here_is_cleaned(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    owners = {
        ".partial-dead": {"host": socket.gethostname(), "pid": int(dead.stdout)},
        ".partial-alive": {"host": socket.gethostname(), "pid": os.getpid()},
        ".partial-elsewhere": {"host": "another", "pid": int(dead.stdout)},
        ".partial-unknown": None,
    }
    for name, owner in owners.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "shares.csv").write_text("half")
        if owner:
            (tmp_path / name / ".owner.json").write_text(json.dumps(owner))
    check_writable(tmp_path, 0)
    assert {path.name for path in tmp_path.iterdir()} == set(owners) - {".partial-dead"}


def test_a_place_that_cannot_be_written_is_said_before_any_work(plan: RunPlan, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(FolderError, match="cannot write here"):
        results.check_place(plan, file)


def test_a_full_disk_is_said_before_any_work(plan: RunPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1_000_000)
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(FolderError, match="1 MB are free"):
        results.check_place(plan, tmp_path)


def test_a_disk_that_fills_up_during_the_run_leaves_nothing(
    plan: RunPlan, outcomes_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results, "write_shares", full)
    with pytest.raises(FolderError, match="No space left"):
        write_run(plan, outcomes_of(plan), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_or_incomplete_folder_is_named(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    folder = write_run(plan, outcomes_of(plan), tmp_path).folder
    (folder / "shares.csv").write_text("year,tier\n")
    with pytest.raises(FolderError, match="damaged"):
        read_run(folder)
    (folder / "flows.parquet").unlink()
    with pytest.raises(FolderError, match=r"flows\.parquet missing"):
        read_run(folder)


def test_identity_is_what_decides_the_numbers(plan: RunPlan, tmp_path: Path) -> None:
    same = dataclasses.replace(plan, workers=7, check_invariants=True)
    assert run_id(same) == run_id(plan)
    titled = dataclasses.replace(plan, scenario=dataclasses.replace(plan.scenario, title="other", question="?"))
    assert run_id(titled) == run_id(plan)
    others = [dataclasses.replace(plan, **{name: 77}) for name in ("draws", "replicates", "seed", "researchers")]
    others.append(dataclasses.replace(plan, until=2030))
    fixed = load_scenario("baseline", overrides={"ecosystem_pull": 0.31})
    others.append(dataclasses.replace(plan, scenario=fixed))
    assert len({run_id(plan), *(run_id(each) for each in others)}) == len(others) + 1


def test_provenance_names_versions_data_and_command(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    run = write_run(plan, outcomes_of(plan), tmp_path, command="talentsim run baseline", notes=["a note"])
    record = json.loads((run.folder / "provenance.json").read_text(encoding="utf-8"))
    assert record["run_id"] == run_id(plan) == run.folder.name
    assert record["data"]["version"] == load_data().version
    assert {"talentsim", "numpy", "numba"} <= set(record["versions"])
    assert record["command"] == "talentsim run baseline"
    assert str(tmp_path) not in json.dumps(record)
    assert run.notes == ("a note",)
    assert run.remarks == tuple(Remark("visible_share_cut", k, (2024 - k, 2024 - k), None) for k in (1, 1, 2, 2))
    assert remark_notes(run.remarks, 6) == ["In 4 of 6 runs, the visible share is cut at .95 in years between 2022 and 2023"]


def test_spread_separates_parameters_from_random_numbers() -> None:
    generator = np.random.default_rng(5)
    draws, replicates = 400, 12
    values = (
        generator.normal(0, 2.0, (draws, 1))
        + generator.normal(0, 0.5, (1, replicates))
        + generator.normal(0, 1.0, (draws, replicates))
    )
    parameter, replicate = spread(values[..., None])
    assert parameter[0] == pytest.approx(2.0, rel=0.1)
    assert replicate[0] == pytest.approx(np.hypot(0.5, 1.0), rel=0.15)


def test_spread_is_clipped_and_blank_where_it_cannot_be_known() -> None:
    alternating = np.array([[0.0, 1.0], [1.0, 0.0]])[..., None]
    assert spread(alternating)[0][0] == 0.0
    assert np.isnan(spread(alternating[:, :1])).all()
    one_draw = spread(alternating[:1])
    assert np.isnan(one_draw[0][0])
    assert one_draw[1][0] == pytest.approx(np.std([0.0, 1.0], ddof=1))


def test_crossing_is_the_first_year_ahead_or_never() -> None:
    years = np.array([2010, 2011, 2012])
    counts = np.array([[[5, 4], [5, 6], [5, 4]], [[5, 4], [5, 5], [5, 5]]])
    assert crossing(counts, years, 1, 0).tolist() == [2011.0, np.inf]
