"""What a shell completes: names of scenarios, levers and policies; and the verb that prints what a shell needs for it."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem, get_completion_class

VARIABLE = "_TALENTSIM_COMPLETE"


def complete_scenarios(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Offer the shipped scenarios that begin so, and files."""
    from sim.scenarios.reading.chain import shipped_names

    return [*_beginning(shipped_names(), begun), CompletionItem(begun, type="file")]


def complete_levers(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Offer the levers that begin so."""
    from sim.scenarios.levers.declared import LEVERS

    return _beginning(LEVERS, begun)


def complete_policies(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Offer the named policies that begin so."""
    from sim.scenarios.load import named_policies

    return _beginning(named_policies(), begun)


def _beginning(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(begun)]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what SHELL needs to complete verbs, options, scenarios, levers and policies.

    Put eval "$(talentsim completion bash)" into ~/.bashrc; the same with zsh into ~/.zshrc;
    talentsim completion fish > ~/.config/fish/completions/talentsim.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root()
    click.echo(kind(root.command, {}, "talentsim", VARIABLE).source())
