"""Published categories, published targets and the shares by region that the reference point starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dataset.evidence import Evidence, Row, at
from dataset.geography import CODES, REGIONS

CONTINENT = ("DEU", "FRA", "CHE", "NLD", "REU")
OTHER_ANGLOPHONE = ("GBR", "CAN", "AUS")
ASIA = ("CHN", "IND", "KOR", "JPN", "SGP", "AUS", "TWN", "ROW")


@dataclass(frozen=True)
class Category:
    """A category of a published table: the regions it is made of and what it holds."""

    regions: tuple[str, ...]
    holds: str


_HK = "Whether the tracker counts Hong Kong here is not documented; taken to be inside. Taiwan is outside."


def categories() -> dict[tuple[str, str], Category]:
    """Return the categories by (system, name); systems are tracker1 (2019), tracker2 (2022) and census."""
    single = {name: Category((code,), f"{name}.") for code, (name, _, _) in REGIONS.items() if code not in ("REU", "GLF", "ROW")}
    single["China"] = Category(("CHN",), _HK)
    table: dict[tuple[str, str], Category] = {}
    for system, special in (("tracker1", _tracker1()), ("tracker2", _tracker2()), ("census", _census())):
        table |= {(system, name): category for name, category in {**single, **special}.items()}
    return table


def _tracker1() -> dict[str, Category]:
    """Return the categories of the 2019 tracker that are not one region."""
    rest1 = ("KOR", "JPN", "SGP", "AUS", "TWN", "RUS", "GLF", "ROW")
    return {
        "Europe (excl. UK)": Category(
            CONTINENT,
            "Europe without the United Kingdom (18% + 4% = 22% proves it). Russia's place is not documented; "
            "it is taken to be in the rest of the world.",
        ),
        "Europe incl. UK": Category((*CONTINENT, "GBR"), "Europe with the United Kingdom, without Russia."),
        "Rest of world": Category(rest1, "Every origin not listed; Iran and Israel have rows of their own; Russia in."),
        "Rest of world (work)": Category(
            ("IND", "ISR", "IRN", *rest1), "Every country of work not listed, by subtraction; Russia in."
        ),
        "not United States": Category(tuple(c for c in CODES if c != "USA"), "Every region but the United States."),
    }


def _tracker2() -> dict[str, Category]:
    """Return the categories of the 2022 tracker that are not one region."""
    rest2 = ("JPN", "SGP", "ISR", "AUS", "IRN", "TWN", "GLF", "ROW")
    return {
        "Europe (excl. UK)": Category(
            CONTINENT, "Europe without the United Kingdom (2%) and Russia (2%), which are listed apart."
        ),
        "Rest of world": Category(rest2, "Every origin not listed: includes Iran and Israel, not Korea or Russia."),
        "United States + China": Category(("USA", "CHN"), "The United States and China together."),
        "Asia-Pacific": Category(ASIA, "Asia and the Pacific; of ROW only its Asian countries, which cannot be told apart here."),
        "other Asia-Pacific": Category(
            tuple(c for c in ASIA if c not in ("CHN", "IND", "KOR")),
            "Asia and the Pacific without China, India, Korea; of ROW only its Asian countries.",
        ),
    }


def _census() -> dict[str, Category]:
    """Return the categories of the census of authors that are not one region."""
    return {
        "China": Category(("CHN",), "Mainland China only: Hong Kong is listed separately."),
        "China (HK)": Category(("CHN",), "Hong Kong only: a fixed part of CHN."),
        "UAE": Category(("GLF",), "The Emirates only; the other Gulf states are in no row and count as none."),
        "Europe (excl. UK)": Category(
            (*CONTINENT, "RUS"),
            "The 19 larger countries of Europe including Russia, without the United Kingdom; also "
            "holds the separate rows of France, Germany, Switzerland and the Netherlands.",
        ),
    }


def hong_kong_part(published: dict[str, float]) -> float:
    """Return the fixed part of CHN that is Hong Kong: mean of the 2019 and 2022 headquarters rows."""
    parts = [published[f"{year}-HK"] / (published[f"{year}-HK"] + published[f"{year}-CN"]) for year in ("C19H", "C22H")]
    return sum(parts) / 2


def values(evidence: Evidence) -> dict[str, float]:
    """Return every published value by target id."""
    return {row["id"]: float(row["value"]) for row in evidence.read("targets.csv")}


def work_shares(published: dict[str, float], articles: dict[str, float], heads: dict[str, float]) -> dict[str, Row]:
    """Headquarters census shares of 2019 over all 20 regions, summing to 1.

    Parameters
    ----------
    published : published values by target id.
    articles, heads : AI articles of 2019 and GDP per head of 2019 by region, which split what has no row.
    """
    name = {
        "USA": "US",
        "GBR": "GB",
        "CAN": "CA",
        "FRA": "FR",
        "DEU": "DE",
        "CHE": "CH",
        "KOR": "KR",
        "ISR": "IL",
        "JPN": "JP",
        "SGP": "SG",
        "AUS": "AU",
        "IND": "IN",
        "NLD": "NL",
        "GLF": "AE",
    }
    table = {code: Row(published[f"C19H-{short}"], "CEN", "medium") for code, short in name.items()}
    china = published["C19H-CN"] + published["C19H-HK"]
    table["CHN"] = Row(china, "CEN", "medium", False, "mainland row + Hong Kong row")
    europe = published["C19H-EU"] - sum(table[code].value for code in ("FRA", "DEU", "CHE", "NLD"))
    table |= _split(europe, ("REU", "RUS"), articles, heads, "Europe (excl. UK) less FRA, DEU, CHE and NLD")
    rest = 1 - sum(row.value for row in table.values())
    return table | _split(rest, ("IRN", "TWN", "ROW"), articles, heads, "1 less the published rows")


def _split(
    total: float, codes: tuple[str, ...], articles: dict[str, float], heads: dict[str, float], what: str
) -> dict[str, Row]:
    size = {code: articles[code] * heads[code] for code in codes}
    rule = f"{what}, split between {', '.join(codes)} by AI articles of 2019 x GDP per head"
    return {
        code: Row(total * size[code] / sum(size.values()), "CEN;NCSES_10067;GM_GDPPC", "assumption", True, rule) for code in codes
    }


def origin_shares(published: dict[str, float], weight: dict[str, float], work: dict[str, float]) -> dict[str, Row]:
    """Origin shares of the 2019 tracker over all regions, summing to 1; categories are split.

    Europe is split by first degrees. The rest of the world is split half by these and half by the work shares of 2019: degrees
    alone leave Korea, Singapore and Australia with a third to a thirteenth of the people who work there, while most
    researchers of such a place have studied there first.

    Parameters
    ----------
    published : published values by target id.
    weight : first degrees in computer science by region.
    work : work shares of 2019 by region.
    """
    single = {"USA": "US", "CHN": "CN", "GBR": "GB", "CAN": "CA", "IND": "IN", "IRN": "IR", "ISR": "IL"}
    table = {code: Row(published[f"M19-O-{short}"], "CBN", "high") for code, short in single.items()}
    groups = categories()
    for name, short, source in (("Europe (excl. UK)", "EU", "CBN"), ("Rest of world", "RW", "ECON")):
        codes = groups["tracker1", name].regions
        parts = _parts(weight, codes)
        rule, sources = f"'{name}' split by first degrees in computer science (origin_weight)", f"{source};NCSES_5785"
        if short == "RW":
            parts = {code: (parts[code] + part) / 2 for code, part in _parts(work, codes).items()}
            rule, sources = f"'{name}' split half by first degrees (origin_weight), half by work in 2019", f"{sources};CEN"
        for code in codes:
            table[code] = Row(published[f"M19-O-{short}"] * parts[code], sources, "assumption", True, rule)
    return table


def _parts(size: dict[str, float], codes: tuple[str, ...]) -> dict[str, float]:
    """Make sizes of some regions into parts of 1."""
    total = sum(size[code] for code in codes)
    return {code: size[code] / total for code in codes}


STATED_SD = {
    "M19-O-CN": 0.03,
    "M19-O-US": 0.025,
    "M19-O-EU": 0.025,
    "M19-O-IN": 0.015,
    "M19-O-CA": 0.01,
    "M19-O-GB": 0.01,
    "M19-O-RW": 0.02,
    "M22-O-CN": 0.035,
    "M22-O-US": 0.025,
    "M22-O-EU": 0.02,
    "M22-O-IN": 0.012,
    "M22-O-CA": 0.008,
    "M22-O-GB": 0.008,
    "M22-O-RW": 0.02,
    "M19-T-CNPHDUS": 0.05,
    "M19-T-CNPHDCN": 0.05,
    "M19-T-INUSG": 0.06,
    "M19-T-INSTAY": 0.03,
    "M22-T-INSTAY": 0.06,
    "M19-MOB": 0.025,
    "M22-MOB": 0.025,
    "M22-T-CNCNG": 0.05,
    "M22-T-CNUSG": 0.05,
    "M22-T-USGUS": 0.03,
    "M22-T-CNGCN": 0.03,
}
"""Standard errors stated in the evidence's table of recommended targets."""
CENSUS_SD = {
    "C19H-US": 0.010,
    "C22H-US": 0.012,
    "C19H-CN": 0.006,
    "C22H-CN": 0.012,
    "C19H-HK": 0.002,
    "C22H-HK": 0.003,
    "C19L-US": 0.015,
    "C22L-US": 0.015,
    "C19L-GB": 0.007,
    "C22L-GB": 0.007,
    "C19L-CN": 0.006,
    "C22L-CN": 0.012,
    "C19L-HK": 0.002,
    "C22L-HK": 0.003,
}
SAMPLE = {2019: (675, 3.7), 2022: (867, 4.4)}
"""Authors in the tracker's sample and design effect (authors of one paper share a country)."""


def standard_error(row: dict[str, str], published: dict[str, float]) -> tuple[float, str]:
    """Return the standard error of a published share and where it comes from."""
    key, value, year = row["id"], float(row["value"]), int(row["year"])
    if row["kind"] == "count":
        return 0.0, "count, no sampling error"
    if key in STATED_SD:
        return STATED_SD[key], "stated"
    if key[0] == "C":
        other = 0.010 if key.endswith("-EU") else 0.005 if key[4:] in ("-GB", "-CA") else 0.004 if year == 2019 else 0.005
        return CENSUS_SD.get(key, other), "stated"
    if row["tier"].startswith("elite"):
        return (0.05 if year == 2019 else 0.03), "stated"
    if "-USC-" in key:
        return (0.03 if year == 2019 else 0.035), "stated"
    tracker = {"US": "US", "CN": "CN", "EU": "EU", "GB": "UK", "CA": "CA"}.get(key[-2:])
    if key[3:6] == "-W-" and tracker and f"SE{year % 100}-{tracker}" in published:
        return published[f"SE{year % 100}-{tracker}"], f"row SE{year % 100}-{tracker}"
    size, effect = SAMPLE[year]
    part = _subsample(row, published)
    share = min(max(value, 0.02), 0.98)
    rule = f"sqrt(p(1-p) x {effect} / ({size} x {part:.3g})): design effect, sample, part of the sample"
    return round(math.sqrt(share * (1 - share) * effect / (size * part)), 4), rule


def _subsample(row: dict[str, str], published: dict[str, float]) -> float:
    """Return the part of the sample on which a rate within an origin rests."""
    if row["stage"] == "origin_within_region":
        return published["M22-O-CN"] / published["M22-AP-CN"]
    if not row["stage"].startswith("transition"):
        return 1.0
    short = {"China": "CN", "United States": "US", "India": "IN", "Europe (excl. UK)": "EU"}[row["origin"]]
    return published[f"M{int(row['year']) % 100}-O-{short}"]


AXES = {
    "origin": "origin",
    "work": "work",
    "workforce_composition": "workforce",
    "transition_origin_grad": "study_by_origin",
    "transition_grad_work": "stay",
    "transition_origin_work": "work_by_origin",
    "origin_within_region": "origin_mix",
    "inst_count": "institutions",
    "sample": "sample",
}
DERIVED = ("M19-W-RW", "M22-O-RW", "M19-UK+EU-O", "M19-UK+EU-W", "M22-USC-2")
"""Published rows that are sums or differences of others: checks, not independent data."""


@dataclass(frozen=True)
class Published:
    """One row of the table of targets."""

    id: str
    tier: str
    axis: str
    attribution: str
    year: int
    origin: tuple[str, ...]
    study: tuple[str, ...]
    destination: tuple[str, ...]
    part: float
    value: float
    sd: float
    sd_rule: str
    kind: str
    unit: str
    source: str
    confidence: str
    holds: str


def targets(evidence: Evidence) -> list[Published]:
    """Return every calibration row of the two tiers with its key, its standard error and what it holds."""
    published = values(evidence)
    table = []
    for row in evidence.read("targets.csv"):
        tier = row["tier"].split("(")[0]
        if row["role"] == "cal" and tier in ("top20", "elite") and row["stage"] != "sampling_se":
            assert int(row["year"]) in (2019, 2022), row["id"]
            table.append(_target(row, tier, published))
    return [*table, _china_in_other_anglophone(evidence, published)]


def _china_in_other_anglophone(evidence: Evidence, published: dict[str, float]) -> Published:
    """Split what is left of Chinese origins abroad by where Chinese students were in 2019, the last year before the pandemic."""
    students: dict[str, float] = {}
    for code in CODES:
        series = evidence.pair("CHN", code, "intl_students_tertiary")
        if series and code not in ("CHN", "USA"):
            students[code] = at(series, 2019).value
    part = sum(students[code] for code in OTHER_ANGLOPHONE) / sum(students.values())
    left = 1.0 - published["M22-T-CNCNG"] - published["M22-T-CNUSG"]
    return Published(
        id="D22-T-CNANG",
        tier="top20",
        axis="study_by_origin",
        attribution="n/a",
        year=2022,
        origin=("CHN",),
        study=OTHER_ANGLOPHONE,
        destination=(),
        part=1.0,
        value=round(left * part, 4),
        sd=0.03,
        sd_rule="assumption",
        kind="derived",
        unit="rate",
        source="OECD_MOB",
        confidence="derived",
        holds=(
            f"DERIVED: the remainder {left:.2f} of M22-T-CNCNG and M22-T-CNUSG x {part:.3f}, the part of these three in the "
            f"tertiary students from China in {len(students)} destinations other than the USA in 2019; students of all fields "
            "and levels stand for graduate students, and 'elsewhere or none' for elsewhere"
        ),
    )


def _target(row: dict[str, str], tier: str, published: dict[str, float]) -> Published:
    key, year = row["id"], int(row["year"])
    axis = AXES[row["stage"]]
    if key in ("M19-MOB", "M22-MOB"):
        axis = "abroad"
    census = key[0] == "C"
    if census and key[3] == "L":
        axis = "location"
    system = "census" if census else "tracker1" if year == 2019 else "tracker2"
    origin, destination = _regions(system, axis, row["origin"]), _regions(system, axis, row["destination"])
    study: tuple[str, ...] = ()
    if axis == "stay":
        study = ("USA",) if key.startswith("M19-T-CNPHD") else destination
    if axis == "study_by_origin":
        study, destination = destination, ()
    sd, sd_rule = standard_error(row, published)
    kind, value = _kind(row), float(row["value"])
    if key == "M19-T-INSTAY":
        value = 0.05
    placed = axis in ("work", "location", "workforce", "stay", "work_by_origin", "abroad", "institutions")
    attribution = ("location" if axis == "location" else "headquarters") if placed else "n/a"
    part = 1.0
    if census and row["destination"] in ("China", "China (HK)"):
        hong_kong = hong_kong_part(published)
        part = hong_kong if row["destination"] == "China (HK)" else 1 - hong_kong
    return Published(
        key,
        tier,
        axis,
        attribution,
        year,
        origin,
        study,
        destination,
        part,
        value,
        sd,
        sd_rule,
        kind,
        row["kind"],
        row["source_id"],
        row["confidence"],
        _holds(row, system),
    )


def _kind(row: dict[str, str]) -> str:
    key = row["id"]
    if key == "M19-T-INSTAY" or key.endswith("max"):
        return "at_most"
    if key == "M19-USC-FOR":
        return "at_least"
    if key in DERIVED or key.startswith("D"):
        return "derived"
    if row["tier"].startswith("elite") and int(row["year"]) == 2019:
        return "context"
    return "context" if AXES[row["stage"]] in ("institutions", "sample", "origin_mix") else "point"


def _name(system: str, axis: str, category: str) -> str:
    return "Rest of world (work)" if (system, axis, category) == ("tracker1", "work", "Rest of world") else category


def _regions(system: str, axis: str, category: str) -> tuple[str, ...]:
    if category in ("", "any", "other country"):
        return ()
    return categories()[system, _name(system, axis, category)].regions


def _holds(row: dict[str, str], system: str) -> str:
    text = [row["note"]]
    if row["tier"].startswith("elite"):
        year = int(row["year"])
        text.append(
            "tier of 2019: orals, top 0.5% of submissions; another tier than 2022's: shown, never fitted"
            if year == 2019
            else "tier of 2022: orals, top 2% of submissions (190 papers), a census"
        )
    for name in dict.fromkeys((row["origin"], row["destination"])):
        entry = categories().get((system, _name(system, row["stage"], name)))
        if entry and (len(entry.regions) > 1 or name.startswith("China") or name == "UAE"):
            text.append(f"{name}: {entry.holds}")
    return " | ".join(part for part in text if part)
