"""Ties between regions (distance, language) and refusals of student visas by pair and year."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from dataset.covariates import gdp_per_head
from dataset.evidence import Evidence, Row, Series, at, guessed, joined
from dataset.geography import BLOC, CODES, GULF_MEMBERS, WORLD_MEMBERS

WORLD_RULE = "ROW is PAK NGA BGD NPL TUR EGY VNM BRA MEX GHA weighted by population, both directions alike"
PairTable = dict[tuple[str, str, str, int], Row]
NEIGHBOURS = ("DEU", "FRA", "CHE", "NLD")
"""Stand for the rest of Europe where distance has no row of its own."""
HIGH_INCOME = 40_000.0
"""GDP per head of 2019, PPP dollars, above which an origin counts as high-income."""
OFFICIAL = {
    "ITA": ("Italian",),
    "ESP": ("Spanish",),
    "SWE": ("Swedish",),
    "AUT": ("German",),
    "BEL": ("French", "Dutch", "German"),
    "DNK": ("Danish",),
    "FIN": ("Finnish", "Swedish"),
    "IRL": ("English",),
    "NOR": ("Norwegian",),
    "POL": ("Polish",),
    "PRT": ("Portuguese",),
    "USA": ("English",),
    "GBR": ("English",),
    "CAN": ("English", "French"),
    "AUS": ("English",),
    "IND": ("English", "Hindi"),
    "SGP": ("English", "Chinese", "Malay", "Tamil"),
    "DEU": ("German",),
    "FRA": ("French",),
    "CHE": ("German", "French", "Italian"),
    "NLD": ("Dutch",),
    "HKG": ("Chinese", "English"),
    "PAK": ("English",),
    "NGA": ("English",),
    "GHA": ("English",),
    "BRA": ("Portuguese",),
    "MEX": ("Spanish",),
}
"""Official languages of the members of REU and of those they share one with (constitutional facts)."""


def _codes(region: str) -> tuple[str, ...]:
    groups = {"CHN": ("CHN", "HKG"), "GLF": GULF_MEMBERS, "ROW": WORLD_MEMBERS, "REU": NEIGHBOURS}
    return groups.get(region, (region,))


def _people(evidence: Evidence, code: str) -> float:
    series = evidence.series(code, "population")
    return at(series, 2019).value if series else 1.0


def _mean(evidence: Evidence, origin: str, destination: str, variable: str) -> float | None:
    total = weight = 0.0
    for a in _codes(origin):
        for b in _codes(destination):
            series = evidence.pair(a, b, variable) or evidence.pair(b, a, variable)
            if series and a != b:
                w = _people(evidence, a) * _people(evidence, b)
                total += w * at(series, 2011).value
                weight += w
    return total / weight if weight else None


def ties(evidence: Evidence) -> PairTable:
    """Distance in km and common official language (0..1) of all pairs of regions."""
    table: PairTable = {}
    for origin in CODES:
        for destination in CODES:
            if origin == destination:
                continue
            groups = {origin, destination}
            rule = ""
            if "REU" in groups:
                rule = "REU stands at the mean of DEU, FRA, CHE and NLD weighted by population"
            if "ROW" in groups:
                extra = WORLD_RULE
                rule = f"{rule}; {extra}" if rule else extra
            distance = _mean(evidence, origin, destination, "distance_km")
            assert distance is not None, (origin, destination)
            derived = "derived" if groups & {"CHN", "GLF"} else "high"
            table["distance_km", origin, destination, 2011] = Row(
                distance,
                "CEPII;WB_POP" if rule or derived == "derived" else "CEPII",
                "assumption" if rule else derived,
                bool(rule),
                rule,
            )
            table["common_language", origin, destination, 2011] = _language(evidence, origin, destination, derived)
    return table


def _language(evidence: Evidence, origin: str, destination: str, derived: str) -> Row:
    groups = {origin, destination}
    if "REU" not in groups:
        value = _mean(evidence, origin, destination, "comlang_off")
        assert value is not None, (origin, destination)
        rule = WORLD_RULE
        filled = "ROW" in groups
        return Row(
            value,
            "CEPII;WB_POP" if filled or derived == "derived" else "CEPII",
            "assumption" if filled else derived,
            filled,
            rule if filled else "",
        )
    (other,) = groups - {"REU"}
    members = ("ITA", "ESP", "SWE", "AUT", "BEL", "DNK", "FIN", "IRL", "NOR", "POL", "PRT")
    total = weight = 0.0
    for a in members:
        for b in _codes(other):
            w = _people(evidence, a) * _people(evidence, b)
            total += w * bool(set(OFFICIAL[a]) & set(OFFICIAL.get(b, ())))
            weight += w
    rule = "share of pairs of people whose countries (11 members of REU) have an official language in common"
    return Row(total / weight, "ASSUMPTION;WB_POP", "assumption", True, rule)


@dataclass(frozen=True)
class Refusals:
    """Refusal shares of student visas as observed: by pair, and by destination over all origins."""

    pairs: dict[tuple[str, str], dict[int, Row]]
    overall: dict[str, dict[int, Row]]


def _shares(series: Series, *, approved: bool, years: range = range(2000, 2051)) -> dict[int, Row]:
    """Turn percentages into shares refused."""
    return {
        year: Row((100 - cell.value if approved else cell.value) / 100, cell.source, cell.confidence)
        for year, cell in series.items()
        if year in years
    }


def observed(evidence: Evidence) -> Refusals:
    """Collect the observed refusal shares by pair of country codes and by destination."""
    pairs: dict[tuple[str, str], dict[int, Row]] = {}
    for (origin, destination, variable), series in evidence.pairs.items():
        key = origin, destination
        if variable == "idx_student_visa_friction":
            pairs[key] = {year: guessed(cell, cell.value) for year, cell in series.items()}
    for (origin, destination, variable), series in evidence.pairs.items():
        key = origin, destination
        if key in pairs:
            continue
        if variable == "study_permit_approval_rate":
            pairs[key] = _shares(series, approved=True, years=range(2000, 2022))
        elif variable == "student_visa_grant_rate_he_offshore":
            pairs[key] = _shares(series, approved=True)
        elif variable == "us_f1_refusal_rate":
            pairs[key] = _shares(series, approved=False)
    later = _shares(evidence.pair("KOR", "CAN", "study_permit_approval_rate_q2"), approved=True)
    pairs["KOR", "CAN"] = {**pairs["KOR", "CAN"], **later}
    overall = {
        "USA": _shares(evidence.series("USA", "us_f1_refusal_rate_adjusted"), approved=False),
        "CAN": _shares(evidence.series("CAN", "study_permit_refusal_rate_overall"), approved=False),
        "GBR": _shares(evidence.series("GBR", "study_visa_refusal_rate_overall"), approved=False),
        "DEU": _shares(evidence.series("DEU", "study_visa_refusal_rate_overall"), approved=False),
        "AUS": _shares(evidence.series("AUS", "student_visa_grant_rate_offshore"), approved=True),
    }
    for destination in CODES:
        rows = [rows for (_, to), rows in pairs.items() if to == destination]
        if destination not in overall and rows:
            cells = [_nearest(by_year, 2023) for by_year in rows]
            mean = sum(cell.value for cell in cells) / len(cells)
            overall[destination] = {2023: Row(mean, joined([cell.source for cell in cells]), "assumption")}
    return Refusals(pairs, overall)


def _nearest(rows: dict[int, Row], year: int) -> Row:
    return rows[min(rows, key=lambda known: (abs(known - year), known))]


US_REGIONS = {
    "BGD": "R_ASIA",
    "PAK": "R_ASIA",
    "NPL": "R_ASIA",
    "VNM": "R_ASIA",
    "EGY": "R_AFRICA",
    "GHA": "R_WEST_AFRICA",
    "BRA": "R_SOUTH_AMERICA",
    **dict.fromkeys((*BLOC, "GBR"), "R_EUROPE"),
}
"""Regional origins of the US refusal statistics that stand for an origin without a row of its own."""


def refusals(evidence: Evidence) -> PairTable:
    """Student-visa refusal shares by pair, in every year in which something about the pair was observed."""
    seen = observed(evidence)
    high = {r for r in CODES if r != "ROW" and gdp_per_head(evidence, r, 2019).value > HIGH_INCOME}
    middle = median(_nearest(rows, 2023).value for rows in seen.overall.values())
    table: PairTable = {}
    for origin in CODES:
        for destination in CODES:
            if origin == destination or {origin, destination} <= set(BLOC):
                continue
            for year, row in _refusal(evidence, seen, high, middle, origin, destination).items():
                table["student_visa_refusal", origin, destination, year] = row
    return table


def _refusal(evidence: Evidence, seen: Refusals, high: set[str], middle: float, origin: str, destination: str) -> dict[int, Row]:
    """Fill one pair by the first rule that applies; returns rows by year."""
    own = seen.pairs.get((origin, destination))
    if own is None and destination == "USA" and origin in US_REGIONS:
        rows = seen.pairs[US_REGIONS[origin], "USA"]
        rule = f"refusals of all applicants from {US_REGIONS[origin].removeprefix('R_').title()}"
        return {year: Row(row.value, row.source, row.confidence, True, rule) for year, row in rows.items()}
    if own is not None:
        return own
    if origin in ("ROW", "GLF"):
        mixed = _mixed(evidence, seen, origin, destination)
        if mixed:
            return mixed
    rich = [
        rows for (o, d), rows in seen.pairs.items() if d == destination and (o in high or o in (*GULF_MEMBERS, "HKG", "R_EUROPE"))
    ]
    if origin in high and rich:
        years = sorted({year for rows in rich for year in rows})
        rule = "mean of the destination's observed high-income origins"
        return {
            year: Row(
                sum(_nearest(rows, year).value for rows in rich) / len(rich),
                joined([_nearest(rows, year).source for rows in rich]),
                "assumption",
                True,
                rule,
            )
            for year in years
        }
    if destination in seen.overall:
        rule = "all-origin refusal rate of the destination"
        return {year: Row(row.value, row.source, "assumption", True, rule) for year, row in seen.overall[destination].items()}
    rule = "median over the destinations with a rate (no record for this destination)"
    return {2023: Row(middle, "ASSUMPTION", "assumption", True, rule)}


def _mixed(evidence: Evidence, seen: Refusals, origin: str, destination: str) -> dict[int, Row]:
    """Mean over a group's members by population: own row, else the US region's, else the overall rate."""
    codes = _codes(origin)
    rows: list[dict[int, Row]] = []
    for code in codes:
        own = seen.pairs.get((code, destination))
        if own is None and destination == "USA" and code in US_REGIONS:
            own = seen.pairs[US_REGIONS[code], "USA"]
        rows.append(own or {})
    if not any(rows) or destination not in seen.overall:
        return {}
    known = sorted({year for by_year in rows for year in by_year})
    people = [_people(evidence, code) for code in codes]
    table = {}
    for year in known:
        cells = [_nearest(by_year or seen.overall[destination], year) for by_year in rows]
        value = sum(w * cell.value for w, cell in zip(people, cells, strict=True)) / sum(people)
        named = " ".join(code for code, by_year in zip(codes, rows, strict=True) if by_year)
        rule = f"mean weighted by population: {named} observed, other members at the all-origin rate"
        table[year] = Row(value, joined([cell.source for cell in cells] + ["WB_POP"]), "assumption", True, rule)
    return table


def residence(evidence: Evidence) -> PairTable:
    """Years to permanent residence where an origin's queue differs from the destination's rule."""
    table: PairTable = {}
    for year, cell in evidence.pair("IND", "USA", "us_eb2_eb3_wait_years_new_applicants").items():
        table["residence_wait", "IND", "USA", year] = Row(cell.value, cell.source, cell.confidence)
    rule = "shorter queue than India's under the same per-country cap; the length is a judgement"
    table["residence_wait", "CHN", "USA", 2023] = Row(4, "ASSUMPTION;P_CATO_EB", "assumption", True, rule)
    return table
