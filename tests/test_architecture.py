"""The rules that hold the package together: sizes, one home for each name, purity, nothing declared that lies idle.

Directions of import are held by import-linter (pyproject.toml, `make lint`), what names a result by tests/test_keys.py.
"""

import ast
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.data.load import load_data
from sim.runs.outcomes.indicators import INDICATORS
from sim.sources import PACKAGE

MOST_MODULE_LINES = 450
MOST_FOLDER_FILES = 12
MOST_ARGUMENTS, MOST_WIDE = 8, 3
MOST_FUNCTION_LINES = 60
PRINTING = {"cli", "__main__"}
SLOW_LIBRARIES = {
    "distributed",
    "ast",
    "tempfile",
    "numba",
    "mesa",
    "scipy",
    "pandas",
    "matplotlib",
    "pyarrow",
    "plotly",
    "solara",
    "SALib",
    "duckdb",
    "ema_workbench",
    "sklearn",
    "xarray",
    "arviz_stats",
    "threadpoolctl",
    "xlsxwriter",
}
BEHIND_SLOW_LIBRARIES = {"distributed", "sim.engines.agents", "sim.reports.figures.catalogue", "sim.data.load"}
"""They import Mesa, the plotting libraries, and read tables, which takes longer than to show a help."""
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def module_of(path: Path) -> str:
    """Name the room of a file: its folder in the package, or the file itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[tuple[str, str, ast.stmt]]:
    """Yield (module, name, statement) for every import; the name is "" for `import module`."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: relative import"
            yield from ((node.module or "", alias.name, node) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "", node) for alias in node.names)


def sim_modules(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the dotted modules of this package that a file imports; `from sim import data` is `sim.data.load`."""
    known = {dotted(each) for each in FILES}
    for module, name, node in imports_of(path):
        if module == "sim" or module.startswith("sim."):
            yield (f"{module}.{name}" if f"{module}.{name}" in known else module), node


def typing_only(path: Path) -> set[ast.stmt]:
    """Return the statements under `if TYPE_CHECKING`, which never run."""
    tests = (node for node in ast.walk(TREES[path]) if isinstance(node, ast.If))
    return {
        statement
        for node in tests
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
    }


def test_there_are_no_cycles() -> None:
    graph = {dotted(path): {module for module, _ in sim_modules(path)} for path in FILES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for each in sorted(graph.get(module, ())):
                visit(each, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_no_private_name_crosses_a_file(path: Path) -> None:
    own = {module for module, _ in sim_modules(path)}
    aliases = {
        alias.asname or alias.name.split(".")[-1]
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if f"{getattr(node, 'module', '')}.{alias.name}" in own
    }
    for module, name, node in imports_of(path):
        if module.startswith("sim"):
            private = [part for part in (*module.split("."), name) if part.startswith("_") and part != "__version__"]
            assert not private, f"{path.name}:{node.lineno}: {module} {name}"
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            assert not node.attr.startswith("_"), f"{path.name}:{node.lineno}: {node.value.id}.{node.attr}"


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_inside_functions_are_for_slow_libraries_or_the_command_line(path: Path) -> None:
    if module_of(path) in PRINTING:
        return
    outer = set(TREES[path].body)
    for module, _, node in imports_of(path):
        if node not in outer and node not in typing_only(path):
            is_slow = module.split(".")[0] in SLOW_LIBRARIES or module in BEHIND_SLOW_LIBRARIES
            assert is_slow, f"{path.name}:{node.lineno}: {module}"


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_modules_and_functions_fit_on_a_screen(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_MODULE_LINES, f"{lines} lines"
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            length = node.end_lineno - node.lineno + 1
            assert length <= MOST_FUNCTION_LINES, f"{node.name}: {length} lines"


def test_no_folder_is_a_corridor() -> None:
    folders = {path.parent for path in FILES}
    counted = {folder: len(list(folder.glob("*.py"))) for folder in folders}
    assert not {str(folder.relative_to(PACKAGE)): many for folder, many in counted.items() if many > MOST_FOLDER_FILES}


def test_few_functions_take_many_arguments() -> None:
    wide = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                if len(names) - (names[:1] in (["self"], ["cls"])) > MOST_ARGUMENTS:
                    wide.append(f"{dotted(path)}.{node.name}")
    assert len(wide) <= MOST_WIDE, wide


def homes() -> dict[str, set[str]]:
    """List the modules in which each public name is defined.

    What is asked from outside, commands of the command line and names of `sim`, is called like what answers it inside.
    """
    found: dict[str, set[str]] = {}
    asked = {(module, name) for module, name in sim.NAMES.values() if module.startswith("sim.api.")}
    for path, tree in TREES.items():
        for node in tree.body:
            names: list[str] = []
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                decorated = (ast.unparse(each) for each in node.decorator_list)
                names = [] if any("click.command" in each for each in decorated) else [node.name]
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [
                    each.id
                    for target in targets
                    for each in ast.walk(target)
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
                ]
            for name in names:
                if not name.startswith("_") and (dotted(path), name) not in asked:
                    found.setdefault(name, set()).add(dotted(path))
    return found


def test_a_public_name_has_one_home() -> None:
    assert not {name: sorted(places) for name, places in homes().items() if len(places) > 1}


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_there_is_no_global_random_state(path: Path) -> None:
    own_generators = {"default_rng", "Generator", "SeedSequence", "PCG64", "Philox", "BitGenerator"}
    for module, name, node in imports_of(path):
        assert module != "random", f"{path.name}:{node.lineno}: the module random"
        if module == "numpy.random":
            assert name in own_generators, f"{path.name}:{node.lineno}: numpy.random.{name}"
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "random":
            assert node.attr in own_generators, f"{path.name}:{node.lineno}: random.{node.attr}"


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    if module_of(path) in PRINTING:
        return
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "exit", "quit", "input", "sys.exit", "os._exit"), (
                f"{path.name}:{node.lineno}: {called}"
            )
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in ("sys.stdout", "sys.stderr"), f"{path.name}:{node.lineno}"


def test_the_core_touches_no_file_clock_or_screen() -> None:
    outside = {
        "os",
        "io",
        "pathlib",
        "tempfile",
        "shutil",
        "time",
        "datetime",
        "sys",
        "subprocess",
        "socket",
        "rich",
    }
    for path in FILES:
        if module_of(path) == "model" and path.name not in ("compiled.py", "bodies.py"):
            for module, _, node in imports_of(path):
                assert module.split(".")[0] not in outside, f"{path.name}:{node.lineno} imports {module}"


def test_every_parameter_has_unit_range_and_source() -> None:
    data = load_data()
    assert data.parameters
    for parameter in data.parameters:
        assert parameter.unit, parameter.name
        assert parameter.meaning, parameter.name
        assert parameter.low <= parameter.default <= parameter.high, parameter.name
        assert math.isfinite(parameter.low), parameter.name
        assert math.isfinite(parameter.high), parameter.name
        assert parameter.source in data.sources, f"{parameter.name}: source {parameter.source}"


def names_read() -> set[str]:
    """Return every text and attribute of the sources, with the texts that f-strings build from pieces."""
    found: set[str] = set()
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return found


def test_every_parameter_is_read_somewhere() -> None:
    read = names_read()
    unread = []
    with (PACKAGE / "data" / "tables" / "parameters.toml").open("rb") as stream:
        names = [row["name"] for row in tomllib.load(stream)["parameter"]]
    for name in names:
        # A family by region (study_offset_kor, home_study_other) is read through its stem.
        stem, _, last = name.rpartition("_")
        by_region = last == "other" or last.upper() in load_data().codes
        if name not in read and not (by_region and {stem, f"{stem}_"} & read):
            unread.append(name)
    assert not unread


def test_every_lever_reaches_the_model() -> None:
    from sim.scenarios.levers.changes import Policies
    from sim.scenarios.levers.declared import LEVERS

    assert set(LEVERS) == set(Policies._fields)
    users = [path for path in FILES if module_of(path) not in ("scenarios", "cli")]
    read = {node.attr for path in users for node in ast.walk(TREES[path]) if isinstance(node, ast.Attribute)}
    assert not set(LEVERS) - read


def test_every_indicator_has_a_unit_and_a_definition() -> None:
    # tests/runs/test_folder.py checks that each is written.
    assert all(each.unit and each.definition for each in INDICATORS.values())


def test_nothing_of_a_machine_stands_in_the_project() -> None:
    root = PACKAGE.parent
    command_line = (f"sim/cli/{path.name}" for path in (root / "sim" / "cli").glob("*.py"))
    for name in ("pyproject.toml", "Makefile", "README.md", *command_line):
        text = (root / name).read_text(encoding="utf-8")
        assert "/home/" not in text, name
        assert "/tmp/" not in text, name
