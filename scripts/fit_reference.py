"""Fit the reference point and write sim/data/tables/reference.toml; optional argument: iterations."""

import sys
from pathlib import Path

from sim.data.load import DATA_FOLDER
from sim.draws.reference import FREE, fit_reference
from sim.scenarios.load import load_basis


def main(iterations: int) -> None:
    """Fit, then write the fitted values with the free parameters named."""
    values = fit_reference(load_basis(), iterations, lambda line: print(line, file=sys.stderr, flush=True))
    lines = [
        "# The reference point: fitted by scripts/fit_reference.py to the targets of 2019 and 2022 under the priors.",
        "# It serves tests, examples, variants and benchmarks. It is not a prior. All other parameters stand at their default.",
        "",
        "[values]",
        *(f"{name} = {values[name]}" for name in FREE),
        "",
    ]
    Path(DATA_FOLDER / "reference.toml").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
