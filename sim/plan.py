"""What decides the numbers of a run, as seen by those who name, store and read runs."""

from typing import Protocol

from sim.scenarios.scenario import Scenario


class Plan(Protocol):
    """What decides the numbers of a run; `sim.experiment.RunPlan` is one."""

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
