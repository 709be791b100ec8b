"""The verb that continues the published tracker: ``talentsim tracker``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.questions.plans import plan_for
from sim.cli.run import USUAL, Sizes, size_options, watched, workers_option
from sim.cli.terminal import InputError, collect_seldom, data_option, json_option, out_option, say, show_json

if TYPE_CHECKING:
    from sim.calibration.tracker.charts import TrackerChart
    from sim.calibration.tracker.project import TrackerValue
    from sim.runs.plan import RunPlan

TABLE = "tracker.csv"
CHART_HELP = "Print this chart only; may be repeated. The page and the CSV hold all."
LABEL = 27

MOST_REFUSED = 3  # charts that are named in a refusal


@click.command()
@click.argument("what", metavar="[RUN|SCENARIO]", default="baseline")
@data_option
@click.option("--chart", "chosen", multiple=True, metavar="ID", help=CHART_HELP)
@out_option
@size_options(USUAL)
@workers_option
@json_option
def tracker(what: str, chosen: tuple[str, ...], out: str, sizes: Sizes, workers: int | None, as_json: bool) -> None:
    """Continue the published tracker: each of its charts beside the model for 2019 and 2022, and projected.

    What is continued is a SCENARIO (of the size that the options say) or the RUN of a folder (of its own size).
    """
    collect_seldom()
    from sim.calibration.tracker.charts import read_charts, unmatched
    from sim.calibration.tracker.project import PUBLISHED_YEARS
    from sim.runs.executors import available_cores

    plan = plan_for(what, sizes, workers or available_cores())
    if plan.until < PUBLISHED_YEARS[-1]:
        raise InputError([f"the last year is {plan.until}; the tracker needs {PUBLISHED_YEARS[-1]} or later: --until 2035"])
    charts = read_charts(plan.basis.data)
    refused = [f"{chart}: it lacks {lacking}" for chart, lacking in unmatched(plan.basis.data).items()]
    if refused and not charts:
        told = "; ".join(refused[:MOST_REFUSED])
        raise InputError([f"the tracker cannot be matched by {plan.basis.data.name}, chart {told}; targets.csv states rows"])
    for line in refused:
        click.echo(f"left out, not matched by {plan.basis.data.name}: chart {line}", err=True)
    shown = chosen_charts(charts, chosen)
    values, folder, state = found_or_written(plan, charts, Path(out))
    shown_values = [value for value in values if value.chart in {chart.id for chart in shown}]
    if as_json:
        show_json({"folder": str(folder), "rows": [record(value) for value in shown_values]})
        return
    say("\n".join(tracker_lines(shown, shown_values)), soft_wrap=True)
    say(f"\nThe tracker continued under {plan.scenario.name} ({state}): {folder / 'tracker.html'}, {TABLE}", soft_wrap=True)


def chosen_charts(charts: Sequence[TrackerChart], chosen: Sequence[str]) -> list[TrackerChart]:
    """Return the charts named, all if none is.

    Raises
    ------
    InputError
        If there is no such chart.
    """
    from sim.cli.terminal import unknown

    ids = [chart.id for chart in charts]
    problems = [unknown("chart", name, ids) for name in chosen if name not in ids]
    if problems:
        raise InputError(problems)
    return [chart for chart in charts if not chosen or chart.id in chosen]


def found_or_written(plan: RunPlan, charts: Sequence[TrackerChart], out: Path) -> tuple[list[TrackerValue], Path, str]:
    """Read the tracker of a plan where it was made before, or make it: values, folder, and in words which of the two."""
    from sim.calibration.tracker.project import TrackerValue, tracker_id, tracker_values
    from sim.reports.tracker import write_tracker
    from sim.runs.atomic import building, check_writable
    from sim.runs.folder import band_contents
    from sim.runs.rows import read_rows, write_rows

    folder = out / "tracker" / plan.scenario.name / tracker_id(plan)
    if (folder / TABLE).is_file():
        return list(read_rows(folder / TABLE, TrackerValue)), folder, "already there, nothing executed"
    check_writable(folder.parent, 20_000_000)
    with watched("tracker") as progress:
        values = tracker_values(plan, progress)
    note = (
        f"{plan.scenario.name}: {plan.draws} draws x {plan.replicates} replicates of {plan.researchers:,} researchers, seed "
        f"{plan.seed}; bands hold {band_contents(plan.ensemble)}."
    )
    with building(folder) as partial:
        write_rows(partial / TABLE, TrackerValue, values)
        write_tracker(values, charts, plan.scenario.title, note, partial)
    return values, folder, "written"


def tracker_lines(charts: Sequence[TrackerChart], values: Sequence[TrackerValue]) -> Iterator[str]:
    """Write every chart in at most 80 columns: published | modelled (90 % range) for 2019 and 2022, then projected."""
    from sim.reports.tracker import CITATION

    yield "Published | median of the model, range of 90 % of the runs; projected after 2022"
    for chart in charts:
        mine = [value for value in values if value.chart == chart.id]
        years = list(dict.fromkeys(value.year for value in mine))
        yield ""
        yield f"{chart.title} ({'%' if chart.unit == 'share' else chart.unit})"
        heads = (f"{year:>{width(year)}}" for year in years)
        yield f"{chart.id:{LABEL}}" + "".join(heads)
        for row in chart.rows:
            cells = (f"{tracker_cell(value):>{width(value.year)}}" for value in mine if value.row == row.label)
            yield f"{row.label[: LABEL - 1]:{LABEL}}" + "".join(cells)
    yield ""
    yield f"Published: {CITATION}"


def width(year: int) -> int:
    """Return the columns that a year takes."""
    return 13 if year <= 2022 else 9


def tracker_cell(value: TrackerValue) -> str:
    """Write one cell: published | modelled low-high; a projected year has no published part."""
    from sim.reports.tracker import number_text_of, published_text

    modelled = number_text_of(value, value.p50)
    if value.p05 == value.p05:
        modelled += f" {number_text_of(value, value.p05)}-{number_text_of(value, value.p95)}"
    if value.year > 2022:
        return modelled
    return f"{published_text(value).replace(' ', '')}|{modelled}"


def record(value: TrackerValue) -> dict[str, Any]:
    """Make the JSON object of a value; a missing number is null."""
    return {key: None if each != each else each for key, each in value._asdict().items()}
