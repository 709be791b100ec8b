"""The public interface: frozen, typed, documented, executed, lazy, and helpful about wrong words."""

import ast
import contextlib
import doctest
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.sources import PACKAGE

HERE = Path(__file__).parent
FROZEN = HERE / "public.txt"
VERBS = [name for name in sim.NAMES if name[0].islower()]
CLASSES = [name for name in sim.NAMES if name[0].isupper()]


def surface() -> Iterator[str]:
    """Write every public name with its arguments, and those of the public methods of our own classes."""
    for name in sorted(sim.NAMES):
        found = getattr(sim, name)
        if name in VERBS:
            yield f"{name}{bare(found)}"
            continue
        yield name
        for each, member in sorted(vars(found).items()):
            if each.startswith("_"):
                continue
            if isinstance(member, property):
                yield f"{name}.{each}"
            elif inspect.isfunction(member):
                yield f"{name}.{each}{bare(member)}"


def bare(function: object) -> str:
    """Write the arguments of a function without types."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    given = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=given, return_annotation=inspect.Signature.empty))


def test_names_and_arguments_change_on_purpose_only() -> None:
    assert "\n".join(surface()) + "\n" == FROZEN.read_text(encoding="utf-8"), f"the interface changed: write {FROZEN.name} anew"


def test_what_type_checkers_see_is_what_there_is() -> None:
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    seen = {
        alias.asname: (node.module, alias.name) for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == sim.NAMES
    assert set(sim.__all__) == {"__version__", *sim.NAMES}
    assert set(sim.__all__) <= set(dir(sim))


@pytest.mark.parametrize("name", sim.NAMES)
def test_every_name_says_what_it_does(name: str) -> None:
    found = getattr(sim, name)
    assert inspect.getdoc(found), name
    if name in VERBS:
        for argument in inspect.signature(found).parameters:
            assert re.search(rf"\b{argument}\b", found.__doc__), f"{name}: {argument} is not told"
        assert ">>> " in found.__doc__, f"{name} shows no example"
    for each, member in vars(found).items() if name in CLASSES else ():
        if not each.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            assert inspect.getdoc(member), f"{name}.{each}"


@pytest.mark.slow
@pytest.mark.parametrize("name", VERBS)
def test_examples_do_what_they_say(name: str, tmp_path: Path) -> None:
    module, attribute = sim.NAMES[name]
    found = getattr(importlib.import_module(module), attribute)
    (example,) = (test for test in doctest.DocTestFinder(recurse=False).find(found, name, globs={}) if test.examples)
    said: list[str] = []
    with contextlib.chdir(tmp_path):
        result = doctest.DocTestRunner().run(example, out=said.append)
    assert result.attempted
    assert not result.failed, "".join(said)


def test_no_example_stands_where_nothing_runs_it() -> None:
    shown = {
        (".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), node.name)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ">>> " in (ast.get_docstring(node) or "")
    }
    assert shown == {sim.NAMES[name] for name in VERBS}


def test_a_users_script_uses_every_public_name() -> None:
    tree = ast.parse((HERE / "user_script.py").read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sim"
    }
    assert used == set(sim.__all__)


@pytest.mark.slow
def test_a_users_script_passes_the_strictest_types(tmp_path: Path) -> None:
    options = ("--strict", "--cache-dir", str(tmp_path / "cache"), "--config-file", str(PACKAGE.parent / "pyproject.toml"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(HERE / "user_script.py")],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_users_script_runs(tmp_path: Path) -> None:
    place = {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, str(HERE / "user_script.py")], cwd=tmp_path, env={**os.environ, **place}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "entry_ban" in done.stdout


def test_importing_the_package_and_asking_for_help_load_nothing_slow() -> None:
    program = "import sys, sim, sim.cli; print(*sorted(sys.modules))"
    place = {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **place}, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not [name for name in loaded if name.startswith(("sim.api", "sim.runs", "sim.scenarios.load", "sim.bridges"))]
    assert not loaded & {"numpy", "pandas", "numba", "scipy", "xarray", "matplotlib"}


@pytest.mark.parametrize(
    ("name", "arguments", "wrong", "right"),
    [
        ("run", (), "drawz", "draws"),
        ("run", (), "n_jobs", "workers"),
        ("run", (), "end_year", "until"),
        ("compare", ("baseline", "us-opening"), "people", "researchers"),
        ("simulate", (), "random_state", "seed"),
        ("lever", ("entry_bar",), "region", "destination"),
        ("solve", ("baseline", {}, ""), "n_draws", "draws"),
        ("fit", (), "draw", "draws"),
    ],
)
def test_a_wrong_keyword_names_the_right_one(name: str, arguments: tuple[object, ...], wrong: str, right: str) -> None:
    with pytest.raises(TypeError, match=rf"{name}\(\) has no keyword '{wrong}'; did you mean {right}\?"):
        getattr(sim, name)(*arguments, **{wrong: 1})


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"draws": 0}, "draws=0: allowed are whole numbers from 1"),
        ({"researchers": 2.5}, "researchers=2.5"),
        ({"until": 1999, "seed": -1}, "seed=-1.*until=1999"),
        ({"engine": "fast"}, "engine='fast': allowed are arrays, agents"),
    ],
)
def test_a_wrong_size_says_what_is_allowed(sizes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sim.run("baseline", **sizes)  # type: ignore[arg-type]


PAGE = (PACKAGE.parent / "docs" / "python.md").read_text(encoding="utf-8")


def test_the_page_tells_every_name() -> None:
    told = set(re.findall(r"`sim\.(\w+)`", PAGE[PAGE.index("## Every name") :]))
    assert told == set(sim.NAMES)
    for name in CLASSES:
        row = next((line for line in PAGE.splitlines() if line.startswith(f"| `sim.{name}`")), "")
        for each in re.findall(r"`(\w+)`", row.split("|")[-2]) if row else ():
            assert hasattr(getattr(sim, name), each) or each in getattr(sim, name).__dataclass_fields__, f"{name}.{each}"


@pytest.mark.slow
def test_the_pages_code_runs(tmp_path: Path) -> None:
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
    place = {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, **place}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_notebook_needs_no_tricks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))
    cells = (
        'import sim\nrun = sim.run("baseline", draws=2, replicates=1, researchers=500, until=2024)\nrun',
        'sim.solve("us-entry-restrictions", {"us-wider-bar": (0.05, 0.4)}, "share(study, USA, top20, 2030) >= 0.9",\n'
        "          draws=2, researchers=500, workers=2).state",
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "<table" in book.cells[0].outputs[-1]["data"]["text/html"]
    assert book.cells[1].outputs[-1]["data"]["text/plain"] in ("'not reached'", "'flat'")
