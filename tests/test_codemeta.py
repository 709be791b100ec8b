"""codemeta.json says what pyproject.toml, CITATION.cff and the package say, and invents nothing."""

import json
from collections.abc import Callable
from types import ModuleType

import yaml

import sim
from sim.sources import PACKAGE

ROOT = PACKAGE.parent
Script = Callable[[str], ModuleType]


def test_the_file_is_what_the_script_writes(script: Script) -> None:
    written = script("write_codemeta")
    said = "`python scripts/write_codemeta.py` writes it anew"
    assert written.FILE.read_text(encoding="utf-8") == written.text_of(written.codemeta()), said


def test_version_licence_and_authors_are_those_of_the_citation() -> None:
    described = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert described["version"] == str(citation["version"]) == sim.__version__
    assert described["license"].endswith(citation["license"])
    assert [each["name"] for each in described["author"]] == [each["name"] for each in citation["authors"]]
    assert ("identifier" in described) == ("doi" in citation)


def test_the_citation_asks_the_maintainers_and_invents_no_name_and_no_doi() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    citation = yaml.safe_load(text)
    asked = [line for line in text.splitlines() if line.startswith("# Maintainers:")]
    people = [each for each in citation["authors"] if "family-names" in each]
    assert (not people) == any("names" in line for line in asked), "ask for names while there are none, and no longer"
    assert ("doi" not in citation) == any("DOI" in line for line in asked), "ask for a DOI while there is none, and no longer"


def test_people_are_named_by_given_and_family_names(script: Script) -> None:
    person = script("write_codemeta").author({"given-names": "Ada", "family-names": "Lovelace", "orcid": "https://orcid.org/0"})
    assert person == {"@type": "Person", "givenName": "Ada", "familyName": "Lovelace", "@id": "https://orcid.org/0"}
