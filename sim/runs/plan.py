"""What is asked of a run: the plan, and what of it decides numbers."""

from dataclasses import dataclass, field

from sim.draws.ensemble import Ensemble, find_ensemble
from sim.scenarios.scenario import Basis, Scenario


@dataclass(frozen=True)
class RunPlan:
    """What is asked of the runs of one scenario.

    Parameters
    ----------
    scenario
        The resolved scenario.
    basis
        The tables, and the baseline on which draws are solved.
    draws, replicates
        Number of parameter draws, and of replicates of each.
    seed
        Of the keyed random numbers.
    researchers
        Active researchers in 2022 on the baseline, the scale of the run.
    until
        Last year.
    ensemble
        That draws are of; the shipped one unless another is given.
    engine, workers, check_invariants
        How it is executed; they change no number.
    """

    scenario: Scenario
    basis: Basis
    draws: int = 100
    replicates: int = 2
    seed: int = 1
    researchers: int = 20_000
    until: int = 2035
    engine: str = "arrays"
    workers: int = 1
    check_invariants: bool = False
    ensemble: Ensemble = field(default_factory=find_ensemble)
