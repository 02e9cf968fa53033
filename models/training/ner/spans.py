"""Words, spans and tags: what the service sees of a sentence, in Python.

A word is what BERT's pre-tokenizer makes: runs without space, every punctuation mark alone.
The service tags a word by its first piece and joins B-X I-X to spans; `decode` does the same,
so that figures measured here are those of the service.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers.pre_tokenizers import BertPreTokenizer

TYPES = ("PROBLEM", "TEST", "TREATMENT", "ANATOMY", "MEDICATION")
TAGS = ("O", *(f"{prefix}-{name}" for name in TYPES for prefix in "BI"))
OUTSIDE = 0

_PRE_TOKENIZER = BertPreTokenizer()


@dataclass(frozen=True, order=True)
class Span:
    """An entity; offsets are code points of the sentence."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Word:
    """A word and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Example:
    """A sentence with all its entities."""

    text: str
    spans: tuple[Span, ...]


def words_of(text: str) -> list[Word]:
    """Words of a sentence."""
    return [Word(word, start, end) for word, (start, end) in _PRE_TOKENIZER.pre_tokenize_str(text)]


def tags_of(words: Sequence[Word], spans: Iterable[Span]) -> list[int]:
    """A tag number for each word; a word that a span only touches belongs to it."""
    tags = [OUTSIDE] * len(words)
    for span in spans:
        begin = 1 + 2 * TYPES.index(span.label)
        inside = [i for i, word in enumerate(words) if word.start < span.end and word.end > span.start]
        for i in inside:
            tags[i] = begin if i == inside[0] else begin + 1
    return tags


def decode(words: Sequence[Word], tags: Sequence[int]) -> list[Span]:
    """Spans of tagged words: B- starts one, I- goes on with one of its type or starts one."""
    spans: list[Span] = []
    open_label = ""
    for word, tag in zip(words, tags, strict=True):
        if tag == OUTSIDE:
            open_label = ""
            continue
        label, goes_on = TYPES[(tag - 1) // 2], tag % 2 == 0
        if goes_on and label == open_label:
            spans[-1] = Span(spans[-1].start, word.end, label)
        else:
            spans.append(Span(word.start, word.end, label))
        open_label = label
    return spans


def read_examples(path: Path) -> list[Example]:
    """JSON lines {"text", "entities": [{"start", "end", "label"}]}."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [
        Example(row["text"], tuple(sorted(Span(e["start"], e["end"], e["label"]) for e in row["entities"])))
        for row in rows
    ]
