"""The examples as the Frictionless library sees them, in an environment of its own; what is wrong with a copy it sees too."""

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.data.checks import COLUMNS
from sim.data.package import DESCRIPTOR, write_package
from sim.sources import PACKAGE

ROOT = PACKAGE.parent
PYTHON = Path(os.environ.get("TALENTSIM_FRICTIONLESS", ROOT / ".venv-frictionless" / "bin" / "python"))
PROGRAM = """
import json, sys
from frictionless import validate
report = validate(sys.argv[1])
errors = [[task.name, error.type] for task in report.tasks for error in task.errors]
print(json.dumps({"valid": report.valid, "tables": len(report.tasks), "errors": errors + [["", e.type] for e in report.errors]}))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.is_file(), reason="`make environments` makes .venv-frictionless"),
]


def said_of(folder: Path) -> dict[str, object]:
    """Validate a package with the real library."""
    done = subprocess.run([str(PYTHON), "-c", PROGRAM, str(folder / DESCRIPTOR)], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["chips", "hong-kong"])
def test_examples_are_valid_packages(name: str) -> None:
    folder = ROOT / "examples" / name
    said = said_of(folder)
    assert said == {"valid": True, "tables": len(json.loads((folder / DESCRIPTOR).read_text())["resources"]), "errors": []}


def write_rows(folder: Path, table: str, rows: Sequence[dict[str, str]]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS[table], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("table", "cells", "is_stamped", "error"),
    [
        ("ties", {"value": "1"}, False, "hash-count"),
        ("tiles", {"region": "XXX"}, True, "foreign-key"),
        ("world", {"value": "many"}, True, "type-error"),
        ("roles", {"role": "boss"}, True, "constraint-error"),
        ("sources", {"licence": ""}, True, "constraint-error"),
    ],
)
def test_faults_are_seen_by_others_too(
    tmp_path: Path, table: str, cells: dict[str, str], is_stamped: bool, error: str
) -> None:  # fmt: skip
    folder = Path(shutil.copytree(ROOT / "examples" / "chips", tmp_path / "chips"))
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    write_rows(folder, table, [rows[0] | cells, *rows[1:]])
    if is_stamped:
        write_package(folder)
    said = said_of(folder)
    assert not said["valid"]
    assert [table, error] in said["errors"]  # type: ignore[operator]
