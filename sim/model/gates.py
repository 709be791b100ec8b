"""What may stop a person: a bar, a refused visa, an exit gate, each a fixed rank or a keyed draw against a width."""

from sim.model.choice.compiled import inlined
from sim.model.choice.randomness import REFUSAL, TRAITS, pick, uniform
from sim.model.population import Who, own_block, own_draw, unpack_traits
from sim.model.world import AT_STUDY, Admission, Year


@inlined
def bar_rank(who: Who) -> float:
    """Draw the fixed rank in (0, 1) that a categorical bar compares with its width: wider bars nest narrower ones."""
    return uniform(own_block(who, who.cohort, TRAITS, 1)[0])


@inlined
def is_gated(who: Who, j: int, stage: int, tables: Year | Admission) -> bool:
    """Tell whether a person at home may not leave for j, AT_STUDY or AT_WORK; the ranks are fixed, so that wider gates nest."""
    width = tables.exit_gate[who.origin, j, stage]
    if width <= 0.0:
        return False
    return exit_rank(who, stage) < width


@inlined
def exit_rank(who: Who, stage: int) -> float:
    """Draw the fixed rank in (0, 1) that the exit gate compares with its width, AT_STUDY or AT_WORK."""
    return uniform(pick(own_block(who, who.cohort, TRAITS, 1), 1 + stage))


@inlined
def is_barred(who: Who, j: int, stage: int, tables: Year | Admission) -> bool:
    """Tell whether a person is categorically barred from region j, AT_STUDY or AT_WORK; one rank serves all bars."""
    talent, _, _, _ = unpack_traits(who.traits)
    width = tables.entry_bar[who.origin, j, talent, stage]
    return width > 0.0 and bar_rank(who) < width


@inlined
def is_refused(who: Who, j: int, tables: Year | Admission) -> bool:
    """Tell whether a person is categorically barred from region j or refused a student visa for it this year."""
    if is_barred(who, j, AT_STUDY, tables):
        return True
    refusal = tables.student_visa_refusal[who.origin, j]
    return refusal > 0.0 and own_draw(who, tables.year, REFUSAL, j) < refusal
