"""From checked rows to arrays by year and region; years without a row are filled by a stated rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.data.checks import DataError
from sim.data.declared import QUANTITIES
from sim.data.schema import DATA_YEARS, Gap, Role, Row
from sim.model.world import Floats

LINEAR: Final = ("research_funding", "capital", "industry_entry")
"""Run straight between observed years; all others take the nearest observed year (of two, the earlier)."""

Points = dict[int, float]


def points(rows: Sequence[Row], key: Sequence[str]) -> dict[tuple[str, ...], Points]:
    """Collect the values by year under each key of columns (the first of which is ``variable``)."""
    table: dict[tuple[str, ...], Points] = defaultdict(dict)
    for row in rows:
        cells = row.cells
        table[tuple(cells[column] for column in key)][int(cells["year"])] = float(cells["value"])
    return table


def over_years(known: Points, *, linear: bool) -> Floats:
    """Spread values over all years.

    Parameters
    ----------
    known
        At least one value by year.
    linear
        True to run straight between known years, False to take the nearest known year (of two, the
        earlier). The first and last values are held outside in both cases.

    Returns
    -------
    (Y,) values.
    """
    years = sorted(known)
    values = [known[year] for year in years]
    if len(years) == 1:
        return np.full(len(DATA_YEARS), values[0])
    if linear:
        return np.interp(DATA_YEARS, years, values)
    turns = [(a + b) // 2 for a, b in pairwise(years)]
    return np.asarray(values, dtype=np.float64)[np.searchsorted(turns, DATA_YEARS, side="left")]


def by_region(table: dict[tuple[str, ...], Points], variable: str, codes: Sequence[str]) -> Floats:
    """Return a covariate as (Y, R); DataError if a region has no row."""
    array = np.empty((len(DATA_YEARS), len(codes)))
    for i, code in enumerate(codes):
        known = table.get((variable, code))
        if not known:
            raise DataError(
                "covariates",
                f"{variable} has no row for region {code}",
                allowed="at least one row for every region",
            )
        array[:, i] = over_years(known, linear=variable in LINEAR)
    return array


def by_pair(table: dict[tuple[str, ...], Points], variable: str, codes: Sequence[str], diagonal: float) -> Floats:
    """Return a tie that does not change over time as (R, R); DataError if a pair has no row."""
    array = np.full((len(codes), len(codes)), diagonal)
    for i, origin in enumerate(codes):
        for j, destination in enumerate(codes):
            if i != j:
                known = table.get((variable, origin, destination))
                if not known:
                    raise DataError(
                        "ties",
                        f"{variable} has no row for {origin} -> {destination}",
                        allowed="one row for every pair of different regions",
                    )
                (array[i, j],) = known.values()
    return array


def free_movement(roles: Sequence[Role], codes: Sequence[str]) -> NDArray[np.bool_]:
    """Return (Y, R, R): True within a region and between regions with the role free_movement in a year."""
    member = np.zeros((len(DATA_YEARS), len(codes)), dtype=bool)
    for role in roles:
        if role.name == "free_movement":
            member[DATA_YEARS.index(role.first) : DATA_YEARS.index(role.last) + 1, codes.index(role.region)] = True
    within: NDArray[np.bool_] = member[:, :, None] & member[:, None, :]
    return within | np.eye(len(codes), dtype=bool)


def refusal(table: dict[tuple[str, ...], Points], free: NDArray[np.bool_], codes: Sequence[str]) -> Floats:
    """Return student-visa refusals as (Y, R, R); DataError if a pair that is not always free has no row."""
    array = np.zeros(free.shape)
    for i, origin in enumerate(codes):
        for j, destination in enumerate(codes):
            if free[:, i, j].all():
                continue
            known = table.get(("student_visa_refusal", origin, destination))
            if not known:
                raise DataError(
                    "visas",
                    f"student_visa_refusal has no row for {origin} -> {destination}",
                    allowed="at least one row for every pair without free movement",
                )
            array[:, i, j] = over_years(known, linear=False)
    array[free] = 0.0
    return array


def wait(
    by_destination: Floats,
    table: dict[tuple[str, ...], Points],
    free: NDArray[np.bool_],
    codes: Sequence[str],
) -> Floats:
    """Return years to permanent residence, (Y, R, R): by destination, by pair where stated, 0 where free."""
    array = np.repeat(by_destination[:, None, :], len(codes), axis=1)
    for (variable, *pair), known in table.items():
        if variable == "residence_wait":
            origin, destination = pair
            array[:, codes.index(origin), codes.index(destination)] = over_years(known, linear=False)
    array[free] = 0.0
    return array


def spans(years: Sequence[int]) -> str:
    """Write sorted years as ranges, e.g. ``2000-2014, 2022``."""
    parts: list[list[int]] = []
    for year in years:
        if parts and year == parts[-1][1] + 1:
            parts[-1][1] = year
        else:
            parts.append([year, year])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


@cache
def _unobserved(years: frozenset[int]) -> str:
    return spans([year for year in DATA_YEARS if year not in years])


def gaps(name: str, rows: Sequence[Row], used: Sequence[str]) -> list[Gap]:
    """List what a table fills: rows marked filled, and the years without a row of the variables in use.

    Parameters
    ----------
    name
        Name of the table.
    rows
        Its rows, with a variable, a region (or origin and destination) and a year.
    used
        Variables that become arrays by year.
    """
    filled: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    known: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        cells = row.cells
        place = cells["region"] if "region" in cells else f"{cells['origin']}->{cells['destination']}"
        known[cells["variable"], place].add(int(cells["year"]))
        if cells["filled"] == "1":
            filled[cells["variable"], place, cells["rule"]].append(int(cells["year"]))
    found = [Gap(f"{name}: {variable}", place, spans(years), rule) for (variable, place, rule), years in filled.items()]
    for (variable, place), years in known.items():
        if variable in used:
            rule = "straight between observed years, first and last held" if variable in LINEAR else "nearest observed year"
            found.append(Gap(f"{name}: {variable}", place, _unobserved(frozenset(years)), rule))
    return found


def complete_variables() -> tuple[str, ...]:
    """Return the variables that need a row for every region or pair."""
    return tuple(name for name, quantity in QUANTITIES.items() if quantity.complete)
