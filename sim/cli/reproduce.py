"""The verb that makes a result again: ``talentsim reproduce``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.cli.run import workers_option
from sim.cli.terminal import InputError, WorkError, collect_seldom, given, json_option, progress_bar, say, show_json

if TYPE_CHECKING:
    from sim.api.reproducing import Reproduced


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--out", default="reproduced", show_default=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help="Results folder for what is made again.")  # fmt: skip
@workers_option
@json_option
def reproduce(folder: Path, out: Path, workers: int | None, as_json: bool) -> None:
    """Make a run, a comparison or a sweep again from its provenance, elsewhere, and say what differs and why.

    Exit code 0: the same, byte by byte but for the provenance (a sweep: every figure). 1: something differs.
    """
    collect_seldom()
    from sim.api.reproducing import ReproduceError
    from sim.api.reproducing import reproduce as again
    from sim.scenarios.reading.text import ScenarioError

    try:
        with progress_bar("reproduce") as progress, given(folder):
            found = again(folder, out, workers, progress)
    except (ReproduceError, ScenarioError) as error:
        raise InputError(str(error).splitlines()) from error
    if as_json:
        show_json(record_of(found))
    else:
        say("\n".join(answer_lines(found)), soft_wrap=True)
    if found.differing:
        raise WorkError(f"{len(found.differing)} of {len(found.same) + len(found.differing)} tables and figures differ")


def record_of(found: Reproduced) -> dict[str, Any]:
    """Make the JSON object."""
    return {
        "source": str(found.source),
        "folder": str(found.folder),
        "same": list(found.same),
        "differing": dict(found.differing),
        "not_made_again": list(found.missing),
        "other_versions": list(found.why),
    }


def answer_lines(found: Reproduced) -> list[str]:
    """Write the answer: what is the same, what differs, why."""
    lines = [f"Made again: {found.folder}", f"The same: {len(found.same)} ({', '.join(found.same)})"]
    lines += [f"Differs: {name}: {what}" for name, what in found.differing.items()]
    if found.missing:
        lines.append(f"Not part of what was recorded, not made again: {', '.join(found.missing)}")
    lines += [f"Other than recorded: {each}" for each in found.why]
    return lines
