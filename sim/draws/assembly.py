"""Puts data, a draw's parameters and constants, and policies together into the world of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.data.declared import CORRIDOR, REMOTE_SHARE, STUDY_CONSTANT, TILT
from sim.data.schema import Data
from sim.model.study import gravity
from sim.model.trends import cohort_people, drift_path, talent_up_to
from sim.model.world import FIRST_YEAR, LAST_YEAR, Coefficients, Floats, World
from sim.scenarios.levers.changes import Policies

MODEL_YEARS = LAST_YEAR - FIRST_YEAR + 1
STANDARD_GRADUATION = (0.0, 0.0, 0.0, 0.0, 1.0 / 4.0, 2.0 / 3.0, 1.0)  # after 4, 5 or 6 years: mean 5
EARLY_GRADUATION = (0.0, 0.0, 0.0, 0.0, 1.0 / 2.0, 1.0, 1.0)  # mean 4.5


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
    india_us: float  # logits, the corridor of solved.csv: study beyond what the covariates explain, as of Indians in the USA
    china_anglophone: float  # logits, its tilt: what draws to some third places and away from others, as of Chinese origins
    early_visible: float  # visible share of the eligible before 2010
    binding: Floats  # (51,) 1 where the visible share was cut at its limit
    error: float  # largest error of a share that was left

    def arrays(self) -> dict[str, Floats]:
        """List the constants by name as arrays (for storing and hashing)."""
        return {field.name: np.asarray(getattr(self, field.name), dtype=np.float64) for field in fields(self)}


def ties_of_study(data: Data, parameters: Mapping[str, float], constants: Constants) -> Floats:
    """Compute (R, R) pair terms of study utility: language, distance, and the solved corridor and tilt.

    What a tilt adds to its destinations it takes from the other third places, so that the split among them is solved and the
    study constants that are solved on the same origin, and that every origin shares, are not.
    """
    table = gravity(data.distance_km, data.common_language, parameters["distance_friction"], parameters["language_pull"])
    for row in data.solved_on(CORRIDOR):
        table[data.codes.index(row.origin), data.codes.index(row.destination[0])] += constants.india_us
    for row in data.solved_on(TILT):
        shared = {code for each in data.solved_on(STUDY_CONSTANT) if each.origin == row.origin for code in each.destination}
        for code in data.codes:
            if code not in shared:
                tilt = constants.china_anglophone if code in row.destination else -constants.china_anglophone
                table[data.codes.index(row.origin), data.codes.index(code)] += tilt
    return table


def by_origin(codes: tuple[str, ...], parameters: Mapping[str, float], prefix: str) -> Floats:
    """Spread the parameters prefix_<code>, and prefix_other where there is none, over (R,) origins."""
    other = parameters[f"{prefix}_other"]
    return np.array([parameters.get(f"{prefix}_{code.lower()}", other) for code in codes])


def by_name(codes: tuple[str, ...], parameters: Mapping[str, float], prefix: str) -> Floats:
    """Spread the parameters prefix_<code> over (R,) regions; 0 where there is none."""
    return np.array([parameters.get(f"{prefix}_{code.lower()}", 0.0) for code in codes])


def having(data: Data, role: str) -> NDArray[np.bool_]:
    """Mark the (R,) regions with a role."""
    return np.array([code in data.having(role) for code in data.codes])


def cohort_growth(data: Data, parameters: Mapping[str, float]) -> Floats:
    """Compute (R,) growth of cohorts a year to 2019: that of an origin or of all others, and what its own and Europe's add."""
    own = by_name(data.codes, parameters, "growth_offset")
    europe = having(data, "shared_growth") * parameters.get("growth_offset_europe", 0.0)
    return by_origin(data.codes, parameters, "cohort_growth") + own + europe


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
    growth = cohort_growth(data, parameters)
    growth_saturation = float(parameters["growth_saturation_years"])
    drift_saturation = float(parameters["drift_saturation_years"])
    yearly_drift = np.where(having(data, "catching_up"), parameters["china_drift"], by_name(codes, parameters, "drift_offset"))
    study_only = np.where(having(data, "catching_up"), parameters["china_study_drift"], 0.0)
    drift = drift_path(yearly_drift, drift_saturation, span)
    talent = by_name(codes, parameters, "talent_mean")
    shock = policies.place_shock[:span]
    abroad_region = np.arange(len(codes), dtype=np.int64)
    for row in data.solved_on(REMOTE_SHARE):
        abroad_region[codes.index(row.origin)] = codes.index(row.destination[0])
    return World(
        coefficients=Coefficients(**{name: float(parameters[name]) for name in Coefficients._fields}),
        anglophone=np.array([region.anglophone for region in data.regions], dtype=np.uint8),
        home_study=np.full(len(codes), parameters["home_study"]),
        home_work=by_origin(codes, parameters, "home_work"),
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
        graduation=np.array([EARLY_GRADUATION if early else STANDARD_GRADUATION for early in having(data, "early_degree")]),
        demand_2019=constants.demand_2019,
        bar_top20=constants.bar_top20[:span],
        bar_elite=constants.bar_elite[:span],
        abroad_share=constants.abroad_share,
        abroad_region=abroad_region,
        people_per_researcher=weight,
    )
