"""Figures of comparisons: the file and the page show the numbers of one table, and the files beside them say what they are."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from sim.comparisons.comparison import Comparison
from sim.engines.axes import AXES, TIERS
from sim.reports.figures.catalogue import (
    FIGURES,
    UnknownFigureError,
    figure,
    figure_table,
    figure_tables,
    save_figures,
)
from sim.reports.figures.pages import domains, plotly_figure
from sim.reports.figures.published import groups_of
from sim.reports.figures.shares import first_jobs, net_moves
from sim.reports.figures.streams import layout
from sim.reports.figures.tables import FLOW_YEARS, shown_runs
from sim.reports.single import as_comparison
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import shares_of
from tests.support.comparisons import compared, run_of


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run, Run]:
    """Write a base and two variants once."""
    root = tmp_path_factory.mktemp("runs")
    variants = (run_of(name, root, until=2027, seed=seed) for name, seed in (("us-entry-restrictions", 2), ("us-opening", 3)))
    return (run_of("baseline", root, until=2027), *variants)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def comparison(runs: tuple[Run, Run, Run]) -> Comparison:
    return compared(runs[0], runs[1:])


def test_every_figure_has_numbers_and_says_what_they_are(comparison: Comparison) -> None:
    tables = figure_tables(comparison)
    assert list(tables) == list(FIGURES)
    for name, table in tables.items():
        assert table.name == name
        assert table.unit
        assert len(table.definition) > 30, name
        assert table.source
        assert all(len(row) == len(table.columns) for row in table.rows), name


def test_shares_of_work_are_the_quantiles_of_the_runs(comparison: Comparison) -> None:
    table = figure_table(comparison, "work-shares")
    for series, run in shown_runs(comparison):
        usa = 100 * shares_of(run.counts[:, :, TIERS.index("top20"), AXES.index("work")])[:, :, 0]
        rows = table.records(kind="run", scenario=series.label, region="United States")
        for column, quantile in (("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95)):
            np.testing.assert_allclose([float(row[column]) for row in rows], np.quantile(usa, quantile, axis=0))
        people = run.weight * np.median(run.counts[:, :, TIERS.index("top20"), AXES.index("work"), 0], axis=0)
        np.testing.assert_allclose([float(row["people_p50"]) for row in rows], people)
    total = sum(float(row["p50"]) for row in table.records(kind="run", scenario="baseline", year=2022))
    assert total == pytest.approx(100, abs=8), "medians of shares that sum to one"


def test_differences_are_those_of_the_comparison(comparison: Comparison) -> None:
    cell = (-1, TIERS.index("top20"), AXES.index("work"), comparison.base.codes.index("CHN"))
    for effects, (series, _) in zip(comparison.effects, shown_runs(comparison)[1:], strict=True):
        over_time = figure_table(comparison, "differences").records(scenario=series.label, code="CHN", year=2027)[0]
        at_end = figure_table(comparison, "effects").records(scenario=series.label, code="CHN", axis="where they work")[0]
        for row in (over_time, at_end):
            assert row["difference"] == effects.difference_points[cell]
            assert (row["p05"], row["p95"]) == (effects.p05_points[cell], effects.p95_points[cell])
            assert row["people"] == effects.people[cell]
        headline = next(
            each for each in comparison.headlines
            if (each.variant, each.year, each.tier, each.axis, each.region) == (series.label, 2027, "top20", "work", "CHN")
        )  # fmt: skip
        assert at_end["verdict"] == headline.verdict


def test_flows_add_up_to_those_of_the_file(runs: tuple[Run, Run, Run]) -> None:
    import pyarrow.parquet as pq

    run = runs[0]
    groups = [members for _, members in groups_of(run.codes)]
    flows = pq.read_table(run.folder / "flows.parquet").to_pandas()
    jobs = flows[(flows.stage == "first_job") & (flows.year == 2027)]
    people = first_jobs(run, 2027, groups)
    per_run = run.weight / (run.draws * run.replicates)
    assert people.sum() == pytest.approx(jobs.researchers.sum() * per_run)
    usa, chn = 0, 1
    picked = jobs[(jobs.origin == "CHN") & (jobs.from_region == "USA") & (jobs.to_region == "CHN")]
    assert people[chn, usa, chn] == pytest.approx(picked.researchers.sum() * per_run)
    years = run.years[-FLOW_YEARS:]
    net = net_moves(run, years, groups)
    np.testing.assert_allclose(net, -net.T)
    moves = flows[flows.year.isin(years) & (flows.stage != "exit")]
    there, back = (
        moves[(moves.from_region == start) & (moves.to_region == end)].researchers.sum()
        for start, end in (("USA", "CHN"), ("CHN", "USA"))
    )
    assert net[usa, chn] == pytest.approx((int(there) - int(back)) * per_run / FLOW_YEARS)


def test_the_switchers_leave_out_moves_within_a_group(comparison: Comparison) -> None:
    table = figure_table(comparison, "switchers")
    found = {(row["base"], row["variant"]): row["people"] for row in table.records(scenario="us-opening")}
    assert found["United States", "China"] == pytest.approx(95.4 + 18.5)
    assert found["United States", "out of research"] == 5.4
    assert ("Europe (excl. UK)", "Europe (excl. UK)") not in found


def test_parts_of_levers_and_channels_close(comparison: Comparison) -> None:
    levers = figure_table(comparison, "levers")
    for panel in levers.panels:
        rows = levers.records(panel=panel)
        assert sum(float(row["value"]) for row in rows) == pytest.approx(float(rows[0]["total"]))
    channels = figure_table(comparison, "channels")
    for panel in channels.panels:
        for label in {row["label"] for row in channels.records(panel=panel)}:
            *parts, whole = (float(row["value"]) for row in channels.records(panel=panel, label=label))
            assert sum(parts) == pytest.approx(whole)


def test_the_file_and_the_page_show_the_same_numbers(comparison: Comparison) -> None:
    for name in ("differences", "crossing"):
        drawn, page = figure(comparison, name), plotly_figure(figure_table(comparison, name))
        panels = [axes for axes in drawn.axes if axes.axison]
        curves = [line for axes in panels for line in axes.lines if len(line.get_xdata()) > 2]
        traces = [trace for trace in page.data if trace.type == "scatter" and trace.mode == "lines" and trace.hovertemplate]
        assert len(curves) == len(traces) == sum(len(shown_runs(comparison)) - (name == "differences") for _ in panels)
        for curve, trace in zip(curves, traces, strict=True):
            np.testing.assert_allclose(np.asarray(trace.y, dtype=float), curve.get_ydata(), atol=6e-4)
    table = figure_table(comparison, "net-flows")
    heat = plotly_figure(figure_table(comparison, "net-flows")).data[0]
    row, column = list(heat.y).index("China"), list(heat.x).index("United States")
    value = float(table.records(scenario="baseline", region="China", other="United States")[0]["value"])
    assert heat.z[row][column] == pytest.approx(value, abs=0.06)
    texts = [text.get_text() for text in figure(comparison, "net-flows").axes[0].texts]
    assert f"{value:+,.0f}" in texts
    people = sum(float(row["people"]) for row in figure_table(comparison, "paths").records(scenario="baseline"))
    links = plotly_figure(figure_table(comparison, "paths")).data[0].link
    assert sum(links.value) == pytest.approx(2 * people, rel=1e-3), "every path has two links"


def test_streams_begin_and_end_in_their_nodes() -> None:
    nodes, ribbons = layout({("a", "b", "a"): 3.0, ("b", "b", "a"): 1.0, ("b", "a", "b"): 2.0}, ["a", "b"])
    by_place = {(node.column, node.label): node for node in nodes}
    assert by_place[1, "b"].people == 4.0
    for column in (0, 1):
        for label in "ab":
            left = [r for r in ribbons if r.column == column and by_place[column, label].low - 1e-9 <= r.left[0]]
            inside = sum(r.left[1] - r.left[0] for r in left if r.left[1] <= by_place[column, label].high + 1e-9)
            assert inside == pytest.approx(by_place[column, label].high - by_place[column, label].low)
    heights = [ribbon.left[1] - ribbon.left[0] for ribbon in ribbons]
    np.testing.assert_allclose(heights, [ribbon.right[1] - ribbon.right[0] for ribbon in ribbons])
    assert all(-1e-9 <= node.low < node.high <= 1 + 1e-9 for node in nodes)


def test_panels_do_not_overlap_on_any_width() -> None:
    meta = {"height": 170, "head": 30, "foot": 40, "left": 46, "right": 14}
    for columns in (1, 3, 4):
        places = [domains(number, 7, columns, meta, 320 * columns) for number in range(7)]
        for i, (x, y) in enumerate(places):
            assert 0 <= x[0] < x[1] <= 1
            assert 0 <= y[0] < y[1] <= 1
            for other_x, other_y in places[:i]:
                apart = x[0] >= other_x[1] or other_x[0] >= x[1] or y[0] >= other_y[1] or other_y[0] >= y[1]
                assert apart, columns


def test_every_figure_has_its_table_and_its_metadata_beside_it(comparison: Comparison, tmp_path: Path) -> None:
    few = compared(comparison.base, comparison.variants[:1])
    names = ("crossing", "switchers")
    files = save_figures(few, tmp_path / "a", names)
    assert len(files) == 4 * len(names)
    for name, table in figure_tables(few, names).items():
        note = json.loads((tmp_path / "a" / f"{name}.json").read_text(encoding="utf-8"))
        assert (note["unit"], note["definition"]) == (table.unit, table.definition)
        assert [each["run_id"] for each in note["runs"]] == [few.base.run_id, few.variants[0].run_id]
        with (tmp_path / "a" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        assert tuple(rows[0]) == table.columns_with_units == tuple(note["columns"])
        assert len(rows) - 1 == len(table.rows)
        assert (tmp_path / "a" / f"{name}.svg").read_text(encoding="utf-8").count("<dc:date>") == 0
    again = save_figures(few, tmp_path / "b", names)
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]


def test_a_run_alone_has_the_figures_that_need_no_other(comparison: Comparison) -> None:
    single = as_comparison(comparison.base)
    assert list(figure_tables(single)) == [
        "work-shares", "work-shares-elite", "tiles", "crossing", "crossing-dots", "futures", "paths", "net-flows",
    ]  # fmt: skip
    with pytest.raises(UnknownFigureError, match="compare the run with another"):
        figure(single, "differences")


def test_unknown_and_empty_figures_say_what_there_is(comparison: Comparison) -> None:
    with pytest.raises(UnknownFigureError, match="work-shares, "):
        figure(comparison, "shares")
    with pytest.raises(UnknownFigureError, match="makes again"):
        plotly_figure(figure_table(compared(comparison.base, comparison.variants, with_anatomy=False), "switchers"))


def test_a_comparison_with_itself_draws_zero(runs: tuple[Run, Run, Run]) -> None:
    same = compared(runs[0], [runs[0]])
    rows = figure_table(same, "effects").records()
    assert rows
    assert all(float(row[name]) == 0 for row in rows for name in ("difference", "p05", "p95", "people"))
    assert len({series.label for series, _ in shown_runs(same)}) == 2, "two runs of one scenario have two names"
    assert all(math.isfinite(float(row["p50"])) for row in figure_table(same, "differences").records())
    assert plotly_figure(figure_table(same, "effects")).data
    assert figure(same, "net-flows").axes
