"""Data packages of any number of regions, made of the example of five: fewer of its regions, or clones of its last."""

import csv
import shutil
from pathlib import Path

from sim.data.checks import COLUMNS
from sim.data.package import write_package
from sim.sources import PACKAGE

CHIPS = PACKAGE.parent / "examples" / "chips"
Rows = list[dict[str, str]]


def package_of(folder: Path, count: int) -> Path:
    """Write a package of so many regions: the first ones of the toy, and clones of its rest of the world."""
    shutil.copytree(CHIPS, folder)
    tables = {name: read(folder, name) for name in ("regions", "shares_2019", "covariates", "ties", "visas", "tiles", "roles")}
    known = [row["code"] for row in tables["regions"]]
    codes = known[:count] + [f"A{chr(65 + k // 26)}{chr(65 + k % 26)}" for k in range(max(count - len(known), 0))]
    model = {code: code if code in known else known[-1] for code in codes}
    tables["regions"] = [find(tables["regions"], code=model[code]) | {"code": code, "id": str(k)} for k, code in enumerate(codes)]
    tables["tiles"] = [
        find(tables["tiles"], region=model[code]) | {"region": code, "row": str(k // 16), "column": str(k % 16)}
        for k, code in enumerate(codes)
    ]
    tables["covariates"] = [
        row | {"region": code} for code in codes for row in tables["covariates"] if row["region"] == model[code]
    ]
    tables["roles"] = [row for row in tables["roles"] if row["region"] in codes]
    tables["ties"] = pairs(tables["ties"], codes, model)
    tables["visas"] = pairs(tables["visas"], codes, model)
    tables["shares_2019"] = shares(tables["shares_2019"], codes, model)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    (folder / "groups.csv").unlink()
    text = (folder / "parameters.toml").read_text(encoding="utf-8")
    mark = "[[parameter]]\n"
    gone = [f"_{code.lower()}" for code in known if code not in codes]
    kept = [block for block in text.split(mark) if not any(f'{end}"' in block.partition("\n")[0] for end in gone)]
    (folder / "parameters.toml").write_text(mark.join(kept), encoding="utf-8")
    write_package(folder)
    return folder


def read(folder: Path, table: str) -> Rows:
    """Read the rows of a table."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def find(rows: Rows, **cells: str) -> dict[str, str]:
    """Find the row with these cells."""
    return next(row for row in rows if cells.items() <= row.items())


def pairs(rows: Rows, codes: list[str], model: dict[str, str]) -> Rows:
    """Give every pair of regions the rows of its models; two clones of one region those of it with the first."""
    known = list(dict.fromkeys(model.values()))
    found = []
    for origin in codes:
        for destination in codes:
            ends = model[origin], model[destination]
            if ends[0] == ends[1]:
                ends = ends[0], known[0] if ends[0] != known[0] else known[1]
            if origin != destination:
                mine = [row for row in rows if (row["origin"], row["destination"]) == ends]
                found += [row | {"origin": origin, "destination": destination} for row in mine]
    return found


def shares(rows: Rows, codes: list[str], model: dict[str, str]) -> Rows:
    """Share out what each region has among its clones, and let every axis add to 1."""
    found = []
    for axis in ("work", "origin"):
        values = {code: float(find(rows, axis=axis, region=model[code])["value"]) for code in codes}
        parts = {code: value / list(model.values()).count(model[code]) for code, value in values.items()}
        whole = sum(parts.values())
        found += [
            find(rows, axis=axis, region=model[code]) | {"region": code, "value": repr(parts[code] / whole)} for code in codes
        ]
    return found
