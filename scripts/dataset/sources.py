"""The list of sources: those of the evidence, the literature behind parameters, own counts and judgements."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from dataset.evidence import Evidence

NOT_STATED = "not stated; single figures are cited"
PUBLIC = "public domain: a work of the United States government"
LICENCES = {
    "National Center for Science and Engineering Statistics": PUBLIC,
    "US Department of State": PUBLIC,
    "World Bank": "CC-BY-4.0",
}
"""Licence by what the name of the publisher holds."""


@dataclass(frozen=True)
class Source:
    """Where a number comes from."""

    id: str
    title: str
    publisher: str
    year: str
    url: str
    kind: str

    @property
    def licence(self) -> str:
        """Under which licence its figures are, as far as that is known; single figures are cited."""
        if self.kind == "own":
            return "Apache-2.0"
        return next((licence for name, licence in LICENCES.items() if name in self.publisher), NOT_STATED)


def sources(evidence: Evidence) -> list[Source]:
    """Return every source once, in order of id."""
    table: dict[str, Source] = {}
    for name in ("sources.csv", "covariate_sources.csv"):
        for row in evidence.read(name):
            assert row["source_id"] not in table, row["source_id"]
            url = "" if row["url"].startswith("covariates.md") else row["url"]
            table[row["source_id"]] = Source(row["source_id"], row["title"], row["publisher"], row["year"], url, "data")
    for extra in (*_cited(evidence), *_OWN, *_LITERATURE, *_rules()):
        assert extra.id not in table, extra.id
        table[extra.id] = extra
    return [table[key] for key in sorted(table)]


def _rules() -> list[Source]:
    """Read the sources of rules and money that named policies and scenarios cite, beside this file."""
    with (Path(__file__).parent / "policy_sources.csv").open(encoding="utf-8", newline="") as file:
        return [Source(**row) for row in csv.DictReader(file)]


def _cited(evidence: Evidence) -> list[Source]:
    """Read the sources that the evidence text cites in its last section only."""
    text = (evidence.folder / "evidence.md").read_text(encoding="utf-8").split("## 10.")[1]
    rows = re.findall(r"^\| (\w+) \| (.+?) \| (\d{4}) \| (\S+) \|$", text, flags=re.M)
    return [Source(key, title, "", year, url, "data") for key, title, year, url in rows]


def _paper(key: str, authors: str, title: str, where: str, year: int, url: str = "") -> Source:
    return Source(key, f"{authors}: {title}" if title else authors, where, str(year), url, "literature")


_OWN = (
    Source(
        "ASSUMPTION",
        "Judgement of this project: no source states the number; it is varied in sensitivity runs",
        "this project",
        "2026",
        "",
        "own",
    ),
    Source(
        "MODEL_MAP",
        "Fit of the mean-field model: the most probable values of a version of the model with six "
        "regions and expected flows, fitted to the published shares of 2019 and 2022",
        "this project",
        "2026",
        "",
        "own",
    ),
    Source(
        "MODEL_TURNOVER",
        "Own count of the conference's public author lists, names normalised: distinct authors of accepted "
        "papers by year, first-time authors, country changes",
        "this project",
        "2026",
        "",
        "own",
    ),
    Source(
        "ISO3166",
        "ISO 3166-1 alpha-3 country codes",
        "ISO",
        "2025",
        "https://www.iso.org/iso-3166-country-codes.html",
        "data",
    ),
    Source(
        "FX_FRED",
        "Yearly mean exchange rates against the US dollar (data package exchange-rates, yearly)",
        "Federal Reserve, FRED (Datopian core datasets)",
        "2026",
        "https://github.com/datasets/exchange-rates (commit fa7d949), data/yearly.csv, data/monthly.csv",
        "data",
    ),
)
_LITERATURE = (
    _paper(
        "FLYNN24",
        "Flynn, Glennon, Murciano-Goroff and Xiao",
        "Building a Wall Around Science: the effect of US-China tensions on international scientific research",
        "NBER working paper 32622",
        2024,
        "https://www.nber.org/papers/w32622",
    ),
    _paper(
        "KAHN20",
        "Kahn and MacGarvie",
        "The impact of permanent residency delays for STEM PhDs: who leaves and why",
        "Research Policy 49",
        2020,
        "https://doi.org/10.1016/j.respol.2019.103879",
    ),
    _paper(
        "SHIH16",
        "Shih",
        "Labor market openness, H-1B visa policy, and the scale of international student enrollment in the United States",
        "Economic Inquiry 54:121-138",
        2016,
    ),
    _paper(
        "KATO13",
        "Kato and Sparber",
        "Quotas and quality: the effect of H-1B visa restrictions on the pool of prospective undergraduate students from abroad",
        "Review of Economics and Statistics 95:109-126",
        2013,
    ),
    _paper(
        "MAYDA18",
        "Mayda, Ortega, Peri, Shih and Sparber",
        "The effect of the H-1B quota on the employment and selection of foreign-born labor",
        "European Economic Review 108",
        2018,
    ),
    _paper(
        "GAULE14",
        "Gaule",
        "Who comes back and when? Return migration decisions of academic scientists",
        "Economics Letters 124:461-464",
        2014,
    ),
    _paper(
        "MORETTI21",
        "Moretti",
        "The effect of high-tech clusters on the productivity of top inventors",
        "American Economic Review 111",
        2021,
        "https://doi.org/10.1257/aer.20191277",
    ),
    _paper(
        "WIEBE24",
        "Wiebe",
        "Comment on Moretti (2021): no effect after a coding correction and in an event study",
        "American Economic Review (comment)",
        2024,
        "https://doi.org/10.1257/aer.20231415",
    ),
    _paper(
        "GLENNON24",
        "Glennon",
        "How do restrictions on high-skilled immigration affect offshoring? Evidence from the H-1B program",
        "Management Science; SSRN 3547655",
        2024,
    ),
    _paper(
        "AKCIGIT16",
        "Akcigit, Baslandze and Stantcheva",
        "Taxation and the international mobility of inventors",
        "American Economic Review 106",
        2016,
        "https://doi.org/10.1257/aer.20150237",
    ),
    _paper(
        "ZEITHAMMER13",
        "Zeithammer and Kellogg",
        "The hesitant hai gui: return-migration preferences of US-educated Chinese scientists and engineers",
        "Journal of Marketing Research 50",
        2013,
        "https://doi.org/10.1509/jmr.11.0394",
    ),
    _paper(
        "ZWETSLOOT21",
        "Zwetsloot, Zhang, Dreksler and others",
        "Skilled and mobile: survey evidence of AI researchers' immigration preferences",
        "arXiv 2104.07237",
        2021,
        "https://arxiv.org/abs/2104.07237",
    ),
    _paper(
        "VACCARIO21",
        "Vaccario, Verginer and Schweitzer",
        "Reproducing scientists' mobility: a data-driven model",
        "Scientific Reports 11",
        2021,
        "https://doi.org/10.1038/s41598-021-90281-9",
    ),
    _paper(
        "BEINE14",
        "Beine, Noel and Ragot",
        "Determinants of the international mobility of students",
        "Economics of Education Review 41:40-54",
        2014,
        "https://doi.org/10.1016/j.econedurev.2014.03.003",
    ),
    _paper(
        "CHEN23",
        "Chen, Howell and Smith",
        "Best and brightest? The impact of student visa restrictiveness on who attends college in the US",
        "EdWorkingPaper",
        2023,
        "https://doi.org/10.26300/ddes-jm98",
    ),
    _paper(
        "AGARWAL23",
        "Agarwal, Ganguli, Gaule and Smith",
        "Why US immigration matters for the global advancement of science",
        "Research Policy 52:104659",
        2023,
    ),
    _paper(
        "XIE23",
        "Xie, Lin, Li, He and Huang",
        "Caught in the crossfire: fears of Chinese-American scientists",
        "PNAS",
        2023,
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC10318999",
    ),
    _paper(
        "GROGGER15",
        "Grogger and Hanson",
        "Attracting talent: location choices of foreign-born PhDs in the United States",
        "Journal of Labor Economics 33",
        2015,
        "https://doi.org/10.1086/679062",
    ),
    _paper(
        "GROGGER11",
        "Grogger and Hanson",
        "Income maximization and the selection and sorting of international migrants",
        "Journal of Development Economics; NBER working paper 13821",
        2011,
        "https://www.nber.org/papers/w13821",
    ),
    _paper(
        "BERTOLI13",
        "Bertoli and Fernandez-Huertas Moraga",
        "Multilateral resistance to migration",
        "Journal of Development Economics 102:79-100",
        2013,
        "https://hal.uca.fr/hal-01981681",
    ),
    _paper(
        "AMUEDO20",
        "Amuedo-Dorantes, Shih and Xu",
        "The implications of optional practical training reforms on international student enrollments and quality",
        "IZA discussion paper 13730",
        2020,
    ),
    _paper(
        "SHI23",
        "Shi, Liu and Wang",
        "Has China's Young Thousand Talents program been successful in recruiting and nurturing top-caliber scientists?",
        "Science",
        2023,
        "https://doi.org/10.1126/science.abq1218",
    ),
    _paper(
        "FRANZONI12",
        "Franzoni, Scellato and Stephan",
        "Foreign born scientists: mobility patterns for sixteen countries",
        "NBER working paper 18067",
        2012,
        "https://www.nber.org/papers/w18067",
    ),
    _paper(
        "AZOULAY10",
        "Azoulay, Graff Zivin and Wang",
        "Superstar extinction",
        "Quarterly Journal of Economics 125",
        2010,
        "https://doi.org/10.1162/qjec.2010.125.2.549",
    ),
    _paper(
        "KHANNA25",
        "Khanna and Morales",
        "The IT boom and other unintended consequences of chasing the American dream",
        "SSRN 2968147",
        2025,
    ),
    _paper("BEINE11", "Beine, Docquier and Ozden", "Diasporas", "World Bank working paper 4984", 2011),
    _paper(
        "CZAIKA17",
        "Czaika and Parsons",
        "The gravity of high-skilled migration policies",
        "Demography 54",
        2017,
        "https://doi.org/10.1007/s13524-017-0559-1",
    ),
    _paper(
        "APPELT15",
        "Appelt, van Beuzekom, Galindo-Rueda and de Pinho",
        "Which factors influence the international mobility of research scientists?",
        "OECD working paper",
        2015,
        "https://doi.org/10.1787/5js1tmrr2233-en",
    ),
)
