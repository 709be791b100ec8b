"""A researcher's life as it is told: years, chances, choices, and the words for them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sim.model.population import APPLY, NOWHERE, OUT, STUDY, WORK
from sim.model.world import SECTORS

STAGE_WORDS = {APPLY: "applying", STUDY: "studying", WORK: "working", OUT: "out of research"}
STATUSES = ("", "on a student visa", "on post-study work", "on a temporary visa", "with permanent residence")
VISIBILITY_WORDS = ("not visible", "top 20 %", "elite")
State = Mapping[str, int]


class Chance(NamedTuple):
    """One event of a year that a draw decides: it happens when the draw lies below the probability."""

    event: str
    draw: float
    probability: float

    @property
    def happened(self) -> bool:
        """Whether the draw lies below the probability."""
        return self.draw < self.probability


class Option(NamedTuple):
    """One place of a choice."""

    region: str
    utility: float  # systematic, logits above the utility at home
    probability: float  # 0..1, of the nested logit, before visas and permits
    shock: float  # frozen, logits
    gates: tuple[Chance, ...]  # what could close it, or permit it
    is_open: bool

    @property
    def total(self) -> float:
        """Utility and shock, logits: the largest open one is taken."""
        return self.utility + self.shock


class Decision(NamedTuple):
    """One choice: the options, best first."""

    kind: str
    options: tuple[Option, ...]
    chosen: str
    reason: str


class YearOfLife(NamedTuple):
    """What a year brought."""

    year: int
    before: State
    after: State
    chances: tuple[Chance, ...]
    decision: Decision | None


class Life(NamedTuple):
    """A researcher's traits and years."""

    name: str
    traits: str
    codes: tuple[str, ...]
    years: tuple[YearOfLife, ...]

    def __str__(self) -> str:
        """Tell the life in words, a paragraph a year."""
        return "\n".join(lines_of(self))


def why_chosen(options: Sequence[Option], chosen: str) -> str:
    """Say why the best option was not taken, or why the second best was not."""
    best, second = options[0], options[1]
    if chosen == best.region:
        apart = best.total - second.total
        text = f"best by {apart:.2f} logits over {second.region}"
        if second.utility > best.utility:
            return f"{text}, which had the higher utility but the lower shock"
        return text
    better = [f"{option.region} ({gate_text(option)})" for option in options[: rank(options, chosen)] if not option.is_open]
    return f"better but closed: {', '.join(better)}" if better else "the place to fall back on"


def rank(options: Sequence[Option], region: str) -> int:
    """Return the position of a region among options."""
    return [option.region for option in options].index(region)


def gate_text(option: Option) -> str:
    """Say what closed an option."""
    return "; ".join(chance_text(gate) for gate in option.gates)


def chance_text(chance: Chance) -> str:
    """Say a chance with its draw and probability."""
    return f"{chance.event}: {'yes' if chance.happened else 'no'} (draw {chance.draw:.3f}, yes below {chance.probability:.3f})"


def place_text(state: State, codes: tuple[str, ...]) -> str:
    """Say a state in a few words."""
    words = [STAGE_WORDS[state["stage"]]]
    if state["place"] != NOWHERE and state["stage"] in (STUDY, WORK):
        words.append(f"in {codes[state['place']]}")
    if state["stage"] == WORK:
        words.append(f"in {SECTORS[state['sector']]}")
        if state["employer"] != state["place"]:
            words.append(f"for an employer of {codes[state['employer']]}")
    if STATUSES[state["status"]] and state["stage"] in (STUDY, WORK):
        words.append(STATUSES[state["status"]])
    return " ".join(words)


def lines_of(life: Life, shown: int = 5) -> Iterator[str]:
    """Tell a life line by line.

    Parameters
    ----------
    life : of `history`.
    shown : options listed for a choice, at least 1, besides the one chosen.
    """
    yield f"{life.name}: {life.traits}"
    for year in life.years:
        tier = VISIBILITY_WORDS[year.after["tier"]] if year.after["stage"] in (STUDY, WORK) else ""
        end = place_text(year.after, life.codes)
        yield ""
        yield f"{year.year}  {place_text(year.before, life.codes)} -> {end}{', ' + tier if tier else ''}"
        for chance in year.chances:
            yield f"      {chance_text(chance)}"
        if year.decision is not None:
            yield from decision_lines(year.decision, shown)


def decision_lines(decision: Decision, shown: int) -> Iterator[str]:
    """Tell a choice: its options, best first, and why the chosen one."""
    yield f"      {decision.kind}: {decision.chosen or 'none yet'} ({decision.reason})"
    yield "        place  utility above home + shock = total, probability before visas and permits"
    for place, option in enumerate(decision.options):
        if place < shown or option.region == decision.chosen:
            mark = "*" if option.region == decision.chosen else " "
            gate = f"   {gate_text(option)}" if option.gates else ""
            numbers = f"{option.utility:7.2f} {option.shock:+7.2f} {option.total:8.2f} {option.probability:9.1%}"
            yield f"      {mark} {option.region:5}{numbers}{gate}"
