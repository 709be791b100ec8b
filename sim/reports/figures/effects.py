"""The numbers behind the figures of effects: differences, who changed, crossing years, levers and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from sim.comparisons.anatomy.anatomy import LeverPart
from sim.comparisons.comparison import Comparison, Effects
from sim.comparisons.regions import always_told, told_regions
from sim.engines.axes import AXES, TIERS
from sim.reports.figures.published import groups_of
from sim.reports.figures.tables import (
    BANDS,
    BARS,
    COLOURS,
    INTERVALS,
    LINES,
    NOT_AT_WORK,
    STREAMS,
    FigureTable,
    Series,
    Value,
    shown_runs,
)
from sim.reports.words import AXIS_WORDS, TIER_WORDS, region_names
from sim.scenarios.groups import told_groups

SHOWN_REGIONS: Final = 8
"""Most regions in a figure of differences."""
_BEFORE: Final = 2  # years shown before the first difference
PART: Final = "part of the effect"
OTHER_RUNS: Final = "other runs"
"""What the few runs of an anatomy miss of the effect."""
CHANNELS: Final = (
    Series("direct", "#0072B2"),
    Series("feedback", "#B58900"),
    Series("interaction", "#CC79A7"),
    Series(OTHER_RUNS, "#9E9E9E"),
    Series("whole effect", "#595959", is_base=True),
)


def tabulate_differences(comparison: Comparison, axis: str = "work") -> FigureTable:
    """Tabulate paired differences by year of the regions that change most on an axis, top 20 %."""
    rows: list[tuple[Value, ...]] = []
    years = comparison.base.years
    names = region_names()
    shown = changed_regions(comparison, axis)
    first = _first_change(comparison, axis)
    for (series, _), effects in zip(shown_runs(comparison)[1:], comparison.effects, strict=True):
        for region in shown:
            code = comparison.places[region]
            for y in range(first, len(years)):
                numbers = _effect(effects, y, axis, region)
                rows.append(("run", series.label, names.get(code, code), code, int(years[y]), *numbers))
    where = AXIS_WORDS[axis]
    return FigureTable(
        name="differences" if axis == "work" else f"differences-{axis}",
        kind=LINES,
        title=f"What changes over time: {where}, top 20 %",
        caption="Difference from the base, paired by draw and replicate: mean with the bands that hold 50 % and 90 % of the "
        "runs. On the zero line nothing changes.",
        unit="percentage points",
        definition="Share under the variant less share under the base in the same draw and replicate; people: mean paired "
        "difference of the number of people.",
        source="runs",
        columns=("kind", "scenario", "region", "code", "year", *BANDS, "difference", "people"),
        rows=tuple(rows),
        panel="region",
        series=tuple(series for series, _ in shown_runs(comparison)[1:]),
    )


def tabulate_study_differences(comparison: Comparison) -> FigureTable:
    """Tabulate paired differences of the shares of study."""
    return tabulate_differences(comparison, "study")


def tabulate_end_effects(comparison: Comparison) -> FigureTable:
    """Tabulate the effects in the last year, by axis and region, with their verdicts."""
    rows: list[tuple[Value, ...]] = []
    years, names = comparison.base.years, region_names()
    verdicts = {(row.variant, row.year, row.axis, row.region): row.verdict for row in comparison.headlines if row.tier == "top20"}
    last = len(years) - 1
    for axis in ("work", "study"):
        for region in changed_regions(comparison, axis):
            code = comparison.places[region]
            for (series, _), effects in zip(shown_runs(comparison)[1:], comparison.effects, strict=True):
                numbers = _effect(effects, last, axis, region)
                verdict = verdicts.get((series.label, int(years[last]), axis, code), "")
                rows.append((AXIS_WORDS[axis], series.label, names.get(code, code), code, int(years[last]), *numbers, verdict))
    return FigureTable(
        name="effects",
        kind=INTERVALS,
        title=f"Effects in {years[last]}, top 20 %",
        caption="Difference from the base in percentage points: dot, mean; thick bar, 50 % of the runs; thin bar, 90 %.",
        unit="percentage points",
        definition="Share under the variant less share under the base in the same draw and replicate, in the last year.",
        source="runs",
        columns=("axis", "scenario", "region", "code", "year", *BANDS, "difference", "people", "verdict"),
        rows=tuple(rows),
        panel="axis",
        series=tuple(series for series, _ in shown_runs(comparison)[1:]),
    )


def tabulate_switchers(comparison: Comparison) -> FigureTable:
    """Tabulate where researchers are in one future and where the same researchers are in the other."""
    labels = _group_labels(comparison.base.codes)
    found: dict[tuple[str, int, str, str], list[float]] = {}
    for series, _ in shown_runs(comparison)[1:]:
        anatomy = comparison.anatomies.get(series.label)
        if anatomy is None:
            continue
        for row in anatomy.switches:
            key = series.label, anatomy.year, labels.get(row.base, row.base), labels.get(row.variant, row.variant)
            cell = found.setdefault(key, [0.0, 0.0])
            cell[0] += row.researchers
            cell[1] += row.people
    base = shown_runs(comparison)[0][0].label
    rows = [
        (*key, int(researchers), people) for key, (researchers, people) in sorted(found.items(), key=lambda pair: -pair[1][1])
    ]
    return FigureTable(
        name="switchers",
        kind=STREAMS,
        title="Who changed: the same researchers in both futures",
        caption=f"Only those who end somewhere else: left, where they are under {base}; right, where the same researchers are "
        "under the variant. Moves inside a group of regions are left out of the picture. Colour: where they are under the base.",
        unit="people",
        definition="Researchers whose state in the last year differs between the base and the variant in the same draw and "
        "replicate, by headquarters region, or 'out of research'.",
        source="runs made again with every researcher's history",
        columns=("scenario", "year", "base", "variant", "researchers", "people"),
        rows=tuple(row for row in rows if row[2] != row[3]),
        panel="scenario",
        stops=("base", "variant"),
    )


def tabulate_crossings(comparison: Comparison) -> FigureTable:
    """Tabulate in which share of the runs one region has passed another by each year."""
    names = region_names()
    rows: list[tuple[Value, ...]] = []
    blank = (np.nan, np.nan)
    for row in comparison.crossings:
        what = f"{names.get(row.challenger, row.challenger)} passes {names.get(row.leader, row.leader)}, {TIER_WORDS[row.tier]}"
        rows.append(("run", row.scenario, what, row.year, *blank, 100 * row.share_of_runs, *blank, 100 * row.change))
    return FigureTable(
        name="crossing",
        kind=LINES,
        title="When one passes the other in share of work",
        caption="Share of the runs in which the first has passed the second in or before the year, by headquarters of the "
        "employer.",
        unit="% of runs",
        definition="Runs with a first year, in or before the year shown, in which the challenger has more researchers than the "
        "leader, divided by all runs. change: percentage points from the base.",
        source="runs",
        columns=("kind", "scenario", "passing", "year", *BANDS, "change"),
        rows=tuple(rows),
        panel="passing",
        series=tuple(series for series, _ in shown_runs(comparison)),
    )


def tabulate_levers(comparison: Comparison) -> FigureTable:
    """Tabulate which lever brings which part of the effect (Shapley values), for the last year."""
    rows: list[tuple[Value, ...]] = []
    names, exact = region_names(), True
    for series, _ in shown_runs(comparison)[1:]:
        anatomy = comparison.anatomies.get(series.label)
        parts = [part for part in (anatomy.levers if anatomy else ()) if part.tier == "top20"]
        exact = exact and (anatomy is None or anatomy.exact)
        last = max((part.year for part in parts), default=0)
        told = [part for part in parts if part.year == last]
        for panel in dict.fromkeys((part.axis, part.region) for part in told):
            own = [part for part in told if (part.axis, part.region) == panel]
            for part in (*own, _rest_of(own[0])):
                what = f"{names.get(part.region, part.region)}, {AXIS_WORDS[part.axis]}, {last}"
                key = (f"{series.label}: {what}" if len(comparison.variants) > 1 else what, part.words.partition(": ")[0], PART)
                numbers = part.part_points, part.low_points, part.high_points, part.headline_points
                rows.append((*key, series.label, part.lever, *numbers))
    orders = "all orders of the levers" if exact else "sampled orders; the thin bar is the 90 % interval of the sampling"
    return FigureTable(
        name="levers",
        kind=BARS,
        title="Which lever does how much, top 20 %",
        caption=f"Shapley values: what a lever adds, averaged over {orders}. The bars of a panel "
        "add up to the effect: other runs are what these few runs miss of it.",
        unit="percentage points",
        definition="Shapley value of each lever in the difference between variant and base, mean over the runs looked at; total: "
        "the mean paired difference over all runs.",
        source="runs made again with some of the levers",
        columns=("panel", "label", "series", "scenario", "lever", "value", "low", "high", "total"),
        rows=tuple(rows),
        panel="panel",
        series=(Series(PART, COLOURS[0]),),
    )


def tabulate_channels(comparison: Comparison) -> FigureTable:
    """Tabulate the policy's own part of the effect and what answers to it, for the last year."""
    rows: list[tuple[Value, ...]] = []
    names = region_names()
    for series, _ in shown_runs(comparison)[1:]:
        anatomy = comparison.anatomies.get(series.label)
        found = [row for row in (anatomy.channels if anatomy else ()) if row.tier == "top20"]
        last = max((row.year for row in found), default=0)
        for row in (each for each in found if each.year == last):
            what = f"{AXIS_WORDS[row.axis]}, {last}"
            panel = f"{series.label}: {what}" if len(comparison.variants) > 1 else what
            values = (
                row.direct_points, row.feedback_points, row.interaction_points, row.other_runs_points, row.headline_points,
            )  # fmt: skip
            for channel, value in zip(CHANNELS, values, strict=True):
                label = names.get(row.region, row.region)
                rows.append((panel, label, channel.label, series.label, row.region, value, value, value))
    return FigureTable(
        name="channels",
        kind=BARS,
        title="Through which channel, top 20 %",
        caption="Direct: the policy with congestion, ecosystem and diasporas held on the base's path. Feedback: the base's "
        "levers with those of the policy run. Interaction: what is left of these few runs. Other runs: what they miss of "
        "the whole.",
        unit="percentage points",
        definition="Difference from the base, mean over the runs looked at; whole: the mean paired difference over all "
        "runs = direct + feedback + interaction + other runs.",
        source="runs made again with paths held",
        columns=("panel", "label", "series", "scenario", "code", "value", "low", "high"),
        rows=tuple(rows),
        panel="panel",
        series=CHANNELS,
    )


def _rest_of(part: LeverPart) -> LeverPart:
    """Make the bar of what the runs of the levers miss of the effect."""
    rest = part.other_runs_points
    return part._replace(lever=OTHER_RUNS, words=OTHER_RUNS, part_points=rest, low_points=rest, high_points=rest)


def _effect(effects: Effects, year: int, axis: str, region: int) -> tuple[float, ...]:
    cell = (year, TIERS.index("top20"), AXES.index(axis), region)
    every = (
        effects.p05_points,
        effects.p25_points,
        effects.p50_points,
        effects.p75_points,
        effects.p95_points,
        effects.difference_points,
        effects.people,
    )
    return tuple(float(each[cell]) for each in every)


def changed_regions(comparison: Comparison, axis: str) -> list[int]:
    """Return the places whose share of the top 20 % changes most at the end: USA, CHN, others; Europe and own groups last."""
    last = np.stack([effects.difference_points[-1, TIERS.index("top20"), AXES.index(axis)] for effects in comparison.effects])
    size = np.nan_to_num(np.abs(last)).max(axis=0)
    regions = told_regions(size, comparison.base.codes, SHOWN_REGIONS - len(always_told()))
    own = [comparison.places.index(name) for name in told_groups(comparison.groups)]
    return [*regions, *(place for place in own if size[place] > 0.0)]


def _first_change(comparison: Comparison, axis: str) -> int:
    """Return the row of the year a little before the first difference."""
    moved = [
        np.nan_to_num(effects.difference_points[:, TIERS.index("top20"), AXES.index(axis)]) != 0 for effects in comparison.effects
    ]
    changed = np.flatnonzero(np.any(moved, axis=(0, 2)))
    return max(int(changed[0]) - _BEFORE, 0) if len(changed) else 0


def _group_labels(codes: Sequence[str]) -> dict[str, str]:
    inside = {codes[region]: group.label for group, members in groups_of(codes) for region in members}
    return inside | NOT_AT_WORK
