"""Which texts answer somebody's words: BM25 over names, titles and texts, with a table of what people say instead.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, equation 3.15, with the fields weighed into
one frequency (their BM25F, section 3.5).
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

SAID_WORDS: Final = Path(__file__).with_name("words.toml")
FIELD_WEIGHTS: Final = (3.0, 2.0, 1.0)
"""Of a word in the name, in the title, in the text."""
SATURATION, LENGTH_WEIGHT = 1.2, 0.5
"""k1 and b of BM25."""
SAID_OTHERWISE: Final = 0.5
"""Weight of a word that was not said but means the same."""
PART_OF_A_WORD: Final = 0.3
"""Weight of a longer word that begins with the word said, of at least five letters."""
KIND_WEIGHTS: Final[Mapping[str, float]] = {"lever": 1.2, "source": 0.6, "glossary": 0.8}
"""A lever is what a file needs whatever the news call it; sources and words answer less often; 1 for every other kind."""
ASKING: Final = frozenset(["how", "who", "what", "when", "which", "where", "why"])
COMMAND_WHERE_ASKED: Final = 1.5
"""Weight of a command in a query that begins as a question does: commands answer questions, levers are looked up."""
SAME_KIND: Final = 0.8
"""Part of its score that a hit keeps for each better one of its kind: the first hits show what kinds of thing there are."""
ENDINGS: Final = (
    ("ies", "y"), ("sses", "ss"), ("ations", ""), ("ation", ""), ("ments", "ment"), ("ings", ""), ("ing", ""), ("als", ""),
    ("al", ""), ("ions", ""), ("ion", ""), ("ers", ""), ("er", ""), ("es", ""), ("ed", ""), ("s", ""), ("e", ""),
)  # fmt: skip
LEAST_STEM: Final = 3


@dataclass(frozen=True)
class Entry:
    """One thing that can be found.

    Parameters
    ----------
    kind
        command, lever, policy, scenario, indicator, glossary or source.
    name, title, text
        What it is called, what it is in one line, and all that is said about it.
    hint
        The command that shows it.
    """

    kind: str
    name: str
    title: str
    text: str
    hint: str


@dataclass(frozen=True)
class Hit:
    """An entry that answers a query, and its score (above 0, of use within one query only)."""

    entry: Entry
    score: float


@cache
def stem(word: str) -> str:
    """Cut the ending of an English word, so that its forms meet: refusal, refused, refusals."""
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST_STEM and not word.endswith("ss"):
            return word[: len(word) - len(ending)] + instead
    return word


def plain(text: str) -> str:
    """Write a text in lower case with 100,000 as 100000, H-1B as h1b, and names such as ``phd_stipend`` as two words."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower())
    text = re.sub(r"\b([a-z])-(\d)", r"\1\2", text).replace("u.s.", "us")
    text = re.sub(r"\bus\b", "usa", text)
    return " ".join(re.findall(r"[^\W_]+|%", text))


def terms(text: str) -> list[str]:
    """Split a text into stems, without the words that say nothing."""
    silent = silent_words()
    return [stem(word) for word in plain(text).split() if word not in silent]


@cache
def silent_words(path: Path = SAID_WORDS) -> frozenset[str]:
    """Read the words that say nothing about what is sought."""
    return frozenset(str(tomllib.loads(path.read_text(encoding="utf-8"))["silent"]).split())


@cache
def said_of(kind: str, path: Path = SAID_WORDS) -> Mapping[str, str]:
    """Read what is said of the ``commands``, ``levers`` or ``indicators`` elsewhere, by name."""
    said: Mapping[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))[kind]
    return said


@cache
def levers_by_stage(path: Path = SAID_WORDS) -> Mapping[str, tuple[str, ...]]:
    """Read which levers act on each step of a career: study, work, stay."""
    stages = tomllib.loads(path.read_text(encoding="utf-8"))["stages"]
    return {stage: tuple(names) for stage, names in stages.items()}


@cache
def meanings_of_words(path: Path = SAID_WORDS) -> tuple[tuple[str, ...], ...]:
    """Read the lists of words with one meaning, each in plain form."""
    lists = tomllib.loads(path.read_text(encoding="utf-8"))["same"]
    return tuple(tuple(plain(phrase) for phrase in phrases) for phrases in lists)


def weighted_terms(query: str) -> dict[str, float]:
    """Weigh the stems of a query: 1 for what was said, less for what means the same.

    A phrase of a list that stands in the query brings the other phrases of the list, each with `SAID_OTHERWISE` shared among its
    words.
    """
    said = plain(query)
    weights = dict.fromkeys(terms(query), 1.0)
    for phrases in meanings_of_words():
        if any(holds(said, phrase) for phrase in phrases):
            for phrase in phrases:
                words = terms(phrase)
                for word in words:
                    weights[word] = max(weights.get(word, 0.0), SAID_OTHERWISE / len(words) ** 0.5)
    return weights


def holds(text: str, phrase: str) -> bool:
    """Tell whether a plain text holds a phrase, whatever the endings of its words."""
    sought, words = [stem(word) for word in phrase.split()], [stem(word) for word in text.split()]
    return any(words[k : k + len(sought)] == sought for k in range(len(words)))


@cache
def frequencies(entry: Entry) -> Counter[str]:
    """Count the stems of an entry, each occurrence with the weight of its field."""
    counted: Counter[str] = Counter()
    for weight, field in zip(FIELD_WEIGHTS, (entry.name, entry.title, entry.text), strict=True):
        for word, number in Counter(terms(field)).items():
            counted[word] += weight * min(number, 3)  # type: ignore[assignment]
    return counted


def find(query: str, entries: Sequence[Entry], most: int = 10) -> list[Hit]:
    """Rank entries by how well they answer a query.

    Parameters
    ----------
    query
        Words of a user.
    entries
        What can be found.
    most
        Hits returned, at least 1.

    Returns
    -------
    Hits with a score above 0, best first; equal ones in the order given. Empty where no word is known.
    """
    documents = [frequencies(entry) for entry in entries]
    lengths = [sum(document.values()) for document in documents]
    usual = sum(lengths) / max(len(lengths), 1)
    holding = Counter(word for document in documents for word in document)
    known = dict(words_held(weighted_terms(query), holding))
    scores = [0.0] * len(entries)
    for word, weight in known.items():
        rarity = math.log(1.0 + (len(entries) - holding[word] + 0.5) / (holding[word] + 0.5))
        for k, document in enumerate(documents):
            if number := document[word]:
                damped = number + SATURATION * (1.0 - LENGTH_WEIGHT + LENGTH_WEIGHT * lengths[k] / usual)
                scores[k] += weight * rarity * number * (SATURATION + 1.0) / damped
    is_question = (plain(query).split() or [""])[0] in ASKING
    weights = {**KIND_WEIGHTS, "command": COMMAND_WHERE_ASKED} if is_question else KIND_WEIGHTS
    hits = [Hit(entry, score * weights.get(entry.kind, 1.0)) for entry, score in zip(entries, scores, strict=True)]
    return varied(sorted((hit for hit in hits if hit.score > 0.0), key=lambda hit: -hit.score))[:most]


def varied(hits: Sequence[Hit]) -> list[Hit]:
    """Lower each hit by `SAME_KIND` for every better one of its kind, and rank anew."""
    before: Counter[str] = Counter()
    lowered = []
    for hit in hits:
        lowered.append(Hit(hit.entry, hit.score * SAME_KIND ** before[hit.entry.kind]))
        before[hit.entry.kind] += 1
    return sorted(lowered, key=lambda hit: -hit.score)


def words_held(weights: Mapping[str, float], holding: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """Yield the words of a query that some entry holds; for one that none does, the longer words that begin with it."""
    for word, weight in weights.items():
        if word in holding:
            yield word, weight
        elif len(word) >= 5:
            yield from ((longer, weight * PART_OF_A_WORD) for longer in holding if longer.startswith(word))
