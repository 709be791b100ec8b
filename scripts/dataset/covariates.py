"""Covariates by region and year: GDP, population, R&D expenditure, AI investment, pay, first degrees."""

from __future__ import annotations

from statistics import median

from dataset.evidence import Cell, Evidence, Row, Series, at, joined, worst
from dataset.geography import CODES, EUROPE_MEMBERS, GULF_MEMBERS, WORLD_MEMBERS

Table = dict[tuple[str, str, int], Row]
YEARS = range(2015, 2023)
LAST_OUTCOME = 2022
EXCHANGE_2023 = {
    "AUS": 1.5051,
    "CAN": 1.3494,
    "CHE": 0.8984,
    "DEU": 0.9245,
    "FRA": 0.9245,
    "GBR": 0.8043,
    "JPN": 140.5001,
    "KOR": 1306.7637,
    "SGP": 1.3428,
    "SWE": 10.6089,
    "USA": 1.0,
}
"""Mean market exchange rate of 2023, local currency per US dollar (FX_FRED; GBR: mean of the months)."""
PART_CONTRACT = 0.65
"""Usual part of a full German E13 post that a doctoral contract pays."""
ROW_RULE = "mean of PAK NGA BGD NPL TUR EGY VNM BRA MEX GHA weighted by population"


def members(region: str) -> tuple[str, ...]:
    """Return the country codes whose rows make up a region's own rows."""
    return {"CHN": ("CHN", "HKG"), "GLF": GULF_MEMBERS, "ROW": WORLD_MEMBERS}.get(region, (region,))


def population(evidence: Evidence, region: str, year: int) -> float:
    """Return the population of a region in persons (0 where no row exists)."""
    if region == "ROW":
        return at(evidence.series("ROW", "population"), year).value
    rows = [evidence.series(code, "population") for code in members(region)]
    return sum(at(series, year).value for series in rows if series)


def gdp_per_head(evidence: Evidence, region: str, year: int) -> Row:
    """Return GDP per head in constant PPP dollars; groups by population-weighted mean of their members."""
    cells = [(code, evidence.series(code, "gdp_per_capita_ppp")) for code in members(region)]
    known = [(code, at(series, year)) for code, series in cells if series]
    if len(known) == 1:
        cell = known[0][1]
        return Row(cell.value, cell.source, cell.confidence)
    weights = [at(evidence.series(code, "population"), year).value for code, _ in known]
    value = sum(w * cell.value for w, (_, cell) in zip(weights, known, strict=True)) / sum(weights)
    sources = joined([cell.source for _, cell in known] + ["WB_POP"])
    if region == "ROW":
        return Row(value, sources, "assumption", True, ROW_RULE)
    return Row(value, sources, "derived")


def macro(evidence: Evidence) -> Table:
    """GDP per head and population by region, 2015-2022."""
    table: Table = {}
    for region in CODES:
        for year in YEARS:
            table["gdp_per_capita", region, year] = gdp_per_head(evidence, region, year)
            people = population(evidence, region, year)
            if people:
                derived = region in ("CHN", "REU", "GLF", "ROW")
                table["population", region, year] = Row(people, "WB_POP", "derived" if derived else "high")
    gerd, share = evidence.series("TWN", "gerd_ppp_musd_current"), evidence.series("TWN", "gerd_pct_gdp")
    head = at(evidence.series("TWN", "gdp_per_capita_ppp"), 2019).value
    people = at(gerd, 2019).value * 1e6 / (at(share, 2019).value / 100 * head)
    table["population", "TWN", 2019] = Row(
        people, "NCSES_6304;GM_PWT", "assumption", True, "R&D expenditure / (R&D share of GDP x GDP per head)"
    )
    return table


def research_funding(evidence: Evidence) -> Table:
    """R&D expenditure by region and year, bn constant PPP dollars."""
    table: Table = {}
    for region in CODES:
        if region in ("TWN", "ROW", "CHN", "GLF"):
            continue
        for year, cell in evidence.series(region, "gerd_ppp_bn").items():
            if year <= LAST_OUTCOME:
                table["research_funding", region, year] = Row(cell.value, "WDI_GERD;GM_GDPPC;WB_POP", cell.confidence)
    hong_kong = evidence.series("HKG", "gerd_pct_gdp")
    for year, cell in evidence.series("CHN", "gerd_ppp_bn").items():
        head = at(evidence.series("HKG", "gdp_per_capita_ppp"), year).value
        people = at(evidence.series("HKG", "population"), year).value
        total = cell.value + at(hong_kong, year).value / 100 * head * people / 1e9
        table["research_funding", "CHN", year] = Row(total, "WDI_GERD;GM_GDPPC;WB_POP", "derived")
    emirates, saudi = (evidence.series(code, "gerd_ppp_bn") for code in GULF_MEMBERS)
    for year in YEARS:
        both = year in emirates and year in saudi
        table["research_funding", "GLF", year] = Row(
            at(emirates, year).value + at(saudi, year).value,
            "WDI_GERD;GM_GDPPC;WB_POP",
            "derived" if both else "assumption",
            not both,
            "" if both else "sum of ARE and SAU, each at its nearest year with a row",
        )
    table["research_funding", "TWN", 2019] = _taiwan_funding(evidence)
    for year in YEARS:
        table["research_funding", "ROW", year] = _world_funding(evidence, year)
    return table


def _taiwan_funding(evidence: Evidence) -> Row:
    """Taiwan has one row in current prices: bring it to the constant prices of the others."""
    ratios = []
    for region in CODES:
        constant = evidence.series(region, "gerd_ppp_bn")
        current = evidence.series(region, "gerd_ppp_musd_current")
        if 2019 in constant and 2019 in current:
            ratios.append(constant[2019].value / (current[2019].value / 1000))
    taiwan = evidence.series("TWN", "gerd_ppp_musd_current")[2019]
    ratio = median(ratios)
    rule = f"2019 row in current PPP dollars x {ratio:.3f}, the median constant/current ratio of the others"
    return Row(taiwan.value / 1000 * ratio, "NCSES_6304;WDI_GERD", "derived", False, rule)


def _world_funding(evidence: Evidence, year: int) -> Row:
    spent = made = 0.0
    for code in WORLD_MEMBERS:
        share = evidence.series(code, "gerd_pct_gdp")
        if share:
            gdp = at(evidence.series(code, "gdp_per_capita_ppp"), year).value
            gdp *= at(evidence.series(code, "population"), year).value
            spent += at(share, year).value / 100 * gdp
            made += gdp
    head = gdp_per_head(evidence, "ROW", year).value
    value = spent / made * head * population(evidence, "ROW", year) / 1e9
    rule = "GDP of ROW (population x GDP per head of its members) x R&D share of GDP of PAK TUR EGY VNM BRA"
    return Row(value, "WDI_GERD;GM_GDPPC;WB_POP", "assumption", True, rule)


def funding_at(table: Table, region: str, year: int) -> float:
    """Return R&D expenditure of a region in the nearest year with a row."""
    known = {y: row for (name, code, y), row in table.items() if name == "research_funding" and code == region}
    return known[min(known, key=lambda y: (abs(y - year), y))].value


def capital(evidence: Evidence, funding: Table) -> Table:
    """Private AI investment by region, bn current dollars, one vintage (AI Index 2022), 2013-2021."""
    rows: dict[str, Series] = {
        code: evidence.series(code, "private_ai_investment", "AI Index 2022")
        for code in (*CODES, *GULF_MEMBERS, "HKG", "EUU", "WLD")
    }
    rows = {code: series for code, series in rows.items() if series}
    paths = {"EUU": {year: cell.value for year, cell in rows["EUU"].items()}}
    rest = "WLD-USA-CHN-EUU"
    paths[rest] = {
        year: rows["WLD"][year].value - sum(rows[code][year].value for code in ("USA", "CHN", "EUU"))
        for year in range(2013, 2022)
    }
    table: Table = {}
    for region, (level, rule, sources) in _capital_2021(evidence, rows, funding).items():
        for year in range(2013, 2022):
            if region == "USA":
                table["capital", region, year] = Row(rows["USA"][year].value, "AIINDEX22", "high")
                continue
            if region == "CHN":
                shape, name = rows["CHN"][year].value / rows["CHN"][2021].value, "mainland China's row"
            else:
                name = "EUU" if region in ("DEU", "FRA", "NLD", "REU", "CHE") else rest
                shape = paths[name][year] / paths[name][2021]
            steps = [rule] if rule else []
            if year < 2021:
                steps.append(f"before 2021 by the path of {name}")
            filled = bool(steps) and region != "CHN"
            mark = "assumption" if filled else "derived" if region == "CHN" else "high"
            table["capital", region, year] = Row(level * shape, sources, mark, filled, "; ".join(steps))
    return table


def _capital_2021(evidence: Evidence, rows: dict[str, Series], funding: Table) -> dict[str, tuple[float, str, str]]:
    """Return investment in 2021 by region with the rule that filled it (empty if observed) and the sources.

    The vintage has a world total, so what the countries without a row received together is known: it is
    split by R&D expenditure. A mean ratio of the countries with rows would give them 33 bn where the world
    leaves them 2 bn.
    """
    level = {code: (rows[code][2021].value, "", "AIINDEX22") for code in CODES if code in rows}
    hong_kong = rows["HKG"][2021].value
    level["CHN"] = (level["CHN"][0] + hong_kong, "mainland and Hong Kong", "AIINDEX22")
    union = rows["EUU"][2021].value - rows["DEU"][2021].value - rows["FRA"][2021].value
    spent = {code: funding_at(funding, code, 2021) for code in CODES}
    for code in ("NLD", "REU"):
        rule = "European Union less DEU and FRA, split between NLD and REU by R&D expenditure"
        level[code] = union * spent[code] / (spent["NLD"] + spent["REU"]), rule, "AIINDEX22;WDI_GERD"
    spent["SAU"] = at(evidence.series("SAU", "gerd_ppp_bn"), 2021).value
    emirates = rows["ARE"][2021].value
    unknown = [*(code for code in CODES if code not in level and code != "GLF"), "SAU"]
    rest = rows["WLD"][2021].value - sum(value for value, _, _ in level.values()) - emirates
    ratio = rest / sum(spent[code] for code in unknown)
    rule = f"R&D expenditure x {ratio:.5f}: world total less all rows, split by R&D expenditure"
    for code in unknown:
        level[code] = (spent[code] * ratio, rule, "AIINDEX22;WDI_GERD")
    saudi = level.pop("SAU")[0]
    level["GLF"] = (emirates + saudi, f"ARE row + SAU, filled: {rule}", "AIINDEX22;WDI_GERD")
    return {code: level[code] for code in CODES}


def phd_pay(evidence: Evidence) -> Table:
    """Pay of doctoral students, PPP dollars a year, one row per region (the year nearest 2022)."""
    table: Table = {}
    ratios = []
    for region in CODES:
        series = evidence.series(region, "phd_pay_ppp")
        if not series:
            continue
        year = min(series, key=lambda known: (abs(known - 2022), known))
        cell = series[year]
        factor = PART_CONTRACT if region == "DEU" else 1.0
        rule = f"full E13 post x {PART_CONTRACT}, the usual part contract" if region == "DEU" else ""
        table["phd_pay", region, year] = Row(cell.value * factor, cell.source, cell.confidence, False, rule)
        ratios.append(cell.value * factor / gdp_per_head(evidence, region, year).value)
    ratio = median(ratios)
    for region in CODES:
        if not any(code == region for _, code, _ in table):
            value = gdp_per_head(evidence, region, 2022).value * ratio
            rule = f"GDP per head of 2022 x {ratio:.3f}, the median ratio of the regions with a row"
            table["phd_pay", region, 2022] = Row(
                value, "GM_GDPPC;GM_PWT" if region == "TWN" else "GM_GDPPC", "assumption", True, rule
            )
    return table


def research_pay(evidence: Evidence) -> Table:
    """Pay of researchers in academia and industry, PPP dollars a year, 2023."""
    us = {
        name: evidence.series("USA", f"salary_new_cs_phd_{name}")[2023].value
        for name in ("industry", "academe_nonpostdoc", "postdoc")
    }
    academic = (us["academe_nonpostdoc"] + us["postdoc"]) / 2 / us["industry"]
    engineer = {code: _engineer_ppp(evidence, code) for code in EXCHANGE_2023}
    premium = us["industry"] / engineer["USA"]
    ratio = median(engineer[code] * premium / gdp_per_head(evidence, code, 2022).value for code in engineer)
    table: Table = {}
    for region in CODES:
        if region == "USA":
            sources, mark, filled, rule = "NCSES_11705;NCSES_11704", "high", False, ""
            value = us["industry"]
        elif region in engineer:
            value, sources, mark, filled = (
                engineer[region] * premium,
                "P_MLSAL;FX_FRED;WB_PPP;NCSES_11705",
                "low",
                False,
            )
            rule = (
                f"machine-learning engineer's salary at market rates x exchange rate / PPP factor, "
                f"x {premium:.3f} (new US doctors in industry / US engineers)"
            )
        else:
            value, sources, mark, filled = (
                gdp_per_head(evidence, region, 2022).value * ratio,
                "GM_GDPPC",
                "assumption",
                True,
            )
            rule = f"GDP per head of 2022 x {ratio:.3f}, the median ratio of the countries with a salary row"
        table["pay_industry", region, 2023] = Row(value, sources, mark, filled, rule)
        rule = (
            "mean of professors' and postdocs' entry pay"
            if region == "USA"
            else f"industry x {academic:.3f}, the US ratio academia/industry"
        )
        table["pay_academia", region, 2023] = Row(
            value * academic,
            sources if region == "USA" else joined([sources, "NCSES_11705", "NCSES_11704"]),
            "high" if region == "USA" else "assumption",
            region != "USA",
            rule,
        )
    return table


def _engineer_ppp(evidence: Evidence, code: str) -> float:
    dollars = evidence.series(code, "ml_engineer_salary")[2023].value
    return dollars * EXCHANGE_2023[code] / evidence.series(code, "ppp_conversion_factor_gdp")[2023].value


def origin_weight(evidence: Evidence) -> Table:
    """First degrees in computer science a year (2018), by which a published origin category is split."""
    known: dict[str, tuple[float, list[Cell]]] = {}
    for region in CODES:
        codes = EUROPE_MEMBERS if region == "REU" else (region,)
        cells = [at(series, 2018) for code in codes if (series := evidence.series(code, "cs_first_university_degrees"))]
        if len(cells) == len(codes):
            known[region] = sum(cell.value for cell in cells), cells
    size = {
        region: (population(evidence, region, 2018) or _taiwan_people(evidence)) * gdp_per_head(evidence, region, 2018).value
        for region in CODES
    }
    ratio = median(value / size[region] for region, (value, _) in known.items())
    table: Table = {}
    for region in CODES:
        if region in known:
            value, cells = known[region]
            mark = worst([cell.confidence for cell in cells] + (["derived"] if region == "REU" else []))
            table["origin_weight", region, 2018] = Row(value, joined([cell.source for cell in cells]), mark)
        else:
            rule = f"population x GDP per head x {ratio:.3g}, the median ratio of the regions with degrees"
            table["origin_weight", region, 2018] = Row(
                size[region] * ratio, "NCSES_5785;GM_GDPPC;WB_POP", "assumption", True, rule
            )
    return table


def _taiwan_people(evidence: Evidence) -> float:
    return macro(evidence)["population", "TWN", 2019].value
