"""Check the versions of the lock files against published security advisories, without a network.

    python scripts/advisories.py
    python scripts/advisories.py --from FOLDER

FOLDER is a clone of the Python Packaging Advisory Database, github.com/pypa/advisory-database (CC BY 4.0). What it says of
packages in a lock is kept in `scripts/advisories.json`, with the day it was written: advisories of later days are not known.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from sim.sources import write_whole

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).with_suffix(".json")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)
ARGUED = {
    "PYSEC-2022-43012": "setuptools on macOS before Python 3.12, which pythran asks for: it is slow to read a hostile page of an "
    "index, and nothing here reads one with it",
}
"""Why an advisory is no matter here, by its id."""


def canonical(name: str) -> str:
    """Write the name of a package as indexes do."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(root: Path = ROOT) -> dict[str, set[tuple[str, str]]]:
    """List (version, lock file) of every package of every lock file in the folders of the project."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in sorted([*root.glob("*.lock"), *root.glob("[a-z]*/**/requirements*.lock")]):
        for name, version in PIN.findall(path.read_text(encoding="utf-8")):
            found.setdefault(canonical(name), set()).add((version, path.relative_to(root).as_posix()))
    return found


def is_affected(version: str, advisory: Mapping[str, Any]) -> bool:
    """Tell whether a version is listed in an advisory or lies in one of its ranges, each a list of events in order."""
    if version in advisory["versions"]:
        return True
    asked = Version(version)
    for events in advisory["ranges"]:
        inside = False
        for event, since in events:
            if since != "0" and asked < version_of(since):
                break
            if event == "last_affected" and asked == version_of(since):
                return True
            inside = event == "introduced"
        if inside:
            return True
    return False


def version_of(text: str) -> Version:
    """Read a version; one that cannot be read counts as one that nobody has reached: who reads it looks himself."""
    try:
        return Version(text)
    except InvalidVersion:
        return Version("9999!0")


def findings(locks: Mapping[str, set[tuple[str, str]]], advisories: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Yield a line for each version in a lock that an advisory speaks of, unless it is argued."""
    for name, pins in sorted(locks.items()):
        for version, path in sorted(pins):
            for advisory in advisories.get(name, ()):
                if advisory["id"] not in ARGUED and is_affected(version, advisory):
                    fixed = ", ".join(since for events in advisory["ranges"] for event, since in events if event == "fixed")
                    yield f"{path}: {name} {version} has {advisory['id']}; fixed in {fixed or 'no version'}"


def extract(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Read what a clone of the database, with or without a work tree, says of packages."""
    import yaml  # comes with bandit

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout

    found: dict[str, list[dict[str, Any]]] = {}
    for path in git("ls-tree", "-r", "--name-only", "HEAD", "vulns").splitlines():
        if canonical(path.split("/")[1]) not in names:
            continue
        told = yaml.load(git("show", f"HEAD:{path}"), yaml.CSafeLoader)
        if "withdrawn" in told:
            continue
        for affected in told["affected"]:
            ranges = [each["events"] for each in affected.get("ranges", ()) if each["type"] == "ECOSYSTEM"]
            found.setdefault(canonical(affected["package"]["name"]), []).append(
                {
                    "id": told["id"],
                    "ranges": [[next(iter(event.items())) for event in events] for events in ranges],
                    "versions": [] if ranges else affected.get("versions", []),
                }
            )
    return {"commit": git("rev-parse", "HEAD").strip(), "written": git("log", "-1", "--format=%cs").strip(), "advisories": found}


def main() -> int:
    """Check, or write anew what is checked against; return 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="clone of the advisory database")
    folder = parser.parse_args().folder
    locks = locked()
    if folder is not None:
        write_whole(KEPT, json.dumps(extract(folder, [*locks]), indent=1, sort_keys=True) + "\n")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    lines = list(findings(locks, kept["advisories"]))
    told = sum(len(each) for each in kept["advisories"].values())
    print(f"{len(locks)} packages in lock files, {told} advisories of them up to {kept['written']}: {len(lines)} findings")
    print("\n".join(lines), end="\n" if lines else "")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())
