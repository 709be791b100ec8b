"""How long draws will take to solve that nobody has solved: said before the work begins, for data that nothing ships for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from sim.draws.constants import COARSE_PATTERNS, Equations
from sim.draws.draw import draw_key, known_draw, policies_in_force
from sim.draws.targets import solved_targets
from sim.scenarios.scenario import Basis

STEPS = 50
"""Coarse steps that take as long as a solution: 38 to 55 were measured for 5 and 21 regions."""

SolvePoint = tuple[int, Mapping[str, float]]
"""Number of a draw and its parameters."""


def unsolved_points(basis: Basis, points: Iterable[SolvePoint]) -> list[SolvePoint]:
    """List the points that nobody has solved, each once."""
    named = {draw_key(basis, parameters, number): (number, parameters) for number, parameters in points}
    return [(number, parameters) for number, parameters in named.values() if known_draw(basis, parameters, number) is None]


def seconds_to_solve(basis: Basis, point: SolvePoint) -> float:
    """Estimate how long one point takes, from the time of one coarse step."""
    number, parameters = point
    policies = policies_in_force(basis.data, basis.baseline, parameters, number)
    problem = Equations(basis.data, parameters, policies, solved_targets(basis.data, number))
    x = problem.pack(problem.guess)
    problem.step(x, COARSE_PATTERNS, 1)  # what is compiled is loaded
    start = time.perf_counter()
    problem.step(x, COARSE_PATTERNS, 1)
    return STEPS * (time.perf_counter() - start)
