"""From checked rows to the nouns of the data: regions and the parts they play, groups, what is solved, targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sim.data.checks import DataError, cell_error, number_in, one_of, unique, year_in
from sim.data.declared import CORRIDOR, PLACE_EFFECT, REMOTE_SHARE, ROLES, TILT, UNKNOWNS
from sim.data.schema import (
    ATTRIBUTIONS,
    TARGET_AXES,
    TARGET_KINDS,
    TARGET_TIERS,
    Category,
    Region,
    Role,
    Row,
    SolvedShare,
    Target,
    Tile,
)
from sim.model.world import BASE_YEAR, FIRST_YEAR, LAST_YEAR, REFERENCE_YEAR

REGIONS: Final = (2, 64)
"""Fewest and most regions."""
CODE: Final = "[A-Z]{3}"
"""What a region code looks like."""
SYSTEMS: Final = ("tracker1", "tracker2", "census")
"""Publications with categories of their own: trackers of 2019 and 2022, census of authors."""
CONFERENCES: Final = (BASE_YEAR, REFERENCE_YEAR)
"""Conference years of the published targets."""
NamedGroups = tuple[Mapping[str, tuple[str, ...]], Mapping[str, str], tuple[str, ...]]
"""Members and labels by name of the group, and the groups that are told."""
FARTHEST_TILE: Final = 31
"""Last row and column of a map of tiles."""


def parse_regions(rows: Sequence[Row]) -> tuple[Region, ...]:
    """Read the regions in id order; DataError unless there are 2 to 64 with ids 0, 1, 2, ..."""
    fewest, most = REGIONS
    found = (
        Region(
            int(number_in("regions", row, "id", 0, most - 1)),
            row.cells["code"],
            row.cells["name"],
            one_of("regions", row, "anglophone", ("0", "1")) == "1",
            row.cells["holds"],
        )
        for row in rows
    )
    regions = tuple(sorted(found, key=lambda region: region.id))
    if [region.id for region in regions] != list(range(len(regions))) or not fewest <= len(regions) <= most:
        ids = ", ".join(str(region.id) for region in regions)
        raise DataError("regions", f"{len(regions)} regions with ids {ids}", allowed=f"{fewest} to {most} with ids 0, 1, 2, ...")
    unique("regions", rows, ("code",))
    for row in rows:
        if not re.fullmatch(CODE, row.cells["code"]):
            raise cell_error("regions", row, "code", "no region code", "three capital letters")
    return regions


def parse_roles(rows: Sequence[Row], codes: tuple[str, ...]) -> tuple[Role, ...]:
    """Read which region plays which part; DataError unless one leads, another is the challenger and one has first jobs."""
    roles = tuple(
        Role(
            one_of("roles", row, "role", tuple(ROLES)),
            one_of("roles", row, "region", codes),
            *(_year_or(row, column, usual) for column, usual in (("first", FIRST_YEAR), ("last", LAST_YEAR))),
        )
        for row in rows
    )
    for name in ("leader", "challenger"):
        found = [role.region for role in roles if role.name == name]
        if len(found) != 1:
            raise DataError("roles", f"{len(found)} regions have the role {name}", allowed="one")
    named = {role.name: role.region for role in roles}
    if named["leader"] == named["challenger"]:
        raise DataError("roles", f"{named['leader']} is leader and challenger", allowed="two regions")
    if "first_jobs" not in named:
        raise DataError("roles", "no region has the role first_jobs", allowed=f"at least one: {ROLES['first_jobs']}")
    for row, role in zip(rows, roles, strict=True):
        if role.first > role.last:
            raise cell_error("roles", row, "last", f"before the first year, {role.first}", f"a year from {role.first} on")
    return roles


def parse_solved(rows: Sequence[Row], codes: tuple[str, ...], targets: Sequence[Target]) -> tuple[SolvedShare, ...]:
    """Read what draws are solved on beside the shares of 2019; DataError if a row lacks what its unknown needs."""
    published = {target.id: target.value for target in targets}
    found: list[SolvedShare] = []
    for row in rows:
        unknown = one_of("solved", row, "unknown", UNKNOWNS)
        destination = _codes_in("solved", row, "destination", codes) or ()
        origin = row.cells["origin"]
        if unknown == PLACE_EFFECT and origin:
            raise cell_error("solved", row, "origin", "a place effect has no origin", "nothing")
        if unknown != PLACE_EFFECT:
            one_of("solved", row, "origin", codes)
        if not destination or (len(destination) > 1 and unknown != TILT):
            raise cell_error("solved", row, "destination", "not what this unknown asks for", "one region code; more for a tilt")
        year = year_in("solved", row, *CONFERENCES)
        if year not in CONFERENCES:
            raise cell_error("solved", row, "year", "not a published year", " or ".join(map(str, CONFERENCES)))
        value = number_in("solved", row, "value", 1e-4, 1 - 1e-4, "share")
        if not published.get(row.cells["id"], value) == value:
            raise cell_error(
                "solved", row, "value", "targets.csv states another value under this id", str(published[row.cells["id"]])
            )
        sd = number_in("solved", row, "sd", 0, 0.5, "share")
        found.append(SolvedShare(row.cells["id"], unknown, origin, destination, year, value, sd))
    _check_once(rows, found)
    return tuple(found)


def _check_once(rows: Sequence[Row], found: Sequence[SolvedShare]) -> None:
    """DataError if an unknown is solved twice."""
    seen: dict[tuple[str, ...], str] = {}
    for row, each in zip(rows, found, strict=True):
        key = (each.unknown,) if each.unknown in (REMOTE_SHARE, CORRIDOR, TILT) else (each.unknown, *each.destination)
        if key in seen:
            raise cell_error("solved", row, "unknown", f"row {seen[key]} solves it already", "each unknown once")
        seen[key] = str(row.number)


def parse_groups(
    rows: Sequence[Row], codes: tuple[str, ...]
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, str], tuple[str, ...]]:
    """Read groups of regions, codes by name, what figures call them, and which of them tables tell unasked."""
    groups: dict[str, tuple[str, ...]] = {}
    labels: dict[str, str] = {}
    told: dict[str, None] = {}
    for row in rows:
        name = row.cells["group"]
        if name in codes or not name.replace("_", "").isalnum() or not name.isupper():
            raise cell_error("groups", row, "group", "no name of a group", "capital letters, digits and _, and no region's code")
        groups[name] = (*groups.get(name, ()), one_of("groups", row, "region", codes))
        if labels.setdefault(name, row.cells["label"]) != row.cells["label"] or not row.cells["label"]:
            raise cell_error("groups", row, "label", f"not the label of {name} in its first row", "one label, in every row")
        if one_of("groups", row, "told", ("0", "1")) == "1":
            told[name] = None
    return MappingProxyType(groups), MappingProxyType(labels), tuple(told)


def parse_tiles(rows: Sequence[Row], codes: tuple[str, ...]) -> Mapping[str, Tile]:
    """Read where regions stand on a map of tiles, by code; DataError if one has no place or two share one."""
    tiles = {
        one_of("tiles", row, "region", codes): Tile(
            row.cells["region"], *(int(number_in("tiles", row, column, 0, FARTHEST_TILE)) for column in ("row", "column"))
        )
        for row in rows
    }
    missing = [code for code in codes if code not in tiles]
    if missing:
        raise DataError("tiles", f"no place for {', '.join(missing)}", allowed="one row for every region")
    unique("tiles", rows, ("row", "column"))
    return MappingProxyType(tiles)


def _year_or(row: Row, column: str, usual: int) -> int:
    """Read a year of a role; the usual one where the cell is empty."""
    return int(number_in("roles", row, column, FIRST_YEAR, LAST_YEAR)) if row.cells[column] else usual


def parse_targets(rows: Sequence[Row], codes: tuple[str, ...]) -> tuple[Target, ...]:
    """Read the published targets."""
    targets = []
    for row in rows:
        cells = row.cells
        most = 1e9 if one_of("targets", row, "unit", ("share", "rate", "count")) == "count" else 1.0
        targets.append(
            Target(
                cells["id"],
                one_of("targets", row, "tier", TARGET_TIERS),
                one_of("targets", row, "axis", TARGET_AXES),
                one_of("targets", row, "attribution", ATTRIBUTIONS),
                year_in("targets", row, *CONFERENCES),
                _codes_in("targets", row, "origin", codes),
                _codes_in("targets", row, "study", codes),
                _codes_in("targets", row, "destination", codes),
                number_in("targets", row, "part", 0, 1),
                number_in("targets", row, "value", 0, most, cells["unit"]),
                number_in("targets", row, "sd", 0, most, cells["unit"]),
                one_of("targets", row, "kind", TARGET_KINDS),
                cells["unit"],
                cells["source"],
                cells["confidence"],
                cells["holds"],
            )
        )
        if targets[-1].year not in CONFERENCES:
            raise cell_error("targets", row, "year", "not a published year", " or ".join(map(str, CONFERENCES)))
    return tuple(targets)


def _codes_in(table: str, row: Row, column: str, codes: tuple[str, ...]) -> tuple[str, ...] | None:
    found = tuple(row.cells[column].split())
    if any(code not in codes for code in found):
        raise cell_error(table, row, column, "no such region", "region codes separated by spaces, or nothing")
    return found or None


def parse_categories(rows: Sequence[Row], codes: tuple[str, ...]) -> tuple[Category, ...]:
    """Read the categories of published tables; DataError unless the shares of each sum to 1 over its regions."""
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        system = one_of("categories", row, "system", SYSTEMS)
        axis = one_of("categories", row, "axis", ("origin", "work"))
        grouped.setdefault((system, axis, row.cells["category"]), []).append(row)
    table = []
    for (system, axis, name), members in grouped.items():
        part = tuple(number_in("categories", row, "part", 0, 1) for row in members)
        share = tuple(number_in("categories", row, "share", 0, 1) for row in members)
        if abs(sum(share) - 1) > 1e-9:
            problem = f"the {axis} shares of {name!r} ({system}) sum to {sum(share):.12g}"
            raise DataError(
                "categories",
                problem,
                row=members[0].number,
                column="share",
                value=members[0].cells["share"],
                allowed="a sum of 1 over its regions",
            )
        regions = tuple(row.cells["region"] for row in members)
        table.append(Category(system, axis, name, regions, part, share, members[0].cells["holds"]))
    return tuple(table)


def parse_countries(rows: Sequence[Row], codes: tuple[str, ...]) -> Mapping[str, str]:
    """Read the region of every country, by its code."""
    countries = {}
    for row in rows:
        if one_of("mapping", row, "kind", ("country", "aggregate")) == "country":
            number_in("mapping", row, "share", 1, 1)
            countries[row.cells["code"]] = one_of("mapping", row, "region", codes)
    return MappingProxyType(countries)
