"""Expected study choices under visa masks: the closed nested logit averaged over fixed stratified mask patterns."""

import numpy as np

from sim.engines.expected.jobs import CERTAIN
from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import ANGLOPHONE, HOME, nest_factors, nest_of, nested_shares
from sim.model.world import AT_STUDY, TALENT_CLASSES, VISA_CLASSES, Bytes, Floats, Year

TRANSFER_PATTERNS = 64  # pairs of masks by which transfers are averaged: they are few, and each pair costs three choices


def mask_patterns(patterns: int, regions: int) -> Floats:
    """Make fixed stratified uniform numbers: one column per region for refusals, the last for the bar's common rank.

    Parameters
    ----------
    patterns : number of rows, at least 2.
    regions : R.

    Returns
    -------
    (patterns, R + 1) numbers in (0, 1); every column holds each stratum once.
    """
    generator = np.random.Generator(np.random.Philox(20_000))
    table = np.empty((patterns, regions + 1))
    for column in range(regions + 1):
        table[:, column] = (generator.permutation(patterns) + 0.5) / patterns
    return table


@compiled
def open_regions(tables: Year, origin: int, masks: Floats, with_closure: bool) -> Floats:
    """Mark (patterns, R) with 1 where a region is open to the person of that pattern, else 0."""
    regions = masks.shape[1] - 1
    table = np.ones((masks.shape[0], regions))
    for p in range(masks.shape[0]):
        for j in range(regions):
            if j == origin:
                continue
            success = 1.0 - tables.student_visa_refusal[origin, j]
            if with_closure:
                success *= 1.0 - tables.border_closure[origin, j]
            if masks[p, regions] < tables.entry_bar[origin, j] or masks[p, j] >= success:
                table[p, j] = 0.0
    return table


@compiled
def masked_shares(weights: Floats, origin: int, anglophone: Bytes, lam: float, mask: Floats, shares: Floats) -> None:
    """Average nested-logit shares over (patterns, R) masks into (R,) shares."""
    regions = weights.shape[0]
    shares[:] = 0.0
    for p in range(mask.shape[0]):
        home = 0.0
        english = 0.0
        other = 0.0
        for j in range(regions):
            weight = weights[j] * mask[p, j]
            nest = nest_of(origin, j, anglophone)
            if nest == HOME:
                home += weight
            elif nest == ANGLOPHONE:
                english += weight
            else:
                other += weight
        at_home, at_english, at_other = nest_factors(home, english, other, lam)
        for j in range(regions):
            nest = nest_of(origin, j, anglophone)
            factor = at_home if nest == HOME else (at_english if nest == ANGLOPHONE else at_other)
            shares[j] += weights[j] * mask[p, j] * factor / mask.shape[0]


@compiled
def has_mask(gate: Floats, origin: int) -> bool:
    """Tell whether any region is less than fully open to an origin through this gate."""
    closed = False
    for j in range(gate.shape[1]):
        closed = closed or (j != origin and gate[origin, j] > 0.0)
    return closed


@compiled
def choose_regions(
    tables: Year, postponed: Floats, cohort: Floats, visa_sensitive_share: float, masks: Floats, gate_before: Floats
) -> tuple[Floats, Floats]:
    """Compute who studies where and who postpones.

    Parameters
    ----------
    tables : of the year.
    postponed : (R, V, Q, R) last year's postponers by the region they want.
    cohort : (R,) people who enter.
    visa_sensitive_share : probability of the sensitive visa class.
    masks : of `mask_patterns`.
    gate_before : (R,) last year's exit gate of study, behind which no postponer was.

    Returns
    -------
    (R, V, Q, R) people by study region; (R, V, Q, R) people who postpone, by the region they want.
    """
    regions = cohort.shape[0]
    chosen = np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, regions))
    wanted = np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, regions))
    unclosed = np.empty(regions)
    shares = np.empty(regions)
    nobody = np.ones((1, regions))
    for o in range(regions):
        gate = tables.exit_gate[o, AT_STUDY]
        gated_since = max(0.0, gate - gate_before[o]) / max(1.0 - gate_before[o], CERTAIN)
        is_masked = has_mask(tables.student_visa_refusal, o) or has_mask(tables.entry_bar, o)
        is_closed = has_mask(tables.border_closure, o)
        visa_mask = open_regions(tables, o, masks, False) if is_masked else nobody
        full_mask = open_regions(tables, o, masks, True) if is_closed else visa_mask
        for v in range(VISA_CLASSES):
            share = visa_sensitive_share if v == 1 else 1.0 - visa_sensitive_share
            everyone = cohort[o] * share / TALENT_CLASSES
            people = everyone * (1.0 - gate)
            for q in range(TALENT_CLASSES):
                chosen[o, v, q, o] += everyone * gate
                weights = tables.study_weight[o, v, q]
                masked_shares(weights, o, tables.anglophone, tables.dissimilarity, visa_mask, unclosed)
                if is_closed:
                    masked_shares(weights, o, tables.anglophone, tables.dissimilarity, full_mask, shares)
                else:
                    shares[:] = unclosed
                for j in range(regions):
                    closure = tables.border_closure[o, j] if j != o else 0.0
                    direct = unclosed[j] * (1.0 - closure)
                    chosen[o, v, q, j] += people * (direct + (1.0 - tables.postponement) * (shares[j] - direct))
                    wanted[o, v, q, j] += people * unclosed[j] * closure * tables.postponement
                    again = postponed[o, v, q, j]
                    if again > 0.0:
                        chosen[o, v, q, o] += again * gated_since
                        again *= 1.0 - gated_since
                        success = 1.0 - tables.student_visa_refusal[o, j]
                        success *= 1.0 - closure
                        chosen[o, v, q, j] += again * success
                        for k in range(regions):
                            chosen[o, v, q, k] += again * (1.0 - success) * shares[k]
    return chosen, wanted


@compiled
def transfer_shares(tables: Year, masks: Floats) -> Floats:
    """Compute where students go who lose their status, (R, V, Q, R, R) shares by the region they leave.

    Their shocks are frozen, the masks are drawn anew: the region is the best of what is open now for somebody whose best was
    g of what was open then. This year's weights and masks stand for those of the entry. Zero where nobody is forced.
    """
    patterns = masks.shape[0]
    step = max(1, patterns // TRANSFER_PATTERNS)
    regions = masks.shape[1] - 1
    table = np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, regions, regions))
    shares = np.empty((3, regions))
    again = masks.copy()
    for p in range(patterns):
        again[p, :regions] = masks[(p + patterns // 2) % patterns, :regions]
    for o in range(regions):
        if not has_mask(tables.forced_exit[:, :, AT_STUDY], o):
            continue
        then = open_regions(tables, o, masks, True)
        now = open_regions(tables, o, again, True)
        for g in range(regions):
            if forced_students(tables, o, g) <= 0.0:
                continue
            for v in range(VISA_CLASSES):
                for q in range(TALENT_CLASSES):
                    for p in range(0, patterns, step):
                        next_best(tables, o, g, tables.study_weight[o, v, q], then[p], now[p], shares, table[o, v, q, g])
                    table[o, v, q, g] /= table[o, v, q, g].sum()
    return table


@inlined
def next_best(tables: Year, o: int, g: int, weights: Floats, then: Floats, now: Floats, shares: Floats, table: Floats) -> None:
    """Add the (R,) probabilities that g is best of A (open then) and k is best of B (open now, without g) to `table`.

    Either g beats k: (P_B(k) - P_AB(k)) times g's part of what is in A alone; or k, not open then, beats g: likewise with A
    and B exchanged. AB is the union. For a plain logit this is exact.
    """
    regions = weights.shape[0]
    for j in range(regions):
        before = 1.0 if j == g else then[j]
        after = 0.0 if j == g else now[j]
        shares[0, j] = weights[j] * before
        shares[1, j] = weights[j] * after
        shares[2, j] = weights[j] * max(before, after)
    for row in range(3):
        nested_shares(shares[row], o, tables.anglophone, tables.dissimilarity, shares[row])
    only_then = 0.0
    only_now = 0.0
    for j in range(regions):
        if j == g or now[j] == 0.0:
            only_then += shares[2, j]
        elif then[j] == 0.0:
            only_now += shares[2, j]
    if only_then <= 0.0:
        return
    for k in range(regions):
        if shares[1, k] <= 0.0:
            continue
        table[k] += max(shares[1, k] - shares[2, k], 0.0) * shares[2, g] / only_then
        if then[k] == 0.0 and only_now > 0.0:
            table[k] += max(shares[0, g] - shares[2, g], 0.0) * shares[2, k] / only_now


@inlined
def forced_students(tables: Year, o: int, g: int) -> float:
    """Compute the probability a year that a student of origin o loses the status in region g."""
    if o == g or tables.mobility_area[o, g] >= 1.0:
        return 0.0
    return tables.forced_exit[o, g, AT_STUDY]


@compiled
def study_on(tables: Year, students: Floats, chosen: Floats, elsewhere: Floats) -> Floats:
    """Move students one year on, in place; return the (R, V, Q, R) people who graduate by study region.

    Whoever does not graduate may lose the status and then studies on as `elsewhere` (of `transfer_shares`) says.
    """
    regions, visas, talents, places, years = students.shape
    degrees = np.zeros((regions, visas, talents, places))
    going_on = np.empty(places)
    for o in range(regions):
        for v in range(visas):
            for q in range(talents):
                for y in range(years - 1, 0, -1):
                    going_on[:] = 0.0
                    for g in range(places):
                        people = students[o, v, q, g, y - 1]
                        done = people * tables.graduation[g, y]
                        degrees[o, v, q, g] += done
                        lost = (people - done) * forced_students(tables, o, g)
                        going_on[g] += people - done - lost
                        if lost > 0.0:
                            for k in range(places):
                                going_on[k] += lost * elsewhere[o, v, q, g, k]
                    for g in range(places):
                        students[o, v, q, g, y] = going_on[g] * (1.0 - tables.attrition_rate)
                for g in range(places):
                    students[o, v, q, g, 0] = chosen[o, v, q, g]
    return degrees
