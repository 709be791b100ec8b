"""Dots, tiles, futures, scales and misses: what they show is what the runs say."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.calibration.evidence import load_evidence
from sim.calibration.fit import fit
from sim.comparisons.comparison import Comparison
from sim.data.load import load_data
from sim.reports.figures.files import file_figure, save_slide
from sim.reports.figures.kinds.dots import COUNT, quantile_dots, stacked, tabulate_crossing_dots, tabulate_effect_dots
from sim.reports.figures.kinds.fits import fit_table
from sim.reports.figures.kinds.futures import SHOWN_FUTURES, tabulate_futures
from sim.reports.figures.kinds.scales import line_scales, panel_title
from sim.reports.figures.kinds.tiles import tabulate_tiles, tiles
from sim.reports.figures.pages import plotly_figure
from sim.reports.figures.tables import LINES, FigureTable
from tests.support.comparisons import compared, run_of


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    root = tmp_path_factory.mktemp("runs")
    return compared(run_of("baseline", root, until=2027), [run_of("us-entry-restrictions", root, until=2027, seed=2)])


def lines(values: dict[str, tuple[float, float]], name: str = "made-up") -> FigureTable:
    rows = tuple((panel, 2020 + k, value) for panel, ends in values.items() for k, value in enumerate(ends))
    return FigureTable(name, LINES, "", "", "", "", "", ("panel", "year", "p50"), rows, "panel")


def test_fifty_dots_hold_the_chance_that_is_counted() -> None:
    values = np.array([-1.0] * 30 + [2.0] * 70)
    dots = quantile_dots(values)
    assert len(dots) == COUNT
    assert int((dots < 0).sum()) == 15
    assert np.isinf(quantile_dots(np.array([2030.0, np.inf]))).sum() == COUNT // 2, "who never passes is counted too"
    assert len(quantile_dots(np.array([np.nan]))) == 0


def test_effect_dots_are_around_the_headline(comparison: Comparison) -> None:
    table = tabulate_effect_dots(comparison)
    (headline,) = [
        row for row in comparison.headlines if (row.year, row.tier, row.axis, row.region) == (2027, "top20", "work", "USA")
    ]
    dots = [float(record["value"]) for record in table.records(region="United States")]
    assert len(dots) == COUNT
    assert abs(np.mean(dots) - headline.difference_points) < 0.5
    for name in table.panels:
        across, up, colours = stacked(table, name)
        assert len(across) == len(colours) == COUNT
        assert len({*zip(across.tolist(), up.tolist(), strict=True)}) == COUNT, "no dot hides another"


def test_crossing_dots_agree_with_the_share_of_runs(comparison: Comparison) -> None:
    table = tabulate_crossing_dots(comparison)
    for name in table.panels:
        share = next(r.share_of_runs for r in comparison.crossings if (r.scenario, r.tier, r.year) == (name, "top20", 2027))
        dots = [float(record["value"]) for record in table.records(scenario=name)]
        assert abs(np.isfinite(dots).mean() - share) <= 1 / COUNT


def test_every_region_has_one_tile_of_its_own(comparison: Comparison) -> None:
    assert set(tiles()) == set(load_data().codes)
    assert len({(tile.row, tile.column) for tile in tiles().values()}) == len(tiles())
    table = tabulate_tiles(comparison)
    assert len(table.rows) == len(tiles())
    usa = table.records(code="USA")[0]
    (headline,) = [
        row for row in comparison.headlines if (row.year, row.tier, row.axis, row.region) == (2027, "top20", "work", "USA")
    ]
    assert float(usa["value"]) == pytest.approx(headline.difference_points)


def test_a_page_shows_one_future_at_a_time(comparison: Comparison) -> None:
    table = tabulate_futures(comparison)
    assert len(table.panels) <= 2 * SHOWN_FUTURES
    drawn = plotly_figure(table)
    steps = {trace.meta["step"] for trace in drawn.data}
    assert len(steps) == comparison.base.draws
    assert {trace.meta["step"] for trace in drawn.data if trace.visible} == {0}
    assert sum(bool(trace.visible) for trace in drawn.data) == 4, "two regions in two scenarios"


def test_panels_share_a_scale_or_say_the_factor() -> None:
    table = lines({"large": (30.0, 60.0), "half": (20.0, 31.0), "small": (1.0, 2.0), "none": (0.0, 0.0)})
    scales = line_scales(table)
    assert {name: scale.factor for name, scale in scales.items()} == {"large": 1, "half": 1, "small": 20, "none": 1}
    assert scales["large"].high == scales["half"].high == pytest.approx(scales["small"].high * 20)
    assert panel_title(table, "small") == "small (enlarged 20 x)"
    assert panel_title(table, "half") == "half"
    below = line_scales(lines({"a": (-4.0, 1.0), "b": (0.5, -1.0)}))
    assert below["b"].factor == 2, "both ends must fit"


def test_the_fit_is_told_with_its_misses_first() -> None:
    record = load_evidence(load_data())
    generator = np.random.default_rng(1)
    published = np.array([row.value for row in record.rows])
    values = published * generator.normal(1.0, 0.2, (30, len(published)))
    found = fit(record, values)
    table = fit_table(found, most=5)
    sizes = [abs(float(record["difference"])) for record in table.records()]
    assert len(sizes) == 5
    misses = [abs(each.miss) for each in found.rows if each.row.use in ("fit", "one-sided") and math.isfinite(each.miss)]
    assert misses[:5] == sorted(misses, reverse=True)[:5]
    assert "5 of" in table.caption
    assert plotly_figure(table).data


def test_a_slide_has_the_shape_of_a_slide(comparison: Comparison, tmp_path: Path) -> None:
    from PIL import Image

    png, svg = save_slide(file_figure(replace(tabulate_tiles(comparison)), "note"), tmp_path, "slide")
    with Image.open(png) as image:
        assert image.size == (1920, 1080)
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
