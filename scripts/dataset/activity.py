"""Research activity (articles, models, faculty, degrees, compute) and the rules of work and residence.

Articles split published categories without a row; the other activity series serve users, no equation reads
them. The faculty list (October 2024) is the only measured stock later than 2022 in the tables: it has no
earlier edition there, enters no array and no target, and serves the description of places only.
"""

from __future__ import annotations

from collections.abc import Sequence

from dataset.covariates import LAST_OUTCOME, Table
from dataset.evidence import Evidence, Row, Series, at, guessed, joined, worst
from dataset.geography import CODES, EUROPE_MEMBERS, GULF_MEMBERS, WORLD_MEMBERS


def articles(evidence: Evidence) -> Table:
    """AI articles a year, whole counting, 2012-2022."""
    name = "ai_articles_scopus_whole"
    table: Table = {}
    for region in CODES:
        if region in ("GLF", "ROW"):
            continue
        for year, cell in evidence.series(region, name).items():
            table["ai_articles", region, year] = Row(cell.value, cell.source, cell.confidence)
    for region, codes in (("GLF", GULF_MEMBERS), ("ROW", WORLD_MEMBERS)):
        rows = [evidence.series(code, name) for code in codes]
        rule = f"sum of {' '.join(codes)}; the other countries of the region have no row" if region == "ROW" else ""
        for year in rows[0]:
            table["ai_articles", region, year] = Row(
                sum(row[year].value for row in rows),
                "NCSES_10067",
                "assumption" if rule else "derived",
                bool(rule),
                rule,
            )
    return table


def summed(evidence: Evidence, name: str, source: str, years: Sequence[int]) -> Table:
    """Sum a country variable over the members of every region, in years where every member has a row.

    Regions without rows, and years in which a member has none, get no row.
    """
    table: Table = {}
    for region in CODES:
        own = evidence.series(region, source)
        codes: tuple[str, ...] = {"CHN": ("CHN", "HKG"), "GLF": GULF_MEMBERS}.get(region, (region,))
        if region == "REU" and not own:
            codes = EUROPE_MEMBERS
        rows: list[Series] = [series for code in codes if (series := evidence.series(code, source))]
        if not rows or (region == "REU" and len(rows) < len(codes)):
            continue
        for year in years:
            if all(year in row for row in rows):
                cells = [row[year] for row in rows]
                mark = "derived" if len(cells) > 1 else cells[0].confidence
                sources = joined([cell.source for cell in cells])
                partial = region == "GLF" and len(rows) == 1
                rule = "Saudi Arabia only; the Emirates have no row" if partial else ""
                value = sum(cell.value for cell in cells)
                table[name, region, year] = Row(value, sources, mark if not rule else "assumption", partial, rule)
    return table


def activity(evidence: Evidence) -> Table:
    """Notable models, listed faculty, degrees and compute by region and year."""
    outcome = range(2010, LAST_OUTCOME + 1)
    return {
        **articles(evidence),
        **summed(evidence, "notable_models", "notable_ai_models", range(2015, LAST_OUTCOME + 1)),
        **summed(evidence, "cs_faculty", "csrankings_listed_faculty", (2024,)),
        **summed(evidence, "cs_doctorates", "cs_doctoral_degrees", outcome),
        **summed(evidence, "cs_first_degrees", "cs_first_university_degrees", outcome),
        **summed(evidence, "compute_share", "top500_rmax_share_nov", (2021,)),
    }


def permissions(evidence: Evidence) -> Table:
    """Rules of work and residence by destination: lottery odds, attempts, years to permanent residence."""
    table: Table = {}
    for region in CODES:
        series = evidence.series("ARE" if region == "GLF" else region, "idx_work_visa_friction")
        for year, cell in series.items():
            if region == "USA":
                source = f"{cell.source};P_ILG;P_BAL;P_FE26"
                table["work_visa_odds", region, year] = Row(1 - cell.value, source, "derived")
            else:
                table["work_visa_odds", region, year] = guessed(cell, 1 - cell.value)
    guesses = [row.value for (_, region, _), row in table.items() if region != "USA"]
    for region in CODES:
        if not any(code == region for _, code, _ in table):
            rule = "mean of the destinations with a row (the United States, a lottery, left out)"
            mean = sum(guesses) / len(guesses)
            table["work_visa_odds", region, 2023] = Row(mean, "ASSUME", "assumption", True, rule)
    return {**table, **_attempts(evidence), **_residence(evidence)}


def _attempts(evidence: Evidence) -> Table:
    table: Table = {}
    for year, attempts in ((2000, 1), (2007, 1), (2008, 2), (2015, 2), (2016, 3)):
        rule = "one attempt before 2008, two from 2008 (29 months), three from 2016 (36 months)"
        table["post_study_attempts", "USA", year] = Row(attempts, "KHOO;P_WTE", "medium", False, rule)
    for region in CODES[1:]:
        codes = ("IRL", "SWE") if region == "REU" else (region,)
        early = [evidence.series(code, "post_study_work_months_phd_mid2010s") for code in codes]
        late = [evidence.series(code, "post_study_work_months_phd_stem") for code in codes]
        if not any(late):
            rule = "no post-study route on record: the least number of attempts"
            table["post_study_attempts", region, 2025] = Row(1, "ASSUMPTION", "assumption", True, rule)
            continue
        weights = [at(evidence.series(code, "population"), 2019).value for code in codes]
        for rows in (early, late):
            for year in sorted({year for row in rows for year in row}):
                months = sum(w * at(row, year).value for w, row in zip(weights, rows, strict=True)) / sum(weights)
                rule = "mean months of IRL and SWE weighted by population" if region == "REU" else ""
                cells = [at(row, year) for row in rows]
                table["post_study_attempts", region, year] = Row(
                    max(1, int(months // 12)),
                    joined([cell.source for cell in cells]),
                    worst([cell.confidence for cell in cells]),
                    bool(rule),
                    rule,
                )
    return table


def _residence(evidence: Evidence) -> Table:
    table: Table = {}
    low, high = "years_to_permanent_residence_skilled_low", "years_to_permanent_residence_skilled_high"
    for region in CODES:
        codes = EUROPE_MEMBERS if region == "REU" else (region,)
        total = weight = 0.0
        cells = []
        for code in codes:
            rows = [at(series, 2025) for name in (low, high) if (series := evidence.series(code, name))]
            if rows:
                people = at(evidence.series(code, "population"), 2019).value
                total += people * sum(cell.value for cell in rows) / len(rows)
                weight += people
                cells += rows
        if cells:
            rule = "mean of the members with a row weighted by population" if region == "REU" else ""
            table["residence_wait", region, 2025] = Row(
                total / weight,
                joined([cell.source for cell in cells]),
                worst([cell.confidence for cell in cells]),
                bool(rule),
                rule,
            )
    mean = sum(row.value for row in table.values()) / len(table)
    for region in CODES:
        if ("residence_wait", region, 2025) not in table:
            rule = "mean of the destinations with a row"
            table["residence_wait", region, 2025] = Row(mean, "P_AFRIW", "assumption", True, rule)
    return table
