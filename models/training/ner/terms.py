"""The word lists of lexicon/ and where their terms stand in a sentence."""
from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spans import Word, words_of

FOLDER = Path(__file__).resolve().parent / "lexicon"
CLASSES = (
    "drugs", "drug_classes", "problems", "problem_heads", "test_terms", "test_heads", "procedures",
    "procedure_heads", "devices", "instruments", "anatomy", "anatomy_adjectives", "modifiers", "generic",
)  # fmt: skip
TYPE_OF_CLASS = {
    "drugs": "MEDICATION",
    "drug_classes": "MEDICATION",
    "problems": "PROBLEM",
    "problem_heads": "PROBLEM",
    "test_terms": "TEST",
    "test_heads": "TEST",
    "procedures": "TREATMENT",
    "procedure_heads": "TREATMENT",
    "devices": "TREATMENT",
    "anatomy": "ANATOMY",
}


@dataclass(frozen=True)
class Match:
    """Words `start` to `end` (exclusive) are a term of `name`, a class."""

    start: int
    end: int
    name: str


@dataclass
class Terms:
    """All lists, indexed by the first word of a term."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    suffixes: list[tuple[str, str]] = field(default_factory=list)
    index: dict[str, list[tuple[tuple[str, ...], str, bool]]] = field(default_factory=lambda: defaultdict(list))
    heads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def find(self, words: Sequence[Word]) -> list[Match]:
        """The longest term of each class at each word; terms of one class do not overlap."""
        lower = [word.text.lower() for word in words]
        found: list[Match] = []
        free: dict[str, int] = defaultdict(int)
        for i, word in enumerate(lower):
            best: dict[str, int] = {}
            for parts, name, exact in self.index.get(word, ()):
                end = i + len(parts)
                same = tuple(w.text for w in words[i:end]) == parts if exact else tuple(lower[i:end]) == parts
                if same and end > best.get(name, 0):
                    best[name] = end
            for name, end in best.items():
                if i >= free[name]:
                    found.append(Match(i, end, name))
                    free[name] = end
        return found

    def suffix_type(self, word: str) -> str | None:
        """The type that the end of a word points to."""
        word = word.lower()
        for suffix, label in self.suffixes:
            if word.endswith(suffix) and len(word) > len(suffix) + 2:
                return label
        return None


def _list(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield from (term.strip() for term in line.split(";") if term.strip())


def load_terms() -> Terms:
    """Read lexicon/. Short capitals (PE, MS) are matched as written, all else in any case."""
    terms = Terms()
    for name in CLASSES:
        terms.lists[name] = list(dict.fromkeys(_list(FOLDER / f"{name}.txt")))
        for term in terms.lists[name]:
            words = [word.text for word in words_of(term)]
            exact = bool(re.fullmatch(r"[A-Z&]{1,4}", term))
            parts = tuple(words) if exact else tuple(word.lower() for word in words)
            terms.index[words[0].lower()].append((parts, name, exact))
            terms.heads[name].add(words[-1].lower())
    for line in (FOLDER / "suffixes.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            label, endings = line.split("\t")
            terms.suffixes += [(ending.strip().lstrip("-"), label) for ending in endings.split(";")]
    terms.suffixes.sort(key=lambda pair: -len(pair[0]))
    return terms
