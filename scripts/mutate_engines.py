"""Show that the comparison of the engines can fail: break one of them in memory and see the comparison go red.

    python scripts/mutate_engines.py

Each mutation replaces a line of one module; the comparison then runs without the compiler on a random world and on a shipped
scenario. A broken orchestration must be found. A broken formula, which both engines share, must pass, and be caught by expected
flows instead.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from scripts.mutated import IN_FORCE
from sim.sources import PACKAGE


class Mutation(NamedTuple):
    """One line of a module, written wrongly."""

    what: str
    module: str
    right: str
    wrong: str
    caught_by: str = ""  # the tests that catch what the comparison of the engines cannot


MUTATIONS = (
    Mutation(
        "agents: observe before leaving",
        "engines/agents",
        """        students.select(is_student).do("leave")
        workers.do("leave")
        workers.select(is_worker).do("grow_older")
        self.agents.select(lambda each: each.stage != APPLY).do("observe")
""",
        """        self.agents.select(lambda each: each.stage != APPLY).do("observe")
        students.select(is_student).do("leave")
        workers.do("leave")
        workers.select(is_worker).do("grow_older")
""",
    ),
    Mutation(
        "arrays: a stale stock, diasporas of the year before last",
        "engines/arrays",
        "top, elite, as_floats(counts.stock), as_floats",
        "top, elite, indices.diaspora / world.people_per_researcher, as_floats",
    ),
    Mutation(
        "agents: too fresh a stock, the year's tables made after the study choice of the year",
        "engines/agents",
        """        students.do("graduate")
""",
        """        fresh = self.update_indices() or self.indices
        self.tables = make_year(self.world, fresh, self.year - FIRST_YEAR, self.study_weights)
        students.do("graduate")
""",
    ),
    Mutation(
        "arrays: a lost cohort",
        "engines/strips",
        "        if last > known:\n",
        "        if last > known and tables.year != 2007:\n",
    ),
    Mutation(
        "agents: leaving decided by the state after the move (a graduate of the year may leave)",
        "engines/agents",
        """        students.select(is_student).do("leave")
""",
        """        students.do("leave")
""",
    ),
    Mutation(
        "agents: a key with the wrong year",
        "engines/agents",
        "        self.words = year_words(self.who, self.model.year)\n",
        "        self.words = year_words(self.who, self.model.year - 1)\n",
    ),
    Mutation(
        "a formula that both engines share: nobody pays attention to pay",
        "model/jobs",
        "        + c.pay_elasticity * logs.pay",
        "        + 0.0 * logs.pay",
        caught_by="tests/model/test_year.py",
    ),
)

COMPARE = """
from sim.model.choice.randomness import make_key
from tests.engines.same import differences, shipped_world
from tests.support.toy import random_world

worlds = [random_world(3, 4, years=16, people=5.0, relocation_hazard=0.4), shipped_world("baseline", 100)]
for world in worlds:
    found = next(differences(world, make_key(1, 0)), "")
    if found:
        print(found)
        sys.exit(3)
"""
TEST = """
import pytest

sys.exit(3 if pytest.main(["-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", {tests!r}]) == 1 else 0)
"""
FOUND = 3


def try_out(mutation: Mutation, action: str) -> tuple[bool, str]:
    """Act with a mutation in force; return whether something was found, and what was printed."""
    path = PACKAGE / f"{mutation.module}.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(mutation.right) == 1, f"the line to mutate is not in {path} exactly once"
    with tempfile.TemporaryDirectory() as folder:
        broken = Path(folder) / "broken.py"
        broken.write_text(text.replace(mutation.right, mutation.wrong), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", IN_FORCE + action, str(path), str(broken)],
            cwd=PACKAGE.parent,
            env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode not in (0, FOUND):
        raise RuntimeError(f"{mutation.what}: the comparison did not run\n{done.stderr}")
    return done.returncode == FOUND, done.stdout.strip()


def main() -> int:
    """Try every mutation; return how many were not judged as expected."""
    wrong = 0
    for mutation in MUTATIONS:
        is_found, difference = try_out(mutation, COMPARE)
        verdict = f"found: {difference}" if is_found else "both engines still agree"
        as_expected = is_found != bool(mutation.caught_by)
        if mutation.caught_by:
            is_caught, _ = try_out(mutation, TEST.format(tests=mutation.caught_by))
            as_expected &= is_caught
            verdict += f"; {'caught' if is_caught else 'NOT caught'} by {mutation.caught_by}"
        wrong += not as_expected
        print(f"{'ok ' if as_expected else 'BAD'} {mutation.what}\n      {verdict}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
