"""Sweeps without any simulation: what is executed, kept, extended, merged and read, whatever happened to the folder."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.runs.atomic import FolderError
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import read_design
from sim.sweeps.execute import SweepProgress, batch_size
from sim.sweeps.keys import SweepRun, sweep_runs
from sim.sweeps.parts import MOST_SMALL, PARTS, REPLACES, UNFINISHED, part_paths
from sim.sweeps.results import Sweep, read_sweep
from sim.sweeps.store import DESIGN_RECORD, LOG, Store, merge
from tests.support.sweep_log import read_log

DESIGN = """
title = "Test"
scenarios = {scenarios}
keep = ["share(work, USA, top20, 2035)"]
draws = {draws}
replicates = {replicates}
[sample]
method = "{method}"
{points}
[[factor]]
name = "refusal"
lever = "us-refusal"
{values}
"""


class Executed(list[tuple[Any, ...]]):
    """The runs that were executed, and which of them shall fail."""

    failing: tuple[int, ...] = ()


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> Executed:
    """Replace the simulation by a number that depends on the run alone; list what is executed."""
    runs = Executed()

    def measured(design: Design, run: SweepRun, prepared: object, codes: object) -> tuple[float, ...]:
        runs.append((run.scenario, run.values, run.draw, run.replicate))
        if run.replicate in runs.failing:
            raise ValueError(f"replicate {run.replicate} fails")
        return tuple(hash((run.scenario, run.values, run.draw, run.replicate)) % 997 / 997 for _ in design.keep)

    monkeypatch.setattr("sim.sweeps.execute.measured", measured)
    monkeypatch.setattr("sim.sweeps.execute.prepared_or_failure", lambda design, run, data: (design, run, None))
    return runs


@pytest.fixture
def design_of(tmp_path: Path) -> Callable[..., Design]:
    def make(
        method: str = "sobol", points: int = 8, draws: object = 2, replicates: int = 3,
        values: str = "low = 0.2\nhigh = 0.6", scenarios: Sequence[str] = ("us-entry-restrictions",),
    ) -> Design:  # fmt: skip
        path = tmp_path / "test.toml"
        count = f"points = {points}" if method not in ("grid", "csv", "none") else ""
        fields = {"method": method, "points": count, "draws": draws, "replicates": replicates, "values": values}
        path.write_text(DESIGN.format(scenarios=json.dumps(list(scenarios)), **fields), encoding="utf-8")
        return read_design(str(path))

    return make


def rows(sweep: Sweep) -> list[dict[str, Any]]:
    return [
        {name: None if value != value else value for name, value in row.items()}
        for row in sweep.table.drop_columns(["seconds"]).to_pylist()
    ]


def test_a_sweep_has_every_run_once_and_is_executed_once(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    reports: list[SweepProgress] = []
    sweep = sim.sweep(design_of(), tmp_path / "out", workers=1, report=reports.append)
    assert len(executed) == len(set(executed)) == 8 * 2 * 3
    assert sweep.table.num_rows == 48
    assert (sweep.missing, sweep.failed) == (0, 0)
    assert [reports[0].done, reports[-1].done, reports[-1].total] == [0, 48, 48]
    assert math.isnan(reports[0].left)
    assert reports[-1].left == 0.0
    frame = sweep.frame()
    assert list(frame.columns) == [
        "key", "scenario", "point", "draw", "replicate", "refusal", "share(work, USA, top20, 2035)", "error", "seconds"
    ]  # fmt: skip
    again = sim.sweep(design_of(), tmp_path / "out", workers=1)
    assert len(executed) == 48
    assert rows(again) == rows(sweep)


@pytest.mark.parametrize(
    ("first", "second", "new"),
    [
        ({"points": 8}, {"points": 32}, 24 * 6),
        ({"method": "halton", "points": 5}, {"method": "halton", "points": 7}, 2 * 6),
        ({"method": "grid", "values": "values = [0.2, 0.4]"}, {"method": "grid", "values": "values = [0.1, 0.2, 0.4]"}, 6),
        ({"method": "grid", "values": "low = 0.2\nhigh = 0.6\nsteps = 3"},
         {"method": "grid", "values": "low = 0.2\nhigh = 0.6\nsteps = 5"}, 2 * 6),
        ({"draws": 2}, {"draws": 5}, 8 * 3 * 3),
        ({"replicates": 3}, {"replicates": 10}, 8 * 2 * 7),
        ({"draws": 5, "replicates": 4}, {"draws": 2, "replicates": 2}, 0),
        ({}, {"scenarios": ("us-entry-restrictions", "other")}, 48),
    ],
    ids=["sobol", "halton", "values", "steps", "draws", "replicates", "fewer", "scenarios"],
)  # fmt: skip
def test_more_executes_only_what_is_new(
    executed: Executed, design_of: Any, tmp_path: Path, first: dict[str, Any], second: dict[str, Any], new: int
) -> None:
    (tmp_path / "other.toml").write_text('title = "Other"\nextends = "us-entry-restrictions"\n', encoding="utf-8")
    sim.sweep(design_of(**first), tmp_path / "out", workers=1)
    before = len(executed)
    extended = sim.sweep(design_of(**second), tmp_path / "out", workers=1)
    assert len(executed) - before == new
    whole = sim.sweep(design_of(**second), tmp_path / "whole", workers=1)
    assert rows(extended) == rows(whole)
    assert (extended.missing, whole.missing) == (0, 0)


def test_a_csv_that_grows_executes_its_new_rows(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    for text, total in (("refusal\n0.3\n0.5\n", 12), ("refusal\n0.4\n0.3\n0.5\n", 18)):
        points.write_text(text, encoding="utf-8")
        design_of()
        path = tmp_path / "test.toml"
        csv = path.read_text().replace('"sobol"\npoints = 8', '"csv"\nfile = "points.csv"').replace("low = 0.2\nhigh = 0.6", "")
        path.write_text(csv, encoding="utf-8")
        sweep = sim.sweep(path, tmp_path / "out", workers=1)
        assert len(executed) == total
    assert sweep.frame()["refusal"].unique().tolist() == [0.4, 0.3, 0.5]


@pytest.mark.parametrize("method", ["lhs", "morris"])
def test_a_design_that_cannot_be_extended_says_so(executed: Executed, design_of: Any, tmp_path: Path, method: str) -> None:
    sim.sweep(design_of(method=method), tmp_path / "out", workers=1)
    before = len(executed)
    with pytest.raises(FolderError, match=f"8 points of method {method}, which cannot be extended"):
        sim.sweep(design_of(method=method, points=16), tmp_path / "out", workers=1)
    assert len(executed) == before
    assert sim.sweep(design_of(method=method, replicates=4), tmp_path / "out", workers=1).missing == 0
    assert 4 * before == 3 * len(executed)


def test_equal_points_are_executed_once_and_have_rows_of_their_own(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    sweep = sim.sweep(design_of(values="values = [0.2, 0.4]"), tmp_path / "out", workers=1)
    assert len(executed) == 2 * 2 * 3
    frame = sweep.frame()
    assert len(frame) == 8 * 6
    assert frame["key"].nunique() == 12
    assert (frame["refusal"].to_numpy() == sweep.points[frame["point"], 0]).all()
    assert sweep.to_xarray().sizes == {"scenario": 1, "point": 8, "draw": 2, "replicate": 3}


def test_results_do_not_depend_on_workers_or_batches(
    executed: Executed, design_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = rows(sim.sweep(design_of(), tmp_path / "out", workers=1))
    with ThreadPoolExecutor(3) as threads:
        assert rows(sim.sweep(design_of(), tmp_path / "threads", threads, 3)) == wanted
    monkeypatch.setattr("sim.sweeps.execute.batch_size", lambda *arguments: 1)
    single = sim.sweep(design_of(), tmp_path / "single", workers=1)
    assert rows(single) == wanted
    assert len(part_paths(single.folder)) == 48


def test_a_failed_run_is_a_row_and_the_exit_code_says_so(
    executed: Executed, design_of: Any, tmp_path: Path, talentsim: Callable[..., tuple[int, str, str]]
) -> None:
    executed.failing = (1,)
    design_of()
    words = ("sweep", str(tmp_path / "test.toml"), "--to", str(tmp_path / "out"), "--workers", "1")
    code, output, errors = talentsim(*words)
    assert code == 1
    assert "48 of 48 runs are in" in output
    assert "16 of 48 runs failed" in errors
    assert "ValueError: replicate 1 fails" in errors
    frame = read_sweep(tmp_path / "out").frame()
    assert (frame.loc[frame["replicate"] == 1, "error"] == "ValueError: replicate 1 fails").all()
    assert frame["share(work, USA, top20, 2035)"].isna().sum() == 16
    code, output, errors = talentsim(*words, "--json")
    assert (code, json.loads(output)["failed"], json.loads(output)["executed"]) == (1, 16, 0)
    executed.failing = ()
    code, output, errors = talentsim(*words, "--retry", "--json")
    assert (code, json.loads(output)["failed"], json.loads(output)["executed"]) == (0, 0, 16)
    assert read_sweep(tmp_path / "out").failed == 0
    progress = [json.loads(line) for line in errors.splitlines()]
    assert set(progress[0]) == {"done", "total", "failed", "runs_per_second", "seconds_left"}
    assert talentsim(*words)[0] == 0


def test_shards_put_together_are_the_whole(
    executed: Executed, design_of: Any, tmp_path: Path, talentsim: Callable[..., tuple[int, str, str]]
) -> None:
    design = design_of(points=16, replicates=20)
    assert len(list(sweep_runs(design))) == sum(len(list(sweep_runs(design, (i, 3)))) for i in (1, 2, 3))
    folders = []
    for shard in (1, 2, 3):
        folders.append(str(tmp_path / f"shard{shard}"))
        words = ("sweep", str(tmp_path / "test.toml"), "--to", folders[-1], "--workers", "1", "--shard", f"{shard}/3")
        assert talentsim(*words)[0] == 0
    assert len(executed) == len(set(executed)) == design.run_count
    code, output, _ = talentsim("merge", *folders[:2], "--to", str(tmp_path / "merged"))
    assert code == 0
    assert "of the design are missing: a shard is not done" in output
    code, output, _ = talentsim("merge", *folders, "--to", str(tmp_path / "merged"), "--json")
    assert (code, json.loads(output)["missing"]) == (0, 0)
    assert talentsim("merge", *folders, "--to", str(tmp_path / "merged"))[1].startswith("0 runs added")
    whole = sim.sweep(design, tmp_path / "whole", workers=1)
    assert rows(read_sweep(tmp_path / "merged")) == rows(whole)


def test_shards_of_different_designs_are_refused(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, draws in zip(folders, (2, 3), strict=True):
        sim.sweep(design_of(draws=draws), folder, workers=1)
    with pytest.raises(FolderError, match="another design"):
        merge(folders, tmp_path / "merged")
    with pytest.raises(FolderError, match="is one of the shards"):
        merge(folders[:1], folders[0])
    with pytest.raises(FolderError, match="holds no sweep"):
        merge([tmp_path], tmp_path / "merged")


def test_shards_of_two_machines_belong_together(
    executed: Executed, design_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, folders = design_of(), [tmp_path / "a", tmp_path / "b"]
    for i, folder in enumerate(folders, start=1):
        monkeypatch.setattr("sim.sweeps.store.system", lambda i=i: {"system": f"machine {i}"})
        monkeypatch.setattr("sim.sweeps.store.source_state", lambda i=i: {"commit": str(i), "dirty": False})
        sim.sweep(design, folder, workers=1, shard=(i, 2))
    assert merge(folders, tmp_path / "merged") == design.run_count
    assert read_sweep(tmp_path / "merged").missing == 0
    monkeypatch.setattr("sim.sweeps.store.versions", lambda: {"numpy": "another"})
    sim.sweep(design, tmp_path / "c", workers=1, shard=(1, 2))
    with pytest.raises(FolderError, match="another version"):
        merge([*folders, tmp_path / "c"], tmp_path / "again")


def test_a_torn_log_and_record_and_left_over_files_do_no_harm(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    wanted = rows(sim.sweep(design_of(), out, workers=1))
    with (out / LOG).open("ab") as log:
        log.write(b'{"time": "2026", "event": "pa')
    (out / DESIGN_RECORD).write_text('{"title": "Te', encoding="utf-8")
    (out / PARTS / f"{UNFINISHED}x.parquet").write_bytes(b"half")
    assert rows(sim.sweep(design_of(), out, workers=1)) == wanted
    assert len(executed) == 48
    assert [event["event"] for event in read_log(out / LOG)][-1] == "start"
    assert not list((out / PARTS).glob(UNFINISHED + "*"))


@pytest.mark.parametrize("damage", [b"", b"PAR1 nonsense", None], ids=["empty", "nonsense", "cut"])
def test_a_damaged_part_is_set_aside_and_its_runs_executed_again(
    executed: Executed, design_of: Any, tmp_path: Path, damage: bytes | None
) -> None:
    out = tmp_path / "out"
    wanted = rows(sim.sweep(design_of(), out, workers=1))
    part = part_paths(out)[0]
    content = part.read_bytes()
    part.write_bytes(content[: len(content) // 2] if damage is None else damage)
    with pytest.raises(FolderError, match="is damaged"):
        read_sweep(out).frame()
    assert rows(sim.sweep(design_of(), out, workers=1)) == wanted
    assert 48 < len(executed) < 96
    assert len(list((out / PARTS).glob("*.damaged"))) == 1


def test_a_folder_that_another_process_holds_is_refused(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sim.sweep(design_of(), out, workers=1)
    code = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code, str(out / "lock")], stdin=-1, stdout=-1)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(FolderError, match="another process is at work"):
        Store(out, design_of())
    holder.communicate(b"\n")
    Store(out, design_of()).close()
    assert len(executed) == 48


def test_files_stay_few_however_often_a_sweep_is_extended(
    executed: Executed, design_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.sweeps.execute.batch_size", lambda *arguments: 1)
    out = tmp_path / "out"
    most = 0
    for replicates in (3, 9, 15, 21):
        design = design_of(replicates=replicates)
        sweep = sim.sweep(design, out, workers=1, report=lambda _: None)
        most = max(most, len(part_paths(out)))
    assert len(executed) == 8 * 2 * 21 > 2 * MOST_SMALL
    assert most <= MOST_SMALL + 1
    assert sweep.table.num_rows == 8 * 2 * 21
    assert any(event["event"] == "parts put together" for event in read_log(out / LOG))


class Killed(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("moment", range(0, 130, 13))
def test_a_kill_while_parts_are_put_together_loses_and_doubles_nothing(
    executed: Executed, design_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    out, design = tmp_path / "out", design_of(replicates=8)
    unlink, left = Path.unlink, [moment]

    def killed(self: Path, missing_ok: bool = False) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        unlink(self, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr("sim.sweeps.execute.batch_size", lambda *arguments: 1)
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            sim.sweep(design, out, workers=1)
    done = len(executed)
    sweep = sim.sweep(design, out, workers=1)
    assert len(executed) == 128
    assert done > MOST_SMALL
    keys = [key for path in part_paths(out) for key in keys_in(path)]
    assert len(keys) == len(set(keys)) == 128
    assert sweep.table.num_rows == 128


def keys_in(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    assert REPLACES.startswith(b"talentsim")
    keys: list[str] = pq.read_table(path, columns=["key"])["key"].to_pylist()
    return keys


def test_a_renamed_factor_keeps_its_runs(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    sim.sweep(design_of(), tmp_path / "out", workers=1)
    path = tmp_path / "test.toml"
    path.write_text(path.read_text().replace('name = "refusal"', 'name = "share_refused"'), encoding="utf-8")
    frame = sim.sweep(path, tmp_path / "out", workers=1).frame()
    assert len(executed) == 48
    assert "share_refused" in frame
    assert "refusal" not in frame


def test_an_empty_and_a_foreign_folder_are_said(design_of: Any, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no sweep"):
        read_sweep(tmp_path)
    Store(tmp_path / "out", design_of()).close()
    with pytest.raises(FolderError, match="holds no run of this design"):
        read_sweep(tmp_path / "out").frame()


def test_a_folder_that_cannot_be_written_is_said(
    design_of: Any, tmp_path: Path, talentsim: Callable[..., tuple[int, str, str]]
) -> None:
    design_of()
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    code, _, errors = talentsim("sweep", str(tmp_path / "test.toml"), "--to", str(tmp_path / "out"))
    assert code == 1
    assert "cannot write here" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(("missing", "workers"), [(1, 8), (10, 2), (2_000, 2), (20_000, 2), (10**7, 64)])
def test_batches_are_few_and_short(missing: int, workers: int) -> None:
    size = batch_size(missing, workers, 2_000)
    assert 1 <= size <= 250
    assert missing > 30_000 or math.ceil(missing / size) <= max(125, missing)
    assert batch_size(missing, workers, 5_000_000) == 1


def test_the_package_offers_its_verbs_and_imports_none_of_them_early() -> None:
    assert "sweep" in dir(sim)
    with pytest.raises(AttributeError, match="no attribute 'swep'"):
        sim.swep  # noqa: B018
    code = "import sys, sim; assert not {'numpy', 'numba', 'sim.api', 'concurrent.futures'} & set(sys.modules), sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)


def test_a_design_object_runs_without_a_file(executed: Executed, design_of: Any, tmp_path: Path) -> None:
    design: Design = design_of()
    (tmp_path / "test.toml").unlink()
    numbers: Iterator[SweepRun] = sweep_runs(design)
    assert len({run.key for run in numbers}) == 48
    assert sim.sweep(design, tmp_path / "out", workers=1).query("select count(*) as n from runs")["n"][0] == 48


def test_shards_are_alike_in_size_and_keep_their_runs(design_of: Any) -> None:
    def shards(design: Design) -> dict[str, int]:
        return {run.key: shard for shard in (1, 2, 3, 4) for run in sweep_runs(design, (shard, 4))}

    one_point = {"method": "grid", "values": "values = [0.2]", "draws": '"reference"'}
    few = shards(design_of(**one_point, replicates=400))
    assert all(40 <= list(few.values()).count(shard) <= 160 for shard in (1, 2, 3, 4))
    more = shards(design_of(method="grid", values="values = [0.1, 0.2]", draws='"reference"', replicates=500))
    assert len(more) == 1_000
    assert {key: more[key] for key in few} == few
