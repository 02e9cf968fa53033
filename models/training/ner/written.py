"""Sentences from templates: the lists and set phrases of notes that the training notes hold too few of.

A slot {P} {T} {R} {A} {M} takes the name of a PROBLEM, TEST, TREATMENT, ANATOMY or
MEDICATION; {n} a number. Words in [text|P] are an entity as they stand. `a/b` in round
brackets chooses: (denies/reports).
"""
from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from spans import TYPES, Example, Span

_TEMPLATES = Path(__file__).resolve().parent / "templates.txt"
_LETTERS = {"P": "PROBLEM", "T": "TEST", "R": "TREATMENT", "A": "ANATOMY", "M": "MEDICATION"}
_PART = re.compile(r"\{(?P<slot>[PTRAMn])\}|\[(?P<text>[^\]|]+)\|(?P<type>[PTRAM])\]|\((?P<choice>[^()]*/[^()]*)\)")
_LONGEST_NAME = 5


def _name(words: Sequence[str]) -> str:
    """Words as text; a space is left out where notes leave it out."""
    return re.sub(r" ?([-/']) ?", r"\1", " ".join(words)).replace("# ", "#")


def fill(template: str, names: dict[str, list[str]], rng: random.Random) -> Example:
    """One sentence of a template."""
    text, spans, at = "", [], 0
    for match in _PART.finditer(template):
        text += template[at : match.start()]
        at = match.end()
        letter = match["slot"] or match["type"]
        if match["choice"] is not None:
            text += rng.choice(match["choice"].split("/"))
        elif letter == "n":
            text += rng.choice((str(rng.randint(1, 200)), f"{rng.randint(0, 20)}.{rng.randint(0, 9)}"))
        else:
            label = _LETTERS[letter]
            name = match["text"] or rng.choice(names[label])
            spans.append(Span(len(text), len(text) + len(name), label))
            text += name
    return Example(text + template[at:], tuple(spans))


class Writer:
    """Fills templates, each time with other names."""

    def __init__(self, names: dict[str, list[tuple[str, ...]]]) -> None:
        self.names = {label: [_name(words) for words in names[label] if len(words) <= _LONGEST_NAME] for label in TYPES}
        lines = _TEMPLATES.read_text(encoding="utf-8").splitlines()
        self.templates = [line for line in lines if line and not line.startswith("#")]

    def write(self, rng: random.Random) -> Example:
        """A sentence of any template."""
        return fill(rng.choice(self.templates), self.names, rng)
