"""Compare every shipped scenario with the baseline over the first draws and write results/reference/sensitivity.csv.

python scripts/scenario_sensitivity.py [draws [workers]]

Fast where the draws are solved (scripts/solve_draws.py). scripts/write_scenarios.py turns the table into docs/scenarios.md.
"""

import sys
from pathlib import Path

from sim.comparisons.shipped.effects import EffectDesign, effect_rows
from sim.comparisons.shipped.reference import CHECKSUM, SENSITIVITY, checksum_text, results_name, write_effects
from sim.data.load import load_data
from sim.scenarios.load import BASELINE
from sim.scenarios.reading.chain import shipped_names

FOLDER = Path(__file__).resolve().parents[1] / "results" / "reference"


def main(draws: int, workers: int) -> None:
    """Write the effects of all scenarios and the checksum of all reference results."""
    names = [name for name in shipped_names() if name != BASELINE]
    design = EffectDesign(draws=draws, workers=workers)
    rows = list(effect_rows(names, design, lambda *told: print(*told, file=sys.stderr, flush=True)))
    write_effects(FOLDER / SENSITIVITY, rows)
    version = load_data().version
    (FOLDER / CHECKSUM).write_text(checksum_text(FOLDER, version), encoding="utf-8")
    print(f'If numbers moved, CHANGELOG.md needs a line "- Results change: <why>; {results_name(FOLDER, version)}."')


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
