"""Make the packaged tables of sim/data from a folder of evidence.

Usage: python scripts/build_data.py EVIDENCE_FOLDER [OUTPUT_FOLDER]

The folder holds countries.csv, bilateral.csv, targets.csv, sources.csv, covariate_sources.csv and
evidence.md. Every table but those of BY_HAND is written anew, with CHECKSUMS and VERSION; the rules are in scripts/dataset, the
reasons in docs/decisions/0002-data.md. The same evidence gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from dataset import activity, covariates, geography, pairs, published, records
from dataset.evidence import Evidence, Row
from dataset.sources import sources

VERSION = "2026.11-4"
MARKS = ("source", "unit", "confidence", "filled", "rule")
UNITS = {
    "phd_pay": "PPP $/year",
    "pay_academia": "PPP $/year",
    "pay_industry": "PPP $/year",
    "research_funding": "bn constant PPP $",
    "capital": "bn current US$",
    "origin_weight": "degrees/year",
    "gdp_per_capita": "constant PPP $",
    "population": "persons",
    "ai_articles": "articles/year",
    "notable_models": "models/year",
    "cs_faculty": "persons",
    "cs_doctorates": "degrees/year",
    "cs_first_degrees": "degrees/year",
    "compute_share": "% of list Rmax",
    "work_visa_odds": "probability/attempt",
    "post_study_attempts": "attempts",
    "residence_wait": "years",
    "distance_km": "km",
    "common_language": "share",
    "student_visa_refusal": "share",
    "pool_size": "persons",
    "researchers": "persons",
    "work_sample": "persons",
    "origin_sample": "persons",
    "industry_entry": "share",
}


BY_HAND = ("roles.csv", "solved.csv", "groups.csv", "tiles.csv")
"""Tables that are written by hand: they say which region plays which part, no evidence does."""


def number(value: float) -> str:
    """Write a number with at most eight significant digits."""
    return f"{value:.8g}"


def marks(row: Row, unit: str) -> list[str]:
    """Return the provenance columns of a row."""
    return [row.source, unit, row.confidence, str(int(row.filled)), row.rule]


def write(folder: Path, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write one table with a header line."""
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def place_tables(folder: Path, evidence: Evidence, shares: dict[str, dict[str, Row]]) -> None:
    """Write regions, the mapping of countries, and the published categories with their shares."""
    rows = [
        [str(i), code, name, str(int(english)), holds, "ISO3166", "category", "assumption", "0", ""]
        for i, (code, (name, english, holds)) in enumerate(geography.REGIONS.items())
    ]
    write(folder, "regions.csv", ("id", "code", "name", "anglophone", "holds", *MARKS), rows)
    mapping = [
        ["country", code, region, "1", "", "ISO3166;ASSUMPTION", "share", "assumption", "0", ""]
        for code, region in geography.country_regions().items()
    ]
    mapping += [
        ["aggregate", code, "", "0", holds, "ASSUME", "share", "assumption", "0", ""]
        for code, holds in sorted(geography.AGGREGATES.items())
    ]
    write(folder, "mapping.csv", ("kind", "code", "region", "share", "holds", *MARKS), mapping)
    values = published.values(evidence)
    hong_kong = published.hong_kong_part(values)
    rows = []
    for (system, name), category in published.categories().items():
        for axis in ("origin", "work"):
            weight = {code: shares[axis][code].value for code in category.regions}
            rule = f"split by the {axis} shares of 2019 over all regions" if len(weight) > 1 else ""
            for code, value in weight.items():
                part = {"China (HK)": hong_kong, "China": 1 - hong_kong}.get(name, 1.0) if system == "census" else 1.0
                rows.append(
                    [
                        system,
                        axis,
                        name,
                        code,
                        number(part),
                        f"{value / sum(weight.values()):.12g}",
                        category.holds,
                        "CEN;CEN22" if part != 1 else "ASSUMPTION",
                        "share",
                        "assumption",
                        str(int(bool(rule))),
                        rule,
                    ]
                )
    header = ("system", "axis", "category", "region", "part", "share", "holds", *MARKS)
    write(folder, "categories.csv", header, rows)
    rows = [
        [axis, code, f"{shares[axis][code].value:.12g}", *marks(shares[axis][code], "share")]
        for axis in ("work", "origin")
        for code in geography.CODES
    ]
    write(folder, "shares_2019.csv", ("axis", "region", "value", *MARKS), rows)


def covariate_tables(folder: Path, evidence: Evidence) -> covariates.Table:
    """Write the covariates by region and the series of the world; return the covariates."""
    funding = covariates.research_funding(evidence)
    table = {
        **covariates.phd_pay(evidence),
        **covariates.research_pay(evidence),
        **funding,
        **covariates.capital(evidence, funding),
        **covariates.origin_weight(evidence),
        **activity.permissions(evidence),
        **covariates.macro(evidence),
        **activity.activity(evidence),
    }
    order = {code: i for i, code in enumerate(geography.CODES)}
    names = list(UNITS)
    keys = sorted(table, key=lambda key: (names.index(key[0]), order[key[1]], key[2]))
    rows = [[*key[:2], str(key[2]), number(table[key].value), *marks(table[key], UNITS[key[0]])] for key in keys]
    write(folder, "covariates.csv", ("variable", "region", "year", "value", *MARKS), rows)
    values = published.values(evidence)
    pool = {2010: 733, 2014: 1078, 2016: 1600, 2018: 3129, 2021: 8520}
    world = [("pool_size", year, Row(value, "MODEL_TURNOVER", "derived")) for year, value in pool.items()]
    world += [
        ("pool_size", 2019, Row(values["POOL-2019"], "CEN", "medium")),
        ("pool_size", 2022, Row(values["POOL-2022"], "CEN22", "medium")),
        ("industry_entry", 2010, Row(0.444, "AII21", "medium")),
        ("industry_entry", 2019, Row(values["AI21-4"], "AII21", "medium")),
        ("origin_sample", 2019, Row(675, "CBN", "high")),
        ("researchers", 2022, Row(22_500, "ASSUMPTION", "assumption")),
        ("work_sample", 2019, Row(4249, "CEN", "high")),
    ]
    rows = [
        [name, str(year), number(row.value), *marks(row, UNITS[name])]
        for name, year, row in sorted(world, key=lambda entry: entry[:2])
    ]
    write(folder, "world.csv", ("variable", "year", "value", *MARKS), rows)
    return table


def pair_tables(folder: Path, evidence: Evidence) -> None:
    """Write ties, refusals and waits by pair of regions, and the observed visa records by country."""
    tables = (
        ("ties.csv", pairs.ties(evidence)),
        ("visas.csv", {**pairs.refusals(evidence), **pairs.residence(evidence)}),
    )
    for name, table in tables:
        rows = [[*key[:3], str(key[3]), number(row.value), *marks(row, UNITS[key[0]])] for key, row in table.items()]
        write(folder, name, ("variable", "origin", "destination", "year", "value", *MARKS), rows)
    rows = [
        [
            r.variable,
            r.origin,
            r.destination,
            str(r.year),
            number(r.cell.value),
            r.cell.source,
            r.cell.unit,
            r.cell.confidence,
            "0",
            "",
        ]
        for r in records.visa_records(evidence)
    ]
    write(folder, "visa_records.csv", ("variable", "origin", "destination", "year", "value", *MARKS), rows)


def target_table(folder: Path, evidence: Evidence) -> None:
    """Write the published targets."""
    rows = [
        [
            t.id,
            t.tier,
            t.axis,
            t.attribution,
            str(t.year),
            " ".join(t.origin),
            " ".join(t.study),
            " ".join(t.destination),
            number(t.part),
            number(t.value),
            number(t.sd),
            t.sd_rule,
            t.kind,
            t.holds,
            t.source,
            t.unit,
            t.confidence,
            "0",
            "",
        ]
        for t in published.targets(evidence)
    ]
    header = (
        "id",
        "tier",
        "axis",
        "attribution",
        "year",
        "origin",
        "study",
        "destination",
        "part",
        "value",
        "sd",
        "sd_rule",
        "kind",
        "holds",
        *MARKS,
    )
    write(folder, "targets.csv", header, rows)


def main(arguments: Sequence[str]) -> int:
    """Build every table; returns the exit code."""
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    evidence = Evidence(Path(arguments[0]))
    default = Path(__file__).resolve().parent.parent / "sim" / "data" / "tables"
    folder = Path(arguments[1]) if len(arguments) == 2 else default
    folder.mkdir(parents=True, exist_ok=True)
    table = covariate_tables(folder, evidence)
    weight = {code: table["origin_weight", code, 2018].value for code in geography.CODES}
    articles = {code: table["ai_articles", code, 2019].value for code in geography.CODES}
    heads = {code: table["gdp_per_capita", code, 2019].value for code in geography.CODES}
    values = published.values(evidence)
    work = published.work_shares(values, articles, heads)
    worked = {code: row.value for code, row in work.items()}
    shares = {"work": work, "origin": published.origin_shares(values, weight, worked)}
    place_tables(folder, evidence, shares)
    pair_tables(folder, evidence)
    target_table(folder, evidence)
    rows = [[s.id, s.title, s.publisher, s.year, s.url, s.kind, s.licence] for s in sources(evidence)]
    write(folder, "sources.csv", ("id", "title", "publisher", "year", "url", "kind", "licence"), rows)
    for name in BY_HAND:
        if folder != default:
            shutil.copyfile(default / name, folder / name)
    (folder / "VERSION").write_text(VERSION + "\n", encoding="utf-8")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(folder.glob("*.csv"))]
    (folder / "CHECKSUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} tables, version {VERSION}, in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
