"""Write docs/scenarios.md from the scenario files and results/reference/sensitivity.csv; runs no simulation.

python scripts/write_scenarios.py
"""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from sim.cli.tables.scenarios import (
    Part,
    effect_line,
    effect_text,
    elite_line,
    evidence_text,
    inputs_line,
    noise_level,
    own_levers,
    parts_of,
)
from sim.comparisons.shipped.reference import EFFECT_REPLICATES, EFFECT_RESEARCHERS, EffectRow, read_effects
from sim.data.load import load_data
from sim.reports.words import assumption_line
from sim.runs.outcomes.statistics import ELITE_REPLICATES, ELITE_RESEARCHERS
from sim.scenarios.load import BASELINE, load_shipped
from sim.scenarios.reading.chain import shipped_names
from sim.scenarios.scenario import Scenario

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scenarios.md"
WIDTH = 130
INTRODUCTION = """# The shipped scenarios

`talentsim scenarios NAME` says the same. This page is written by `scripts/write_scenarios.py` from the scenario files and \
`results/reference/sensitivity.csv`. How a file is made is told in [scenario-files.md](scenario-files.md), the words in \
[glossary.md](glossary.md).

How to read the numbers:

- **Effect**: share of the top 20 % in 2035 under the scenario minus the same share under the baseline, in percentage points: \
the median over {draws} draws of the uncertain parameters and, in brackets, the 5 % and 95 % quantiles. A scenario and the \
baseline have the same parameters and the same random numbers ({replicates} replicates, {researchers:,} researchers). \
Each line tells of the USA, of CHN and of the two other regions with the largest mean effects. Draws are those of the \
shipped ensemble, fitted to the record (calibration.md); bands do not hold what the model leaves out.
- **What decides it**: the two uncertain inputs, parameters and sizes of levers, whose rank correlation with the effect on work \
in the most changed region is largest. A positive sign says: the larger the input, the higher the share under the scenario \
beside that under the baseline. With {draws} draws a correlation of {one:.2f} happens in one case of twenty with an input that \
decides nothing, and the largest of {inputs} such inputs passes {all:.2f} as often. Hence: *within noise* below the first, \
*may be chance* below the second, *more than chance* above it.
- **Elite**: no verdict on the elite is given below {elite_researchers:,} researchers and {elite_replicates} replicates. \
This reading is of such a run at the reference point; its error is that of the random numbers alone, and chance passes two \
errors in about one reading of thirteen.
- **Wrong if** says what would have to be observed, should the measures come, for the scenario to be wrong.
"""


def page(effects: Sequence[EffectRow]) -> str:
    """Return the page."""
    scenarios = [load_shipped(name) for name in shipped_names()]
    scenarios.sort(key=lambda scenario: scenario.name != BASELINE)
    pieces = [introduction(effects), overview(scenarios, effects), *(section(each, effects) for each in scenarios)]
    return "\n".join(wrapped(line) for line in "\n".join(pieces).split("\n"))


def wrapped(line: str) -> str:
    """Break a long line of text or of a list; tables stay."""
    if line.startswith("|"):
        return line
    head = len(line) - len(line.lstrip(" -"))
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * head, break_long_words=False, break_on_hyphens=False)


def introduction(effects: Sequence[EffectRow]) -> str:
    """Return how the page is to be read, with the sizes of the runs."""
    draws, inputs = max(row.draws for row in effects), max(row.inputs for row in effects)
    return INTRODUCTION.format(
        draws=draws,
        inputs=inputs,
        one=noise_level(draws),
        all=noise_level(draws, inputs),
        replicates=EFFECT_REPLICATES,
        researchers=EFFECT_RESEARCHERS,
        elite_replicates=ELITE_REPLICATES,
        elite_researchers=ELITE_RESEARCHERS,
    )


def overview(scenarios: Sequence[Scenario], effects: Sequence[EffectRow]) -> str:
    """Return the table of all scenarios with the effect on work in the most changed region."""
    lines = ["| scenario | what it is | largest effect on work, top 20 %, 2035 |", "|---|---|---|"]
    for scenario in scenarios:
        largest = "; ".join(effect_text(row) for row in effects if row.scenario == scenario.name and row.main)
        lines.append(f"| [{scenario.name}](#{scenario.name}) | {scenario.title} | {largest} |")
    return "\n".join([*lines, ""])


def section(scenario: Scenario, effects: Sequence[EffectRow]) -> str:
    """Return what there is to say of one scenario."""
    parts = parts_of(scenario, load_data().codes)
    lines = [
        f"## {scenario.name}",
        "",
        f"**{scenario.title}.** {scenario.question}",
        "",
        f"{scenario.note}",
        "",
        "What it changes:",
        "",
    ]
    for part in parts:
        lines += part_lines(part)
    lines += ["", assumption_line(own_levers(parts)), ""]
    own = [row for row in effects if row.scenario == scenario.name]
    main = next((row for row in own if row.main), None)
    if main is not None:
        lines += [
            f"- Effect on work: {effect_line(own, 'work')}.",
            f"- Effect on study: {effect_line(own, 'study')}.",
            f"- {inputs_line(main)}",
            f"- {elite_line(main)}",
            "",
        ]
    elif scenario.name != BASELINE:
        lines += ["Its effect has not been computed.", ""]
    return "\n".join(lines)


def part_lines(part: Part) -> list[str]:
    """Return a list of the levers of a part: for whom, when, how much, and why."""
    head = f"- {part.name}{': ' if part.about else ''}{part.about}"
    return [
        head,
        *(
            f"  - `{row.id}`: {row.lever}, {row.whom}, {row.when}: {row.size} ({row.unit}). {evidence_text(row)}"
            for row in part.levers
        ),
    ]


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(read_effects()), encoding="utf-8")


if __name__ == "__main__":
    main()
