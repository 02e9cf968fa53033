"""What the teacher sees of a word: spelling, lists, rules, and the same of its neighbours.

The bundled model sees word pieces alone; the teacher hands on to it what the lists know.
"""
from __future__ import annotations

import re
from collections.abc import Sequence

import rules
from spans import TAGS, Word, tags_of
from terms import Terms

_STOP = set(
    "the a an of in on to for with was were is are and or at by from as this that which then after before through into "
    "over under between no not his her he she it be been has had have will would using used via , . ; : ( ) / ?".split()
)

# What is seen of a neighbour, by its distance.
_SEEN_AT = {
    1: ("w=", "shape=", "head=", "list=", "rule=", "suf3=", "suffix="),
    2: ("w=", "rule=", "list="),
    3: ("w=", "rule="),
}


def shape(text: str) -> str:
    """Letters by kind, runs shortened: Xx, X, 0-0."""
    kinds = re.sub(r"[a-z]", "x", re.sub(r"[A-Z]", "X", re.sub(r"\d", "0", text)))
    return re.sub(r"(.)\1+", r"\1", kinds)


def _own(words: Sequence[Word], terms: Terms) -> list[list[str]]:
    """Features of each word from its spelling and the lists."""
    out = []
    for word in words:
        low = word.text.lower()
        features = [f"w={re.sub(r'[0-9]', '0', low)}", f"shape={shape(word.text)}"]
        features += [f"suf{n}={low[-n:]}" for n in (2, 3, 4, 5) if len(low) > n]
        features += [f"pre{n}={low[:n]}" for n in (3, 4, 5) if len(low) > n]
        if label := terms.suffix_type(low):
            features.append(f"suffix={label}")
        features += [f"head={name}" for name, heads in terms.heads.items() if low in heads]
        out.append(features)
    for match in terms.find(words):
        length = min(match.end - match.start, 3)
        for i in range(match.start, match.end):
            place = "B" if i == match.start else "I"
            out[i] += [f"list={match.name}-{place}", f"list={match.name}-{place}{length}"]
    for features, tag in zip(out, tags_of(words, rules.tag(words, terms)), strict=True):
        features.append(f"rule={TAGS[tag]}")
    return out


def _head_of_phrase(words: Sequence[Word], own: Sequence[Sequence[str]]) -> list[list[str]]:
    """For each word the last word of the run it stands in, which often names the entity's type."""
    out: list[list[str]] = [[] for _ in words]
    start = 0
    for i in range(len(words) + 1):
        if i == len(words) or words[i].text.lower() in _STOP:
            if i > start:
                kinds = [f for f in own[i - 1] if f.startswith(("w=", "head=", "rule=", "suffix=", "suf3="))]
                following = words[i].text.lower() if i < len(words) else "<end>"
                before = words[start - 1].text.lower() if start else "<start>"
                for j in range(start, i):
                    out[j] = [f"end:{f}" for f in kinds]
                    out[j] += [f"togo={min(i - 1 - j, 4)}", f"stop={following}", f"from={before}"]
            start = i + 1
    return out


def features_of(words: Sequence[Word], terms: Terms) -> list[list[str]]:
    """Features of each word of a sentence."""
    own = _own(words, terms)
    ends = _head_of_phrase(words, own)
    heading = next((i for i, word in enumerate(words) if word.text == ":"), -1)
    headed = "heading=" + " ".join(w.text.lower() for w in words[: heading + 1][-3:]) if heading >= 0 else "heading="
    capitals = sum(w.text.isupper() for w in words) > 0.7 * len(words)
    out = []
    for i in range(len(words)):
        row = [*own[i], *ends[i], headed, f"inhead={i < heading}", f"capitals={capitals}", f"bias={i == 0}"]
        for step in (-3, -2, -1, 1, 2, 3):
            j = i + step
            if not 0 <= j < len(words):
                row.append(f"{step}:none")
                continue
            row += [f"{step}:{f}" for f in own[j] if f.startswith(_SEEN_AT[abs(step)])]
        if i:
            row.append(f"pair={words[i - 1].text.lower()} {words[i].text.lower()}")
        if i + 1 < len(words):
            row.append(f"pair+={words[i].text.lower()} {words[i + 1].text.lower()}")
        out.append(row)
    return out
