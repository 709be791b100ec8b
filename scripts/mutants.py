"""Mutation testing of what decides numbers: break one place of it at a time, and see whether the fast tests notice.

    python scripts/mutants.py [MUTANTS] [--seed S] [--to FILE] [--seconds N] [--workers N] [--only PART ...]

Places are drawn uniformly from all modules of `MODULES`, by a seed that is printed. The tests run without the compiler, with the
broken module in memory only and a cache of their own: first the small world that is kept, which is quick, then the files of the
module's name, then those that import it, the ones that import least first. A mutant is killed by a test that fails with it and
passes without it; what is neither killed nor through within the time limit counts as a survivor. Lines of FILE are one mutant
each; a mutant that is there is not tried again.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

from scripts.mutated import IN_FORCE
from sim.sources import PACKAGE, source_files

ROOT: Final = PACKAGE.parent
MODULES: Final = (
    "model", "engines", "calibration/evidence.py", "calibration/fit.py", "calibration/likelihood.py", "calibration/modelled.py",
    "calibration/observe.py", "calibration/bank/points.py", "calibration/bank/solving.py", "calibration/emulation",
    "calibration/ensemble", "runs/outcomes", "scenarios/levers/changes.py", "scenarios/levers/named.py",
)  # fmt: skip
NO_FORMULA: Final = ("model/choice/bodies.py", "model/choice/compiled.py")
"""They make the compiler's calls, which are not made here."""
QUICK: Final = "test_kept_world.py"
SWAPS: Final[Mapping[type[ast.AST], type[Any]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitXor: ast.BitAnd,
}  # fmt: skip
NAMES: Final = {"max": "min", "min": "max", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor", "nansum": "nanmax"}
RUN: Final = """
import pytest

usual = ["-x", "-q", "-rfE", "-m", "not slow", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header"]
sys.exit(pytest.main([*usual, *sys.argv[3:]]))
"""


WRITING: Final = Lock()


class Place(NamedTuple):
    """One place that can be broken: the k-th of its module."""

    module: str
    index: int
    line: int
    what: str


class Verdict(NamedTuple):
    """What became of a mutant."""

    is_killed: bool
    by: str


def breaks(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Any]]:
    """List what can be broken: node, field, and the other value of it. Types, messages and docstrings are left alone."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns", "exc"):
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                skipped.update(id(each) for each in ast.walk(value))
        if isinstance(node, ast.FunctionDef):
            skipped.update(id(each) for decorator in node.decorator_list for each in ast.walk(decorator))
    for node in ast.walk(tree):
        if id(node) not in skipped:
            yield from breaks_of(node)


def breaks_of(node: ast.AST) -> Iterator[tuple[ast.AST, str, Any]]:
    """List what can be broken of one node; see `breaks`."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
        if not any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in ast.iter_child_nodes(node)):
            yield node, "op", SWAPS[type(node.op)]()
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield node, "ops", [SWAPS[type(node.ops[0])](), *node.ops[1:]]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node, "op", ast.UAdd() if isinstance(node.op, ast.USub) else ast.Pass()
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield node, "value", node.value + 1
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, "value", not node.value
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield node, "id", NAMES[node.id]
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in NAMES:
        yield node, "attr", NAMES[node.attr]
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield node, "test", ast.UnaryOp(ast.Not(), node.test)


def mutated(module: str, index: int) -> tuple[str, int, str]:
    """Break a module at its k-th place; return its text, the line, and what stood and stands there."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    node, field, other = list(breaks(tree))[index]
    before, line = shown(node), int(getattr(node, "lineno", 0))
    if isinstance(other, ast.Pass):  # `not` goes
        assert isinstance(node, ast.UnaryOp)
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    else:
        setattr(node, field, other)
    return ast.unparse(ast.fix_missing_locations(tree)), line, f"{before}  ->  {shown(node)}"


def shown(node: ast.AST) -> str:
    """Write the first line of a node."""
    return ast.unparse(node).splitlines()[0][:100]


def places(parts: Sequence[str] = MODULES) -> list[tuple[str, int]]:
    """List every place of some modules that can be broken."""
    found = []
    for path in source_files(tuple(parts)):
        module = path.relative_to(PACKAGE).as_posix()
        if module not in NO_FORMULA:
            found += [(module, k) for k in range(len(list(breaks(ast.parse(path.read_text(encoding="utf-8"))))))]
    return found


@cache
def imported(path: Path) -> frozenset[str]:
    """List the modules of the package, and the helpers of tests, that a file imports by its own lines."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return frozenset(name for name in found if name.startswith(("sim.", "tests.")) and file_of(name).is_file())


def file_of(name: str) -> Path:
    """Name the file of a module."""
    path = ROOT / Path(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def reached(path: Path) -> frozenset[str]:
    """List all modules that a file imports, directly or not."""
    seen: set[str] = set()
    waiting = [*imported(path)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imported(file_of(name))
    return frozenset(seen)


def tests_for(module: str) -> list[str]:
    """List the files of tests that can see a module, the most specific first."""
    name, path = "sim." + module.removesuffix(".py").replace("/", "."), PACKAGE / module
    mirror = ROOT / "tests" / path.parent.relative_to(PACKAGE)
    ranked = []
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        if name in reached(test):
            is_named = test.parent == mirror and test.stem == f"test_{path.stem}"
            rank = (test.name != QUICK, not is_named, test.parent != mirror, name not in imported(test), len(reached(test)))
            ranked.append((rank, test.relative_to(ROOT).as_posix()))
    return [test for _, test in sorted(ranked)]


def run(path: Path, text: str, tests: Sequence[str], seconds: float) -> tuple[int | None, str]:
    """Run tests with another text of a module; return pytest's exit code, None where time ran out, and the test that failed."""
    with tempfile.TemporaryDirectory() as place:
        replaced = Path(place) / "mutated.py"
        replaced.write_text(text, encoding="utf-8")
        own = {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT), "TALENTSIM_CACHE": str(Path(place) / "cache")}
        command = [sys.executable, "-c", IN_FORCE + RUN, str(path), str(replaced), *tests]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env={**os.environ, **own}, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return None, ""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return done.returncode, failed[1] if failed else done.stdout[-200:] + done.stderr[-200:]


@cache
def passes(test: str) -> bool:
    """Tell whether a test passes as the modules are."""
    path = PACKAGE / "__init__.py"
    return run(path, path.read_text(encoding="utf-8"), [test], 600.0)[0] == 0


def judged(module: str, text: str, seconds: float) -> Verdict:
    """Run what can see a mutant until it is killed."""
    tests = tests_for(module)
    if not tests:
        return Verdict(False, "no fast test imports it")
    code, test = run(PACKAGE / module, text, tests, seconds)
    if code is None:
        return Verdict(False, f"nothing failed within {seconds:.0f} s")
    if code in (0, 5):
        return Verdict(False, f"{len(tests)} files of tests pass")
    if "::" in test and not passes(test):
        return Verdict(False, f"{test} fails without it too")
    return Verdict(True, test)


def main() -> int:
    """Break, try, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mutants", nargs="?", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--seconds", type=float, default=300.0, help="for the tests of one mutant")
    parser.add_argument("--workers", type=int, default=1, help="mutants tried at a time")
    parser.add_argument("--to", type=Path, default=Path("mutants.jsonl"))
    parser.add_argument("--only", nargs="+", default=list(MODULES), metavar="PART")
    asked: Any = parser.parse_args()
    every = places(asked.only)
    sample = random.Random(asked.seed).sample(every, min(asked.mutants, len(every)))
    print(f"{len(sample)} of {len(every)} places, seed {asked.seed}", flush=True)
    lines = asked.to.read_text(encoding="utf-8").splitlines() if asked.to.is_file() else []
    known: dict[tuple[str, str, int], dict[str, Any]]
    known = {(each["module"], each["what"], each["line"]): each for each in map(json.loads, lines)}

    def tried(place: tuple[str, int]) -> dict[str, Any]:
        module, index = place
        text, line, what = mutated(module, index)
        if (module, what, line) in known:
            return known[module, what, line]
        verdict = judged(module, text, asked.seconds)
        record = {"module": module, "line": line, "what": what, "killed": verdict.is_killed, "by": verdict.by}
        with WRITING, asked.to.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        return record

    killed = 0
    with ThreadPoolExecutor(asked.workers) as pool:
        for record in pool.map(tried, sample):
            killed += record["killed"]
            word = "killed  " if record["killed"] else "SURVIVED"
            print(f"{word} {record['module']}:{record['line']}  {record['what']}  [{record['by']}]", flush=True)
    print(f"{killed} of {len(sample)} mutants killed ({killed / max(1, len(sample)):.0%}), seed {asked.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
