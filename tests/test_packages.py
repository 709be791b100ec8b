"""What is installed: the core imports core packages only, its lock is a small part of the full one, no lock names a machine."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from sim.sources import PACKAGE

ROOT = PACKAGE.parent
MOST_PACKAGES = 30
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {name: (ROOT / name).read_text(encoding="utf-8") for name in (
    "requirements.lock", "requirements-dev.lock", "requirements-dev-3.13.lock", "requirements-site.lock",
)}  # fmt: skip
ALONE = {"site": ("agents",)}
"""Groups with an environment and a lock of their own, and the extras in it."""
MODULES = {"jinja2": "jinja2", "PIL": "pillow"}
"""Packages by the module they are imported as, where the names differ."""
OPTIONAL = {"sim/engines/agents.py": "agents", **{f"sim/explorer/{name}.py": "explore" for name in ("guard", "serve", "server")}}
"""Modules that an extra is for: nothing else imports them when it is imported."""


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement, maxsplit=1)[0].lower()


def pins(lock: str) -> dict[str, str]:
    """Versions by package; a package of another system or Python is left out."""
    lines = re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;]+)( ; .*)? \\$", lock, flags=re.MULTILINE)
    ours = ("", " ; python_full_version < '3.12'")  # the lock of 3.11; the newer versions have one of their own
    return {name.lower(): version for name, version, marker in lines if marker in ours}


def imported_at_once(path: Path) -> set[str]:
    """Top names of what a module imports when it is imported, without what types alone need."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found - set(sys.stdlib_module_names) - {"sim"}


def test_the_core_imports_core_packages_only() -> None:
    core = {name_of(each) for each in PROJECT["project"]["dependencies"]}
    extras = {extra: {name_of(each) for each in needs} for extra, needs in PROJECT["project"]["optional-dependencies"].items()}
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(ROOT).as_posix()
        allowed = core | extras.get(OPTIONAL.get(place, ""), set())
        assert {MODULES.get(name, name).lower() for name in imported_at_once(path)} <= allowed, place


def test_the_core_is_small_and_the_readme_counts_it() -> None:
    core = pins(LOCKS["requirements.lock"])
    assert len(core) <= MOST_PACKAGES
    assert f"{len(core)} packages pinned by hash" in (ROOT / "README.md").read_text(encoding="utf-8").replace("\n", " ")


def test_the_core_is_the_same_in_the_full_lock() -> None:
    core, full = pins(LOCKS["requirements.lock"]), pins(LOCKS["requirements-dev.lock"])
    assert core.items() <= full.items()
    assert "mesa" in full.keys() - core.keys()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_the_project_asks_for_by_hash_and_no_address(name: str) -> None:
    optional, groups = PROJECT["project"]["optional-dependencies"], PROJECT["dependency-groups"]
    asked = [PROJECT["project"]["dependencies"]]
    if name.startswith("requirements-dev"):
        asked += [*optional.values(), *(needs for group, needs in groups.items() if group not in ALONE)]
    for group, extras in ALONE.items():
        if name == f"requirements-{group}.lock":
            asked += [groups[group], *(optional[extra] for extra in extras)]
    wanted = [each for needs in asked for each in needs if isinstance(each, str)]
    assert {name_of(each).replace("_", "-") for each in wanted} <= pins(LOCKS[name]).keys()
    for block in re.split(r"\n(?=[A-Za-z0-9])", LOCKS[name]):
        assert "--hash=sha256:" in block, block
    for word in ("--index", "--extra-index", "--find-links", "--trusted-host", "file:", "://", "/work", "/opt", "/home"):
        assert word not in LOCKS[name]


def test_the_group_dev_holds_every_group_but_those_with_a_lock_of_their_own() -> None:
    groups = PROJECT["dependency-groups"]
    assert {each["include-group"] for each in groups["dev"]} == groups.keys() - {"dev", *ALONE}
