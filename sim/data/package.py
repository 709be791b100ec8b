"""A folder of one's own tables as a Frictionless data package: its descriptor, read strictly and written from the declarations.

The descriptor names every file with its sha256, every table with a schema that other programs read: types, ranges, keys.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.data.checks import COLUMNS, DataError
from sim.data.declared import QUANTITIES, ROLES, UNKNOWNS
from sim.data.schema import ATTRIBUTIONS, CONFIDENCE, SOURCE_KINDS, TARGET_AXES, TARGET_KINDS, TARGET_TIERS

DESCRIPTOR: Final = "datapackage.json"
MAY_LACK: Final = ("mapping", "categories", "visas", "visa_records", "targets", "groups", "solved")
"""Tables that may have no rows, or be left out."""
KEPT_FOLDER: Final = "data"
"""Folder, in that of a run, a comparison or a sweep, with a copy of the package that it was made with."""
SCENARIOS: Final = "scenarios"
"""Folder of the scenarios of a package."""
BESIDE_TABLES: Final = ("parameters.toml", f"{SCENARIOS}/baseline.toml")
"""Files besides the tables."""
MAY_HAVE: Final = ("reference.toml",)
"""Files that may be there besides."""
PREFIX: Final = "sha256:"
NAME: Final = r"[a-z0-9][a-z0-9._-]*"

_CHOICES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("roles", "role"): tuple(ROLES),
    ("solved", "unknown"): UNKNOWNS,
    ("targets", "tier"): TARGET_TIERS,
    ("targets", "axis"): TARGET_AXES,
    ("targets", "attribution"): ATTRIBUTIONS,
    ("targets", "kind"): TARGET_KINDS,
    ("shares_2019", "axis"): ("work", "origin"),
    ("sources", "kind"): SOURCE_KINDS,
    ("mapping", "kind"): ("country", "aggregate"),
    **{(table, "confidence"): CONFIDENCE for table in COLUMNS},
    **{(table, "filled"): ("0", "1") for table in COLUMNS},
    **{(table, "variable"): tuple(QUANTITIES) for table in ("covariates", "world", "ties", "visas")},
}
"""Columns of a few allowed texts."""
_INTEGERS: Final = frozenset({"id", "year", "first", "last", "row", "column"})
_NUMBERS: Final = frozenset({"value", "sd", "share", "part"})
_PLACES: Final = {
    **dict.fromkeys(("shares_2019", "covariates", "roles", "groups", "tiles", "categories"), ("region",)),
    **dict.fromkeys(("ties", "visas"), ("origin", "destination")),
}
"""Columns that hold the code of one region."""
_OPTIONAL: Final = frozenset(
    {"rule", "holds", "sd_rule", "origin", "study", "destination", "first", "last", "region", "url", "year", "publisher"}
)
"""Columns that may be empty in some table; where none may be, the loader says so."""


@dataclass(frozen=True)
class Package:
    """What a descriptor says: name, title and version of the data, sha256 by name of the table."""

    name: str
    title: str
    version: str
    checksums: Mapping[str, str]


def read_package(folder: Path) -> Package:
    """Read the descriptor of a folder and check the digest of every file that it names.

    Raises
    ------
    DataError
        If it is missing, no descriptor, names a file that is not there or not known, leaves one out, or a digest does not match.
    """
    path = folder / DESCRIPTOR
    if not path.is_file():
        what = "the folder is not there" if not folder.is_dir() else f"{DESCRIPTOR} is missing"
        raise DataError(DESCRIPTOR, what, allowed="a data package")
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        name, version, resources = stated["name"], stated["version"], stated["resources"]
        title = stated.get("title", name)
        files = {str(each["path"]): str(each["hash"]) for each in resources}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(DESCRIPTOR, f"no descriptor of a data package ({type(error).__name__}: {error})") from None
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise DataError(DESCRIPTOR, f"name {name!r}", allowed="small letters, digits, '.', '_' and '-'")
    if not isinstance(version, str) or not version.strip() or not isinstance(title, str):
        raise DataError(DESCRIPTOR, "version and title must be texts that are not empty")
    if len(files) != len(resources):
        raise DataError(DESCRIPTOR, "two resources have one path", allowed="each file once")
    check_files(folder, files)
    tables = {path.removesuffix(".csv"): digest.removeprefix(PREFIX) for path, digest in files.items() if path.endswith(".csv")}
    return Package(name, title, version, tables)


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Check that a package names all files it needs and none beside them, and that each is as its digest says.

    Parameters
    ----------
    folder
        Of the package.
    files
        Digest as the descriptor writes it, by path.
    """
    for path, digest in files.items():
        if not is_known(path):
            raise DataError(DESCRIPTOR, f"resource {path!r} is not known", allowed=", ".join((*files_wanted(), *MAY_HAVE)))
        place = folder / path
        if not place.is_file():
            raise DataError(DESCRIPTOR, f"resource {path!r}: the file is missing")
        if digest != digest_of(place):
            raise DataError(DESCRIPTOR, f"resource {path!r}: its content does not have the digest that is stated")
    missing = [path for path in files_wanted() if path not in files and path.removesuffix(".csv") not in MAY_LACK]
    if missing:
        raise DataError(
            DESCRIPTOR, f"no resource for {', '.join(missing)}", allowed=f"a resource for each of {', '.join(files_wanted())}"
        )


def is_known(path: str) -> bool:
    """Tell whether a file may belong to a package: a table, a file of BESIDE_TABLES or MAY_HAVE, a scenario."""
    return path in (*files_wanted(), *MAY_HAVE) or bool(re.fullmatch(rf"{SCENARIOS}/[A-Za-z0-9][A-Za-z0-9._-]*\.toml", path))


def files_wanted() -> tuple[str, ...]:
    """List the files that a package has."""
    return (*(f"{name}.csv" for name in COLUMNS), *BESIDE_TABLES)


def digest_of(path: Path) -> str:
    """Hash a file as a descriptor writes it."""
    return PREFIX + hashlib.sha256(path.read_bytes()).hexdigest()


def write_package(folder: Path) -> Path:
    """Write the descriptor of a folder anew: digests and schemas of the files that are there; name, title and licences stay.

    Raises
    ------
    DataError
        If the folder is not there, or its descriptor is no JSON object.
    """
    path = folder / DESCRIPTOR
    if not folder.is_dir():
        raise DataError(DESCRIPTOR, f"{folder} is not there")
    try:
        stated = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        kept = dict(stated.items())
    except (ValueError, AttributeError):
        raise DataError(DESCRIPTOR, "no JSON object") from None
    name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "data"
    there = [each for each in (*files_wanted(), *MAY_HAVE) if (folder / each).is_file()]
    there += sorted(
        each for each in (f"{SCENARIOS}/{found.name}" for found in folder.glob(f"{SCENARIOS}/*.toml")) if each not in there
    )
    made = {"name": name, "title": name, "version": "1"} | kept | {"resources": [resource_of(folder, each) for each in there]}
    path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return path


def keep_copy(package: Path, folder: Path) -> None:
    """Copy a package into the folder of what was made with it, unless it is there."""
    place = folder / KEPT_FOLDER
    if kept_copy(folder) is not None:
        return
    stated = json.loads((package / DESCRIPTOR).read_text(encoding="utf-8"))
    for path in (*(each["path"] for each in stated["resources"]), DESCRIPTOR):  # the descriptor last: with it the copy is whole
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / path, place / path)


def kept_copy(folder: Path) -> Path | None:
    """Find the package that what a folder holds was made with; None for the packaged data."""
    place = folder / KEPT_FOLDER
    return place if (place / DESCRIPTOR).is_file() else None


def resource_of(folder: Path, path: str) -> dict[str, Any]:
    """Describe a file of a package."""
    content = (folder / path).read_bytes()
    name, _, ending = path.rpartition("/")[2].rpartition(".")
    about: dict[str, Any] = {"name": re.sub(r"[^a-z0-9._-]+", "-", name.lower()), "path": path}
    if ending == "csv":
        about |= {
            "type": "table",
            "profile": "tabular-data-resource",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
        }
    else:
        about |= {"format": "toml", "mediatype": "application/toml"}
    about |= {"encoding": "utf-8", "bytes": len(content), "hash": PREFIX + hashlib.sha256(content).hexdigest()}
    return about | ({"schema": table_schema(name)} if ending == "csv" else {})


def table_schema(table: str) -> dict[str, Any]:
    """Describe the columns of a table as a Table Schema."""
    keys = [{"fields": [column], "reference": {"resource": "regions", "fields": ["code"]}} for column in _PLACES.get(table, ())]
    return {"fields": [_field(table, column) for column in COLUMNS[table]]} | ({"foreignKeys": keys} if keys else {})


def _field(table: str, column: str) -> dict[str, Any]:
    """Describe a column: its type, and what its cells may be."""
    kind = "string"
    if (column in _INTEGERS and (column != "id" or table == "regions")) and table != "sources":
        kind = "integer"
    elif column in _NUMBERS:
        kind = "number"
    limits: dict[str, Any] = {} if column in _OPTIONAL and column not in _PLACES.get(table, ()) else {"required": True}
    if (table, column) in _CHOICES:
        limits["enum"] = list(_CHOICES[table, column])
    if (table, column) == ("regions", "code"):
        limits |= {"pattern": "[A-Z]{3}", "unique": True}
    return {"name": column, "type": kind} | ({"constraints": limits} if limits else {})
