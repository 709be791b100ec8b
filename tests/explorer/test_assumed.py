"""An assumption moves both scenarios: the page has the numbers of the table of assumptions that `compare` writes."""

import numpy as np
import pytest

from sim.comparisons.assumptions import SETTINGS, reference_shares
from sim.comparisons.regions import MAIN_AXES, MAIN_TIER
from sim.draws.draw import REFERENCE, known_draw, reference_vector
from sim.draws.ensemble import find_ensemble
from sim.engines.axes import AXES, TIERS
from sim.explorer.live import Bench, assumptions
from sim.explorer.numbers import run_in_memory
from sim.explorer.state import StateError, fragment_of, read_state, record_of_link, state_record
from sim.runs.outcomes.statistics import shares_of
from sim.scenarios.load import load_basis
from tests.support.explorer_server import ENTRY_BAR, SMALL

ONE = "seat elasticity: 1 (a place for everyone)"


def test_every_assumption_of_the_list_ships_solved() -> None:
    bench = Bench(load_basis(), find_ensemble(), {}, 1)
    assert len(assumptions()) == len(SETTINGS) - 1
    for name in assumptions():
        question = bench.question(read_state({"size": SMALL, "assume": name}))
        assert question.state.draws == 1
        assert question.base.ensemble.constants


def test_an_assumption_stands_in_the_address_and_another_is_refused() -> None:
    state = read_state({"assume": ONE})
    assert read_state(record_of_link(fragment_of(state_record(state)))) == state
    with pytest.raises(StateError, match="allowed: seat elasticity"):
        Bench(load_basis(), find_ensemble(), {}, 1).question(read_state({"assume": "seat elasticity: 7"}))


@pytest.mark.slow
def test_the_numbers_are_those_of_the_table_of_assumptions() -> None:
    basis = load_basis()
    bench, state = Bench(basis, find_ensemble(), {}, 2), read_state({"items": [ENTRY_BAR], "size": SMALL, "assume": ONE})
    finished = bench.finish(state)
    pair, plans = finished.pair, (finished.question.base, finished.question.variant)
    axes = [AXES.index(axis) for axis in MAIN_AXES]
    ours = np.stack(
        [shares_of(counts[0, :, :, TIERS.index(MAIN_TIER)][:, :, axes]) for counts in (pair.base, pair.variant)], axis=1
    )
    draw = known_draw(basis, reference_vector(basis.data) | {"seat_elasticity": 1.0}, REFERENCE)
    assert draw is not None
    run = run_in_memory(plans[0], pair.base, pair.weight)
    theirs = reference_shares(draw, [plan.scenario for plan in plans], run, SMALL["replicates"], basis)
    assert np.array_equal(ours, theirs)
    usual = bench.finish(read_state({"items": [ENTRY_BAR], "size": {**SMALL, "draws": 1}, "assume": "drift: lasts (18 years)"}))
    assert not np.array_equal(usual.pair.base, pair.base)
