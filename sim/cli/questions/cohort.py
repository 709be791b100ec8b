"""The verb that follows people: ``talentsim cohort``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.questions.plans import plan_for
from sim.cli.run import USUAL, Sizes, size_options, watched, workers_option
from sim.cli.terminal import InputError, collect_seldom, data_option, json_option, say, show_json

if TYPE_CHECKING:
    from sim.runs.lives.cohort import Cohort, CohortGroup, CohortRow
    from sim.runs.plan import RunPlan

FEW_PEOPLE = 500
"""Simulated researchers, in all runs together, below which a group is called small."""
REGIONS_HELP = "codes or groups as in scenario files, separated by commas."


@click.command()
@click.argument("what", metavar="[RUN|SCENARIO]", default="baseline")
@data_option
@click.option("--year", required=True, type=int, metavar="YEAR", help="At whose end they are found.")
@click.option("--origin", metavar="REGION", help=f"Of the first degree; {REGIONS_HELP}")
@click.option("--study", metavar="REGION", help="Of graduate school.")
@click.option("--at", metavar="REGION", help="Where they are in that year.")
@click.option("--tier", default="all", show_default=True, type=click.Choice(["top20", "elite", "all"]), help="Seen as such then.")
@click.option("--doctors", is_flag=True, help="Only those who got their degree in that year.")
@click.option(
    "--to", "path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write a CSV of every number."
)
@size_options(USUAL)
@workers_option
@json_option
def cohort(
    what: str, year: int, path: Path | None, sizes: Sizes, workers: int | None, as_json: bool, **chosen: Any
) -> None:  # fmt: skip
    """Follow the people of a year, one by one: how many stayed, went home, went elsewhere or left research.

    They are those of the RUN of a folder (of its own size), or of a SCENARIO (of the size that the options say).
    """
    collect_seldom()
    from sim.runs.executors import available_cores
    from sim.runs.lives.cohort import CohortRow, follow
    from sim.runs.rows import write_table

    plan = plan_for(what, sizes, workers or available_cores())
    group = read_group(plan, year, chosen)
    with watched(f"cohort of {year}") as progress:
        found = follow(plan, group, plan.basis.data.researchers / plan.researchers, progress)
    if path is not None:
        write_table(path, CohortRow._fields, found.rows)
    title = group_text(group, plan.basis.data.codes)
    if as_json:
        rows = [row._asdict() for row in found.rows]
        show_json({"group": title, "people": found.people, "simulated": found.simulated, "rows": known_numbers(rows)})
        return
    say("\n".join(cohort_lines(found, title)), soft_wrap=True)
    if path is not None:
        say(f"\nEvery number: {path}", soft_wrap=True)


def read_group(plan: RunPlan, year: int, chosen: dict[str, Any]) -> CohortGroup:
    """Read the options into a group.

    Raises
    ------
    InputError
        If a region is not known, or the year does not lie in the run.
    """
    from sim.model.world import FIRST_YEAR
    from sim.runs.lives.cohort import CohortGroup
    from sim.scenarios.load import packaged_vocabulary
    from sim.scenarios.reading.values import RefusedError, filter_ids, to_problem

    problems = []
    regions: dict[str, tuple[int, ...] | None] = {"origin": None, "study": None, "at": None}
    for name in regions:
        if chosen[name] is None:
            continue
        try:
            regions[name] = filter_ids([part.strip() for part in chosen[name].split(",")], "destination", packaged_vocabulary())
        except RefusedError as error:
            problems += [str(to_problem(finding, f"--{name}", None)) for finding in error.findings]
    if not FIRST_YEAR <= year < plan.until:
        problems.append(
            f"--year {year}: the run goes from {FIRST_YEAR} to {plan.until}; allowed: {FIRST_YEAR} to {plan.until - 1}"
        )
    if problems:
        raise InputError(problems)
    return CohortGroup(year, regions["origin"], regions["study"], regions["at"], chosen["tier"], chosen["doctors"])


def group_text(group: CohortGroup, codes: tuple[str, ...]) -> str:
    """Say who is followed."""

    def named(ids: tuple[int, ...]) -> str:
        return ", ".join(codes[i] for i in ids)

    who = {"all": "Researchers", "top20": "Visible researchers (top 20 %)", "elite": "Elite researchers"}[group.tier]
    parts = [f"of origin {named(group.origin)}"] if group.origin is not None else []
    parts += [f"who got their degree in {group.year}"] if group.is_doctors else []
    parts += [f"of graduate school in {named(group.study)}"] if group.study is not None else []
    parts += [f"in {named(group.at)}"] if group.at is not None else []
    return " ".join([who, *parts, f"at the end of {group.year}"])


def cohort_lines(found: Cohort, title: str) -> list[str]:
    """Write the group and one line a year, at most 80 wide."""
    from sim.runs.lives.cohort import FATES, REMAINING

    low, middle, high = found.people
    places = "the place of each in that year" if found.group.places is None else "the place named"
    lines = [f"{title}:", f"{middle:,.0f} people (90 %: {low:,.0f} to {high:,.0f}).", ""]
    if found.simulated == 0:
        return [*lines[:1], "nobody in any run; ask for fewer conditions, or run with more --researchers"]
    heads = (*FATES, "stay rate")
    lines.append("year  " + "".join(f"{head:>14}" for head in heads))
    by_year: dict[int, dict[str, CohortRow]] = {}
    for row in found.rows:
        by_year.setdefault(row.year, {})[row.fate] = row
    for year, rows in by_year.items():
        lines.append(f"{year}  " + "".join(f"{cell(rows[name]):>14}" for name in (*FATES, REMAINING)))
    lines += [
        "",
        "Per cent of the group, mean over runs and the range of 90 % of them.",
        f"stayed: in {places}; home: in the region of the",
        "first degree, where that is another; left: out of research; stay rate: stayed,",
        "of those who have not left.",
    ]
    if found.simulated < FEW_PEOPLE:
        lines.append(f"Only {found.simulated} simulated researchers in all runs: wide for that alone.")
    if found.empty[0]:
        lines.append(f"{found.empty[0]} of {found.empty[1]} runs have nobody in the group and are left out.")
    return lines


def cell(row: CohortRow) -> str:
    """Write a share in per cent with its band."""
    if row.share_mean != row.share_mean:
        return "-"
    return f"{100 * row.share_mean:.0f} ({100 * row.share_p05:.0f}-{100 * row.share_p95:.0f})"


def known_numbers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put null where a number is missing."""
    return [{key: None if value != value else value for key, value in row.items()} for row in rows]
