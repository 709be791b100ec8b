"""Write the example data packages, examples/hong-kong and examples/chips, from the packaged tables and stated assumptions.

    python scripts/build_examples.py [FOLDER]

hong-kong: the packaged 20 regions, with Hong Kong taken out of CHN: rows of Singapore or Taiwan stand in for what none states of
it. chips: a toy of researchers in semiconductors in five regions, whose shares are assumptions. Both say so row by row.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from sim.data.checks import COLUMNS
from sim.data.load import DATA_FOLDER, load_data
from sim.data.package import DESCRIPTOR, SCENARIOS, write_package
from sim.scenarios.load import load_basis, resolved_toml

PACKAGED = load_data()
Cells = dict[str, str]
HKG = "HKG"
SPLIT = "SPLIT"
HONG_KONG_OF_WORK = 0.0037 / 0.1181  # of CHN's headquarters shares of 2019: targets C19H-HK, C19H-CN
HONG_KONG_OF_ORIGIN = 0.01  # of CHN's origins
CHIPS = ("USA", "TWN", "KOR", "NLD", "ROW")
TOY = "TOY"

OWN = "CC0-1.0"
SHARES = {"work": (0.34, 0.20, 0.18, 0.06, 0.22), "origin": (0.20, 0.16, 0.16, 0.04, 0.44)}
DEGREES = (18_000.0, 9_000.0, 14_000.0, 1_200.0, 120_000.0)  # first degrees in electrical engineering a year
CAPITAL = (6.0, 4.0, 3.5, 1.5, 5.0)  # private investment in the field, bn US$ a year
WORLD = {
    "pool_size": {2010: 2400.0, 2016: 2900.0, 2022: 3600.0},
    "industry_entry": {2010: 0.62, 2019: 0.7},
    "researchers": {2022: 9000.0},
    "work_sample": {2019: 1500.0},
    "origin_sample": {2019: 500.0},
}
SOLVED = (
    ("TWN-HOME", "study_constant", "TWN", "TWN", 2022, 0.66, 0.05),
    ("TWN-USA", "study_constant", "TWN", "USA", 2022, 0.27, 0.05),
    ("ELITE-USA", "place_effect", "", "USA", 2022, 0.42, 0.04),
    ("ELITE-TWN", "place_effect", "", "TWN", 2022, 0.16, 0.03),
)
GROWTH = {"cohort_growth_other": (0.04, 0.03), "china_drift": (0.03, 0.03)}
"""Defaults and spreads of priors that differ from the packaged: the field grows more slowly."""


def rows_of(table: str) -> list[Cells]:
    """List the cells of a packaged table."""
    return [dict(row.cells) for row in PACKAGED.tables[table]]


def assumed(cells: Cells, source: str, rule: str) -> Cells:
    """Mark cells as filled by a rule."""
    return {**cells, "source": source, "confidence": "assumption", "filled": "1", "rule": rule}


def made(table: str, source: str, unit: str, *rows: Sequence[object]) -> list[Cells]:
    """Make rows of a table of their first cells; each is an assumption."""
    marks = {"source": source, "unit": unit, "confidence": "assumption", "filled": "0", "rule": ""}
    return [{**dict(zip(COLUMNS[table], map(str, row), strict=False)), **marks} for row in rows]


def write_tables(folder: Path, tables: dict[str, list[Cells]], own: Cells) -> None:
    """Write the tables of a package, with the sources that they and the parameters cite."""
    folder.mkdir(parents=True, exist_ok=True)
    cited = {part for rows in tables.values() for row in rows for part in row["source"].split(";")}
    text = (folder / "parameters.toml").read_text(encoding="utf-8") + (folder / SCENARIOS / "baseline.toml").read_text(
        encoding="utf-8"
    )
    cited |= {part for found in re.findall(r'^source += "([^"]*)"', text, re.MULTILINE) for part in re.split(r"[ ,;]+", found)}
    sources = [row for row in rows_of("sources") if row["id"] in cited]
    tables = tables | {"sources": sorted([*sources, own], key=lambda row: row["id"])}
    for name, columns in COLUMNS.items():
        if name not in tables:
            continue
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(tables[name])


def write_descriptor(folder: Path, title: str, description: str) -> None:
    """Write the descriptor: what it says of itself, then every file."""
    about = {
        "name": folder.name,
        "title": title,
        "description": description,
        "version": "1",
        "licenses": [{"name": OWN, "title": "the rows marked as assumptions; figures of others are cited by source"}],
    }
    (folder / DESCRIPTOR).write_text(json.dumps(about), encoding="utf-8")
    write_package(folder)


def write_text(path: Path, text: str) -> None:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def hong_kong(folder: Path) -> None:
    """Write the packaged data with Hong Kong as a region of its own."""
    tables = {name: rows_of(name) for name in COLUMNS if name not in ("sources",)}
    tables["regions"] = [
        row | ({"holds": "Mainland China (and Macao)."} if row["code"] == "CHN" else {}) for row in tables["regions"]
    ]
    tables["regions"] += made("regions", SPLIT, "category", (20, HKG, "Hong Kong", 0, "Hong Kong."))
    tables["mapping"] = [row | ({"region": HKG} if row["code"] == HKG else {}) for row in tables["mapping"]]
    tables["shares_2019"] = split_shares(tables["shares_2019"])
    tables["covariates"] += [
        assumed(row, SPLIT, "Singapore stands in: a city state")
        | {"region": HKG, "value": {"population": "7500000", "origin_weight": "2500"}.get(row["variable"], row["value"])}
        for row in tables["covariates"]
        if row["region"] == "SGP"
    ]
    tables["ties"] += hong_kong_ties(tables["ties"])
    tables["visas"] += hong_kong_visas(tables["visas"])
    tables["tiles"] += made("tiles", SPLIT, "category", (HKG, 3, 6))
    tables["groups"] += made(
        "groups",
        SPLIT,
        "category",
        ("ASIA_PACIFIC", "Asia-Pacific", HKG, 0),
        *(("GREATER_CHINA", "Greater China", code, 1) for code in ("CHN", HKG)),
    )
    tables["categories"] = [row for row in tables["categories"] if row["region"] != "CHN"]
    tables["targets"] = []
    write_text(folder / "parameters.toml", (DATA_FOLDER / "parameters.toml").read_text(encoding="utf-8"))
    baseline = resolved_toml(load_basis().baseline, PACKAGED.codes)
    write_text(folder / SCENARIOS / "baseline.toml", baseline)
    write_text(folder / SCENARIOS / "hong-kong-pull.toml", HONG_KONG_PULL)
    tables["categories"] = []
    own = {
        "id": SPLIT,
        "title": "Hong Kong taken out of CHN: assumptions of this example",
        "publisher": "this project",
        "year": "2026",
    }
    write_tables(folder, tables, own | {"year": "2026", "url": "", "kind": "own", "licence": OWN})
    write_descriptor(
        folder,
        "AI researchers, Hong Kong apart from China",
        "The packaged 20 regions and Hong Kong. What no source states of it is filled and says so; uncalibrated.",
    )


def split_shares(rows: Iterable[Cells]) -> list[Cells]:
    """Split the shares of CHN in 2019 between CHN and HKG."""
    found = []
    for row in rows:
        if row["region"] != "CHN":
            found.append(row)
            continue
        part = HONG_KONG_OF_WORK if row["axis"] == "work" else HONG_KONG_OF_ORIGIN
        rule = "rows of the census" if row["axis"] == "work" else "1 % of CHN's: no data"
        whole = float(row["value"])
        found.append(assumed(row, SPLIT, rule) | {"value": repr(whole * (1.0 - part))})
        found.append(assumed(row, SPLIT, rule) | {"region": HKG, "value": repr(whole * part)})
    return found


def hong_kong_ties(rows: Iterable[Cells]) -> list[Cells]:
    """Give Hong Kong the distances of Taiwan, the languages of Singapore."""
    near = {"TWN": 810.0, "CHN": 1500.0}
    known = {(row["variable"], row["origin"], row["destination"]): row for row in rows}
    found = []
    for code in PACKAGED.codes:
        for pair in ((HKG, code), (code, HKG)):
            ends = {"origin": pair[0], "destination": pair[1]}
            far = known["distance_km", "TWN", "USA" if code == "TWN" else code]
            distance = f"{near[code]:g}" if code in near else far["value"]
            found.append(assumed(far, SPLIT, "Taiwan stands in, but to TWN and CHN") | ends | {"value": distance})
            spoken = known["common_language", "SGP", "CHN" if code == "SGP" else code]
            found.append(assumed(spoken, SPLIT, "Singapore stands in") | ends)
    return found


def hong_kong_visas(rows: Iterable[Cells]) -> list[Cells]:
    """Give Hong Kong the refusals of Singapore, both ways; between the two and from CHN as to Singapore."""
    known = {(row["variable"], row["origin"], row["destination"], row["year"]): row for row in rows}
    found = []
    for (variable, origin, destination, _), row in known.items():
        if variable == "student_visa_refusal" and "SGP" in (origin, destination):
            ends = {"origin": HKG if origin == "SGP" else origin, "destination": HKG if destination == "SGP" else destination}
            found.append(assumed(row, SPLIT, "Singapore stands in") | ends)
            if "CHN" in (origin, destination):
                between = {"origin": HKG, "destination": "SGP"} if origin == "CHN" else {"origin": "SGP", "destination": HKG}
                found.append(assumed(row, SPLIT, "as between CHN and Singapore") | between)
    return found


def chips(folder: Path) -> None:
    """Write the toy of a second field."""
    tables: dict[str, list[Cells]] = {}
    tables["regions"] = [row | {"id": str(CHIPS.index(row["code"]))} for row in rows_of("regions") if row["code"] in CHIPS]
    for row in tables["regions"]:
        if row["code"] == "ROW":
            row["holds"] = "Every country that is in no other region; the packaged ROW stands in where the toy states nothing."
    tables["regions"].sort(key=lambda row: int(row["id"]))
    tables["shares_2019"] = [
        cells
        for axis, shares in SHARES.items()
        for cells in made("shares_2019", TOY, "share", *((axis, code, share) for code, share in zip(CHIPS, shares, strict=True)))
    ]
    own = {"origin_weight": DEGREES, "capital": CAPITAL}
    tables["covariates"] = [
        row
        for row in rows_of("covariates")
        if row["region"] in CHIPS and row["variable"] not in (*own, "notable_models", "compute_share")
    ]
    units = {"origin_weight": "degrees/year", "capital": "bn current US$"}
    for name, values in own.items():
        pairs = zip(CHIPS, values, strict=True)
        tables["covariates"] += made("covariates", TOY, units[name], *((name, code, 2019, value) for code, value in pairs))
    tables["world"] = [
        cells
        for name, series in WORLD.items()
        for cells in made(
            "world",
            TOY,
            "share" if name == "industry_entry" else "persons",
            *((name, year, value) for year, value in series.items()),
        )
    ]
    for name in ("ties", "visas"):
        tables[name] = [row for row in rows_of(name) if row["origin"] in CHIPS and row["destination"] in CHIPS]
    roles = (
        ("leader", "USA"),
        ("challenger", "TWN"),
        ("catching_up", "TWN"),
        ("first_jobs", "USA"),
        *(("shown", code) for code in ("KOR", "NLD")),
    )
    tables["roles"] = made("roles", TOY, "category", *roles)
    tables["solved"] = made("solved", TOY, "share", *SOLVED)
    tables["groups"] = made("groups", TOY, "category", *(("EAST_ASIA", "East Asia", code, 1) for code in ("TWN", "KOR")))
    tables["tiles"] = made("tiles", TOY, "category", ("USA", 0, 0), ("NLD", 0, 1), ("KOR", 0, 2), ("TWN", 1, 2), ("ROW", 1, 1))
    write_text(folder / "parameters.toml", chips_parameters())
    write_text(folder / SCENARIOS / "baseline.toml", CHIPS_BASELINE)
    write_text(folder / SCENARIOS / "taiwan-retention.toml", TAIWAN_RETENTION)
    toy = {"id": TOY, "title": "Assumption of this toy: no source states the number", "publisher": "this project", "year": "2026"}
    write_tables(folder, tables, toy | {"url": "", "kind": "own", "licence": OWN})
    write_descriptor(
        folder,
        "Researchers in semiconductors: a toy",
        "Five regions. Shares, sizes and growth are assumptions (TOY); pay, funding and visas are packaged rows; uncalibrated.",
    )


def chips_parameters() -> str:
    """Write the packaged parameters without those of regions that are not in the toy, with the growth of the field."""
    _, *blocks = (DATA_FOLDER / "parameters.toml").read_text(encoding="utf-8").split("[[parameter]]\n")
    kept = []
    for block in blocks:
        name = re.search(r'name = "([^"]+)"', block)
        assert name is not None
        code = name[1].rpartition("_")[2].upper()
        if code in PACKAGED.codes and code not in CHIPS:
            continue
        if name[1] in GROWTH:
            mean, sd = GROWTH[name[1]]
            block = re.sub(r"default = .*", f"default = {mean}", block)
            block = re.sub(r"prior = .*", f'prior = {{ distribution = "normal", mean = {mean}, sd = {sd} }}', block)
            block = re.sub(r"source = .*", f'source = "{TOY}"', block)
            block = re.sub(r"tag = .*", 'tag = "M"', block)
        kept.append(block)
    return "[[parameter]]\n".join(["", *kept])


HONG_KONG_PULL = """title    = "Hong Kong doubles its doctoral places and pays more, from 2026"
question = "Who comes to Hong Kong if it doubles its places, and from where?"
note     = "Wrong if the share of top researchers who study in Hong Kong does not rise within four years."
extends  = "baseline"

[[lever]]
id          = "places"
name        = "phd_places"
destination = ["HKG"]
from        = 2026
ramp_years  = 4
change      = "multiply"
value       = 2
evidence    = "Assumption: a doubling over four years."
source      = "SPLIT"

[[lever]]
id          = "pay"
name        = "research_pay"
destination = ["HKG"]
from        = 2026
change      = "multiply"
value       = 1.2
evidence    = "Assumption: a fifth more."
source      = "SPLIT"
"""
CHIPS_BASELINE = """title    = "Baseline: nothing changes after what the tables state"
question = "Where do researchers in semiconductors come from, study and work if nothing changes?"
note     = "A toy: its shares are assumptions, so that nothing can prove it wrong."

[[lever]]
id          = "post-study-usa"
name        = "post_study_attempts"
destination = ["USA"]
from        = 2016
change      = "set"
value       = 3
evidence    = "Three years of practical training after a degree in engineering."
source      = "TOY"
"""
TAIWAN_RETENTION = """title    = "Taiwan retains: pay at home rises by a third, from 2026"
question = "How many Taiwanese researchers in semiconductors would stay or return if pay at home rose?"
note     = "Wrong if the share of Taiwanese who work at home does not rise within five years."
extends  = "baseline"

[[lever]]
id          = "pay-at-home"
name        = "research_pay"
destination = ["TWN"]
from        = 2026
ramp_years  = 3
change      = "multiply"
value       = 1.33
evidence    = "Assumption: a third more within three years."
source      = "TOY"
"""


def main(place: Path) -> None:
    """Write both examples and load them."""
    for make, name in ((hong_kong, "hong-kong"), (chips, "chips")):
        folder = place / name
        make(folder)
        data = load_data(folder)
        print(f"{folder}: {len(data.codes)} regions, {len(data.parameters)} parameters, {len(data.sources)} sources")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "examples")
