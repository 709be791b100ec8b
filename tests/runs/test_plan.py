"""A plan: how many draws its draws are worth."""

from dataclasses import replace

import pytest

from sim.draws.ensemble import PRIOR_ENSEMBLE, Ensemble, find_ensemble
from sim.runs.plan import RunPlan


def with_rows(ensemble: Ensemble, *rows: int) -> Ensemble:
    """An ensemble of some rows of another."""
    return replace(ensemble, scores=ensemble.scores[list(rows)], numbers=tuple(ensemble.numbers[row] for row in rows))


def test_draws_that_repeat_one_another_count_for_less(plan: RunPlan) -> None:
    shipped = find_ensemble()
    assert replace(plan, ensemble=with_rows(shipped, 0, 0, 0, 1), draws=4).effective_draws == pytest.approx(16 / 10)
    assert replace(plan, ensemble=with_rows(shipped, 0, 1, 0, 0), draws=2).effective_draws == 2.0
    assert replace(plan, ensemble=PRIOR_ENSEMBLE, draws=7).effective_draws == 7.0


def test_rows_of_one_number_with_other_scores_are_other_draws(plan: RunPlan) -> None:
    two = with_rows(find_ensemble(), 0, 0)
    two.scores[1] += 0.1
    assert replace(plan, ensemble=two, draws=2).effective_draws == 2.0
