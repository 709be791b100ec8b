"""What a strict ensemble may know besides outcomes: tables and policies up to a year, priors from sources published by 2019.

Everything below the ensemble reads a `Basis`; a strict one is the packaged one with later cells taken out. What has no cell early
enough is set by a rule without a measurement: pay in proportion to GDP, waits of LONGEST_WAIT, ODDS and USUAL_REFUSAL.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.data import arrays
from sim.data.distributions import Distribution, parse_distribution
from sim.data.load import ACADEMIC_ODDS, CAPITAL_FLOOR
from sim.data.schema import DATA_YEARS, Data, Parameter, Row
from sim.model.world import BASE_YEAR, FIRST_YEAR, LAST_YEAR, REFERENCE_YEAR
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Basis, Scenario

FOLDER = Path(__file__).parent
PRIORS = FOLDER / "priors.toml"
KNOWN_YEARS = (BASE_YEAR, REFERENCE_YEAR)
"""Years whose measurements a strict ensemble may know."""
LAST_SOURCE = 2019
"""Last year in which the source of a prior may have been published."""
OWN = "ASSUMPTION"
"""Source of what rests on no measurement."""
PAY_OF_GDP = {"phd_pay": 0.5, "pay_academia": 1.5, "pay_industry": 3.0}
"""Pay over GDP per head, the same everywhere: an assumption; regional constants take up the rest."""
LONGEST_WAIT = 5.0  # years: utility reads no more
ODDS, USUAL_REFUSAL, ATTEMPTS = 0.75, 0.2, 1.0


class Cut(NamedTuple):
    """Rows of the tables up to a year."""

    rows: Mapping[str, tuple[Row, ...]]

    def points(self, table: str, *key: str) -> dict[tuple[str, ...], arrays.Points]:
        """Collect values by year under the columns of a key, the first of which is `variable`."""
        return dict(arrays.points(self.rows[table], ("variable", *key)))


def cut_rows(data: Data, last: int) -> Cut:
    """Keep the rows of the tables by year that are of a year up to `last`."""
    names = ("covariates", "world", "visas")
    return Cut({name: tuple(row for row in data.tables[name] if int(row.cells["year"]) <= last) for name in names})


@cache
def strict_basis(knows: int) -> Basis:
    """Make the basis of the ensemble that knows one year: 2019 (tables, policies and priors cut) or 2022 (priors cut).

    Parameters
    ----------
    knows : of KNOWN_YEARS.
    """
    basis = load_basis()
    parameters = strict_parameters(basis.data)
    data = replace(basis.data, parameters=parameters)
    baseline = basis.baseline
    if knows == BASE_YEAR:
        data, baseline = cut_data(data, knows), cut_baseline(baseline, knows)
    text = repr([data.numbers, knows, [file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.toml"))]])
    return Basis(replace(data, numbers=hashlib.sha256(text.encode()).hexdigest()), baseline)


def read_priors(path: Path = PRIORS) -> dict[str, dict[str, Any]]:
    """Read the strict priors by name of the parameter."""
    with path.open("rb") as file:
        return {entry["name"]: entry for entry in tomllib.load(file)["prior"]}


def strict_parameters(data: Data) -> tuple[Parameter, ...]:
    """Give the parameters that are named in priors.toml the priors of it."""
    priors = read_priors()
    made: dict[str, Distribution] = {name: parse_distribution(entry["prior"]) for name, entry in priors.items()}
    return tuple(
        replace(each, prior=made[each.name], source=priors[each.name]["source"]) if each.name in made else each
        for each in data.parameters
    )


def cut_data(data: Data, last: int) -> Data:
    """Make the arrays anew from rows up to a year, the last of them held; what is left without a row is set by rule."""
    codes, rows = data.codes, cut_rows(data, last)
    table = rows.points("covariates", "region")
    gdp = arrays.by_region(table, "gdp_per_capita", codes)[last - FIRST_YEAR]
    for i, code in enumerate(codes):
        for name, part in PAY_OF_GDP.items():
            table.setdefault((name, code), {last: part * float(gdp[i])})
        table.setdefault(("work_visa_odds", code), {last: ODDS})
        table.setdefault(("post_study_attempts", code), {last: ATTEMPTS})
        table.setdefault(("residence_wait", code), {last: LONGEST_WAIT})
    made = {name: arrays.by_region(table, name, codes) for name in ("phd_pay", "research_funding", "capital", "work_visa_odds")}
    made |= {name: arrays.by_region(table, name, codes) for name in ("pay_academia", "pay_industry", "residence_wait")}
    attempts = arrays.by_region(table, "post_study_attempts", codes)
    free = data.free_movement[np.minimum(np.arange(len(DATA_YEARS)), last - FIRST_YEAR)]
    visas = rows.points("visas", "origin", "destination")
    for origin in codes:
        for destination in codes:
            visas.setdefault(("student_visa_refusal", origin, destination), {last: refused_there(visas, destination)})
    pool = np.full(len(DATA_YEARS), np.nan)
    for year, value in rows.points("world")[("pool_size",)].items():
        pool[year - FIRST_YEAR] = value
    return replace(
        data,
        phd_pay=made["phd_pay"],
        research_pay=np.stack([made["pay_academia"], made["pay_industry"]], axis=2),
        research_funding=made["research_funding"],
        capital=made["capital"] + CAPITAL_FLOOR,
        student_visa_refusal=arrays.refusal(visas, free, codes),
        work_visa_odds=np.stack([np.full_like(made["work_visa_odds"], ACADEMIC_ODDS), made["work_visa_odds"]], axis=2),
        post_study_attempts=np.floor(attempts).astype(np.int64),
        free_movement=free,
        residence_wait=arrays.wait(made["residence_wait"], visas, free, codes),
        pool_size=pool,
    )  # fmt: skip


def refused_there(visas: Mapping[tuple[str, ...], arrays.Points], destination: str) -> float:
    """Take the mean of the last refusals known of a destination, USUAL_REFUSAL where there is none."""
    known = [
        points[max(points)]
        for (name, *pair), points in visas.items()
        if name == "student_visa_refusal" and pair[1] == destination
    ]
    return float(np.mean(known)) if known else USUAL_REFUSAL


def cut_baseline(baseline: Scenario, last: int) -> Scenario:
    """Leave out policies that began after a year; what was in force then stays in force."""

    def kept(layer: Sequence[Any]) -> tuple[Any, ...]:
        changes = (change for change in layer if change.from_year <= last)
        return tuple(replace(change, until_year=LAST_YEAR) if change.until_year >= last else change for change in changes)

    layers = (kept(layer) for layer in baseline.layers)
    return replace(baseline, layers=tuple(layer for layer in layers if layer))
