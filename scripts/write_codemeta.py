"""Write codemeta.json, by which archives such as CoMSES know software, from pyproject.toml, CITATION.cff and the version."""

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml

import sim

ROOT = Path(__file__).parents[1]
FILE = ROOT / "codemeta.json"
CONTEXT = "https://w3id.org/codemeta/3.0"


def codemeta() -> dict[str, Any]:
    """Make the description; what the project does not state (names of people, a DOI, an address) is left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    addresses = {"codeRepository": citation.get("repository-code"), "identifier": citation.get("doi")}
    return {
        "@context": CONTEXT,
        "@type": "SoftwareSourceCode",
        "name": project["name"],
        "description": project["description"],
        "version": sim.__version__,
        "license": f"https://spdx.org/licenses/{citation['license']}",
        "author": [author(each) for each in citation["authors"]],
        "keywords": sorted({*project["keywords"], *citation["keywords"]} - {"Python"}),
        "programmingLanguage": {"@type": "ComputerLanguage", "name": "Python", "version": project["requires-python"]},
        "runtimePlatform": f"Python {project['requires-python']}",
        "developmentStatus": "wip" if "Development Status :: 3 - Alpha" in project["classifiers"] else "active",
        "softwareRequirements": [requirement(each) for each in project["dependencies"]],
        "readme": project["readme"],
        **{name: value for name, value in addresses.items() if value},
    }


def author(known: dict[str, str]) -> dict[str, str]:
    """Describe an author of CITATION.cff: an entity by its name, a person by given and family names."""
    if "name" in known:
        return {"@type": "Organization", "name": known["name"]}
    person = {"@type": "Person", "givenName": known["given-names"], "familyName": known["family-names"]}
    return person | ({"@id": known["orcid"]} if "orcid" in known else {})


def requirement(text: str) -> dict[str, str]:
    """Describe a package that is needed, as pyproject.toml names it."""
    start = next(place for place, sign in enumerate(text) if sign in "=<>!~")
    return {"@type": "SoftwareApplication", "name": text[:start], "version": text[start:]}


def text_of(description: dict[str, Any]) -> str:
    """Write the description as the file has it."""
    return json.dumps(description, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text_of(codemeta()), encoding="utf-8", newline="\n")
