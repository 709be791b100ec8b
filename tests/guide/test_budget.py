"""A sum of money as the size of a lever: what it adds for each, and what that assumes."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.guide.budget import Budget, BudgetError, money_levers, size_of_budget
from sim.scenarios.levers.declared import LEVERS

Call = Callable[..., tuple[int, str, str]]


def test_money_for_each_is_shared_alike_over_its_years() -> None:
    value, evidence = size_of_budget(LEVERS["phd_stipend"], Budget(300e6, 1, 100_000))
    assert value == 3_000.0
    assert evidence.startswith(
        "Assumption: 300,000,000 dollars a year, shared alike by 100,000 people at any time: 3,000 dollars"
    )
    assert size_of_budget(LEVERS["research_pay"], Budget(300e6, 3, 1_000))[0] == 100_000.0


def test_money_against_a_cost_is_taken_from_it() -> None:
    assert size_of_budget(LEVERS["housing_cost"], Budget(5e6, 1, 1_000))[0] == -5_000.0


def test_money_for_all_together_is_counted_in_billions() -> None:
    value, evidence = size_of_budget(LEVERS["research_capital"], Budget(10e9, 5))
    assert value == 2.0
    assert "10,000,000,000 dollars over 5 years" in evidence


def test_every_lever_in_dollars_takes_a_budget_and_no_other() -> None:
    assert money_levers() == ("phd_stipend", "research_pay", "housing_cost", "research_capital")


@pytest.mark.parametrize(
    ("lever", "budget", "said"),
    [
        ("phd_places", Budget(1e6, 1, 10), "is no sum of money; those that are: phd_stipend"),
        ("phd_stipend", Budget(1e6), "say how many people share the budget"),
        ("research_capital", Budget(1e9, 1, 10), "leave out who shares it"),
        ("phd_stipend", Budget(300e6, 1, 100), "is the number of people right?"),
    ],
)
def test_what_is_no_size_is_refused(lever: str, budget: Budget, said: str) -> None:
    with pytest.raises(BudgetError) as refused:
        size_of_budget(LEVERS[lever], budget)
    assert said in str(refused.value)


def test_new_writes_the_size_and_the_assumption(talentsim: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("--country", "DEU", "--what", "phd_stipend", "--budget", "300e6", "--people", "100000")
    assert talentsim("new", "plan", *words, "--evidence", "Budget law of 2027.")[0] == 0
    (lever,) = tomllib.loads(Path("plan.toml").read_text(encoding="utf-8"))["lever"]
    assert (lever["change"], lever["value"], lever["destination"]) == ("add", 3000.0, ["DEU"])
    assert lever["evidence"].startswith(
        "Budget law of 2027. Assumption: 300,000,000 dollars a year, shared alike by 100,000 people"
    )
    assert talentsim("check", "plan.toml")[::2] == (0, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--people", "10"), "--people: needs --budget"),
        (("--budget", "1e6", "--value", "3"), "--budget: is added to what is paid anyway; leave out --value"),
        (("--budget", "1e6"), "--budget: phd_stipend is money for each; say how many people share"),
    ],
)
def test_half_of_a_budget_is_refused(
    talentsim: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = talentsim("new", "plan", "--what", "phd_stipend", *words)
    assert code == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []
