"""Logarithms that enter the utilities of a year, taken once for all classes and pairs that share them."""

import math
from typing import NamedTuple

import numpy as np

from sim.choice import Floats
from sim.compiled import compiled, inlined
from sim.world import INDUSTRY, Indices, World

LEAST_EXPECTED = 0.01  # success that a deterred person still expects, so that its logarithm exists
DIASPORA_UNIT = 25.0  # people


@compiled
def hire_chances(world: World, t: int) -> Floats:
    """Compute (R, 2) the probability c that a hire from elsewhere is authorised without mobility, by region and sector.

    The odds in academia, 1 - (1 - odds)**attempts in industry. Whoever has no stay after a degree is hired by an attempt of
    the employer's, as from abroad.
    """
    table = world.odds[t].copy()
    for j in range(table.shape[0]):
        table[j, INDUSTRY] = 1.0 - math.pow(1.0 - table[j, INDUSTRY], max(world.attempts[t, j], 1.0))
    return table


@inlined
def authorisation(world: World, t: int, o: int, j: int, chance: float) -> float:
    """Compute the probability c + (1 - c) m that work is authorised, m the mobility; 1 at home."""
    if o == j:
        return 1.0
    return chance + (1.0 - chance) * world.mobility[t, o, j]


class StudyLogs(NamedTuple):
    """Logarithms of a year that enter the utility of studying."""

    stipend: Floats  # (R, R)
    success: Floats  # (R, R) of the expected success of an application for a student visa
    people: Floats  # (R, R) ln(1 + M / 25)


class JobLogs(NamedTuple):
    """Logarithms of a year that enter the utility of working."""

    pay: Floats  # (R, R, 2)
    authorised: Floats  # (R, R, 2) of the expected success of a hire
    people: Floats  # (R, R) ln(1 + M / 25)


@compiled
def logarithms(values: Floats) -> Floats:
    """Compute the logarithms of a table (R, ...); an origin with the value of the one before it has its logarithm too."""
    flat = values.reshape(values.shape[0], values.size // values.shape[0])
    logs = np.empty(flat.shape)
    for o in range(flat.shape[0]):
        for k in range(flat.shape[1]):
            is_known = o > 0 and flat[o, k] == flat[o - 1, k]
            logs[o, k] = logs[o - 1, k] if is_known else math.log(flat[o, k])
    return logs.reshape(values.shape)


@compiled
def study_logs(world: World, indices: Indices, t: int) -> StudyLogs:
    """Take the logarithms that enter the utility of studying in a year."""
    people = logarithms(1.0 + indices.diaspora / DIASPORA_UNIT)
    return StudyLogs(logarithms(world.stipend[t]), logarithms(indices.expected_success), people)


@compiled
def job_logs(world: World, indices: Indices, t: int) -> JobLogs:
    """Take the logarithms that enter the utility of working in a year."""
    chances = hire_chances(world, t)
    authorised = np.empty(world.pay[t].shape)
    for o in range(authorised.shape[0]):
        for j in range(authorised.shape[1]):
            for s in range(2):
                authorised[o, j, s] = max(authorisation(world, t, o, j, chances[j, s]), LEAST_EXPECTED)
    people = logarithms(1.0 + indices.diaspora / DIASPORA_UNIT)
    return JobLogs(logarithms(world.pay[t]), logarithms(authorised), people)
