"""What may stop a person: a bar, a refused visa, an exit gate, each a fixed rank or a keyed draw against a width."""

from sim.model.choice.compiled import inlined
from sim.model.choice.randomness import REFUSAL, TRAITS, Key, draw_alternative, draw_block, pick, uniform
from sim.model.world import Year


@inlined
def bar_rank(key: Key, index: int, origin: int, cohort: int) -> float:
    """Draw the fixed rank in (0, 1) that a categorical bar compares with its width: wider bars nest narrower ones."""
    return uniform(draw_block(key, index, origin, cohort, cohort, TRAITS, 1)[0])


@inlined
def is_gated(key: Key, index: int, origin: int, cohort: int, stage: int, tables: Year) -> bool:
    """Tell whether a person at home may not leave, AT_STUDY or AT_WORK; the ranks are fixed, so that wider gates nest."""
    width = tables.exit_gate[origin, stage]
    if width <= 0.0:
        return False
    return exit_rank(key, index, origin, cohort, stage) < width


@inlined
def exit_rank(key: Key, index: int, origin: int, cohort: int, stage: int) -> float:
    """Draw the fixed rank in (0, 1) that the exit gate compares with its width, AT_STUDY or AT_WORK."""
    return uniform(pick(draw_block(key, index, origin, cohort, cohort, TRAITS, 1), 1 + stage))


@inlined
def is_refused(key: Key, index: int, origin: int, cohort: int, j: int, tables: Year) -> bool:
    """Tell whether a person is categorically barred from region j or refused a student visa for it this year."""
    width = tables.bar[origin, j]
    if width > 0.0 and bar_rank(key, index, origin, cohort) < width:
        return True
    refusal = tables.refusal[origin, j]
    return refusal > 0.0 and draw_alternative(key, index, origin, cohort, tables.year, REFUSAL, j) < refusal
