"""The page and the figures of the tracker continued: a table and a figure for each chart, published beside modelled."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import sim
from sim.calibration.tracker.charts import TrackerChart
from sim.calibration.tracker.project import TrackerValue
from sim.comparisons.words import MISSING
from sim.reports.figures.files import file_figure, save_pictures
from sim.reports.figures.tables import BANDS, COLOURS, LINES, FigureTable, Series
from sim.reports.html import Block, DataTable, FigureBlock, NumberCell, Paragraph, Section, TextCell, templates
from sim.sources import PACKAGE

BOUND_MARKS: Final[Mapping[str, str]] = {"at_most": "≤ ", "at_least": "≥ ", "derived": "~ "}
CITATION: Final = (
    "MacroPolo, The Global AI Talent Tracker (NeurIPS 2019) and 2.0 (NeurIPS 2022), Paulson Institute. What is modelled and "
    "projected here is this project's; no endorsement by the tracker's authors is claimed."
)
HOW_TO_READ: Final = (
    "Each cell holds the published number, where there is one, and the model's median with the range of 90 % of the runs. ≤, ≥: "
    "a published bound; ~: derived from published shares. The ranges hold draws of the uncertain parameters and replicates, and "
    "of the sampling noise of published samples, 2 to 3 points, that of the shares which draws are solved on."
)


def write_tracker(values: Sequence[TrackerValue], charts: Sequence[TrackerChart], title: str, note: str, folder: Path) -> Path:
    """Write the figures of all charts, PNG and SVG, and the page that holds them.

    Parameters
    ----------
    values
        Of `sim.calibration.tracker.project.tracker_values`.
    charts
        The charts the values are of.
    title
        Of the scenario.
    note
        What was run, for the small print.
    folder
        Where ``tracker.html`` and ``figures`` are written; it is there.

    Returns
    -------
    The page.
    """
    figures = folder / "figures"
    figures.mkdir()
    sections = []
    for chart in charts:
        mine = [value for value in values if value.chart == chart.id]
        blocks: list[Block] = [Paragraph(chart.note[0].upper() + chart.note[1:] + ".")]
        table = chart_table(chart, mine, title)
        if table.rows and any(record["kind"] == "run" for record in table.records()):
            png, _ = save_pictures(file_figure(table, note), figures, chart.id)
            picture = base64.b64encode(png.read_bytes()).decode()
            blocks.append(FigureBlock(chart.id, "Published and modelled", table.caption, described_chart(mine), picture))
        sections.append(Section(chart.id, chart.title, [*blocks, number_table(chart, mine)]))
    summary = [Paragraph(f"Published: {CITATION}"), Paragraph(HOW_TO_READ)]
    page = folder / "tracker.html"
    text = templates().get_template("tracker.html")
    style = (PACKAGE / "reports" / "assets" / "style.css").read_text(encoding="utf-8")
    kind = "The tracker, continued"
    footer = f"{note} Written by talentsim {sim.__version__}. Projections under assumptions, not forecasts of persons."
    page.write_text(
        text.render(version=sim.__version__, kind=kind, title=title, lead=summary, sections=sections, footer=footer, style=style),
        encoding="utf-8",
        newline="\n",
    )
    return page


def chart_table(chart: TrackerChart, values: Sequence[TrackerValue], title: str) -> FigureTable:
    """Make the table of a chart's figure: a panel a row, the model's bands by year and the published points."""
    factor = factor_of(chart.unit)
    blank = (math.nan,) * 5
    rows: list[tuple[str | int | float, ...]] = []
    for value in values:
        if math.isfinite(value.p50):
            bands = (factor * getattr(value, name) for name in BANDS)
            rows.append(("run", title, value.row, value.year, *bands, math.nan, math.nan, ""))
        if math.isfinite(value.published):
            point = factor * value.published, factor * value.published_sd
            rows.append(("published sample", "", value.row, value.year, *blank, *point, value.source))
    return FigureTable(
        name=chart.id,
        kind=LINES,
        title=chart.title,
        caption="Median of the runs for 2019, 2022, 2025, 2030 and 2035 with the bands that hold 50 % and 90 % of them; points "
        "are published, with a 90 % error bar. What follows 2022 is projected. A small panel is enlarged by the factor in "
        "its title.",
        unit=unit_text(chart.unit),
        definition=chart.note,
        source="runs; published numbers: see `talentsim sources` for each id",
        columns=("kind", "scenario", "region", "year", *BANDS, "value", "standard_error", "source"),
        rows=tuple(rows),
        panel="region",
        series=(Series(title, COLOURS[0]),),
    )


def number_table(chart: TrackerChart, values: Sequence[TrackerValue]) -> DataTable:
    """Make the table of a chart: a row a line, two columns a published year and one a projected year."""
    years = list(dict.fromkeys(value.year for value in values))
    has_published = {year: any(math.isfinite(v.published) for v in values if v.year == year) for year in years}
    columns = [chart.unit if chart.unit != "share" else "%"]
    for year in years:
        columns += [f"{year} published", f"{year} model"] if has_published[year] else [str(year)]
    rows = []
    for row in chart.rows:
        cells: list[TextCell | NumberCell] = [TextCell(row.label)]
        for value in (v for v in values if v.row == row.label):
            if has_published[value.year]:
                cells.append(NumberCell(published_text(value), value.target))
            cells.append(NumberCell(number_text_of(value, value.p50), range_text(value)))
        rows.append(cells)
    return DataTable(chart.title, columns, rows)


def factor_of(unit: str) -> float:
    """Return what a number of a unit is multiplied by when it is shown: shares are shown in per cent."""
    return 100.0 if unit == "share" else 1.0


def unit_text(unit: str) -> str:
    """Name the unit that is shown."""
    return "%" if unit == "share" else unit


def number_text_of(value: TrackerValue, number: float) -> str:
    """Write a number of a row in the unit that is shown; a dash where there is none."""
    return MISSING if math.isnan(number) else f"{factor_of(value.unit) * number:,.0f}"


def published_text(value: TrackerValue) -> str:
    """Write the published number with its mark."""
    return f"{BOUND_MARKS.get(value.kind, '')}{number_text_of(value, value.published)}"


def range_text(value: TrackerValue) -> str:
    """Write the range of 90 % of the runs."""
    return "" if math.isnan(value.p05) else f"{number_text_of(value, value.p05)} to {number_text_of(value, value.p95)}"


def described_chart(values: Sequence[TrackerValue]) -> str:
    """Say a chart's published and last modelled numbers in words, for those who do not see it."""
    return "; ".join(sentences(values))


def sentences(values: Sequence[TrackerValue]) -> Iterator[str]:
    """Yield one sentence for each published number and each last year."""
    last = max(value.year for value in values)
    for value in values:
        if math.isfinite(value.published):
            yield f"{value.row}, {value.year}: published {published_text(value)}, modelled {number_text_of(value, value.p50)}"
        elif value.year == last and math.isfinite(value.p50):
            yield f"{value.row}, {value.year}: {number_text_of(value, value.p50)} ({range_text(value)})"
