"""The verb that does ahead what the first run would wait for: ``talentsim warm``."""

from __future__ import annotations

import click


@click.command()
def warm() -> None:
    """Compile the model ahead, once for this version, so that no run waits for it (half a minute)."""
    from sim.engines.arrays import is_compiled
    from sim.runs.execute import compile_ahead
    from sim.runs.plan import RunPlan, tasks_of
    from sim.scenarios.load import load_basis, load_shipped
    from sim.sources import cache_root

    if is_compiled():
        click.echo(f"the model is compiled already: {cache_root()}")
        return
    click.echo("compiling the model, once for this version", err=True)
    compile_ahead(tasks_of(RunPlan(load_shipped("baseline"), load_basis(), draws=1)))
    click.echo(f"the model is compiled: {cache_root()}")
