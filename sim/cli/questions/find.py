"""The verb that leads to all others: ``talentsim find``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sim.cli.terminal import InputError, json_option, no_data_option, say, show_json

if TYPE_CHECKING:
    from sim.guide.rank import Entry, Hit

KINDS = ("command", "lever", "policy", "scenario", "indicator", "glossary", "source")
LINE = 80
LONGEST_TITLE = 2 * LINE


@click.command()
@no_data_option("it searches the packaged policies and levers")
@click.argument("words", nargs=-1, required=True)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only these; may be repeated.")
@click.option("--most", default=8, show_default=True, type=click.IntRange(1, 1000), metavar="N", help="Hits shown.")
@json_option
def find(words: tuple[str, ...], kinds: tuple[str, ...], most: int, as_json: bool) -> None:
    """Search commands, levers, policies, scenarios, indicators, the glossary and sources for WORDS."""
    from sim.guide.entries import all_entries
    from sim.guide.rank import find as ranked

    query = " ".join(words)
    group = click.get_current_context().find_root().command
    entries = [*(command_entries(group) if isinstance(group, click.Group) else ()), *all_entries()]
    hits = ranked(query, [entry for entry in entries if not kinds or entry.kind in kinds], most)
    if as_json:
        show_json({"query": query, "hits": [hit_record(hit) for hit in hits]})
    elif not hits:
        raise InputError(
            [f"nothing holds {query!r}; try a word of the field, as in `talentsim find work visa`, or `talentsim levers`"]
        )
    else:
        say("\n".join(hit_lines(hits)), soft_wrap=True)


def command_entries(group: click.Group) -> list[Entry]:
    """Make the entries of the commands of a group: their help, and their options."""
    from sim.guide.rank import Entry, said_of

    asked = said_of("commands")
    found = []
    for name, command in sorted(group.commands.items()):
        title, _, rest = (command.help or "").partition("\n")
        options = " ".join(
            option.help or "" for option in command.params if isinstance(option, click.Option) and option.name != "as_json"
        )
        found.append(Entry("command", name, title, f"{asked.get(name, '')} {rest} {options}", f"talentsim {name} --help"))
    return found


def hit_lines(hits: Sequence[Hit]) -> list[str]:
    """Write each hit on its lines: kind and name, what it is, the command that shows it."""
    lines = []
    for hit in hits:
        entry = hit.entry
        title = entry.title if len(entry.title) <= LONGEST_TITLE else entry.title[: LONGEST_TITLE - 4].rsplit(" ", 1)[0] + " ..."
        lines += [f"{entry.kind:10}{entry.name}", f"{'':10}{title}", f"{'':10}> {entry.hint}"]
    return lines


def hit_record(hit: Hit) -> dict[str, str | float]:
    """Make the JSON object of a hit."""
    entry = hit.entry
    return {"kind": entry.kind, "name": entry.name, "title": entry.title, "show": entry.hint, "score": round(hit.score, 3)}
