"""Makes a draw: solves the constants and bar paths of a parameter vector on the baseline's expected flows.

Everything is solved jointly: regional constants on the headquarters census of 2019, cohort levels on published origins, study
constants on three published transitions, place effects on the elite of 2022, the industry constant on first jobs, the bars on
the number of authors (version 1, section 8). The solution is a fixed point of damped inversions, sped up by Anderson mixing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from scipy.optimize import NoConvergence, anderson

from sim.choice import Floats
from sim.compiled import compiled
from sim.data import Data
from sim.expected import ExpectedYear, Visibility, expected_years
from sim.policy import Policies
from sim.world import (
    BASE_YEAR,
    FIRST_YEAR,
    LAST_YEAR,
    REFERENCE_RESEARCHERS,
    REFERENCE_YEAR,
    REPORT_FROM,
    STUDY_YEARS,
    Coefficients,
    World,
)

YEARS = LAST_YEAR - FIRST_YEAR + 1
USA, CHN, GBR, CAN, IND = "USA", "CHN", "GBR", "CAN", "IND"
GAMMA_LIMIT = 0.9
DRIFT_STARTS = 2010
FIRST_DOCTORS = 2005
STANDARD_GRADUATION = (0.0, 0.0, 0.0, 0.0, 1.0 / 4.0, 2.0 / 3.0, 1.0)  # after 4, 5 or 6 years: mean 5
CHINESE_GRADUATION = (0.0, 0.0, 0.0, 0.0, 1.0 / 2.0, 1.0, 1.0)  # mean 4.5
TOLERANCE = 0.0005  # of a share: half of the 0.1 point that is asked for


class NotSolved(RuntimeError):
    """The constants of a parameter vector could not be solved; the message says how far off they stayed."""


@dataclass(frozen=True)
class Constants:
    """What is solved for one parameter vector; together they make a draw."""

    study_constant: Floats  # (R,) logits
    work_constant: Floats  # (R,) logits
    cohort_level: Floats  # (R,) ln people in 2015
    industry_constant: Floats  # (51,) logits
    place_effect: Floats  # (R,) sd of talent
    bar_top20: Floats  # (51,) output
    bar_elite: Floats  # (51,) output
    demand_2019: Floats  # (R,) people
    abroad_share: Floats  # (R,) share of industry jobs
    early_visible: float  # visible share of the eligible before 2010
    binding: Floats  # (51,) 1 where the visible share was cut at its limit

    def arrays(self) -> dict[str, Floats]:
        """List the constants by name as arrays (for storing and hashing)."""
        return {field.name: np.asarray(getattr(self, field.name), dtype=np.float64) for field in fields(self)}


def own_stock_elasticity(parameters: Mapping[str, float]) -> float:
    """Compute Gamma, the elasticity of a region's pull to its own stock; 1 / (1 - Gamma) is the long-run multiplier."""
    weights = parameters["ecosystem_weight_top"] + parameters["ecosystem_weight_elite"]
    pull = parameters["ecosystem_pull"] * weights + parameters["diaspora_pull"]
    return pull / parameters["nest_dissimilarity"]


def is_stable(parameters: Mapping[str, float]) -> bool:
    """Tell whether a vector is admissible: Gamma below GAMMA_LIMIT and ecosystem weights that leave a rest."""
    used = sum(parameters[f"ecosystem_weight_{part}"] for part in ("top", "elite", "capital"))
    return own_stock_elasticity(parameters) < GAMMA_LIMIT and used <= 1.0


@compiled
def saturating(t: float, saturation: float) -> float:
    """Compute years of growth since 2019: as many as passed before 2019, T_g (1 - exp(-(t - 2019) / T_g)) after."""
    if t <= 2019.0:
        return t - 2019.0
    return saturation * (1.0 - math.exp(-(t - 2019.0) / saturation))


@compiled
def cohort_people(level: Floats, growth: Floats, saturation: float, factor: Floats) -> Floats:
    """Compute (T, R) people who enter: ln B = b + g (4 + saturating years since 2019), times the cohort-size lever."""
    people = np.empty(factor.shape)
    for t in range(factor.shape[0]):
        years = 4.0 + saturating(2000.0 + t, saturation)
        for o in range(factor.shape[1]):
            people[t, o] = math.exp(level[o] + growth[o] * years) * factor[t, o]
    return people


@compiled
def drift_path(yearly: Floats, saturation: float, years: int) -> Floats:
    """Compute (T, R) drift: constant to 2010, linear to zero in 2019, saturating after."""
    drift = np.empty((years, yearly.shape[0]))
    for t in range(years):
        passed = max(saturating(2000.0 + t, saturation), -9.0)
        for j in range(yearly.shape[0]):
            drift[t, j] = yearly[j] * passed
    return drift


@compiled
def gravity(distance_km: Floats, language: Floats, distance_friction: float, language_pull: float) -> Floats:
    """Compute (R, R) language and distance terms of study: beta_L language - beta_D ln(1 + km / 1000)."""
    table = np.empty(distance_km.shape)
    for o in range(distance_km.shape[0]):
        for j in range(distance_km.shape[1]):
            friction = distance_friction * math.log(1.0 + distance_km[o, j] / 1000.0)
            table[o, j] = 0.0 if o == j else language_pull * language[o, j] - friction
    return table


def by_origin(codes: tuple[str, ...], parameters: Mapping[str, float], prefix: str, named: tuple[str, ...]) -> Floats:
    """Spread parameters prefix_<code> (for the named origins) and prefix_other over (R,) origins."""
    return np.array(
        [parameters[f"{prefix}_{code.lower()}" if code in named else f"{prefix}_other"] for code in codes]
    )


def make_world(
    data: Data, parameters: Mapping[str, float], constants: Constants, policies: Policies, until: int, weight: float
) -> World:
    """Put data, a draw and policies together into what the engines read.

    Parameters
    ----------
    data : the packaged tables.
    parameters : every parameter by name.
    constants : solved for these parameters.
    policies : levers in force, (T, ...) from 2000, T at least until - 1999.
    until : last year, 2000..2050.
    weight : people per simulated researcher, above 0.

    Returns
    -------
    The world of the run.
    """
    span = until - FIRST_YEAR + 1
    codes = data.codes
    coefficients = Coefficients(**{name: float(parameters[name]) for name in Coefficients._fields})
    growth = by_origin(codes, parameters, "cohort_growth", (CHN, IND))
    yearly_drift = np.where(np.array(codes) == CHN, parameters["china_drift"], 0.0)
    saturation = coefficients.growth_saturation_years
    graduation = np.array([CHINESE_GRADUATION if code == CHN else STANDARD_GRADUATION for code in codes])
    assert graduation.shape[1] == STUDY_YEARS
    abroad_region = np.arange(len(codes), dtype=np.int64)
    abroad_region[codes.index(GBR)] = codes.index(USA)
    return World(
        coefficients=coefficients,
        anglophone=np.array([region.anglophone for region in data.regions], dtype=np.uint8),
        home_study=by_origin(codes, parameters, "home_study", (CHN, IND)),
        home_work=by_origin(codes, parameters, "home_work", (USA, CHN, IND)),
        gravity=gravity(
            data.distance_km, data.common_language, parameters["distance_friction"], parameters["language_pull"]
        ),
        study_constant=constants.study_constant,
        work_constant=constants.work_constant,
        industry_constant=constants.industry_constant[:span],
        drift=drift_path(yearly_drift, saturation, span),
        place_effect=constants.place_effect,
        cohort=cohort_people(constants.cohort_level, growth, saturation, policies.cohort_size[:span]),
        stipend=policies.phd_stipend[:span],
        pay=data.research_pay[:span],
        refusal=policies.student_visa_refusal[:span],
        bar=policies.entry_bar[:span],
        closure=policies.border_closure[:span],
        delay=policies.visa_delay[:span],
        hostility=policies.hostility[:span],
        places=policies.phd_places[:span],
        odds=policies.work_visa_odds[:span],
        attempts=data.post_study_attempts[:span].astype(np.float64),
        wait=data.residence_wait[:span],
        free_movement=data.free_movement[:span].astype(np.uint8),
        return_bonus=policies.return_bonus[:span],
        funding=data.research_funding[:span],
        capital=data.capital[:span],
        graduation=graduation,
        demand_2019=constants.demand_2019,
        bar_top20=constants.bar_top20[:span],
        bar_elite=constants.bar_elite[:span],
        abroad_share=constants.abroad_share,
        abroad_region=abroad_region,
        people_per_researcher=weight,
    )


def first_guess(data: Data) -> Constants:
    """Make a starting point for the solution from published shares alone."""
    work = np.log(np.maximum(data.work_target_2019, 1e-4))
    origin = np.log(np.maximum(data.origin_target_2019, 1e-4))
    regions = len(data.codes)
    constant = 0.5 * (work - work.mean())
    return Constants(
        study_constant=constant.copy(),
        work_constant=constant,
        cohort_level=origin + math.log(1500.0),
        industry_constant=np.full(YEARS, -0.5),
        place_effect=np.zeros(regions),
        bar_top20=np.full(YEARS, 0.5),
        bar_elite=np.full(YEARS, 2.0),
        demand_2019=np.full(regions, 1.0),
        abroad_share=np.where(np.array(data.codes) == GBR, 0.7, 0.0),
        early_visible=0.3,
        binding=np.zeros(YEARS),
    )
