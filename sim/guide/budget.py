"""From a sum of money in the news to the size of a lever: dollars a year for each of some people, and what that assumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sim.scenarios.differences import number_text
from sim.scenarios.levers.declared import LEVERS, Lever

A_HEAD: Final = "dollars a year"
"""How the units of levers begin that are money for each person."""
IN_BILLIONS: Final = "billion dollars a year"
BILLION: Final = 1e9


@dataclass(frozen=True)
class Budget:
    """A sum of money and who gets it.

    Parameters
    ----------
    dollars
        In all, at purchasing power parity; above 0.
    years
        Over how many years; at least 1.
    people
        Who share it at any time; None where the lever is no money for each.
    """

    dollars: float
    years: int = 1
    people: float | None = None


class BudgetError(ValueError):
    """A budget that is no size of a lever; says what to do."""


def money_levers() -> tuple[str, ...]:
    """Name the levers that are sums of money."""
    return tuple(name for name, lever in LEVERS.items() if lever.unit.startswith((A_HEAD, IN_BILLIONS)))


def size_of_budget(lever: Lever, budget: Budget) -> tuple[float, str]:
    """Turn a budget into what is added to a lever, and say what that assumes.

    Parameters
    ----------
    lever
        In dollars a year for each, or in billion dollars a year.
    budget
        The money, the years and the people.

    Returns
    -------
    value
        To add, in the lever's unit; negative where the lever is a cost, of which the money takes away.
    evidence
        The assumption in words, with every number that it rests on.

    Raises
    ------
    BudgetError
        The lever is no sum of money, nobody or somebody too many is named, or the size lies beyond the lever's range.
    """
    if lever.name not in money_levers():
        raise BudgetError(f"{lever.name} is no sum of money; those that are: {', '.join(money_levers())}")
    a_year = budget.dollars / budget.years
    spread = f"{number_text(budget.dollars)} dollars over {budget.years} years" if budget.years > 1 else (
        f"{number_text(budget.dollars)} dollars a year"
    )  # fmt: skip
    if lever.unit.startswith(IN_BILLIONS):
        if budget.people is not None:
            raise BudgetError(f"{lever.name} is money for all together; leave out who shares it")
        value = a_year / BILLION
        told = f"{spread}, all of it new and spent in the place; prices at purchasing power"
    else:
        if budget.people is None:
            raise BudgetError(
                f"{lever.name} is money for each; say how many people share the budget: all who are paid from it, as the plan or "
                "the statistics of the country count them, not the researchers that the model follows"
            )
        value = a_year / budget.people
        told = (
            f"{spread}, shared alike by {number_text(budget.people)} people at any time: {number_text(round(value))} dollars a "
            "year for each, all of it new and none of it kept by the universities or spent on more places; at purchasing power"
        )
    if value > lever.high - lever.low:
        raise BudgetError(
            f"{number_text(round(value, 3))} {lever.unit} for each is beyond the range of {lever.name}, {number_text(lever.low)} "
            f"to {number_text(lever.high)}; is the number of people right?"
        )
    return -value if lever.restrictive else value, f"Assumption: {told}."
