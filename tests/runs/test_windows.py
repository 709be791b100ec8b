"""Files on Windows, as far as another system can tell: the project's calls answered as Windows answers them."""

import ast
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sim.comparisons.effects import compare_runs
from sim.comparisons.folder import comparison_folder, read_comparison, write_comparison
from sim.runs.atomic import WEEK, check_writable
from sim.runs.folder import NUMBER_FILES, read_run, run_folder, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_scenario
from sim.sources import PACKAGE, whole_file
from tests.support.made_up import made_up_sweep
from tests.support.windows import lay_windows_over

Make = Callable[[RunPlan], Iterator[Outcomes]]
pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed on Linux alone")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_windows_over(monkeypatch)


def test_a_run_has_the_same_bytes(plan: RunPlan, outcomes_of: Make, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    here = write_run(plan, outcomes_of(plan), tmp_path / "here")
    request.getfixturevalue("windows")
    there = write_run(plan, outcomes_of(plan), tmp_path / "there")
    for name in (*NUMBER_FILES, "scenario.toml"):
        assert (here.folder / name).read_bytes() == (there.folder / name).read_bytes(), name
    assert read_run(there.folder).counts.shape == here.counts.shape
    assert [path.name for path in (tmp_path / "there" / "baseline").iterdir()] == [there.run_id]


@pytest.mark.usefixtures("windows")
def test_a_finished_folder_of_another_process_stays(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    def overtaken() -> Iterator[Outcomes]:
        yield from outcomes_of(plan)
        write_run(plan, outcomes_of(plan), tmp_path)
        (run_folder(plan, tmp_path) / "mark").touch()

    assert (write_run(plan, overtaken(), tmp_path).folder / "mark").exists()


@pytest.mark.usefixtures("windows")
def test_a_comparison_and_a_sweep_are_written_and_read(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    plans = plan, replace(plan, scenario=load_scenario("us-opening"))
    base, variant = (write_run(each, outcomes_of(each), tmp_path) for each in plans)
    folder = comparison_folder([base, variant], tmp_path, ())
    write_comparison(compare_runs(base, [variant], plan.basis.data), folder)
    assert read_comparison(folder).base.run_id == base.run_id
    sweep = made_up_sweep(tmp_path / "sweep", lambda scenario, values, draw, replicate: (0.5, 0.25))
    assert sweep.frame().shape[0] > 1


@pytest.mark.usefixtures("windows")
def test_nobody_is_asked_whether_he_lives_and_what_is_a_week_old_is_removed(tmp_path: Path) -> None:
    for name, age in ((".partial-new", 0.0), (".partial-old", WEEK + 60.0)):
        (tmp_path / name).mkdir()
        owner = {"host": socket.gethostname(), "pid": os.getpid()}
        (tmp_path / name / ".owner.json").write_text(json.dumps(owner), encoding="utf-8")
        for path in (tmp_path / name / ".owner.json", tmp_path / name):
            os.utime(path, (time.time() - age,) * 2)
    check_writable(tmp_path, 0)
    assert [path.name for path in tmp_path.iterdir()] == [".partial-new"]


@pytest.mark.usefixtures("windows")
def test_a_file_that_is_read_is_closed_before_it_is_replaced(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with whole_file(tmp_path / "kept") as place:
            place.write_text(text, encoding="utf-8")
    with (
        (tmp_path / "kept").open(encoding="utf-8"),
        pytest.raises(PermissionError, match="in use"),
        whole_file(tmp_path / "kept") as place,
    ):
        place.write_text("third", encoding="utf-8")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["second"]


def test_lines_end_alike_on_every_system() -> None:
    """Text without ``newline`` would get another end of line on Windows, and with it other bytes."""
    missing = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "write_text"
        and "newline" not in {each.arg for each in node.keywords}
    ]
    one_line = [each for each in missing if each.startswith("sources.py:")]  # hashes, which have no end of line
    assert missing == one_line
