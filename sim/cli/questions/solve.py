"""The verb that turns a question round: ``talentsim solve`` says what it would take."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sim.cli.complete import complete_scenarios
from sim.cli.run import Sizes, size_options, watched, workers_option
from sim.cli.terminal import (
    InputError,
    collect_seldom,
    data_option,
    gathered,
    json_option,
    load_all,
    out_option,
    say,
    show_json,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.scenarios.levers.changes import LeverChange
    from sim.scenarios.scenario import Scenario
    from sim.sweeps.design.points import Factor
    from sim.sweeps.goals.search import Aim, Solution

SOLVE_SIZES = Sizes(researchers=5_000, draws=25, replicates=2, seed=1, until=2035)
LATEST_GOAL = 2050
RESPONSE, SOLUTION_RECORD, SOLVED = "response.csv", "solution.json", "solution.toml"


class Wanted(NamedTuple):
    """What is asked, as it was written: levers, their ranges and costs, the goal, and the part of the draws."""

    names: tuple[str, ...]
    ranges: tuple[str, ...]
    costs: tuple[str, ...]
    goal: str
    part: str | None


@click.command()
@click.argument("scenario", metavar="SCENARIO", shell_complete=complete_scenarios)
@data_option
@click.option("--lever", "names", required=True, multiple=True, metavar="ID", help="Id of a lever of SCENARIO; may be repeated.")
@click.option(
    "--range", "ranges", required=True, multiple=True, metavar="LOW:HIGH", help="Its possible values; one for each lever."
)
@click.option("--cost", "costs", multiple=True, metavar="ID=X", help="Cost of its whole range, of several levers.  [default: 1]")
@click.option("--goal", required=True, metavar="GOAL", help="As in 'share(work, DEU, top20, 2035) >= 0.023'.")
@click.option("--in", "part", metavar="P%", help="In this part of the draws.  [default: in the mean]")
@click.option(
    "--points", default=9, show_default=True, type=click.IntRange(3, 200), metavar="N", help="Values of the first scan."
)
@out_option
@size_options(SOLVE_SIZES)
@workers_option
@gathered("wanted", Wanted)
@json_option
def solve(scenario: str, wanted: Wanted, points: int, out: str, sizes: Sizes, workers: int | None, as_json: bool) -> None:
    """Say what it would take: the smallest change of a lever of SCENARIO that reaches a goal, and what every value does.

    A GOAL is a condition of measures, numbers, + - * /, <, <=, >, >=, and, or, not, and passes(CHN, USA, work, top20, 2030).
    """
    collect_seldom()
    from sim.runs.executors import available_cores
    from sim.sweeps.goals.search import search, search_several

    (loaded,) = load_all([scenario], {})
    changes = [lever_of(loaded, name) for name in wanted.names]
    aim = read_aim(loaded, changes, wanted, sizes)
    todays, processes = [value_today(change) for change in changes], workers or available_cores()
    prices = read_costs(wanted.costs, wanted.names)
    with watched("solve") as progress:
        if len(changes) == 1:
            found = search(aim, todays[0], processes, points, progress)
        else:
            aim, found = search_several(aim, todays, prices, processes, progress)
    lever = lever_text(changes[0]) if len(changes) == 1 else f"part of the way from today to {levers_words(aim, 1.0)}"
    folder = write_solution(aim, found, lever, Path(out))
    if found.state == "flat":
        raise InputError(flat_problems(aim, found, folder))
    if as_json:
        show_json(solution_record(aim, found) | {"folder": str(folder)})
        return
    say("\n".join(solution_lines(aim, found, lever)), soft_wrap=True)
    say(f"\nEvery value tried, figure{', scenario' if found.state == 'reached' else ''}: {folder}", soft_wrap=True)


def lever_of(scenario: Scenario, name: str) -> LeverChange:
    """Find a lever of a scenario by its id.

    Raises
    ------
    InputError
        If it has none of this id.
    """
    by_id = {change.id: change for change in scenario.levers}
    if name not in by_id:
        raise InputError([f"--lever: {scenario.name} has {unknown('lever', name, by_id)}"])
    return by_id[name]


def value_today(change: LeverChange) -> float:
    """Return the value of a lever in its scenario; of a distribution the median."""
    from sim.scenarios.levers.changes import drawn_value

    return float(drawn_value(change, 0.5))


def levers_words(aim: Aim, way: float) -> str:
    """Write the values of several levers when a part of the way is gone."""
    return ", ".join(f"{each.factor.target} {value:.4g}" for each, value in zip(aim.along, aim.levers_at(way), strict=True))


def read_costs(texts: Sequence[str], names: Sequence[str]) -> list[float]:
    """Read what the whole range of each lever costs; 1 where it is not said.

    Raises
    ------
    InputError
        For a text of another form, a lever that is not varied, or a cost that is not above 0.
    """
    costs = dict.fromkeys(names, 1.0)
    problems = []
    for text in texts:
        name, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if name not in costs or not 0.0 < value < math.inf:
            problems.append(f"--cost {text}: expected ID=X with X above 0 and ID one of {', '.join(names)}")
        else:
            costs[name] = value
    if problems:
        raise InputError(problems)
    return [costs[name] for name in names]


def read_aim(scenario: Scenario, changes: Sequence[LeverChange], wanted: Wanted, sizes: Sizes) -> Aim:
    """Read what is asked, and report all problems together.

    Raises
    ------
    InputError
        If something of it is wrong.
    """
    from dataclasses import replace

    from sim.runs.formulas.expressions import ExpressionError
    from sim.runs.plan import RunPlan
    from sim.scenarios.load import load_basis
    from sim.sweeps.goals.goal import parse_goal
    from sim.sweeps.goals.search import Aim, Along

    problems: list[str] = []
    basis = load_basis()
    if len(wanted.ranges) != len(changes):
        problems.append(
            f"--range: {len(wanted.ranges)} for {len(changes)} levers; give one LOW:HIGH for each --lever, in their order"
        )
    elif len({change.id for change in changes}) < len(changes):
        problems.append("--lever: names a lever twice")
    read_ranges = [read_range(change, text, problems) for change, text in zip(changes, wanted.ranges, strict=False)]
    factors = [factor for factor in read_ranges if factor is not None]
    share = read_part_of_draws(wanted.part, problems)
    try:
        read = parse_goal(wanted.goal, basis.data.codes, sizes.until or LATEST_GOAL)
    except ExpressionError as error:
        problems.append(f"--goal: {error}")
    if problems:
        raise InputError(problems)
    until = max(read.last_year, *(change.from_year for change in changes))
    plan = replace(RunPlan(scenario, basis), **(sizes._asdict() | {"until": until}))
    along = tuple(Along(factor, factor.low, factor.high) for factor in factors) if len(factors) > 1 else ()
    return Aim(plan, factors[0], read, share, along)


def read_range(change: LeverChange, text: str, problems: list[str]) -> Factor | None:
    """Read LOW:HIGH into a factor; None if it is wrong, with the problem noted."""
    from sim.scenarios.levers.changes import value_range
    from sim.scenarios.levers.declared import LEVERS
    from sim.sweeps.design.points import Factor

    least, most = value_range(LEVERS[change.name], change.change)
    low_text, colon, high_text = text.partition(":")
    try:
        low, high = float(low_text), float(high_text)
    except ValueError:
        low = high = math.nan
    if not colon or not least <= low < high <= most:
        what = f"{change.change} {change.name}"
        problems.append(f"--range {text}: expected LOW:HIGH with LOW below HIGH; allowed for {what}: {least:g} to {most:g}")
        return None
    return Factor(change.id, "lever", change.id, low, high)


def read_part_of_draws(text: str | None, problems: list[str]) -> float | None:
    """Read a part of the draws, as 50% or .5; None for the mean, and where it is wrong, with the problem noted."""
    if text is None:
        return None
    try:
        part = float(text.strip().removesuffix("%")) / (100.0 if text.strip().endswith("%") else 1.0)
    except ValueError:
        part = math.nan
    if not 0.0 < part <= 1.0:
        problems.append(f"--in {text}: expected a part of the draws; allowed: above 0 to 100%, as in --in 50%")
    return part


def write_solution(aim: Aim, found: Solution, lever: str, out: Path) -> Path:
    """Write the response as CSV and figure, the record, and where the goal is reached a scenario file; return the folder."""
    import json
    from dataclasses import replace

    from sim.reports.figures.dose import save_dose
    from sim.runs.atomic import building
    from sim.runs.folder import run_id
    from sim.runs.provenance import digest
    from sim.runs.rows import write_csv
    from sim.scenarios.load import resolved_toml

    plan = aim.plan
    record = solution_record(aim, found)
    asked = {key: record[key] for key in ("goal", "in", "lever", "range")}
    tried = [float(value) for value in found.values]
    folder = out / "solve" / plan.scenario.name / digest({"run": run_id(plan), "tried": tried, **asked})[:16]
    if (folder / SOLUTION_RECORD).is_file():
        return folder  # the same question of the same model: the same numbers
    note = f"{plan.scenario.name}: {plan.draws} draws x {plan.replicates} replicates of {plan.researchers:,} researchers."
    with building(folder) as partial:
        write_csv(partial / RESPONSE, RESPONSE_COLUMNS, response_rows(aim, found))
        save_dose(found, aim.goal.line, (short(aim.goal.text), lever, note), partial)
        (partial / SOLUTION_RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")
        if found.state == "reached":
            values = levers_words(aim, found.value) if aim.along else f"{aim.factor.target} {found.value:g}"
            title, said = f"{plan.scenario.title}, with {values}", f"The smallest change found that reaches: {aim.goal.text}"
            text = resolved_toml(replace(aim.scenario_at(found.value), title=title, note=said), plan.basis.data.codes)
            (partial / SOLVED).write_text(text, encoding="utf-8", newline="\n")
    return folder


RESPONSE_COLUMNS = ("value", "mean_margin", "p05_margin", "p50_margin", "p95_margin", "share_of_draws_that_meet_it")


def response_rows(aim: Aim, found: Solution) -> list[list[float]]:
    """List every value that was tried with the margins over draws."""
    import numpy as np

    low, middle, high = np.nanquantile(found.margins, (0.05, 0.5, 0.95), axis=0)
    met = np.mean(found.margins >= 0.0, axis=0)
    columns = (found.values, np.nanmean(found.margins, axis=0), low, middle, high, met)
    return [[float(each) for each in row] for row in zip(*columns, strict=True)]


def short(text: str) -> str:
    """Cut a goal that is too long for a heading."""
    return text if len(text) <= 90 else text[:87] + "..."


def lever_text(change: LeverChange) -> str:
    """Name a lever with what its number means."""
    from sim.scenarios.levers.declared import LEVERS

    unit = {"multiply": "factor", "add": f"added, {LEVERS[change.name].unit}"}.get(change.change, LEVERS[change.name].unit)
    return f"{change.id} ({change.name}, {unit})"


def solution_record(aim: Aim, found: Solution) -> dict[str, Any]:
    """Make the JSON object of a solution; a missing number is null."""
    import numpy as np

    from sim.sweeps.goals.search import criterion

    plan, reaching = aim.plan, found.by_draw[np.isfinite(found.by_draw)]
    low, middle, high = np.quantile(reaching, (0.05, 0.5, 0.95)) if len(reaching) else (math.nan,) * 3
    numbers: dict[str, float] = {
        "today": found.today,
        "today_margin": float(criterion(found.today_margins, aim.part)),
        "value": found.value,
        "error": found.error,
        "margin": found.criterion,
        "draws_p05": float(low),
        "draws_p50": float(middle),
        "draws_p95": float(high),
        "share_of_draws_never": 1.0 - len(reaching) / len(found.by_draw) if len(found.by_draw) else math.nan,
        "draws_needed": found.needed,
    }
    return {
        "scenario": plan.scenario.name,
        "goal": aim.goal.text,
        "in": aim.part,
        "lever": [each.factor.target for each in aim.along] or aim.factor.target,
        "range": [[each.factor.low, each.factor.high] for each in aim.along] or [aim.factor.low, aim.factor.high],
        "levers_at_value": dict(zip((each.factor.target for each in aim.along), aim.levers_at(found.value), strict=True))
        if aim.along and math.isfinite(found.value)
        else None,
        "draws": plan.draws,
        "replicates": plan.replicates,
        "researchers": plan.researchers,
        "seed": plan.seed,
        "state": found.state,
        "reached": found.state in ("met", "reached"),
        "monotone": found.is_monotone,
        "crossings": list(found.crossings),
        **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
    }


def solution_lines(aim: Aim, found: Solution, lever: str) -> list[str]:
    """Write the answer, at most a screen."""
    record = solution_record(aim, found)
    how = "in the mean over draws" if aim.part is None else f"in {aim.part:.0%} of the draws"
    lines = [f"Goal, {how}: {aim.goal.text}", f"Lever: {lever}, today {found.today:g}", ""]
    if found.state == "met":
        return [
            *lines,
            f"Already met: by a margin of {record['today_margin']:.4g} with the scenario as it is. Nothing is needed.",
        ]
    if found.state == "not reached":
        lines.append(
            f"Not reached: no value from {aim.factor.low:g} to {aim.factor.high:g} does it. The best is {found.value:.4g},"
        )
        lines.append(f"where {-found.criterion:.4g} is missing (today {-record['today_margin']:.4g}).")
    else:
        error = f" (standard error {found.error:.2g})" if math.isfinite(found.error) else ""
        lines.append(f"It takes {found.value:.4g}{error}: the value nearest to today's that reaches the goal.")
        lines += [f"That is {levers_words(aim, found.value)}."] if aim.along else []
    if not found.is_monotone:
        each = ", ".join(f"{value:.4g}" for value in found.crossings)
        lines.append(f"The response is not monotone: the goal is won or lost at {each}.")
    if record["draws_p50"] is not None:
        lines.append(
            f"Draw by draw: {record['draws_p05']:.4g} to {record['draws_p95']:.4g} (90 % of those in which a value does it;"
        )
        lines.append(
            f"median {record['draws_p50']:.4g}). In {record['share_of_draws_never']:.0%} of the draws no value of the range does."
        )
    else:
        lines.append("In no draw does any value of the range reach it.")
    return lines


def flat_problems(aim: Aim, found: Solution, folder: Path) -> list[str]:
    """Say why no value is named where the response is lost in noise."""
    if math.isinf(found.needed):
        why = "no value of the range changes anything: another lever, or a goal that it moves, is needed"
    else:
        why = f"{aim.plan.draws} draws cannot tell its best from its worst value; about {found.needed:.0f} would: --draws"
    return [f"the response to {aim.factor.target} is flat: {why}. Every value tried is in {folder}"]
