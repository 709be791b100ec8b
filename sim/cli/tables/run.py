"""What the command line shows of a run: tables, notes and the JSON record. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.reports.numbers import SORT_YEAR, ShareCell, elite_error, reading_notes, run_notes, share_cells, shown_years
from sim.reports.words import SHOWN_AXES, SHOWN_TIERS
from sim.runs.folder import Run
from sim.runs.outcomes.indicators import INDICATORS
from sim.runs.outcomes.statistics import BAND

_VARIANT_TITLE: Final = "Top 20 %, at the reference point: does a lost doctoral place go to somebody else? (share in %)"


_VARIANT_CELLS: Final = (("work", "USA"), ("work", "CHN"), ("study", "USA"))


_LEAST_SHARE: Final = 0.02  # regions below it in every year shown are added up; files and JSON hold them all
_MOST_REGIONS: Final = 8  # printed by name in one table


def run_report(run: Run, names: Mapping[str, str]) -> RenderableType:
    """Return the printed report of one run: six tables and what a reader needs to read them.

    Parameters
    ----------
    run
        A run, read from its folder.
    names
        Region code -> name.
    """
    record = run.provenance
    parts: list[RenderableType] = [
        Text(f"\n{run.title}", style="bold"),
        Text(
            f"{run.name} · {run.draws} draws x {run.replicates} replicates · "
            f"{record['researchers']:,} researchers in 2022 · seed {record['seed']} · run {run.run_id}",
            style="dim",
        ),
    ]
    for tier, tier_title in SHOWN_TIERS.items():
        for axis, axis_title in SHOWN_AXES.items():
            parts.append(Text(f"\n{tier_title}: {axis_title}", style="bold"))
            parts.append(_share_table(run, tier, axis, names))
    if run.variants:
        parts.append(Text(f"\n{_VARIANT_TITLE}", style="bold"))
        parts.append(_variant_table(run))
    notes = Table.grid(padding=(0, 1, 0, 0))
    for line in reading_notes(run):
        notes.add_row("-", Text(line))
    return Group(*parts, Text("\nHow to read this", style="bold"), notes)


def run_record(run: Run, state: str) -> dict[str, Any]:
    """Return what ``--json`` says about one run: every region of every printed table, and the indicators."""
    rows = []
    singles = [[region] for region in range(len(run.codes))]
    for tier in SHOWN_TIERS:
        for axis in SHOWN_AXES:
            for code, line in zip(run.codes, share_cells(run, tier, axis, singles), strict=True):
                for year, cell in zip(shown_years(run), line, strict=True):
                    key = {"tier": tier, "axis": axis, "region": code, "year": year}
                    rows.append(key | _named("share", cell.share) | _named("researchers", cell.people))
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
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("seat elasticity", min_width=20)
    for year in years:
        table.add_column(str(year), justify="right", min_width=15, no_wrap=True)
    found = {(row.value, row.axis, row.region, row.year): row.share for row in run.variants if row.tier == "top20"}
    for value in sorted({row.value for row in run.variants}):
        for axis, region in _VARIANT_CELLS:
            cells_shown = (f"{100 * found[value, axis, region, year]:.1f}" for year in years)
            table.add_row(f"{value:g}  {axis} {region}", *cells_shown)
    return table


def _share_table(run: Run, tier: str, axis: str, names: Mapping[str, str]) -> Table:
    years = shown_years(run)
    singles = [[region] for region in range(len(run.codes))]
    shares = np.array([[cell.share[1] for cell in line] for line in share_cells(run, tier, axis, singles)])
    highest = np.nan_to_num(shares).max(axis=1)
    by_size = sorted(range(len(run.codes)), key=lambda region: (-highest[region], region))
    large = [region for region in by_size if highest[region] >= _LEAST_SHARE][:_MOST_REGIONS]
    column = years.index(SORT_YEAR) if SORT_YEAR in years else 0
    large.sort(key=lambda region: (-np.nan_to_num(shares[region, column]), region))
    small = [region for region in range(len(run.codes)) if region not in large]
    groups = [[region] for region in large] + ([small] if small else [])
    labels = [names[run.codes[region]] for region in large] + [f"other ({len(small)} regions)"]
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("region", min_width=20, max_width=20, overflow="fold")
    for year in years:
        table.add_column(str(year), justify="right", min_width=15, no_wrap=True)
    for label, line in zip(labels, share_cells(run, tier, axis, groups), strict=False):
        table.add_row(label, *(_cell_text(cell) for cell in line))
    return table


def _cell_text(cell: ShareCell) -> Text:
    if np.isnan(cell.share[1]):
        return Text("nobody", style="dim")
    low, middle, high = (_per_cent(value) for value in cell.share)
    text = Text(f"{middle} ({low}–{high})\n")
    return text.append(_people(cell.people), style="dim")


def _per_cent(share: float) -> str:
    value = 100 * share
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def _people(people: tuple[float, float, float]) -> str:
    low, middle, high = people
    if middle < 1000:
        return f"{middle:.0f} ({low:.0f}–{high:.0f})"
    return f"{_thousands(middle)}k ({_thousands(low)}–{_thousands(high)}k)"


def _thousands(people: float) -> str:
    thousands = people / 1000
    return f"{thousands:.0f}" if thousands >= 9.95 else f"{thousands:.1f}"


def _named(name: str, values: tuple[float, float, float]) -> dict[str, float | None]:
    low, middle, high = (_plain(round(value, 6)) for value in values)
    return {f"{name}_p05": low, f"{name}_p50": middle, f"{name}_p95": high}


def _plain(value: Any) -> Any:
    """Turn what JSON has no word for into null (missing) or 'never'."""
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else "never"
    return value
