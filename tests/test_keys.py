"""What names compiled code, solved draws, runs and comparisons: all that decides a number, and no wording."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.sources import COMPILED, MODEL, PACKAGE, SOLUTION, WORKERS, deeds, source_files

GUARDS = ("arrays", "ending", "manifest", "paths", "private", "reading", "words")
OUTSIDE_ANY_KEY = {"sim", "sim.sources", *(f"sim.files.{name}" for name in GUARDS)}
"""They hash, refuse and hold nothing that decides a number."""
NAMES = """
import json
from sim.sources import COMPARISON, COMPILED, SOLUTION, source_hash
from sim.draws.draw import draw_key, draw_vectors
from sim.model.choice.compiled import cache_folder
from sim.runs.plan import RunPlan
from sim.runs.folder import run_id
from sim.scenarios.load import load_basis, load_scenario
basis = load_basis()
plan = RunPlan(load_scenario("us-entry-restrictions"), basis, draws=2)
names = [cache_folder().name, draw_key(basis, draw_vectors(basis.data, 1, {})[0], 0), run_id(plan), source_hash(COMPARISON)]
print(json.dumps(names))
"""


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in PACKAGE.rglob("*.py")}


def runtime_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Walk a module, without what only a type checker reads."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def imports_of(module: str) -> set[str]:
    """List the modules of the package that a module imports, at its head or later."""
    found = set()
    for node in runtime_nodes(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {name for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names)) if name in MODULES}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names if each.name in MODULES}
    return found


def closure(*starts: str) -> set[str]:
    """List everything that modules import, directly or not, and themselves; empty packages are left out."""
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += imports_of(module)
    return {name for name in seen - OUTSIDE_ANY_KEY if deeds(MODULES[name].read_text(encoding="utf-8")) != deeds("")}


def keyed(parts: tuple[str, ...]) -> set[str]:
    return {dotted(path) for path in source_files(parts)}


def compiled_modules() -> list[str]:
    return [name for name in MODULES if "sim.model.choice.compiled" in imports_of(name)]


def test_everything_compiled_is_covered_by_its_key() -> None:
    assert len(compiled_modules()) > 10
    assert closure(*compiled_modules()) <= keyed(COMPILED)


def test_everything_that_a_solution_depends_on_is_covered_by_its_key() -> None:
    assert closure("sim.draws.constants", "sim.draws.assembly") <= keyed(SOLUTION)


def test_everything_that_a_run_depends_on_is_covered_by_its_key() -> None:
    assert closure("sim.runs.simulate", "sim.runs.tables", "sim.runs.outcomes.indicators") <= keyed(MODEL)


def test_everything_that_a_worker_does_is_covered_by_what_it_is_checked_against() -> None:
    assert closure("sim.sweeps.execute", "sim.calibration.bank.store") <= keyed(WORKERS)


def test_no_reader_of_scenarios_and_no_page_is_in_a_key() -> None:
    for name in keyed(MODEL) | keyed(COMPILED):
        assert not name.startswith(("sim.scenarios.reading", "sim.scenarios.load", "sim.reports", "sim.cli", "sim.sweeps")), name


def test_no_constant_with_a_blank_decides_anything() -> None:
    # Hashes leave texts with a blank out but where they stand in a comparison, an index or as keys (see `sim.sources.deeds`).
    for path in source_files((*MODEL, *COMPILED)):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and any(is_prose(each) for each in ast.walk(node.value))
        }
        for node in ast.walk(tree):
            deciding = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            deciding += [node.slice] if isinstance(node, ast.Subscript) else []
            for each in deciding:
                assert not (isinstance(each, ast.Name) and each.id in prose), f"{path.name}:{each.lineno}: {each.id}"


def is_prose(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and any(each.isspace() for each in node.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # one", "x = 1"),
        ('"""Says this."""\nx = 1', '"""Says that, at length."""\nx = 1'),
        ('raise ValueError("wrong")', 'raise ValueError("bad")'),
        ('raise ValueError(f"wrong: {x}")', 'raise ValueError(f"bad: {x}")'),
        ('found.append("a message")', 'found.append("another message")'),
        ('Lever("pay", meaning="High")', 'Lever("pay", meaning="Low")'),
    ],
)
def test_wording_changes_no_hash(before: str, after: str) -> None:
    assert deeds(before) == deeds(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1", "x = 2"),
        ("x = a + b", "x = a - b"),
        ('x = table["pay"]', 'x = table["odds"]'),
        ('x = f"home_{code}"', 'x = f"work_{code}"'),
        ("raise ValueError(x)", "raise KeyError(x)"),
        ("if a < b:\n    pass", "if a <= b:\n    pass"),
        ('if a == "China (HK)":\n    pass', 'if a == "China, HK":\n    pass'),
        ('x = {"a b": 1}', 'x = {"a c": 1}'),
        ("x: int = 1", "x: int = -1"),
    ],
)
def test_what_is_done_changes_the_hash(before: str, after: str) -> None:
    assert deeds(before) != deeds(after)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the package and its scenarios."""
    shutil.copytree(PACKAGE, tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent / "scenarios", tmp_path / "scenarios")
    return tmp_path / "sim"


def names_of(package: Path) -> list[str]:
    """Ask a copy for the names of its compiled code, of a draw, of a run and of comparisons."""
    place = {"PYTHONPATH": str(package.parent), "TALENTSIM_CACHE": str(package.parent / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", NAMES],
        cwd=package.parent,
        env={**os.environ, **place, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path.name} no longer holds {before!r} once"
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_rewording_names_nothing_anew(copy: Path) -> None:
    before = names_of(copy)
    edit(copy / "model/world.py", "Everything that is given from outside in one run", "All that comes from outside in a run")
    edit(copy / "engines/agents.py", "the last year of this model", "the final year of this model")
    edit(copy / "draws/constants.py", "constants not solved: the largest", "the constants were not solved: the largest")
    edit(copy / "data/checks.py", "the table has no rows", "there are no rows in the table")
    edit(copy / "scenarios/scenario.py", "The file's name without", "The name of the file without")
    edit(copy / "runs/outcomes/statistics.py", "Split the variance of crossed values", "Part the variance of crossed values")
    edit(copy / "comparisons/pairing.py", "that their draws cannot be matched", "that nothing matches their draws")
    edit(copy / "scenarios/levers/declared.py", "Share of doctoral student-visa applications that are refused.", "Refusals.")
    assert names_of(copy) == before


def test_a_changed_formula_names_everything_anew(copy: Path) -> None:
    before = names_of(copy)
    edit(copy / "model/jobs.py", "+ c.pay_elasticity * logs.pay[o, j, s]", "+ 2.0 * c.pay_elasticity * logs.pay[o, j, s]")
    after = names_of(copy)
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, False, False, True]


def test_a_changed_table_names_draws_and_runs_anew_and_compiles_nothing(copy: Path) -> None:
    before = names_of(copy)
    edit(copy / "data/tables/parameters.toml", 'name = "exit_rate"', 'name    = "exit_rate"  # leaving')
    assert names_of(copy) == before
    edit(copy / "data/tables/parameters.toml", "median = 0.55, sigma = 0.5", "median = 0.55, sigma = 0.6")
    after = names_of(copy)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False, True]


def test_a_changed_reference_point_names_runs_anew_and_no_draw(copy: Path) -> None:
    before = names_of(copy)
    edit(copy / "data/tables/reference.toml", "exit_rate = 0.1125", "exit_rate = 0.1126")
    after = names_of(copy)
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False, True]
