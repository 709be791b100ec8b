"""The verb that begins a scenario: ``talentsim new``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from sim.cli.terminal import InputError, gathered, json_option, load_all, no_data_option, say, show_json

if TYPE_CHECKING:
    from sim.guide.draft import Draft
    from sim.scenarios.levers.declared import Lever

STAGES_ASKED = ("study", "work", "stay")


class Wishes(NamedTuple):
    """What was said of the scenario on the command line; None for what was not."""

    country: str | None = None
    origin: str | None = None
    stage: str | None = None
    what: str | None = None
    change: str | None = None
    value: float | None = None
    budget: float | None = None
    years: int = 1
    people: float | None = None
    first_year: int = 2027
    question: str | None = None
    evidence: str = "Assumption: an example; nobody has announced it."


@click.command()
@no_data_option("it drafts from the packaged policies; write a scenario file (docs/scenario-files.md)")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--country", metavar="REGION", help="Whose policy it is; codes or groups, separated by commas.")
@click.option("--origin", metavar="REGION", help="For people from where; everywhere if it is not said.")
@click.option("--stage", type=click.Choice(STAGES_ASKED), help="The step of a career that it acts on.")
@click.option("--what", metavar="WORDS", help="What changes: a lever, or words such as 'work visa'.")
@click.option(
    "--change", type=click.Choice(["set", "multiply", "add"]), help="Kind of change.  [default: as the lever's example]"
)
@click.option("--value", type=float, metavar="X", help="Its size.  [default: as the lever's example]")
@click.option(
    "--budget", type=click.FloatRange(min=0, min_open=True), metavar="DOLLARS", help="Money in the place of a size; see --people."
)
@click.option("--years", type=click.IntRange(min=1), default=1, show_default=True, help="Years over which it is spent.")
@click.option("--people", type=click.FloatRange(min=1), metavar="N", help="How many share the budget at any time.")
@click.option(
    "--from", "first_year", default=2027, show_default=True, type=click.IntRange(2000, 2050), metavar="YEAR", help="First year."
)
@click.option("--question", metavar="TEXT", help="What the scenario asks.")
@click.option("--evidence", default=Wishes().evidence, metavar="TEXT", help="Why this size.")
@gathered("wishes", Wishes)
@json_option
def new(path: Path, wishes: Wishes, as_json: bool) -> None:
    """Write a commented scenario file: whose policy, which step of a career, what changes.

    At a terminal, what is not said is asked for. Elsewhere --what is needed, and everything else has a default. A budget becomes
    dollars a year for each who shares it, and the file says what that assumes:

        talentsim new plan --country DEU --what phd_stipend --budget 300e6 --people 100000
    """
    from sim.guide.draft import draft_text

    path = path if path.suffix else path.with_suffix(".toml")
    if path.exists():
        raise InputError([f"{path} is there already; choose another name, or remove it"])
    wishes = asked(wishes) if is_terminal() and not as_json else wishes
    draft = make_draft(wishes)
    try:
        path.write_text(draft_text(draft, str(path)), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError([f"{path}: cannot be written ({error.strerror})"]) from error
    try:
        load_all([str(path)], {})
    except InputError:
        path.unlink()
        raise
    if as_json:
        show_json({"file": str(path), "lever": draft.lever.name, "change": draft.change, "value": draft.value})
        return
    say(f"{path}: {draft.lever.name} ({draft.lever.meaning})", soft_wrap=True)
    say(f"Next: talentsim check {path}; talentsim compare baseline {path}", soft_wrap=True)


def is_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty()


def asked(wishes: Wishes) -> Wishes:
    """Ask for what was not said: country, step, what changes; a list of levers to choose from."""
    from sim.guide.draft import levers_for
    from sim.scenarios.levers.declared import LEVERS

    country = wishes.country or click.prompt(
        "Whose policy is it (region code, blank: everybody's)", default="", show_default=False
    )
    stage = wishes.stage or click.prompt("Which step of a career", type=click.Choice(STAGES_ASKED), default="study")
    words = wishes.what or click.prompt("What changes (words; blank lists the levers)", default="", show_default=False)
    names = levers_for(words, stage, 8) or levers_for("", stage)
    if len(names) > 1:
        for number, name in enumerate(names, start=1):
            click.echo(f"{number:3}  {name}: {LEVERS[name].meaning}")
        number = click.prompt("Which of these", type=click.IntRange(1, len(names)), default=1)
        names = [names[number - 1]]
    question = wishes.question or click.prompt("The question in one sentence", default="", show_default=False)
    return wishes._replace(country=country or None, stage=stage, what=names[0], question=question)


def make_draft(wishes: Wishes) -> Draft:
    """Make the draft of what was said; all that is wrong is reported together.

    Raises
    ------
    InputError
        If what changes is not said or not known, or a region is not known.
    """
    from sim.guide.draft import Draft, country_axis, levers_for
    from sim.scenarios.examples import example_size
    from sim.scenarios.levers.declared import LEVERS

    problems: list[str] = []
    countries, origins = (read_regions(name, getattr(wishes, name), problems) for name in ("country", "origin"))
    names = levers_for(wishes.what or "", wishes.stage or "", 1) if wishes.what else []
    if not names:
        said = f"--what {wishes.what}: means no lever" if wishes.what else "--what is missing"
        problems.append(f"{said}; name a lever or what it does, as in --what 'work visa': {', '.join(LEVERS)}")
        raise InputError(problems)
    lever = LEVERS[names[0]]
    if countries and not country_axis(lever):
        problems.append(f"--country: {lever.name} knows no countries; leave it out")
    if origins and (country_axis(lever) != "destination" or "origin" not in lever.filters):
        problems.append(f"--origin: {lever.name} cannot be for people of one origin; its filters: {', '.join(lever.filters)}")
    if problems:
        raise InputError(problems)
    change, value = size_of(lever, wishes) if wishes.value is not None or wishes.change else example_size(lever)
    if wishes.budget is not None or wishes.people is not None:
        change, value, wishes = spent(lever, wishes)
    question = wishes.question or f"What if {', '.join(countries) or 'everybody'} changed {lever.name.replace('_', ' ')}?"
    return Draft(lever, countries, origins, change, value, wishes.first_year, question, wishes.evidence)


def size_of(lever: Lever, wishes: Wishes) -> tuple[str, float]:
    """Return the kind of change and its size, where at least one was said.

    Raises
    ------
    InputError
        If the kind was said alone and is not that of the example.
    """
    from sim.scenarios.examples import example_size

    change, value = example_size(lever)
    if wishes.value is None and wishes.change != change:
        raise InputError([f"--change {wishes.change} needs --value; without both it is {change} {value:g}"])
    return wishes.change or change, value if wishes.value is None else wishes.value


def spent(lever: Lever, wishes: Wishes) -> tuple[str, float, Wishes]:
    """Turn a budget into a change and its size, and let the evidence say what that assumes unless somebody gave another.

    Raises
    ------
    InputError
        If a size is said too, or the budget is no size of the lever.
    """
    from sim.guide.budget import Budget, BudgetError, size_of_budget

    if wishes.budget is None:
        raise InputError(["--people: needs --budget, the money that they share"])
    if wishes.value is not None or wishes.change not in (None, "add"):
        raise InputError(["--budget: is added to what is paid anyway; leave out --value and --change, or leave out --budget"])
    try:
        value, evidence = size_of_budget(lever, Budget(wishes.budget, wishes.years, wishes.people))
    except BudgetError as error:
        raise InputError([f"--budget: {error}"]) from error
    said = wishes.evidence if wishes.evidence != Wishes().evidence else ""
    return "add", value, wishes._replace(evidence=f"{said} {evidence}".strip())


def read_regions(name: str, text: str | None, problems: list[str]) -> tuple[str, ...]:
    """Read region codes or groups as written; what is not known is noted."""
    from sim.scenarios.load import packaged_vocabulary
    from sim.scenarios.reading.values import RefusedError, filter_ids, to_problem

    if text is None:
        return ()
    codes = [part.strip() for part in text.split(",")]
    try:
        filter_ids(codes, "destination", packaged_vocabulary())
    except RefusedError as error:
        problems += [str(to_problem(finding, f"--{name}", None)) for finding in error.findings]
    return tuple(codes)
