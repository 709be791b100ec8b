"""The verb that makes a folder of tables a data package: ``pack``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.cli.terminal import InputError, json_option, say, show_json

if TYPE_CHECKING:
    from sim.data.schema import Data


@click.command()
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@json_option
def pack(folder: Path, as_json: bool) -> None:
    """Write the descriptor of the data package in FOLDER anew, and check every table, parameter and the baseline.

    Name, title, version and licences that its datapackage.json states stay as they are (docs/data.md).
    """
    from sim.data.checks import DataError
    from sim.data.load import load_data
    from sim.data.package import DESCRIPTOR, write_package
    from sim.scenarios.load import load_basis
    from sim.scenarios.reading.text import ScenarioError

    try:
        path = write_package(folder)
        data = load_data(folder)
        load_basis(folder)
    except DataError as error:
        raise InputError([str(error)]) from error
    except ScenarioError as error:
        raise InputError(str(problem) for problem in error.problems) from error
    except OSError as error:
        raise InputError([f"{folder / DESCRIPTOR}: cannot be written ({error.strerror})"]) from error
    if as_json:
        show_json({"package": str(path), **contents_of(data), "name": data.name, "version": data.version, "digest": data.numbers})
        return
    said = ", ".join(f"{number} {what}" for what, number in contents_of(data).items())
    say(f"{path}: {data.name}, version {data.version}, digest {data.numbers[:16]}; {said}", soft_wrap=True)


def contents_of(data: Data) -> dict[str, int]:
    """Count what a package holds."""
    return {
        "regions": len(data.codes),
        "groups": len(data.groups),
        "parameters": len(data.parameters),
        "solved": len(data.solved),
        "targets": len(data.targets),
        "sources": len(data.sources),
        "gaps": len(data.gaps),
    }
