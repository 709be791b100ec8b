"""Write docs/levers.md, the page of all levers, from their declarations."""

from pathlib import Path

from sim.scenarios.levers.declared import LEVERS, Lever

PAGE = Path(__file__).parents[1] / "docs" / "levers.md"
HEAD = """# The levers

What a policy can move, from `sim/scenarios/levers/declared.py`; `python scripts/write_levers.py` makes this page, and
`talentsim levers NAME` says the same at the prompt. A lever by origin and destination never touches people at home unless the
row says so. CONTRIBUTING.md says how to add one.

| lever | for whom | unit | range | without any policy | what it is, and where it enters |
|---|---|---|---|---|---|
"""


def row(lever: Lever) -> str:
    """Write the row of a lever."""
    whom = ", ".join(each.replace("_", " ") for each in lever.filters) + (" (home too)" if lever.touches_own_pair else "")
    enters = lever.enters[0].upper() + lever.enters[1:]
    what = (f"`{lever.name}`", whom, lever.unit, f"{lever.low:g} to {lever.high:g}", lever.default, f"{lever.meaning} {enters}.")
    return f"| {' | '.join(what)} |\n"


def page() -> str:
    """Write the whole page."""
    return HEAD + "".join(map(row, LEVERS.values()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
