"""Puts data, a draw's parameters and constants, and policies together into the world of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from sim.data.schema import Data
from sim.model.study import gravity
from sim.model.trends import cohort_people, drift_path, talent_up_to
from sim.model.world import FIRST_YEAR, LAST_YEAR, Coefficients, Floats, World
from sim.scenarios.levers.changes import Policies

MODEL_YEARS = LAST_YEAR - FIRST_YEAR + 1
USA, CHN, GBR, CAN, AUS, IND = "USA", "CHN", "GBR", "CAN", "AUS", "IND"
EUROPE = ("DEU", "FRA", "CHE", "NLD", "REU")
"""Regions whose origins are published together."""
OTHER_ANGLOPHONE = (GBR, CAN, AUS)
STANDARD_GRADUATION = (0.0, 0.0, 0.0, 0.0, 1.0 / 4.0, 2.0 / 3.0, 1.0)  # after 4, 5 or 6 years: mean 5
CHINESE_GRADUATION = (0.0, 0.0, 0.0, 0.0, 1.0 / 2.0, 1.0, 1.0)  # mean 4.5


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
    india_us: float  # logits, study in the USA for Indian origins beyond what the covariates explain
    china_anglophone: float  # logits, what draws Chinese origins to study in GBR, CAN and AUS and away from other third places
    early_visible: float  # visible share of the eligible before 2010
    binding: Floats  # (51,) 1 where the visible share was cut at its limit
    error: float  # largest error of a share that was left

    def arrays(self) -> dict[str, Floats]:
        """List the constants by name as arrays (for storing and hashing)."""
        return {field.name: np.asarray(getattr(self, field.name), dtype=np.float64) for field in fields(self)}


def ties_of_study(data: Data, parameters: Mapping[str, float], constants: Constants) -> Floats:
    """Compute (R, R) pair terms of study utility: language, distance, and two solved corridors.

    The corridor of China tilts: what it adds to GBR, CAN and AUS it takes from the other third places, so that the split
    among them is solved and the constants of USA and CHN, which every origin shares, are not.
    """
    table = gravity(data.distance_km, data.common_language, parameters["distance_friction"], parameters["language_pull"])
    table[data.codes.index(IND), data.codes.index(USA)] += constants.india_us
    for code in data.codes:
        if code not in (USA, CHN):
            tilt = constants.china_anglophone if code in OTHER_ANGLOPHONE else -constants.china_anglophone
            table[data.codes.index(CHN), data.codes.index(code)] += tilt
    return table


def by_origin(codes: tuple[str, ...], parameters: Mapping[str, float], prefix: str, named: tuple[str, ...]) -> Floats:
    """Spread parameters prefix_<code> (for the named origins) and prefix_other over (R,) origins."""
    return np.array([parameters[f"{prefix}_{code.lower()}" if code in named else f"{prefix}_other"] for code in codes])


def by_name(codes: tuple[str, ...], parameters: Mapping[str, float], prefix: str) -> Floats:
    """Spread the parameters prefix_<code> over (R,) regions; 0 where there is none."""
    return np.array([parameters.get(f"{prefix}_{code.lower()}", 0.0) for code in codes])


def cohort_growth(codes: tuple[str, ...], parameters: Mapping[str, float]) -> Floats:
    """Compute (R,) growth of cohorts a year to 2019: that of CHN, of IND or of all others, and what an origin's own adds."""
    own = by_name(codes, parameters, "growth_offset")
    europe = np.array([code in EUROPE for code in codes]) * parameters.get("growth_offset_europe", 0.0)
    return by_origin(codes, parameters, "cohort_growth", (CHN, IND)) + own + europe


def levers_in_force(policies: Policies, span: int) -> Policies:
    """Cut the levers to the years of a run; mobility lifts its share of visa friction, attempts are whole numbers."""
    cut = Policies(**{name: array[:span] for name, array in policies._asdict().items()})
    friction = 1.0 - cut.mobility_area
    return cut._replace(
        student_visa_refusal=cut.student_visa_refusal * friction,
        visa_delay=cut.visa_delay * friction,
        work_visa_delay=cut.work_visa_delay * friction,
        residence_wait=cut.residence_wait * friction[..., np.newaxis],
        post_study_attempts=np.floor(cut.post_study_attempts + 0.5),
    )


def make_world(
    data: Data,
    parameters: Mapping[str, float],
    constants: Constants,
    policies: Policies,
    until: int,
    weight: float,
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
    growth = cohort_growth(codes, parameters)
    growth_saturation = float(parameters["growth_saturation_years"])
    drift_saturation = float(parameters["drift_saturation_years"])
    yearly_drift = np.where(np.array(codes) == CHN, parameters["china_drift"], by_name(codes, parameters, "drift_offset"))
    study_only = np.where(np.array(codes) == CHN, parameters["china_study_drift"], 0.0)
    drift = drift_path(yearly_drift, drift_saturation, span)
    talent = by_name(codes, parameters, "talent_mean")
    shock = policies.place_shock[:span]
    abroad_region = np.arange(len(codes), dtype=np.int64)
    abroad_region[codes.index(GBR)] = codes.index(USA)
    return World(
        coefficients=Coefficients(**{name: float(parameters[name]) for name in Coefficients._fields}),
        anglophone=np.array([region.anglophone for region in data.regions], dtype=np.uint8),
        home_study=np.full(len(codes), parameters["home_study"]),
        home_work=by_origin(codes, parameters, "home_work", (USA, CHN, IND)),
        gravity=ties_of_study(data, parameters, constants),
        study_constant=constants.study_constant,
        work_constant=constants.work_constant,
        industry_constant=constants.industry_constant[:span],
        study_drift=drift + drift_path(study_only, drift_saturation, span) + shock + policies.doctoral_quality[:span],
        work_drift=drift + shock,
        place_effect=constants.place_effect,
        cohort=cohort_people(constants.cohort_level, growth, growth_saturation, policies.cohort_size[:span]),
        talent_up_to=talent_up_to(talent),
        levers=levers_in_force(policies, span),
        funding=data.research_funding[:span],
        graduation=np.array([CHINESE_GRADUATION if code == CHN else STANDARD_GRADUATION for code in codes]),
        demand_2019=constants.demand_2019,
        bar_top20=constants.bar_top20[:span],
        bar_elite=constants.bar_elite[:span],
        abroad_share=constants.abroad_share,
        abroad_region=abroad_region,
        people_per_researcher=weight,
    )
