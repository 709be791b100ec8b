"""The numbers behind every figure of a comparison: one table each, from which the file and the page are drawn alike.

Notation: N runs, Y years, G groups of regions. People are means over runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.comparisons.comparison import Comparison
from sim.comparisons.pairing import labels
from sim.data.load import is_packaged, load_data
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.reports.figures.published import LAST_OBSERVED, REST, groups_of, published_points, shown_groups
from sim.reports.figures.shares import first_jobs, net_moves
from sim.reports.words import TIER_WORDS, shortened
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import quantiles_of

LINES, INTERVALS, BARS, MATRIX, STREAMS = "lines", "intervals", "bars", "matrix", "streams"
"""Kinds of figures: curves with bands, a forest plot, bars, a coloured matrix, a Sankey diagram."""


DOTS, TILES, FUTURES, MISSES = "dots", "tiles", "futures", "misses"
"""More kinds: dots of quantiles, a map of tiles, single futures, a forest plot of misses."""


FORESTS: Final = (INTERVALS, MISSES)


DIVERGING: Final = ("#0072B2", "#FFFFFF", "#D55E00")
"""Loss, nothing, gain: blue and orange stay apart for colour-blind readers."""


Value = str | int | float


MOST_LETTERS: Final = 36


BASE_COLOUR: Final = "#595959"


COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#56B4E9")
"""Of the variants in turn; by Okabe and Ito, whose colours stay apart for colour-blind readers."""


NOT_AT_WORK: Final = {"out": "out of research", "applying": "applying", "absent": "not in the run"}


BANDS: Final = ("p05", "p25", "p50", "p75", "p95")


IN_UNIT: Final = (*BANDS, "difference", "value", "standard_error", "low", "high", "total", "change")
"""Columns whose numbers are in the unit of their figure."""


def node_labels() -> tuple[str, ...]:
    """List what a figure of streams may have as nodes, in their order."""
    return (*(group.label for group in shown_groups()), REST.label, *NOT_AT_WORK.values())


"""Groups of regions and what is none, from top to bottom."""


FLOW_YEARS: Final = 5
"""Years at the end over which net flows are averaged."""


@dataclass(frozen=True)
class Series:
    """One colour of a figure: its name in the legend, and whether it is the base, which is dashed."""

    label: str
    colour: str
    is_base: bool = False

    @property
    def shown(self) -> str:
        """The name, cut where a legend has no room for more."""
        return shortened(self.label, MOST_LETTERS)


@dataclass(frozen=True)
class FigureTable:
    """One figure as numbers.

    Parameters
    ----------
    name
        Of the figure and of its files.
    kind
        LINES, INTERVALS, BARS, MATRIX, STREAMS, DOTS, TILES, FUTURES or MISSES.
    title, caption
        What it shows; how to read it.
    unit, definition, source
        Of the numbers drawn.
    columns, rows
        The table.
    panel
        Column whose values get a panel each.
    stops
        Columns whose values are the nodes of a Sankey diagram, from left to right.
    series
        The colours, in the order of the legend; empty where none is needed.
    """

    name: str
    kind: str
    title: str
    caption: str
    unit: str
    definition: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    panel: str
    stops: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()

    @property
    def line(self) -> str:
        """The column that is drawn as a curve: the mean of a difference, the median of a level."""
        return "difference" if "difference" in self.columns else "p50"

    @property
    def columns_with_units(self) -> tuple[str, ...]:
        """The columns as a file names them: numbers in the figure's unit end in it."""
        unit = {"percentage points": "points", "% of the tier": "percent", "% of runs": "percent"}.get(self.unit, "")
        return tuple(f"{name}_{unit}" if unit and name in IN_UNIT else name for name in self.columns)

    @property
    def panels(self) -> list[str]:
        """The panels, in the order of the rows."""
        place = self.columns.index(self.panel)
        return list(dict.fromkeys(str(row[place]) for row in self.rows))

    @property
    def page_panels(self) -> list[str]:
        """The panels of a page, which steps through the futures of a scenario in one."""
        if self.kind != FUTURES:
            return self.panels
        place = self.columns.index("scenario")
        return list(dict.fromkeys(str(row[place]) for row in self.rows))

    def records(self, **wanted: Value) -> list[dict[str, Value]]:
        """Return the rows that have the wanted values, each as a mapping by column."""
        place = {name: number for number, name in enumerate(self.columns)}
        found = list(self.rows)
        for name, value in wanted.items():
            found = [row for row in found if row[place[name]] == value]
        return [dict(zip(self.columns, row, strict=True)) for row in found]


def shown_runs(comparison: Comparison) -> list[tuple[Series, Run]]:
    """Return the runs with their names and colours, the base first; a run alone is no base of anything and gets a colour."""
    runs = (comparison.base, *comparison.variants)
    names = labels(comparison.base, comparison.variants)
    if len(runs) == 1:
        return [(Series(names[0], COLOURS[0]), runs[0])]
    colours = [BASE_COLOUR, *(COLOURS[i % len(COLOURS)] for i in range(len(runs) - 1))]
    return [(Series(name, colour, run is runs[0]), run) for name, colour, run in zip(names, colours, runs, strict=True)]


def tabulate_work_shares(comparison: Comparison, tier: str = "top20") -> FigureTable:
    """Tabulate shares of work by region and year with both bands, and the published shares."""
    rows: list[tuple[Value, ...]] = []
    rule = "; the elite of 2019 was counted by a narrower rule (top 0.5 %)" if tier == "elite" else ""
    groups = groups_of(comparison.base.codes)
    blank = (np.nan,) * 6
    for series, run in shown_runs(comparison):
        members = [regions for _, regions in groups]
        shares = 100 * quantiles_of(run.shares_by_run(tier, "work", members))  # (5, Y, G)
        counts = run.counts[:, :, TIERS.index(tier), AXES.index("work")]
        for g, (group, regions) in enumerate(groups):
            people = run.weight * np.median(counts[:, :, regions].sum(axis=2), axis=0)
            for y, year in enumerate(run.years):
                numbers = [float(each) for each in shares[:, y, g]]
                rows.append(("run", series.label, group.label, int(year), *numbers, float(people[y]), np.nan, np.nan, ""))
    for point in published_points(load_data().targets, tier):
        instrument = "full count" if point.is_count else "published sample"
        rows.append((instrument, "", point.group.label, point.year, *blank, 100 * point.value, 100 * point.error, point.source))
    points = "points are published shares with a 90 % error bar; " if load_data().targets else ""
    published = f" The count of Europe includes Russia{rule}." if is_packaged() else ""
    return FigureTable(
        name="work-shares" if tier == "top20" else f"work-shares-{tier}",
        kind=LINES,
        title=f"Share of work by region, {TIER_WORDS[tier]}",
        caption=f"Median of the runs with the bands that hold 50 % and 90 % of them; {points}bands hold the errors of those that "
        "draws are solved on, no others. By headquarters of the employer; students count at their university. Everything after "
        f"{LAST_OBSERVED} is projected.{published}",
        unit="% of the tier",
        definition=f"Researchers of the tier '{tier}' by headquarters of the employer, divided by all of that tier; medians and "
        "quantiles over draws and replicates. people_p50: median number of people.",
        source="runs; published shares: see `talentsim sources` for each id",
        columns=("kind", "scenario", "region", "year", *BANDS, "people_p50", "value", "standard_error", "source"),
        rows=tuple(rows),
        panel="region",
        series=tuple(series for series, _ in shown_runs(comparison)),
    )


def tabulate_elite_work_shares(comparison: Comparison) -> FigureTable:
    """Tabulate shares of work of the elite."""
    return tabulate_work_shares(comparison, "elite")


def tabulate_paths(comparison: Comparison) -> FigureTable:
    """Tabulate the ways from origin over graduate school to the first job, of those who take one in the last year."""
    rows: list[tuple[Value, ...]] = []
    groups = groups_of(comparison.base.codes)
    year = int(comparison.base.years[-1])
    for series, run in shown_runs(comparison):
        people = first_jobs(run, year, [members for _, members in groups])
        cells = zip(*np.nonzero(people), strict=True)
        rows += [(series.label, year, *(groups[g][0].label for g in cell), float(people[cell])) for cell in cells]
    return FigureTable(
        name="paths",
        kind=STREAMS,
        title=f"From origin over graduate school to the first job, {year}",
        caption=f"Everybody who takes a first job in {year} (all researchers, not only the top 20 %), by where they come from, "
        "where they went to graduate school, and where they go. The width is the number of people. Colour: origin.",
        unit="people a year",
        definition="Moves of the stage first_job in flows.parquet: origin (first degree), from_region (graduate school), "
        "to_region (place of the first job).",
        source="runs",
        columns=("scenario", "year", "origin", "study", "work", "people"),
        rows=tuple(rows),
        panel="scenario",
        stops=("origin", "study", "work"),
    )


def tabulate_net_flows(comparison: Comparison) -> FigureTable:
    """Tabulate who gains people from whom: net moves between groups of regions at the end of the run."""
    rows: list[tuple[Value, ...]] = []
    groups = groups_of(comparison.base.codes)
    years = comparison.base.years[-FLOW_YEARS:]
    first: Floats | None = None
    for series, run in shown_runs(comparison):
        net = net_moves(run, years, [members for _, members in groups])
        shown = net if first is None else net - first
        what = series.label if first is None else f"{series.label} less {shown_runs(comparison)[0][0].label}"
        first = net if first is None else first
        for source in range(len(groups)):
            for target in range(len(groups)):
                if source != target:
                    pair = groups[target][0].label, groups[source][0].label
                    rows.append((what, *pair, float(shown[source, target]), float(net[source, target])))
    span = f"{years[0]}-{years[-1]}"
    return FigureTable(
        name="net-flows",
        kind=MATRIX,
        title=f"Who gains from whom, {span}",
        caption="People a year that the region of the row gains, net, from the region of the column (all researchers). Orange: "
        "gain; blue: loss. The panel of a variant shows the change of that number.",
        unit="people a year",
        definition=f"Moves from the column to the row less moves the other way, by graduate study, first job and relocation, a "
        f"year's mean over {span}. value: what is drawn; net: the number itself.",
        source="runs",
        columns=("scenario", "region", "other", "value", "net"),
        rows=tuple(rows),
        panel="scenario",
    )


def node_colour(label: str) -> str:
    """Return the colour of a group of regions; light grey for who is at work in none."""
    return next((group.colour for group in (*shown_groups(), REST) if group.label == label), "#A8A8A8")
