"""Expected study choices under refusals, bars and closures: the nested logit averaged over which regions are open to a person."""

from typing import NamedTuple

import numpy as np

from sim.engines.expected.jobs import CERTAIN, least_gate, next_gate
from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import ANGLOPHONE, HOME, NESTS, nest_factors, nest_of, nest_sums, nested_shares
from sim.model.world import AT_STUDY, TALENT_CLASSES, VISA_CLASSES, YEARS_BEFORE, Bytes, Floats, Integers, Year

NEGLIGIBLE = 1e-6  # influence, see `choose_uncertain`: the share of a region that counts with its odds errs by less
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
def open_regions(tables: Year, origin: int, talent: int, masks: Floats) -> Floats:
    """Mark (patterns, R) with 1 where a region is open to the person of that pattern and talent class, else 0."""
    regions = masks.shape[1] - 1
    table = np.ones((masks.shape[0], regions))
    for p in range(masks.shape[0]):
        for j in range(regions):
            if j == origin:
                continue
            success = (1.0 - tables.student_visa_refusal[origin, j]) * (1.0 - tables.border_closure[origin, j])
            if masks[p, regions] < tables.entry_bar[origin, j, talent, AT_STUDY] or masks[p, j] >= success:
                table[p, j] = 0.0
    return table


class Doors(NamedTuple):
    """Scratch for averaging choices over which regions are open."""

    odds: Floats  # (R,) probability to be open, to those of a rank of the bar
    shares: Floats  # (R,) of those of that rank
    influence: Floats  # (R,)
    uncertain: Integers  # (R,) the regions that are open or not, first those of most influence
    factors: Floats  # (NESTS,)


@compiled
def new_doors(regions: int) -> Doors:
    """Make room for the doors of R regions."""
    return Doors(np.empty(regions), np.empty(regions), np.empty(regions), np.empty(regions, np.int64), np.empty(NESTS))


@inlined
def admitted_shares(
    tables: Year, o: int, q: int, weights: Floats, with_closure: bool, most: int, doors: Doors, shares: Floats
) -> None:  # fmt: skip
    """Average nested-logit shares over ranks of the bar and over which regions are open, into (R,) `shares`.

    One rank is compared with the bars of all regions: those of ranks between two neighbouring bars are shut out of the same.
    """
    shares[:] = 0.0
    low = 0.0
    while low < 1.0:
        high = 1.0
        for j in range(weights.shape[0]):
            if j != o and low < tables.entry_bar[o, j, q, AT_STUDY] < high:
                high = tables.entry_bar[o, j, q, AT_STUDY]
        for j in range(weights.shape[0]):
            odds = 1.0 - tables.student_visa_refusal[o, j]
            if with_closure:
                odds *= 1.0 - tables.border_closure[o, j]
            if tables.entry_bar[o, j, q, AT_STUDY] > low:
                odds = 0.0
            doors.odds[j] = 1.0 if j == o else odds
        masked_shares(weights, o, tables.anglophone, tables.dissimilarity, most, doors)
        for j in range(weights.shape[0]):
            shares[j] += (high - low) * doors.shares[j]
        low = high


@inlined
def masked_shares(weights: Floats, origin: int, anglophone: Bytes, lam: float, most: int, doors: Doors) -> None:
    """Average nested-logit shares over which regions are open, each independently with (R,) odds.

    The `most` regions of most influence are open or closed in turn, every combination with its probability; the others count
    with their weight times their odds, which errs by their influence.
    """
    count = choose_uncertain(weights, origin, anglophone, lam, most, doors)
    odds, shares, uncertain = doors.odds, doors.shares, doors.uncertain
    doors.factors[:] = 0.0
    for k in range(count):
        shares[uncertain[k]] = 0.0
    certain = nest_sums(doors.influence, origin, anglophone)
    for pattern in range(1 << count):
        chance = 1.0
        sums = certain
        for k in range(count):
            j = uncertain[k]
            if pattern >> k & 1 == 1:
                chance *= odds[j]
                sums = add_to_nest(sums, nest_of(origin, j, anglophone), weights[j])
            else:
                chance *= 1.0 - odds[j]
        if chance > 0.0:
            factors = nest_factors(sums[0], sums[1], sums[2], lam)
            for n in range(NESTS):
                doors.factors[n] += chance * factors[n]
            for k in range(count):
                j = uncertain[k]
                if pattern >> k & 1 == 1:
                    shares[j] += chance * weights[j] * factors[nest_of(origin, j, anglophone)]
    for j in range(weights.shape[0]):
        if doors.influence[j] > 0.0:
            shares[j] = doors.influence[j] * doors.factors[nest_of(origin, j, anglophone)]


@inlined
def choose_uncertain(weights: Floats, origin: int, anglophone: Bytes, lam: float, most: int, doors: Doors) -> int:
    """Choose the uncertain regions and return their number; leaves the certain weights in `influence`.

    Influence is the variance of being open times the share squared: half of it is the error, in shares, of a region that counts
    with its odds.
    """
    odds, shares, influence = doors.odds, doors.shares, doors.influence
    for j in range(weights.shape[0]):
        shares[j] = weights[j] * odds[j]
    nested_shares(shares, origin, anglophone, lam, shares)
    for j in range(weights.shape[0]):
        influence[j] = (1.0 - odds[j]) / max(odds[j], CERTAIN) * shares[j] ** 2
    count = 0
    while count < most:
        best = 0
        for j in range(weights.shape[0]):
            if influence[j] > influence[best]:
                best = j
        if influence[best] <= NEGLIGIBLE:
            break
        doors.uncertain[count] = best
        influence[best] = 0.0
        count += 1
    for j in range(weights.shape[0]):
        influence[j] = weights[j] * odds[j]
    for k in range(count):
        influence[doors.uncertain[k]] = 0.0
    return count


@inlined
def add_to_nest(sums: tuple[float, float, float], nest: int, weight: float) -> tuple[float, float, float]:
    """Add a weight to the sum of one nest."""
    if nest == HOME:
        return sums[0] + weight, sums[1], sums[2]
    if nest == ANGLOPHONE:
        return sums[0], sums[1] + weight, sums[2]
    return sums[0], sums[1], sums[2] + weight


class Begun(NamedTuple):
    """Who studies where, who postpones, and shares of those who would not: see `choose_regions`, each (R, V, Q, R)."""

    chosen: Floats
    wanted: Floats
    settled: Floats


class Room(NamedTuple):
    """Scratch for the choices of people whose ranks of the exit gate lie between two neighbouring widths."""

    weights: Floats  # (R,) of the regions that they may leave for, 0 for others
    unclosed: Floats  # (R,) shares if no border were closed
    shares: Floats  # (R,)
    doors: Doors
    most: int  # regions of an origin that are open or closed in turn


@compiled
def choose_regions(
    tables: Year, postponed: Floats, cohort: Floats, most: int, gate_before: Floats
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Compute who studies where and who postpones.

    Parameters
    ----------
    tables : of the year.
    postponed : (R, V, Q, R) last year's postponers by the region they want.
    cohort : (R,) people who begin to study.
    most : regions of an origin that are open or closed in turn, see `masked_shares`.
    gate_before : (R, R) last year's exit gate of study, behind which no postponer was for the region wanted.

    Returns
    -------
    (R, V, Q, R) people by study region; (R, V, Q, R) people who postpone, by the region they want; (R, V, Q, R) shares by
    study region of those who would not postpone: what late entrants of later years chose.
    """
    regions = cohort.shape[0]
    shape = (regions, VISA_CLASSES, TALENT_CLASSES, regions)
    entry = Begun(np.zeros(shape), np.zeros(shape), np.zeros(shape))
    room = Room(np.empty(regions), np.empty(regions), np.empty(regions), new_doors(regions), most)
    for o in range(regions):
        for v in range(VISA_CLASSES):
            for q in range(TALENT_CLASSES):
                everyone = cohort[o] * class_share(tables, o, v, q)
                low = 0.0
                while low < 1.0:
                    high = next_gate(tables, o, AT_STUDY, low)
                    if high <= least_gate(tables, o, AT_STUDY):
                        stay_home(everyone, (o, v, q), (low, high), postponed, gate_before, entry)
                    else:
                        choose_by_rank(tables, everyone, (o, v, q), (low, high), postponed, gate_before, entry, room)
                    low = high
    return entry.chosen, entry.wanted, entry.settled


@inlined
def stay_home(
    everyone: float, group: tuple[int, int, int], ranks: tuple[float, float], postponed: Floats, gate_before: Floats, entry: Begun
) -> None:
    """Let those of a group study at home whom the exit gate keeps from every place abroad."""
    o, v, q = group
    low, high = ranks
    entry.chosen[o, v, q, o] += everyone * (high - low)
    entry.settled[o, v, q, o] += high - low
    for j in range(postponed.shape[3]):
        if postponed[o, v, q, j] > 0.0:
            entry.chosen[o, v, q, o] += postponed[o, v, q, j] * rank_share(low, high, gate_before[o, j])


@inlined
def choose_by_rank(
    tables: Year, everyone: float, group: tuple[int, int, int], ranks: tuple[float, float], postponed: Floats,
    gate_before: Floats, entry: Begun, room: Room,
) -> None:  # fmt: skip
    """Let those of a group choose whose ranks of the exit gate lie between two neighbouring widths."""
    o, v, q = group
    low, high = ranks
    unclosed, shares = room.unclosed, room.shares
    for j in range(shares.shape[0]):
        is_open = j == o or tables.exit_gate[o, j, AT_STUDY] <= low
        room.weights[j] = tables.study_weight[o, v, q, j] if is_open else 0.0
    admitted_shares(tables, o, q, room.weights, False, room.most, room.doors, unclosed)
    if has_closure(tables, o):
        admitted_shares(tables, o, q, room.weights, True, room.most, room.doors, shares)
    else:
        for j in range(shares.shape[0]):
            shares[j] = unclosed[j]
    people = everyone * (high - low)
    for j in range(shares.shape[0]):
        entry.settled[o, v, q, j] += (high - low) * shares[j]
        closure = tables.border_closure[o, j] if j != o else 0.0
        direct = unclosed[j] * (1.0 - closure)
        entry.chosen[o, v, q, j] += people * (direct + (1.0 - tables.postponement) * (shares[j] - direct))
        entry.wanted[o, v, q, j] += people * unclosed[j] * closure * tables.postponement
        if postponed[o, v, q, j] > 0.0:
            again = postponed[o, v, q, j] * rank_share(low, high, gate_before[o, j])
            success = (1.0 - tables.student_visa_refusal[o, j]) * (1.0 - closure) if room.weights[j] > 0.0 else 0.0
            entry.chosen[o, v, q, j] += again * success
            for k in range(shares.shape[0]):
                entry.chosen[o, v, q, k] += again * (1.0 - success) * shares[k]


@inlined
def rank_share(low: float, high: float, from_rank: float) -> float:
    """Compute the part of the ranks above `from_rank` that lies between two ranks."""
    return max(0.0, high - max(low, from_rank)) / max(1.0 - from_rank, CERTAIN)


@inlined
def class_share(tables: Year, o: int, v: int, q: int) -> float:
    """Compute the share of an origin's people in a class of visa sensitivity and talent."""
    share = tables.visa_sensitive_share if v == 1 else 1.0 - tables.visa_sensitive_share
    lower = tables.talent_up_to[o, q - 1] if q > 0 else 0.0
    return share * (tables.talent_up_to[o, q] - lower)


@compiled
def enter_late(tables: Year, cohort: Floats, settled: Floats) -> Floats:
    """Compute the (R, V, Q, R) late entrants of (R,) people, by study region.

    settled: see `choose_regions`, of the year in which they began to study.
    """
    late = np.empty(settled.shape)
    for o in range(settled.shape[0]):
        for v in range(settled.shape[1]):
            for q in range(settled.shape[2]):
                late[o, v, q] = cohort[o] * class_share(tables, o, v, q) * settled[o, v, q]
    return late


@inlined
def has_closure(tables: Year, origin: int) -> bool:
    """Tell whether any region is closed to an origin, with any probability."""
    found = False
    for j in range(tables.border_closure.shape[1]):
        found = found or (j != origin and tables.border_closure[origin, j] > 0.0)
    return found


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
        if tables.forced_exit[o, :, AT_STUDY].max() <= 0.0:
            continue
        for q in range(TALENT_CLASSES):
            then = open_regions(tables, o, q, masks)
            now = open_regions(tables, o, q, again)
            for g in range(regions):
                if forced_students(tables, o, g) <= 0.0:
                    continue
                for v in range(VISA_CLASSES):
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
def study_on(tables: Year, students: Floats, chosen: Floats, late: Floats, elsewhere: Floats) -> Floats:
    """Move students one year on, in place; return the (R, V, Q, R) people who graduate by study region.

    chosen, late: (R, V, Q, R) people who begin to study, and who enter with YEARS_BEFORE years of it completed.
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
                    students[o, v, q, g, YEARS_BEFORE] += late[o, v, q, g]
    return degrees
