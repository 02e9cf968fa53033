"""A tagger of rules: terms, the modifiers in front of them, and 'of' in fixed names.

It is no good tagger (it knows no context); its tags are one feature of the teacher.
"""
from __future__ import annotations

import re
from collections.abc import Sequence

from spans import Span, Word
from terms import TYPE_OF_CLASS, Match, Terms

# Classes that decide a word, the stronger first, where several hold a term of one length.
_STRENGTH = (
    "drugs", "problems", "test_terms", "procedures", "devices", "drug_classes", "instruments", "generic", "anatomy",
    "problem_heads", "procedure_heads", "test_heads", "anatomy_adjectives", "modifiers",
)  # fmt: skip
_PART = re.compile(
    r"(aspects?|surfaces?|walls?|edges?|portions?|parts?|poles?|dome|apex|base|neck|head|tail|body|floor|roof|rim|"
    r"borders?|margins?|segments?|tip|sides?|level|junction|mucosa|lobes?|branch(es)?|fundus|lip|angle|root|shaft)",
    re.I,
)
_SIZE = re.compile(r"#|\d+|-")
_ARTICLES = {"the", "his", "her", "a", "an", "this", "both", "either", "patient"}


def units(words: Sequence[Word], terms: Terms) -> list[Match]:
    """The longest, then strongest term at each word, left to right; words without one are left out."""
    by_start: dict[int, list[Match]] = {}
    for match in terms.find(words):
        by_start.setdefault(match.start, []).append(match)
    found: list[Match] = []
    i = 0
    while i < len(words):
        here = by_start.get(i)
        if here:
            best = min(here, key=lambda m: (-m.end, _STRENGTH.index(m.name)))
            found.append(best)
            i = best.end
            continue
        label = terms.suffix_type(words[i].text)
        if label:
            name = next(name for name, kind in TYPE_OF_CLASS.items() if kind == label)
            found.append(Match(i, i + 1, name))
        elif _SIZE.fullmatch(words[i].text):
            found.append(Match(i, i + 1, "size"))
        i += 1
    return found


def runs(found: Sequence[Match]) -> list[list[Match]]:
    """Units that stand side by side."""
    out: list[list[Match]] = []
    for match in found:
        if out and out[-1][-1].end == match.start:
            out[-1].append(match)
        else:
            out.append([match])
    return out


def _entity(run: Sequence[Match]) -> tuple[int, int, str] | None:
    """The last unit that has a type names the run; what follows it is left out."""
    last = next((i for i in reversed(range(len(run))) if run[i].name in TYPE_OF_CLASS), None)
    if last is None or any(m.name in ("instruments", "generic") for m in run[last + 1 :]):
        return None
    label = TYPE_OF_CLASS[run[last].name]
    first = last
    stop = {"generic", "instruments"} | (set() if label == "TREATMENT" else {"size"})
    while first > 0 and run[first - 1].name not in stop:
        first -= 1
    if label == "MEDICATION":
        first = last
    return run[first].start, run[last].end, label


def tag(words: Sequence[Word], terms: Terms) -> list[Span]:
    """Entities of a sentence by rule."""
    entities = [entity for run in runs(units(words, terms)) if (entity := _entity(run))]
    merged: list[tuple[int, int, str]] = []
    for start, end, label in entities:
        if merged and label == "ANATOMY":
            before, at, kind = merged[-1]
            between = [word.text.lower() for word in words[at:start]]
            if between[:1] == ["of"] and set(between[1:]) <= _ARTICLES:
                if kind in ("PROBLEM", "TEST") or _PART.fullmatch(words[at - 1].text):
                    merged[-1] = (before, end, kind)
                    continue
        merged.append((start, end, label))
    return [Span(words[start].start, words[end - 1].end, label) for start, end, label in merged]
