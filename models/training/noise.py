"""Surface noise: typing errors, telegraphic style, capitals, lost punctuation."""
from __future__ import annotations

import random
import re

Pieces = list[tuple[str, int]]

_SMALL_WORDS = re.compile(r"\b(the|a|an|is|was|has been|There (is|was)|there (is|was)|The patient|She|He) ")
_LONG_WORDS = re.compile(r"[A-Za-z]{5,}")
_SHORT_FORMS = (
    (re.compile(r"\b[Hh]istory of\b"), ("h/o", "hx of", "H/O")),
    (re.compile(r"\b[Ww]ithout\b"), ("w/o", "without any")),
    (re.compile(r"\b[Rr]ule out\b"), ("r/o", "R/O")),
    (re.compile(r"\b[Cc]onsistent with\b"), ("c/w",)),
    (re.compile(r"\b[Ss]tatus post\b"), ("s/p", "S/P")),
    (re.compile(r"\b[Ss]econdary to\b"), ("2/2",)),
    (re.compile(r"\bdue to\b"), ("d/t",)),
    (re.compile(r"\b[Nn]egative\b"), ("neg",)),
    (re.compile(r"\b[Pp]ositive\b"), ("pos",)),
    (re.compile(r"\b[Pp]ossible\b"), ("poss", "poss.")),
    (re.compile(r"\b[Pp]robable\b"), ("prob", "prob.")),
    (re.compile(r"\bcomplains of\b"), ("c/o",)),
    (re.compile(r"\b([Tt]he )?[Pp]atient\b"), ("pt", "Pt")),
    (re.compile(r"\bversus\b"), ("vs", "vs.", "v.")),
    (re.compile(r"\b[Ww]ith\b"), ("w/",)),
    (re.compile(r"\b[Ee]vidence of\b"), ("e/o",)),
    (re.compile(r"\b[Cc]annot\b"), ("can't", "can not", "cant")),
)  # fmt: skip


def misspell(text: str, rng: random.Random) -> str:
    """One typing error in one word of at least five letters."""
    words = [*_LONG_WORDS.finditer(text)]
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + rng.choice("aeiorstln") + text[at + 1 :]


def _shorten(text: str, rng: random.Random) -> str:
    for pattern, forms in _SHORT_FORMS:
        if rng.random() < 0.6:
            text = pattern.sub(rng.choice(forms), text)
    return text


def _begin_upper(pieces: Pieces) -> Pieces:
    for i, (part, label) in enumerate(pieces):
        if part.strip():
            return [*pieces[:i], (part[:1].upper() + part[1:], label), *pieces[i + 1 :]]
    return pieces


def disturb(pieces: Pieces, rng: random.Random) -> Pieces:
    """The pieces as a hurried writer would have set them; labels stay with their pieces."""
    if rng.random() < 0.85:
        pieces = _begin_upper(pieces)
    if rng.random() < 0.08:
        pieces = [(_SMALL_WORDS.sub("", part) if label < 0 else part, label) for part, label in pieces]
    if rng.random() < 0.1:
        pieces = [(_shorten(part, rng) if label < 0 else part, label) for part, label in pieces]
    if rng.random() < 0.15:
        pieces = [(misspell(part, rng) if rng.random() < 0.4 else part, label) for part, label in pieces]
    if rng.random() < 0.04:
        pieces = [(" " if part == ", " else part, label) for part, label in pieces]
    draw = rng.random()
    if draw < 0.05:
        pieces = [(part.upper(), label) for part, label in pieces]
    elif draw < 0.08:
        pieces = [(part.lower(), label) for part, label in pieces]
    elif draw < 0.11:
        pieces = [(part.upper() if label >= 0 else part, label) for part, label in pieces]
    elif draw < 0.14:
        pieces = [(part.title() if label >= 0 else part, label) for part, label in pieces]
    if rng.random() < 0.2 and pieces and pieces[-1][1] < 0:
        pieces = [*pieces[:-1], (pieces[-1][0].rstrip(".") + rng.choice(("", "", " ", "..", ";", ",")), -1)]
    return pieces
