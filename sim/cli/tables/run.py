"""What the command line shows of a run: tables, notes and the JSON record. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.comparisons.regions import passing_pair
from sim.comparisons.words import percent, rounded_to
from sim.reports.numbers import SORT_YEAR, ShareCell, elite_error, reading_notes, run_notes, share_cells, shown_years
from sim.reports.words import SHOWN_AXES, SHOWN_TIERS, with_article
from sim.runs.folder import Run
from sim.runs.outcomes.indicators import INDICATORS
from sim.runs.outcomes.statistics import BAND
from sim.scenarios.groups import Groups, known_places, member_ids, told_groups

_VARIANT_TITLE: Final = "Top 20 %, at the reference point: does a lost doctoral place go to somebody else? (share in %)"


_LEAST_SHARE: Final = 0.02  # regions below it in every year shown are added up; files and JSON hold them all
_MOST_REGIONS: Final = 8  # printed by name in one table
_BRIEF_YEARS: Final = (2022, 2030, 2035)


def run_report(run: Run, names: Mapping[str, str], groups: Groups, is_full: bool) -> RenderableType:
    """Return the printed report of one run.

    Parameters
    ----------
    run
        A run, read from its folder.
    names
        Region code -> name.
    groups
        Groups of regions that are told beside the regions, codes by name.
    is_full
        Whether all six tables and all notes are shown.
    """
    record = run.provenance
    title: list[RenderableType] = [
        Text(f"\n{run.title}", style="bold"),
        Text(
            f"{run.name} · {run.draws} draws{worth_of(run)} x {run.replicates} replicates · "
            f"{record['researchers']:,} researchers in 2022 · seed {record['seed']} · run {run.run_id}",
            style="dim",
        ),
    ]
    return Group(*title, *(_everything(run, names, groups) if is_full else _briefly(run, names, groups)))


WORTH_SAYING = 0.9
"""Of the draws: of how many fewer it is said that they repeat one another."""


def worth_of(run: Run) -> str:
    """Say how many draws a run's are worth, if many repeat one another."""
    return f" (worth {run.effective_draws:.0f})" if run.effective_draws < WORTH_SAYING * run.draws else ""


def _briefly(run: Run, names: Mapping[str, str], groups: Groups) -> list[RenderableType]:
    """Lay out the shares of work of the top 20 %, the crossing, and what a reader must know."""
    passed = next((row for row in run.indicators if row.indicator == "crossing_never_top20"), None)
    last = int(run.years[-1])
    challenger, leader = (with_article(names[code]) for code in passing_pair())
    lines = [] if passed is None else [f"{challenger} passes {leader} by {last} in {percent(1.0 - passed.mean, 0)} of the runs."]
    return [
        Text("\nTop 20 % by place of work, share in %: median ± its error (90 % of the runs)", style="bold"),
        _share_table(run, "top20", "work", names, groups, is_full=False),
        *(Text(f"\n{line}") for line in lines),
        Text(f"\n{run.record}", style="dim"),
        Text("--full prints all tables and how to read them.", style="dim"),
    ]


def _everything(run: Run, names: Mapping[str, str], groups: Groups) -> list[RenderableType]:
    """Lay out six tables, the headline for three seat elasticities, and notes."""
    parts: list[RenderableType] = []
    for tier, tier_title in SHOWN_TIERS.items():
        for axis, axis_title in SHOWN_AXES.items():
            parts.append(Text(f"\n{tier_title}: {axis_title}", style="bold"))
            parts.append(_share_table(run, tier, axis, names, groups, is_full=True))
    if run.variants:
        parts.append(Text(f"\n{_VARIANT_TITLE}", style="bold"))
        parts.append(_variant_table(run))
    notes = Table.grid(padding=(0, 1, 0, 0))
    for line in reading_notes(run):
        notes.add_row("-", Text(line))
    return [*parts, Text("\nHow to read this", style="bold"), notes]


def run_record(run: Run, state: str, groups: Groups) -> dict[str, Any]:
    """Return what ``--json`` says about one run: every region and group of every printed table, and the indicators."""
    rows = []
    places = known_places(run.codes, groups)
    members = [member_ids(name, run.codes, groups) for name in places]
    for tier in SHOWN_TIERS:
        for axis in SHOWN_AXES:
            for code, line in zip(places, share_cells(run, tier, axis, members), strict=True):
                for year, cell in zip(shown_years(run), line, strict=True):
                    key = {"tier": tier, "axis": axis, "region": code, "year": year}
                    rows.append(key | _named("share", cell.share) | _named("researchers", cell.people)
                             | {"share_p50_error": _plain(round(cell.share_error, 6))})  # fmt: skip
    return {
        "scenario": run.name,
        "title": run.title,
        "folder": str(run.folder),
        "run_id": run.run_id,
        "already_there": state != "written",
        "state": state,
        "draws": run.draws,
        "replicates": run.replicates,
        "bands": {"contain": run.provenance["bands"], "from": BAND[0], "to": BAND[1]},
        "elite_monte_carlo_error": elite_error(run),
        "notes": run_notes(run),
        "files": sorted(path.name for path in run.folder.iterdir()),
        "table": rows,
        "variants": [row._asdict() for row in run.variants if row.year in shown_years(run)],
        "indicators": [
            {name: _plain(value) for name, value in row._asdict().items()} | {"unit": INDICATORS[row.indicator].unit}
            for row in run.indicators
        ],
    }


def _variant_table(run: Run) -> Table:
    """Lay out the headline at the reference point: a row per seat elasticity, share and region, a column per year."""
    years = shown_years(run)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("seat elasticity")
    for year in years:
        table.add_column(str(year), justify="right", no_wrap=True)
    found = {(row.value, row.axis, row.region, row.year): row.share for row in run.variants if row.tier == "top20"}
    challenger, leader = passing_pair()
    for value in sorted({row.value for row in run.variants}):
        for axis, region in (("work", leader), ("work", challenger), ("study", leader)):
            cells_shown = (f"{100 * found[value, axis, region, year]:.1f}" for year in years)
            table.add_row(f"{value:g}  {axis} {region}", *cells_shown)
    return table


def _share_table(run: Run, tier: str, axis: str, names: Mapping[str, str], groups: Groups, is_full: bool) -> RenderableType:
    """Lay out shares: the largest regions, what is left, then groups; a line each in short, with people below in full."""
    years = shown_years(run)
    columns = range(len(years)) if is_full else [c for c, year in enumerate(years) if year in _BRIEF_YEARS] or range(len(years))
    singles = [[region] for region in range(len(run.codes))]
    shares = np.array([[cell.share[1] for cell in line] for line in share_cells(run, tier, axis, singles)])
    highest = np.nan_to_num(shares).max(axis=1)
    by_size = sorted(range(len(run.codes)), key=lambda region: (-highest[region], region))
    large = [region for region in by_size if highest[region] >= _LEAST_SHARE][:_MOST_REGIONS]
    column = years.index(SORT_YEAR) if SORT_YEAR in years else 0
    large.sort(key=lambda region: (-np.nan_to_num(shares[region, column]), region))
    small = [region for region in range(len(run.codes)) if region not in large]
    told = list(groups) if is_full else told_groups(groups)
    rows = [[region] for region in large] + ([small] if small else []) + [member_ids(name, run.codes, groups) for name in told]
    rest = [f"other ({len(small)} regions)"] if small else []
    labels = [names[run.codes[region]] for region in large] + rest + told
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("region", overflow="fold")
    for c in columns:
        table.add_column(str(years[c]), justify="right", no_wrap=True)
    for label, line in zip(labels, share_cells(run, tier, axis, rows), strict=True):
        table.add_row(label, *(_cell_text(line[c], is_full) for c in columns))
    return table


def _cell_text(cell: ShareCell, is_full: bool) -> Text:
    if np.isnan(cell.share[1]):
        return Text("nobody", style="dim")
    low, middle, high = (rounded_to(100.0 * value, cell.digits) for value in cell.share)
    if is_full:
        return Text(f"{middle} ({low}–{high})\n").append(_people(cell.people[1]), style="dim")
    error = "" if np.isnan(cell.share_error) else f" ± {rounded_to(100.0 * cell.share_error, max(cell.digits, 0))}"
    return Text(f"{middle}{error} ({low}–{high})")


def _people(number: float) -> str:
    if number < 1000:
        return f"{number:.0f}"
    return f"{number / 1000:.0f}k" if number >= 9950 else f"{number / 1000:.1f}k"


def _named(name: str, values: tuple[float, float, float]) -> dict[str, float | None]:
    low, middle, high = (_plain(round(value, 6)) for value in values)
    return {f"{name}_p05": low, f"{name}_p50": middle, f"{name}_p95": high}


def _plain(value: Any) -> Any:
    """Turn what JSON has no word for into null (missing) or 'never'."""
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else "never"
    return value
