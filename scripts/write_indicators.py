"""Write docs/indicators.md, the page of all indicators, from their declarations."""

from pathlib import Path

from sim.runs.outcomes.indicators import INDICATORS, Indicator

PAGE = Path(__file__).parents[1] / "docs" / "indicators.md"
HEAD = """# The indicators

What people ask for by name, from `sim/runs/outcomes/indicators.py`; `python scripts/write_indicators.py` makes this page. A run
has them in `indicators.csv`, a comparison the difference in its own, and a sweep keeps `indicator(NAME, REGION, YEAR)`; a pair is
written ORIGIN->REGION. CONTRIBUTING.md says how to add one.

| indicator | for | unit | definition |
|---|---|---|---|
"""


def row(indicator: Indicator) -> str:
    """Write the row of an indicator."""
    whom = indicator.places.__name__.replace("_alone", "").replace("_", " ")
    whom = whom.upper() if whom in ("usa", "chn") else whom
    when = indicator.unit if indicator.is_yearly else f"{indicator.unit}, once a run"
    return f"| `{indicator.name}` | {whom} | {when} | {indicator.definition} |\n"


def page() -> str:
    """Write the whole page."""
    return HEAD + "".join(map(row, INDICATORS.values()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
