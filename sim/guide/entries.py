"""All that can be found: levers, policies, scenarios, indicators, words of the glossary and sources, each with its command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sim.data.load import load_data
from sim.guide.rank import Entry, said_of
from sim.runs.outcomes.indicators import INDICATORS
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import load_shipped, named_policies
from sim.scenarios.reading.chain import shipped_names
from sim.sources import PACKAGE

GLOSSARY_ROW = re.compile(r"\| (?P<word>[^|]+) \| (?P<meaning>[^|]+) \|")


def all_entries() -> tuple[Entry, ...]:
    """List everything but the commands, kind by kind."""
    return (
        *lever_entries(), *policy_entries(), *scenario_entries(), *indicator_entries(), *glossary_entries(), *source_entries(),
    )  # fmt: skip


def lever_entries() -> Iterator[Entry]:
    """Yield the levers."""
    for lever in LEVERS.values():
        text = f"{said_of('levers').get(lever.name, '')} {lever.unit} {lever.enters} {lever.default}"
        yield Entry("lever", lever.name, lever.meaning, text, f"talentsim levers {lever.name}")


def policy_entries() -> Iterator[Entry]:
    """Yield the named policies."""
    for policy in named_policies().values():
        names = " ".join(lever.name for lever in policy.levers)
        yield Entry("policy", policy.name, policy.title, f"{policy.about} {names}", f"talentsim policies {policy.name}")


def scenario_entries() -> Iterator[Entry]:
    """Yield the shipped scenarios."""
    for name in shipped_names():
        scenario = load_shipped(name)
        yield Entry("scenario", name, scenario.title, f"{scenario.question} {scenario.note}", f"talentsim scenarios {name}")


def indicator_entries() -> Iterator[Entry]:
    """Yield the indicators."""
    for each in INDICATORS.values():
        hint = f"talentsim run baseline   ({each.name} is in indicators.csv)"
        yield Entry("indicator", each.name, each.definition, f"{said_of('indicators').get(each.name, '')} {each.unit}", hint)


def source_entries() -> Iterator[Entry]:
    """Yield the sources of the data."""
    for source in load_data().sources.values():
        yield Entry("source", source.id, source.title, f"{source.publisher} {source.year}", f"talentsim sources {source.id}")


def glossary_entries() -> Iterator[Entry]:
    """Yield the words of the glossary; its explanation is the title, and the word is found in it."""
    for word, meaning in glossary().items():
        yield Entry("glossary", word, meaning, "", "docs/glossary.md")


def glossary(package: Path = PACKAGE) -> Mapping[str, str]:
    """Read the glossary, meaning by word, in an installed package and in a checkout; code marks are left out."""
    installed = package / "shipped-docs" / "glossary.md"
    path = installed if installed.is_file() else package.parent / "docs" / "glossary.md"
    rows = GLOSSARY_ROW.finditer(path.read_text(encoding="utf-8"))
    found = {row["word"].strip(): row["meaning"].strip().replace("`", "") for row in rows}
    return {word: meaning for word, meaning in found.items() if word != "word"}
