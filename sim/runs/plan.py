"""What is asked of a run: the plan, and what of it decides numbers."""

from dataclasses import dataclass
from typing import Protocol

from sim.scenarios.scenario import Scenario


class Plan(Protocol):
    """What decides the numbers of a run; `sim.runs.plan.RunPlan` is one."""

    @property
    def scenario(self) -> Scenario:
        """The resolved scenario."""

    @property
    def draws(self) -> int:
        """Number of parameter draws."""

    @property
    def replicates(self) -> int:
        """Number of replicates of each draw."""

    @property
    def seed(self) -> int:
        """Seed of the keyed random numbers."""

    @property
    def researchers(self) -> int:
        """Active researchers in 2022 on the baseline, the scale of the run."""

    @property
    def until(self) -> int:
        """Last year."""

    @property
    def engine(self) -> str:
        """Engine that walks the years; it changes no number."""


@dataclass(frozen=True)
class RunPlan:
    """What `talentsim run` was asked to do for one scenario."""

    scenario: Scenario
    draws: int = 100
    replicates: int = 2
    seed: int = 1
    researchers: int = 20_000
    until: int = 2035
    engine: str = "arrays"
    workers: int = 1
    check_invariants: bool = False
