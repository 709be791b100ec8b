"""What tables may say: the variables with unit and range, the roles of regions, and what is solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.model.world import LAST_YEAR

LAST_OUTCOME: Final = 2022
"""Last year of anything measured about researchers; later values may only be rules, odds and money."""


@dataclass(frozen=True)
class Quantity:
    """What a variable of a table may hold.

    Parameters
    ----------
    unit
        The unit every row must state.
    low, high
        Range of the values, in the unit.
    meaning
        One line.
    complete
        True if every region (or pair) needs at least one row.
    last
        Last year a row may have.
    """

    unit: str
    low: float
    high: float
    meaning: str
    complete: bool = False
    last: int = LAST_YEAR


_MONEY = 2026


QUANTITIES: Final[Mapping[str, Quantity]] = {
    "phd_pay": Quantity("PPP $/year", 1_000, 150_000, "pay of doctoral students", True, _MONEY),
    "pay_academia": Quantity("PPP $/year", 2_000, 500_000, "pay of researchers in academia", True, _MONEY),
    "pay_industry": Quantity("PPP $/year", 2_000, 1_000_000, "pay of researchers in industry", True, _MONEY),
    "research_funding": Quantity("bn constant PPP $", 0.1, 3_000, "R&D expenditure", True, LAST_OUTCOME),
    "capital": Quantity("bn current US$", 0, 1_000, "private AI investment, one vintage", True, LAST_OUTCOME),
    "origin_weight": Quantity("degrees/year", 1, 5e6, "first degrees in computer science", True, LAST_OUTCOME),
    "gdp_per_capita": Quantity("constant PPP $", 500, 300_000, "GDP per head", True, LAST_OUTCOME),
    "population": Quantity("persons", 1e5, 6e9, "population", True, LAST_OUTCOME),
    "ai_articles": Quantity("articles/year", 0, 1e6, "AI articles, whole counting", True, LAST_OUTCOME),
    "notable_models": Quantity("models/year", 0, 1_000, "notable AI models", False, LAST_OUTCOME),
    "cs_faculty": Quantity("persons", 0, 1e5, "listed computer-science faculty (October 2024)", False, 2024),
    "cs_doctorates": Quantity("degrees/year", 0, 1e6, "doctorates in computer science", False, LAST_OUTCOME),
    "cs_first_degrees": Quantity("degrees/year", 0, 5e6, "first degrees in computer science", False, LAST_OUTCOME),
    "compute_share": Quantity("% of list Rmax", 0, 100, "share of TOP500 performance", False, LAST_OUTCOME),
    "work_visa_odds": Quantity("probability/attempt", 0, 1, "odds of an industry work visa", True),
    "post_study_attempts": Quantity("attempts", 1, 10, "work-visa attempts after the degree", True),
    "residence_wait": Quantity("years", 0, 200, "years to permanent residence", True),
    "distance_km": Quantity("km", 50, 20_100, "distance between largest cities", True),
    "common_language": Quantity("share", 0, 1, "common official language", True),
    "student_visa_refusal": Quantity("share", 0, 1, "student visas refused, all levels"),
    "researchers": Quantity("persons", 500, 1e7, "active researchers on the baseline", False, LAST_OUTCOME),
    "work_sample": Quantity("persons", 10, 1e6, "sample behind the work shares of 2019", False, LAST_OUTCOME),
    "origin_sample": Quantity("persons", 10, 1e6, "sample behind the origin shares of 2019", False, LAST_OUTCOME),
    "pool_size": Quantity("persons", 100, 1e6, "distinct authors of accepted papers", False, LAST_OUTCOME),
    "industry_entry": Quantity("share", 0, 1, "new doctors who enter industry", False, LAST_OUTCOME),
}
"""Every variable of covariates.csv, world.csv, ties.csv and visas.csv."""


ROLES: Final[Mapping[str, str]] = {
    "leader": "the region that others are compared with; one",
    "challenger": "the region whose passing of the leader is told; one",
    "catching_up": "pulls by china_drift a year, and to study by china_study_drift, in place of a drift_offset of its own",
    "early_degree": "graduate school takes half a year less there than elsewhere",
    "shared_growth": "its cohorts grow by growth_offset_europe a year besides",
    "first_jobs": "its new doctors are those of industry_entry; at least one",
    "shown": "a line of its own in figures, as the leader and the challenger have",
    "free_movement": "no visa is needed between the regions that have this role in a year",
}
"""Parts that regions play in the formulas, and what each means."""


STUDY_CONSTANT, PLACE_EFFECT, REMOTE_SHARE, CORRIDOR, TILT = UNKNOWNS = (
    "study_constant", "place_effect", "remote_share", "corridor", "tilt",
)  # fmt: skip
"""What is solved on a row of solved.csv, in the order of the unknowns; of the last three at most one each."""


USA, CHN = "USA", "CHN"
OTHER_ANGLOPHONE = ("GBR", "CAN", "AUS")
"""Regions that the packaged evidence speaks of: what fits and weighs draws on it names them, no formula does."""
