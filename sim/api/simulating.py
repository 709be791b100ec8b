"""One run in memory: `sim.simulate` and what it returns, with the columns of the researchers for who wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np

from sim.api.frames import dense_frame
from sim.api.keywords import SizeError, Sizing, check_sizes, hinted
from sim.api.running import Stated, scenario_of
from sim.draws.draw import REFERENCE, Draw
from sim.draws.worlds import named_draw, world_of
from sim.engines.axes import AXES, STAGES, TIERS
from sim.engines.counts import YearEnd, counts_of_years, write_year
from sim.engines.walk import ENGINES, check_engine, years_of
from sim.model.choice.randomness import make_key
from sim.model.world import FIRST_YEAR, LAST_YEAR, SECTORS, World
from sim.runs.careers import CAREER_AXES
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.statistics import shares_of
from sim.runs.simulate import gather
from sim.scenarios.load import load_basis

if TYPE_CHECKING:
    import pandas as pd

SEEN_AS: Final = ("none", *TIERS[:2])
ACTIVITY_WORDS: Final = ("applying", "studying", "working", "out")
STATUS_WORDS: Final = ("none needed", "student", "post-study", "temporary", "permanent")


@dataclass(frozen=True, repr=False)
class Simulated:
    """One run of a scenario, in memory.

    Parameters
    ----------
    outcomes
        Counts of simulated researchers by year, from 2000 on.
    codes
        Region codes in id order.
    name
        Of the scenario.
    followed
        The columns of all researchers at the ends of the years that were asked for, by year.
    """

    outcomes: Outcomes
    codes: tuple[str, ...]
    name: str
    followed: dict[int, pd.DataFrame] = field(default_factory=dict)

    def shares(self) -> pd.DataFrame:
        """Return shares, researchers and people by year, tier, axis and region."""
        counts = self.outcomes.counts
        columns = {"share": shares_of(counts), "researchers": counts, "people": self.outcomes.weight * counts}
        return dense_frame(self._axes(tier=TIERS, axis=AXES, region=self.codes), columns)

    def flows(self) -> pd.DataFrame:
        """Return the moves of each year by stage, origin, region left and region entered, nothing where nobody moves."""
        axes = self._axes(stage=STAGES, origin=self.codes, from_region=self.codes, to_region=self.codes)
        return self._held(axes, self.outcomes.flows)

    def careers(self) -> pd.DataFrame:
        """Return who is visible by year, origin, study and work, nothing where nobody is."""
        return self._held(self._axes(**dict.fromkeys(CAREER_AXES, self.codes)), self.outcomes.careers)

    def researchers(self, year: int | None = None) -> pd.DataFrame:
        """Return the columns of all researchers who have entered, at the end of a year; the last that was followed if None.

        Raises
        ------
        ValueError
            If the year was not followed.
        """
        wanted = max(self.followed, default=None) if year is None else year
        if wanted is None or wanted not in self.followed:
            there = ", ".join(str(each) for each in self.followed) or "none"
            raise ValueError(
                f"researchers of {wanted} were not kept (kept: {there}); simulate(..., follow=[{wanted or 2030}]) does"
            )
        return self.followed[wanted]

    def __repr__(self) -> str:
        """Say what was simulated."""
        made = self.outcomes
        return (
            f"<Simulated {self.name}: draw {made.draw}, replicate {made.replicate}, {made.years[0]} to {made.years[-1]}, "
            f"{made.active[-1]:,} active researchers at the end, each {made.weight:.3g} people>"
        )

    def _axes(self, **axes: Sequence[str]) -> dict[str, Sequence[Any]]:
        return {"year": self.outcomes.years.tolist(), **axes}

    def _held(self, axes: dict[str, Sequence[Any]], counts: Any) -> pd.DataFrame:
        frame = dense_frame(axes, {"researchers": counts, "people": self.outcomes.weight * counts})
        return frame[frame.researchers > 0].reset_index(drop=True)


@hinted(Sizing)
def simulate(
    scenario: Stated = "baseline",
    *,
    draw: int | Draw = REFERENCE,
    replicate: int = 0,
    engine: str = "arrays",
    follow: Sequence[int] = (),
    **sizes: Unpack[Sizing],
) -> Simulated:
    """Simulate one run in memory; nothing is written.

    Parameters
    ----------
    scenario
        Its name, its file, what a file would say, or what `sim.load_scenario` returned.
    draw
        Number of a draw, -1 for the reference point, or a solved draw.
    replicate
        Key of the random numbers, with the seed.
    engine
        ``arrays``, or ``agents`` (slow, the same numbers).
    follow
        Years of which the columns of all researchers are kept, for `Simulated.researchers`.
    sizes
        researchers (20,000), seed (1), until (2035); data: own data, as `sim.load_data` returns them, or their folder.

    Raises
    ------
    sim.scenarios.reading.text.ScenarioError
        With every problem of the scenario.
    sim.api.keywords.SizeError
        If a size or a year is out of range.

    Examples
    --------
    >>> import sim
    >>> made = sim.simulate("baseline", researchers=500, until=2024, follow=[2022])
    >>> len(made.researchers()) > 500
    True
    """
    check_sizes(sizes)
    until, researchers, seed = sizes.get("until", 2035), sizes.get("researchers", 20_000), sizes.get("seed", 1)
    wrong = [year for year in follow if not FIRST_YEAR <= year <= until <= LAST_YEAR]
    if engine not in ENGINES or wrong:
        allowed = f"engine one of {', '.join(ENGINES)}; years from {FIRST_YEAR} to {until}"
        raise SizeError(f"engine={engine!r}, follow={list(follow)}: allowed are {allowed}")
    check_engine(engine)
    basis = load_basis()
    loaded = scenario_of(scenario, until)
    solved = named_draw(basis, loaded, draw) if isinstance(draw, int) else draw
    world = world_of(basis.data, loaded, solved, researchers, until)
    codes = basis.data.codes
    outcomes, followed = walk_and_keep(world, solved, (seed, replicate), engine, frozenset(follow), codes)
    return Simulated(outcomes, codes, loaded.name, followed)


def walk_and_keep(
    world: World, draw: Draw, keys: tuple[int, int], engine: str, follow: frozenset[int], codes: tuple[str, ...]
) -> tuple[Outcomes, dict[int, pd.DataFrame]]:
    """Walk a world with the keys (seed, replicate); keep the counts of all years and the researchers of some."""
    seed, replicate = keys
    years = counts_of_years(*world.cohort.shape)
    followed = {}
    for t, end in enumerate(years_of(engine, world, make_key(seed, replicate))):
        write_year(end.counts, years, t)
        if end.year in follow:
            followed[end.year] = researcher_frame(end, codes)
    return gather(years, draw, replicate, world), followed


def researcher_frame(end: YearEnd, codes: tuple[str, ...]) -> pd.DataFrame:
    """Copy the columns of all who have entered by the end of a year, with words for codes; None where a region does not apply."""
    import pandas as pd

    rows = {name: np.asarray(column[: end.entered]) for name, column in end.researchers._asdict().items()}
    regions = np.full(256, None, dtype=object)
    regions[: len(codes)] = codes
    words = {"stage": ACTIVITY_WORDS, "sector": SECTORS, "tier": SEEN_AS, "status": STATUS_WORDS}
    worded = {name: np.array(names, dtype=object)[rows[name]] for name, names in words.items()}
    placed = {name: regions[rows[name]] for name in ("origin", "study", "place", "employer")}
    copied = {name: column.copy() for name, column in rows.items()}
    return pd.DataFrame({**copied, **worded, **placed})
