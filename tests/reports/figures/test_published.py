"""The figures in a run's folder: what they show, and that equal runs give equal files."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sim.comparisons.comparison import Comparison
from sim.data.load import load_data
from sim.reports.figures.catalogue import figure, save_figures, save_run_figures, save_slides
from sim.reports.figures.published import LAST_OBSERVED, groups_of, published_points
from sim.reports.single import as_comparison
from sim.runs.folder import Run, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan

FIGURES = {"top20": "work-shares", "elite": "work-shares-elite"}


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


def label_of(title: str) -> str:
    """The group of a panel, without the factor by which it is enlarged."""
    return " ".join(title.split()).split(" (enlarged ")[0]


@pytest.mark.parametrize("tier", FIGURES)
def test_lines_are_the_medians_of_the_groups(run: Run, tier: str) -> None:
    drawn = figure(as_comparison(run), FIGURES[tier])
    groups = groups_of(run.codes)
    by_run = run.shares_by_run(tier, "work", [members for _, members in groups])
    panels = {axes.get_title(loc="left"): axes for axes in drawn.axes if axes.axison}
    assert [label_of(title) for title in panels] == [group.label for group, _ in groups]
    for index, axes in enumerate(panels.values()):
        (line,) = (line for line in axes.lines if len(line.get_xdata()) == len(run.years))
        np.testing.assert_allclose(line.get_ydata(), 100 * np.median(by_run[:, :, index], axis=0))


@pytest.mark.parametrize("tier", FIGURES)
def test_the_figure_of_a_run_keeps_the_published_points_with_their_errors(run: Run, tier: str) -> None:
    drawn = figure(as_comparison(run), FIGURES[tier])
    panels = {axes.get_title(loc="left"): axes for axes in drawn.axes if axes.axison}
    for label, axes in panels.items():
        expected = sorted(100 * p.value for p in published_points(load_data().targets, tier) if p.group.label == label_of(label))
        assert sorted(float(bar.lines[0].get_ydata()[0]) for bar in axes.containers) == pytest.approx(expected)


def test_the_figure_says_what_the_band_contains(run: Run) -> None:
    drawn = figure(as_comparison(run), "work-shares-elite")
    texts = " ".join(" ".join(text.get_text() for text in drawn.texts).split())
    legend = " ".join(text.get_text() for text in drawn.legends[0].get_texts())
    assert run.run_id in texts
    assert run.provenance["bands"].split()[0] in texts
    assert "bands hold the errors of those that draws are solved on" in texts
    assert "narrower rule" in texts
    assert "90 % band" in legend
    assert "published sample" not in legend, "the elite was counted, not sampled"
    assert "full count" in legend


def test_equal_runs_give_equal_files(run: Run, tmp_path: Path) -> None:
    first, second = (save_figures(as_comparison(run), tmp_path / name, ["work-shares"]) for name in ("a", "b"))
    for ours, theirs in zip(first, second, strict=True):
        assert ours.read_bytes() == theirs.read_bytes(), ours.name
    assert "<dc:date>" not in first[1].read_text(encoding="utf-8")


def test_the_tables_behind_the_figures_hold_the_run_and_the_published_points(run: Run) -> None:
    files = save_run_figures(run)
    assert {path.parent for path in files} == {run.folder}
    for tier, name in FIGURES.items():
        with (run.folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        published = [row for row in rows if row["kind"] != "run"]
        assert len(published) == len(published_points(load_data().targets, tier)) > 2
        drawn = [row for row in rows if row["kind"] == "run"]
        assert len(drawn) == len(groups_of(run.codes)) * len(run.years)
        assert all(float(row["p05_percent"]) <= float(row["p50_percent"]) + 1e-9 for row in drawn)
        note = json.loads((run.folder / f"{name}.json").read_text(encoding="utf-8"))
        assert [each["role"] for each in note["runs"]] == ["base"]


@pytest.mark.parametrize("save", [save_figures, save_slides])
def test_who_is_told_to_end_before_the_first_picture_leaves_no_empty_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: Callable[[Comparison, Path], list[Path]]
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.reports.figures.catalogue.file_figure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(as_comparison(run), tmp_path / "new" / "figures")
    assert not (tmp_path / "new").exists()
