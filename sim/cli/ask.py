"""The verbs that answer without simulating: scenario files, levers, policies, the data's sources, one life of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from sim.cli.complete import complete_levers, complete_policies, complete_scenarios
from sim.cli.terminal import (
    InputError,
    data_option,
    follow_data,
    given,
    json_option,
    load_all,
    say,
    scenario_arguments,
    show_json,
    unknown,
)


@click.command()
@scenario_arguments
@data_option
@json_option
def check(scenarios: tuple[str, ...], as_json: bool) -> None:
    """Report every error of scenario files, then what each changes in what it extends."""
    from sim.cli.tables.scenarios import scenario_record, scenario_report

    loaded = load_all(scenarios, {})
    if as_json:
        show_json({"scenarios": [scenario_record(scenario) for scenario in loaded]})
        return
    for scenario in loaded:
        say(scenario_report(scenario))


def with_words(texts: Mapping[str, str], asked: str) -> list[str]:
    """List the names whose name or text holds every word that was asked for, in any case of its letters."""
    words = asked.lower().replace("_", " ").replace("-", " ").split()
    plain = {name: f"{name} {text}".lower().replace("_", " ").replace("-", " ") for name, text in texts.items()}
    return [name for name, text in plain.items() if all(word in text for word in words)]


@click.command()
@click.argument("name", required=False, shell_complete=complete_levers)
@json_option
def levers(name: str | None, as_json: bool) -> None:
    """List what a scenario can move, those about the word NAME, or say everything about the lever NAME."""
    from sim.cli.tables.inputs import lever_record, lever_report, levers_report
    from sim.scenarios.levers.declared import LEVERS

    about = {each.name: f"{each.meaning} {each.enters}" for each in LEVERS.values()}
    found = [name] if name is not None and name in LEVERS else with_words(about, name or "")
    if not found:
        raise InputError([unknown("lever", str(name), LEVERS)])
    chosen = [LEVERS[each] for each in found]
    if as_json:
        show_json({"levers": [lever_record(lever) for lever in chosen]})
    else:
        say(lever_report(chosen[0]) if name in LEVERS else levers_report(chosen))


@click.command()
@click.argument("name", required=False, shell_complete=complete_policies)
@json_option
def policies(name: str | None, as_json: bool) -> None:
    """List the named policies a scenario can use, those about the word NAME, or say everything about the policy NAME."""
    from sim.cli.tables.inputs import policies_report, policy_record, policy_report
    from sim.data.load import load_data
    from sim.scenarios.load import named_policies

    known, regions = named_policies(), load_data().codes
    about = {each.name: f"{each.title} {each.about} {' '.join(lever.name for lever in each.levers)}" for each in known.values()}
    found = [name] if name is not None and name in known else with_words(about, name or "")
    if not found:
        raise InputError([unknown("policy", str(name), known)])
    chosen = [known[each] for each in found]
    if as_json:
        show_json({"policies": [policy_record(policy, regions) for policy in chosen]})
    else:
        say(policy_report(chosen[0], regions) if name in known else policies_report(chosen))


@click.command()
@click.argument("name", required=False)
@data_option
@json_option
def sources(name: str | None, as_json: bool) -> None:
    """Say where the number NAME comes from: a variable, VARIABLE:REGION, parameter, target or source."""
    from sim.cli.tables.inputs import data_record, data_report
    from sim.data.load import find_source, load_data

    if name is None:
        if as_json:
            show_json(data_record(load_data()))
        else:
            say(data_report(load_data()))
        return
    answer = find_source(name)
    if answer.kind is None:
        hint = f"; did you mean {', '.join(answer.nearest)}?" if answer.nearest else ""
        raise InputError([f"{answer.lines[0]}{hint} `talentsim sources` lists what can be asked"])
    if as_json:
        show_json({"name": answer.name, "kind": answer.kind, "lines": list(answer.lines)})
    else:
        say("\n".join(answer.lines), soft_wrap=True)


@click.command()
@click.argument("folder", metavar="RUN_OR_COMPARISON", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--researcher", required=True, metavar="ORIGIN-COHORT-INDEX", help="Who, as in CHN-2012-17.")
@click.option("--draw", default=0, show_default=True, metavar="N", help="Draw of the run.")
@click.option("--replicate", default=0, show_default=True, metavar="N", help="Replicate of the run.")
@json_option
def trace(folder: Path, researcher: str, draw: int, replicate: int, as_json: bool) -> None:
    """Tell one researcher's life in the folder of a run: options, probabilities, shocks, visas, choices.

    In the folder of a comparison, the life in its base and in each variant.
    """
    from sim.comparisons.folder import runs_of_comparison
    from sim.runs.lives.replay import TraceError
    from sim.runs.lives.trace import life_record
    from sim.runs.lives.trace import trace as traced

    follow_data(folder)
    try:
        with given(folder):
            places = runs_of_comparison(folder)
            lives = [traced(place, researcher, draw, replicate) for place in places.values() or [folder]]
    except TraceError as error:
        raise InputError([str(error)]) from error
    if as_json:
        records = [life_record(life) for life in lives]
        named = [{"run": name, **record} for name, record in zip(places, records, strict=False)]
        show_json({"lives": named} if places else records[0])
        return
    for number, life in enumerate(lives):
        head = f"{'' if number == 0 else chr(10)}Under {list(places)[number]}:\n" if places else ""
        say(f"{head}{life}", soft_wrap=True)


@click.command()
@click.argument("name", required=False, shell_complete=complete_scenarios)
@json_option
def scenarios(name: str | None, as_json: bool) -> None:
    """List the shipped scenarios, or say what the scenario NAME changes, why, what it does and what would prove it wrong."""
    from sim.cli.tables.scenarios import scenarios_report, shipped_record, shipped_report
    from sim.comparisons.shipped.reference import read_effects
    from sim.data.load import load_data
    from sim.scenarios.load import load_shipped
    from sim.scenarios.reading.chain import shipped_names

    known, regions = shipped_names(), load_data().codes
    if name is not None and name not in known:
        raise InputError([unknown("scenario", name, known)])
    chosen = [load_shipped(each) for each in (known if name is None else [name])]
    effects = {each.name: [row for row in read_effects() if row.scenario == each.name] for each in chosen}
    if as_json:
        show_json({"scenarios": [shipped_record(each, effects[each.name], regions) for each in chosen]})
    elif name is None:
        say(scenarios_report(chosen))
    else:
        say(shipped_report(chosen[0], effects[name], regions))
