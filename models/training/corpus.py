"""The notes, their split into training, development and test, and their sentences.

The split is by note. Doubt is rare in these notes (about one sentence in eighty), and the
test set needs a hundred doubtful findings, so notes that voice doubt go to the test set more
often than the others. Where a note belongs depends on its text alone.
"""
from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

Part = Literal["train", "dev", "test"]
FURTHER = Path(__file__).resolve().parent / "data" / "sentences.txt.gz"

DOUBT = re.compile(
    r"\b(possib\w*|probab\w*|likely|suspect\w*|suspicio\w*|rule[sd]? out|r/o|may (be|have|represent|indicate)|might|"
    r"could (be|have|represent)|cannot (be|exclude|rule)|questionabl\w*|question of|concern(s|ed|ing)? (for|about|of|that)|"
    r"versus|vs|suggest(s|ed|ing|ive)?|differential|presum\w*|unclear|uncertain|equivocal|borderline|evaluate for|"
    r"worrisome|apparent(ly)?|felt to be|thought to)\b|\?",
    re.I,
)
NEGATION = re.compile(
    r"\b(no|not|never|none|denie[sd]|denying|without|negative|absence|absent|free of|nor|neither|lacks?|w/o|unremarkable|"
    r"resolved|ruled out|unable|non\w*|rather than)\b",
    re.I,
)
_SPLIT = re.compile(r"(?<=[.?!])\s+|\.,|,(?=[A-Z][A-Z /&]{3,}:)")


def notes(data: Path) -> list[dict[str, str]]:
    """The notes of the data folder."""
    lines = (data / "mtsamples" / "notes.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def further_notes() -> list[list[str]]:
    """Sentences of further training notes, note by note; none of them is of a development or test note."""
    text = gzip.decompress(FURTHER.read_bytes()).decode()
    return [note.splitlines() for note in text.split("\n\n")]


def part_of(text: str) -> Part:
    """Where a note belongs, with all its sentences."""
    draw = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
    test, dev = (0.76, 0.93) if DOUBT.search(text) else (0.25, 0.37)
    return "test" if draw < test else "dev" if draw < dev else "train"


def sentences(text: str) -> Iterator[str]:
    """Sentences of a usable length; a comma after a heading stood for a line break."""
    for piece in _SPLIT.split(text):
        piece = re.sub(r":\s*,\s*", ": ", piece).strip(" ,")
        if 12 <= len(piece) <= 450:
            yield piece


def split_sentences(data: Path) -> dict[Part, list[str]]:
    """Distinct sentences of each part; one that also stands in a training note is kept there alone."""
    parts: dict[Part, dict[str, str]] = {"train": {}, "dev": {}, "test": {}}
    for note in notes(data):
        part = parts[part_of(note["text"])]
        for sentence in sentences(note["text"]):
            part.setdefault(re.sub(r"\W+", " ", sentence.lower()).strip(), sentence)
    for key in [*parts["test"]]:
        if key in parts["train"] or key in parts["dev"]:
            del parts["test"][key]
    for key in [*parts["dev"]]:
        if key in parts["train"]:
            del parts["dev"][key]
    return {name: [*kept.values()] for name, kept in parts.items()}
