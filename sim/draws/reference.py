"""Fits the reference point: one parameter vector that meets the targets of 2019 and 2022 as closely as its priors allow.

It serves tests, examples, variants and benchmarks; it is not a prior and no ensemble. The fit is a maximum a posteriori: squared
misses of published targets over their errors, plus squared distances from the prior medians over the prior spreads. Among the
targets is one experiment: the model with and without the tensions of 2016-19 shows the effect that was measured on entry.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from scipy.optimize import least_squares

from sim.data.declared import CHN, OTHER_ANGLOPHONE, USA
from sim.data.distributions import quantile
from sim.data.schema import Data
from sim.draws.constants import TOLERANCE, Phase, mix
from sim.draws.draw import REFERENCE, equations_of
from sim.draws.solver import Mixer, first_unknowns, shipped_start
from sim.engines.expected.years import ExpectedYear
from sim.model.world import BASE_YEAR, REFERENCE_YEAR, Floats
from sim.scenarios.scenario import Basis, Scenario

FREE = (
    "study_region_pull", "home_work_usa", "home_work_chn", "home_work_ind", "home_work_other", "cohort_growth_chn",
    "cohort_growth_ind", "cohort_growth_other", "china_drift", "late_entry", "exit_rate", "ecosystem_pull", "nest_dissimilarity",
)  # fmt: skip
PATTERNS = 16
TIES = 3
ONE_SIGMA = 0.8413447460685429
STUDENT_SHARE = (0.37, 0.10)  # of the author slots of 2021 with a known position (model.md, finding 5)
TENSIONS = ("us-china-tensions-2016-17", "china-initiative")
"""Levers of the baseline without which there would have been no tensions in the years of TENSE."""
TENSE = (2017, 2019)
LOST_ENTRY = (0.155, 0.03)
"""Part of the Chinese entry to US doctoral study lost to the tensions: 15 to 16 % (FLYNN; the error is an assumption)."""
DEFLECTED = (0.57, 0.15)
"""Part of the lost found in GBR, CAN and AUS: 2.1 of 3.7 points (FLYNN; the error is an assumption)."""
SHIFT = 5.0  # moves the unknowns away from 0, where relative finite differences vanish
STEP = 0.25  # of a prior's spread


def targets(data: Data) -> dict[str, tuple[float, float]]:
    """List what the reference point is fitted to: value and standard error by name."""
    found = {target.id: (target.value, max(target.sd or 0.0, 0.01)) for target in data.targets}
    census = {code: found[f"C22H-{code}"][0] for code in ("US", "CN", "HK")}
    return {
        "work US 2022 census": (census["US"], found["C22H-US"][1]),
        "work CN 2022 census": (census["CN"] + census["HK"], found["C22H-CN"][1]),
        "work US 2022": found["M22-W-US"],
        "work CN 2022": found["M22-W-CN"],
        "origin CN 2022": found["M22-O-CN"],
        "origin US 2022": found["M22-O-US"],
        "origin EU 2022": found["M22-O-EU"],
        "origin IN 2022": found["M22-O-IN"],
        "US-trained stay 2022": found["M22-T-USGUS"],
        "CN-trained stay 2022": found["M22-T-CNGCN"],
        "CN origin, US degree, US work 2019": found["M19-T-CNPHDUS"],
        "CN origin, US degree, CN work 2019": found["M19-T-CNPHDCN"],
        "US workforce from CN 2022": found["M22-USC-CN"],
        "US workforce from US 2022": found["M22-USC-US"],
        "US workforce from CN 2019": found["M19-USC-CN"],
        "US workforce from US 2019": found["M19-USC-US"],
        "abroad 2019": found["M19-MOB"],
        "abroad 2022": found["M22-MOB"],
        "students 2022": STUDENT_SHARE,
        "entry lost to tensions": LOST_ENTRY,
        "lost entry in GBR, CAN, AUS": DEFLECTED,
    }


def without(scenario: Scenario, ids: tuple[str, ...]) -> Scenario:
    """Take levers out of a scenario by id.

    Raises
    ------
    ValueError : the scenario does not have each of them once.
    """
    layers = tuple(tuple(change for change in layer if change.id not in ids) for layer in scenario.layers)
    if sum(map(len, scenario.layers)) - sum(map(len, layers)) != len(ids):
        raise ValueError(f"{scenario.name} does not have each of {', '.join(ids)} once")
    return replace(scenario, layers=layers)


def tension_effect(tense: Floats, calm: Floats, data: Data) -> dict[str, float]:
    """Compute what tensions do to entry.

    Parameters
    ----------
    tense, calm : (R,) Chinese origins who entered graduate study in the years of TENSE, with and without the tensions.
    data : the packaged tables.

    Returns
    -------
    The part of the entry to the USA that is lost, and the part of the lost that is found in GBR, CAN and AUS; by the names of
    `targets`.
    """
    usa = data.codes.index(USA)
    others = [data.codes.index(code) for code in OTHER_ANGLOPHONE]
    lost = calm[usa] - tense[usa]
    return {
        "entry lost to tensions": float(lost / calm[usa]),
        "lost entry in GBR, CAN, AUS": float((tense - calm)[others].sum() / lost),
    }


def tense_entrants(years: Iterable[ExpectedYear], data: Data) -> Floats:
    """Count (R,) Chinese origins who entered graduate study in the years of TENSE."""
    first, last = TENSE
    entered: Floats = np.sum([year.entry[data.codes.index(CHN)] for year in years if first <= year.year <= last], axis=0)
    return entered


def reference_values(years: Mapping[int, ExpectedYear], data: Data) -> dict[str, float]:
    """Compute from expected years what `targets` lists."""
    usa, chn, ind = (data.codes.index(code) for code in ("USA", "CHN", "IND"))
    europe = [data.codes.index(code) for code in ("DEU", "FRA", "CHE", "NLD", "REU")]
    base, last = years[BASE_YEAR], years[REFERENCE_YEAR]
    work = last.shares[0, 2] / last.shares[0, 2].sum()
    origin = last.shares[0, 0] / last.shares[0, 0].sum()
    careers = last.careers
    china = base.careers[chn, usa]
    force = {year.year: workforce_counts(year) for year in (base, last)}
    in_us = {year: table[:, usa] / table[:, usa].sum() for year, table in force.items()}
    home = {year: float(np.trace(table) / table.sum()) for year, table in force.items()}
    return {
        "work US 2022 census": work[usa],
        "work CN 2022 census": work[chn],
        "work US 2022": work[usa],
        "work CN 2022": work[chn],
        "origin CN 2022": origin[chn],
        "origin US 2022": origin[usa],
        "origin EU 2022": origin[europe].sum(),
        "origin IN 2022": origin[ind],
        "US-trained stay 2022": careers[:, usa, usa].sum() / careers[:, usa].sum(),
        "CN-trained stay 2022": careers[:, chn, chn].sum() / careers[:, chn].sum(),
        "CN origin, US degree, US work 2019": china[usa] / china.sum(),
        "CN origin, US degree, CN work 2019": china[chn] / china.sum(),
        "US workforce from CN 2022": in_us[REFERENCE_YEAR][chn],
        "US workforce from US 2022": in_us[REFERENCE_YEAR][usa],
        "US workforce from CN 2019": in_us[BASE_YEAR][chn],
        "US workforce from US 2019": in_us[BASE_YEAR][usa],
        "abroad 2019": 1.0 - home[BASE_YEAR],
        "abroad 2022": 1.0 - home[REFERENCE_YEAR],
        "students 2022": 1.0 - careers.sum() / last.shares[0, 0].sum(),
    }


def workforce_counts(year: ExpectedYear) -> Floats:
    """Count (R, R) visible people by origin and work region, students at their university."""
    students: Floats = year.studying - year.careers.sum(axis=2)
    table: Floats = year.careers.sum(axis=1) + students
    return table


def prior_scale(data: Data, name: str) -> tuple[float, float]:
    """Find the median and the spread (half the central 68 %) of a prior."""
    parameter = next(p for p in data.parameters if p.name == name)
    if parameter.prior is None:
        raise ValueError(f"{name} has no prior and cannot be fitted")
    low, middle, high = (quantile(parameter.prior, u, parameter.low, parameter.high) for u in (1 - ONE_SIGMA, 0.5, ONE_SIGMA))
    return middle, 0.5 * (high - low)


def fit_reference(basis: Basis, most: int = 4, report: Callable[[str], None] | None = None) -> dict[str, float]:
    """Fit the free parameters of the reference point, from the values of reference.toml if there are any.

    Parameters
    ----------
    basis : the tables and the baseline.
    most : iterations of the least squares.
    report : called with a line of progress.

    Returns
    -------
    Fitted values by name; all other parameters stay at their defaults.
    """
    data = basis.data
    scales = [prior_scale(data, name) for name in FREE]
    wanted, relaxed = targets(data), replace(basis, baseline=without(basis.baseline, TENSIONS))
    start: list[Floats] = []

    def residuals(shifted: Floats) -> Floats:
        z = shifted - SHIFT
        values = {name: middle + spread * float(u) for name, (middle, spread), u in zip(FREE, scales, z, strict=True)}
        parameters = {p.name: p.default for p in data.parameters} | values
        problem = equations_of(basis, parameters, REFERENCE)
        x = mix(
            problem,
            start[0] if start else first_unknowns(shipped_start(), parameters, problem.targets.errors),
            Phase(PATTERNS, TIES, 12 if start else 40, TOLERANCE, 8, 1),
            Mixer(shipped_start().preconditioner),
        )
        start[:] = [x]
        years = list(problem.walk(problem.unpack(x), REFERENCE_YEAR, PATTERNS, TIES))
        calm = equations_of(relaxed, parameters, REFERENCE)
        others = list(calm.walk(problem.unpack(x), TENSE[1], PATTERNS, TIES))
        seen = reference_values({year.year: year for year in years}, data)
        seen |= tension_effect(tense_entrants(years, data), tense_entrants(others, data), data)
        misses = [(seen[name] - value) / error for name, (value, error) in wanted.items()]
        cost = math.fsum(miss * miss for miss in misses)
        if report is not None:
            report(
                f"misfit {cost:.2f} on {len(misses)} targets, prior {math.fsum(z * z):.2f}, deflected "
                f"{seen['lost entry in GBR, CAN, AUS']:.3f}, largest error of a constant {problem.error:.4f}"
            )
        return np.array([*misses, *z])

    centre = np.full(len(FREE), SHIFT)
    fitted = [data.reference.get(name, middle) for name, (middle, _) in zip(FREE, scales, strict=True)]
    before = [(value - middle) / spread for value, (middle, spread) in zip(fitted, scales, strict=True)]
    found = least_squares(
        residuals, centre + np.clip(before, -2.4, 2.4), bounds=(centre - 2.5, centre + 2.5), diff_step=STEP / SHIFT, max_nfev=most
    )
    return {
        name: round(middle + spread * float(u), 4)
        for name, (middle, spread), u in zip(FREE, scales, found.x - SHIFT, strict=True)
    }
