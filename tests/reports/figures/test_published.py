"""The figure of work shares: what it shows, and that equal runs give equal files."""

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sim.data.load import load_data
from sim.reports.figures.published import LAST_OBSERVED, groups_of, published_points, save_work_shares, work_shares_figure
from sim.runs.folder import Run, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan


@pytest.fixture
def run(plan: RunPlan, outcomes_of: Callable[[RunPlan], Iterator[Outcomes]], tmp_path: Path) -> Run:
    return write_run(plan, outcomes_of(plan), tmp_path)


def test_every_region_is_in_exactly_one_line() -> None:
    codes = load_data().codes
    members = [region for _, group in groups_of(codes) for region in group]
    assert sorted(members) == list(range(len(codes)))


def test_published_points_are_the_work_shares_by_headquarters_and_nothing_else() -> None:
    points = {(p.group.label, p.year, p.is_count): p for p in published_points(load_data().targets, "top20")}
    sampled = points["China", 2022, False]
    assert (sampled.value, sampled.error) == (0.28, 0.03)
    assert points["United States", 2019, False].value == 0.59
    counted = points["China", 2019, True]
    assert counted.value == pytest.approx(0.1144 + 0.0037), "the rows with and without Hong Kong belong together"
    assert points["Europe (excl. UK)", 2022, True].value == 0.1325
    elite = {(p.group.label, p.year): p.value for p in published_points(load_data().targets, "elite")}
    assert elite["United States", 2022] == 0.57
    assert elite["China", 2022] == 0.12
    assert all(p.year <= LAST_OBSERVED for p in points.values())


def test_lines_are_the_medians_of_the_groups(run: Run) -> None:
    figure = work_shares_figure(run, load_data())
    by_run = run.shares_by_run("top20", "work", [members for _, members in groups_of(run.codes)])
    drawn = [line for line in figure.axes[0].lines if len(line.get_xdata()) == len(run.years)]
    assert len(drawn) == by_run.shape[2]
    for index, line in enumerate(drawn):
        np.testing.assert_allclose(line.get_ydata(), 100 * np.median(by_run[:, :, index], axis=0))


def test_the_figure_says_what_the_band_contains(run: Run) -> None:
    figure = work_shares_figure(run, load_data())
    texts = " ".join(text.get_text() for text in figure.texts)
    legend = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert run.title in texts
    assert "priors" in texts
    assert "sampling noise" in texts
    assert "90 % band" in legend
    assert [axes.get_title(loc="left")[:6] for axes in figure.axes] == ["Top 20", "Elite,"]


def test_equal_runs_give_equal_files(run: Run, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(save_work_shares(run, load_data(), tmp_path / name))
    for first, second in zip(*made, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name
    svg = made[0][1].read_text(encoding="utf-8")
    assert "<dc:date>" not in svg


def test_the_table_behind_the_figure_holds_runs_and_published_points(run: Run, tmp_path: Path) -> None:
    table = save_work_shares(run, load_data(), tmp_path)[2]
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    published = [row for row in rows if row["kind"] == "published"]
    expected = sum(len(published_points(load_data().targets, tier)) for tier in ("top20", "elite"))
    assert len(published) == expected > 10
    drawn = [row for row in rows if row["kind"] == "run"]
    assert len(drawn) == 2 * len(groups_of(run.codes)) * len(run.years)
    assert all(row["p05"] <= row["p50"] or math.isclose(float(row["p05"]), float(row["p50"])) for row in drawn)
