"""The nouns that the formulas read: coefficients, the world of a run, last year's indices, and one year's tables.

Notation: T years, R regions (by permanent id), V visa classes, Q talent classes, H home-tie classes, S sector-taste classes,
X academic-age classes, D duration classes. All are plain tuples of arrays, so that compiled functions can take them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


Bytes = NDArray[np.uint8]


Integers = NDArray[np.int64]


FIRST_YEAR = 2000


REPORT_FROM = 2010


REFERENCE_YEAR = 2022


BASE_YEAR = 2019


LAST_YEAR = 2050


TALENT_CLASSES = 5


TIE_CLASSES = 3


VISA_CLASSES = 2


TASTE_CLASSES = 2


AGE_CLASSES = 4


DURATION_CLASSES = 4


PROFILES = AGE_CLASSES + 1


STUDY_YEARS = 7


YEARS_BEFORE = STUDY_YEARS - 2
"""Years of study that late entrants, who come from other fields, have completed on entry: all but the last."""


ACADEMIA = 0


INDUSTRY = 1


# Stages as the levers name them
AT_STUDY = 0


AT_WORK = 1


# Where a degree is from, as the levers name it: the destination, or anywhere else
FROM_HERE = 0


FROM_ELSEWHERE = 1


# Class means of a standard normal in five and in three equal parts (quantile classes, version 1 section 3).
TALENT = np.array([-1.3998096, -0.5319012, 0.0, 0.5319012, 1.3998096])


TIE = np.array([-1.0907959, 0.0, 1.0907959])


VISA = np.array([0.46, 2.0])


TASTE = np.array([-0.5, 0.5])


AGE_FROM = np.array([0, 3, 8, 15], dtype=np.int64)


AGE_MIDDLE = np.array([1.0, 5.0, 11.0, 18.0])


DURATION_FROM = np.array([0, 1, 3, 6], dtype=np.int64)


DURATION_MIDDLE = np.array([0.0, 1.5, 4.0, 8.0])


RETURN_WINDOW = np.array([1.0 / 3.0, 1.0, 1.0 / 7.0, 0.0])
"""Share of each academic-age class that lies in years 2-8, when return programmes pay."""


class Coefficients(NamedTuple):
    """Scalar parameters of the formulas, named as in sim/data/tables/parameters.toml (units and sources there)."""

    stipend_elasticity: float
    pay_elasticity: float
    ecosystem_pull: float
    talent_ecosystem_pull: float
    ecosystem_weight_top: float
    ecosystem_weight_elite: float
    ecosystem_weight_capital: float
    ecosystem_memory: float
    diaspora_pull: float
    option_value_weight: float
    nest_dissimilarity: float
    refusal_deterrence: float
    delay_cost: float
    hostility_study: float
    hostility_work: float
    hostility_exit: float
    residence_wait_cost: float
    visa_sensitive_share: float
    home_tie_sd: float
    study_region_pull: float
    incumbency: float
    incumbency_years: float
    moving_cost: float
    return_decay_years: float
    relocation_hazard: float
    relocation_age_decline: float
    relocation_duration_decline: float
    exit_rate: float
    attrition_rate: float
    late_entry: float
    place_productivity: float
    visibility_noise: float
    age_profile_linear: float
    age_profile_quadratic: float
    elite_bypass: float
    congestion: float
    seat_elasticity: float
    postponement: float


class World(NamedTuple):
    """Everything that is given from outside in one run: data, a draw's constants, the policies in force."""

    coefficients: Coefficients
    anglophone: Bytes  # (R,) 1 for the regions of the anglophone nest
    home_study: Floats  # (R,) study home bias by origin, logits
    home_work: Floats  # (R,) work home premium by origin, logits
    gravity: Floats  # (R, R) language and distance term of study, logits
    study_constant: Floats  # (R,) logits
    work_constant: Floats  # (R,) logits
    industry_constant: Floats  # (T,) logits
    study_drift: Floats  # (T, R) drift, quality and shocks of study, logits
    work_drift: Floats  # (T, R) drift and shocks of work, logits
    place_effect: Floats  # (R,) effect of the place on output, sd of talent
    cohort: Floats  # (T, R) people who enter
    talent_up_to: Floats  # (R, Q) part of an origin's people whose talent class is this one or a lower one
    levers: Any  # `sim.scenarios.levers.changes.Policies` in force: one array (T, ...) a lever, under its own name
    funding: Floats  # (T, R) R&D expenditure, PPP billion dollars
    graduation: Floats  # (R, STUDY_YEARS) probability to graduate after that many completed years
    demand_2019: Floats  # (R,) smoothed demand for study places in 2019, people
    bar_top20: Floats  # (T,) bar on output for visibility
    bar_elite: Floats  # (T,) bar on output for the elite
    abroad_share: Floats  # (R,) share of industry jobs whose headquarters is elsewhere
    abroad_region: Integers  # (R,) and where it then is
    people_per_researcher: float


class Indices(NamedTuple):
    """What everyone knows at the start of a year: last year's stocks and indices."""

    ecosystem: Floats  # (R,) E_j, level
    pull: Floats  # (R,) e_j = ln(E_j / geometric mean)
    diaspora: Floats  # (R, R) people of an origin in a region
    demand: Floats  # (R,) smoothed demand for study places, people
    expected_success: Floats  # (R, R) adaptive expectation of student-visa success
    option_value: Floats  # (R, R, V) logsum of work after studying in a region


class Admission(NamedTuple):
    """What decides where those who begin to study in a year go."""

    year: int
    study_weight: Floats  # (R, V, Q, R)
    student_visa_refusal: Floats  # (R, R)
    entry_bar: Floats  # (R, R, Q, 2)
    border_closure: Floats  # (R, R)
    exit_gate: Floats  # (R, R, 2)
    postponement: float


class OwnRules(NamedTuple):
    """Rules of work in a year that depend on where somebody is, on the degree or on a fixed rank."""

    shuts: Bytes  # (R,) 1 where a bar or gate keeps some of an origin out of some job
    by_degree: Bytes  # (R,) 1 where some wait of an origin depends on the degree
    arrived: Floats  # (R, V, R) multiplier at the place where one is already: no wait for a work visa
    degree_pull: Floats  # (R, V, R) multiplier at the place of the degree: its own wait for residence


class Year(NamedTuple):
    """Tables of one year: utilities as race weights exp(V / lambda), gates and hazards as probabilities."""

    year: int
    study_weight: Floats  # (R, V, Q, R)
    student_visa_refusal: Floats  # (R, R)
    entry_bar: Floats  # (R, R, Q, 2)
    border_closure: Floats  # (R, R)
    sector_weight: Floats  # (R, V, R, 2) job weights by sector at mean talent, without taste, premium and inertia
    job_weight: Floats  # (R, V, Q, S, R) both sectors, without home premium and inertia
    industry_share: Floats  # (R, V, S, R) of that weight
    home_factor: Floats  # (R, Q, H, 1 + X) multiplier at home; 0: first job or at home, 1..: abroad by academic age
    authorised: Floats  # (R, Q, R, 2) probability that a hire from elsewhere is authorised
    direct: Floats  # (R, Q, R) probability that a graduate of a place needs no attempts for its industry
    post_study_attempts: Integers  # (R,) attempts of a graduate of a place, one a year
    work_visa_odds: Floats  # (R,) success of one of them, in industry
    mobility_area: Floats  # (R, R)
    settled: Bytes  # (R, R, 2, D) 1 where the wait for permanent residence is over, by where the degree is from
    forced_exit: Floats  # (R, R, 2)
    exit_gate: Floats  # (R, R, 2)
    study_pull: float  # multiplier at the study region, first job
    stay_pull: Floats  # (D,) multiplier at the present place, incumbents
    own: OwnRules
    relocation: Floats  # (R, R, 2, X, D) hazard by origin, place, where the degree is from, academic age, duration
    visible: Floats  # (R, Q, PROFILES) probability by place: students, then workers by academic age
    elite: Floats  # (R, Q, PROFILES)
    graduation: Floats  # (R, STUDY_YEARS)
    abroad_share: Floats  # (R,)
    abroad_region: Integers  # (R,)
    anglophone: Bytes  # (R,)
    dissimilarity: float
    visa_sensitive_share: float
    talent_up_to: Floats  # (R, Q)
    late_entry: float
    begun: Admission  # of the year in which late entrants began to study
    attrition_rate: float
    exit_rate: float
    postponement: float
    offshoring: Floats  # (R,) by the place that refused
    participation: Floats  # (R,)


DEFAULT_UNTIL: Final = 2035
"""Last year of a run unless asked otherwise."""


SECTORS: Final = ("academia", "industry")
"""Sector names in id order."""


LEVER_STAGES: Final = ("study", "work")
"""Names of the stages a lever can apply to, in id order."""


DEGREES: Final = ("here", "elsewhere")
"""Where a degree is from, as levers name it: the destination or not; in id order."""


DIASPORA_UNIT = 25.0  # people
