"""Fuzz scenario files: bytes that a coverage-guided fuzzer makes are loaded or refused, as a `ScenarioError`.

    pip install atheris
    python scripts/fuzz.py [FOLDER] [-max_total_time=600] [-seed=1] [...]

FOLDER keeps what reached new code; without one it is a temporary one. It begins with the shipped scenarios and those that tests
see refused. Options are libFuzzer's. Another exception, an input that takes 10 seconds, and a process of 500 MB are findings.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sim.scenarios", "tomllib"]):
    from sim.scenarios.load import load_basis, load_scenario
    from sim.scenarios.reading.chain import shipped_folder
    from sim.scenarios.reading.text import ScenarioError

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (shipped_folder(), ROOT / "tests" / "scenarios" / "invalid")
USUAL = ("-max_total_time=600", "-max_len=4000", "-timeout=10", "-rss_limit_mb=500", "-print_final_stats=1")


def main() -> None:
    """Fuzz in a temporary folder."""
    load_basis()  # what every scenario stands on is no part of the search
    with tempfile.TemporaryDirectory() as place:
        folders = [each for each in sys.argv[1:] if not each.startswith("-")]
        corpus = Path(folders[0] if folders else place) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for seed in (path for folder in SEEDS for path in sorted(folder.glob("*.toml"))):
            shutil.copy(seed, corpus / f"{seed.parent.name}-{seed.name}")
        file = Path(place) / "fuzzed.toml"

        def load(content: bytes) -> None:
            file.write_bytes(content)
            try:
                load_scenario(str(file))
            except ScenarioError as error:
                str(error)

        options = [each for each in sys.argv[1:] if each.startswith("-")]
        os.chdir(place if not folders else folders[0])  # findings are written here
        atheris.Setup([sys.argv[0], *USUAL, *options, str(corpus)], load)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
