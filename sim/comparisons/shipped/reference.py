"""The reference results of the shipped scenarios: the table of what each does, and the checksum of all tables.

`sensitivity.csv` holds effects over draws; the other tables hold counts (see `sim.comparisons.shipped.counts`). One checksum of
all tables stands beside them and in the changelog. Nothing slow is imported: the command line shows the effects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sim.runs.rows import read_rows, write_csv
from sim.sources import PACKAGE

SENSITIVITY = "sensitivity.csv"
CHECKSUM = "CHECKSUM"
SHOWN_DIGITS = 8
"""Digits of the checksum that name it in the changelog."""
EFFECT_RESEARCHERS, EFFECT_REPLICATES = 5_000, 2
"""Size of a run for the effects on the visible, in every draw."""


class EffectRow(NamedTuple):
    """The effect of a scenario on one share of the visible researchers in 2035, against the baseline.

    Effects are differences of shares in percentage points; `main` marks the row of a scenario whose mean effect on work is
    largest. `first` and `second` are the uncertain inputs (parameters; levers as `lever ID`) whose rank correlation with the
    effect is largest, out of `inputs` tried. `elite` is the mean effect on the same share of the elite at the reference point,
    `elite_error` its Monte-Carlo standard error.
    """

    scenario: str
    axis: str
    region: str
    main: bool
    draws: int
    mean: float
    p05: float
    p50: float
    p95: float
    inputs: int
    first: str
    first_rho: float
    second: str
    second_rho: float
    elite: float
    elite_error: float


def reference_folder(package: Path = PACKAGE) -> Path:
    """Return the folder of the reference results, in an installed package (the effects alone) and in a checkout."""
    installed = package / "reference"
    return installed if installed.is_dir() else package.parent / "results" / "reference"


def write_effects(path: Path, rows: Iterable[EffectRow]) -> None:
    """Write the effects of scenarios: shares with two decimals of a point, correlations with two."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, EffectRow._fields, ([_two_decimals(value) for value in row] for row in rows))


def read_effects(path: Path | None = None) -> tuple[EffectRow, ...]:
    """Read the effects of scenarios back; of the reference results if no file is named, empty if there is none.

    Raises
    ------
    ValueError
        If the file has other columns.
    """
    path = path or reference_folder() / SENSITIVITY
    return read_rows(path, EffectRow) if path.is_file() else ()


def results_checksum(folder: Path) -> str:
    """Hash the names and bytes of all tables of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.csv")):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def checksum_text(folder: Path, data_version: str) -> str:
    """Return what the file CHECKSUM has to say of the tables beside it."""
    return f"results {results_checksum(folder)}\ndata {data_version}\n"


def results_name(folder: Path, data_version: str) -> str:
    """Return the words by which the changelog names the reference results."""
    return f"reference results {results_checksum(folder)[:SHOWN_DIGITS]}, data version {data_version}"


def _two_decimals(value: str | bool | float) -> str | bool | float:
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00") if isinstance(value, float) else value
