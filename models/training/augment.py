"""Real sentences made into more: other findings in their places, a cue put before a finding.

Generated wording never sounds quite like dictation. A sentence of a note whose finding is
plainly there becomes a doubtful or a denied one by the words put around the finding; the
pair is a contrast set in real style.
"""
from __future__ import annotations

import random
import re

from entities import Entities
from noise import Pieces, disturb
from sentences import Finding, Sentence, assemble
from weak_labels import has_cue

_ARTICLE = re.compile(r"\b(a|an|the|some|his|her)\s+$", re.I)
_OPEN = re.compile(
    r"(^|[:.;]|\b(a|an|the|some|of|with|had|has|have|was|is|is a|showed|shows|revealed|demonstrated|found|noted|by|from|for|"
    r"to|developed|reports|and|his|her))\s*$",
    re.I,
)
_LISTED = re.compile(r"^\s*(,|/|;|\band\b|\bor\b|&)")
_DOUBT_BEFORE = (
    "possible", "a possible", "probable", "a probable", "likely", "a likely", "suspected", "a suspected", "questionable",
    "a questionable", "possibly", "probably", "perhaps", "what may be", "what was thought to be", "what may have been",
    "presumed", "a presumed", "?", "rule out", "possibly a", "most likely", "what is probably", "concern for", "suspicion of",
    "a question of", "may represent", "what was felt to be", "presumably", "what could be a",
)  # fmt: skip
_DENIAL_BEFORE = (
    "no", "no evidence of", "no signs of", "no further", "no obvious", "no significant", "no definite", "absence of",
    "no residual", "no other", "not any", "no visible",
)  # fmt: skip
_DOUBT_BEHIND = ("?", " (?)", " (possible)", ", possible", ", probable", ", likely", ", suspected", " is suspected",
                 " cannot be excluded", " cannot be ruled out", " is possible", " vs other cause", ", questionable")  # fmt: skip
_DENIAL_BEHIND = (" was ruled out", " was not seen", " has resolved", " is absent", " was excluded", " is unlikely",
                  " was not identified", " is no longer present", ": none")  # fmt: skip
_SECOND_DOUBTED = (", possibly {}", ", likely due to {}", " suspicious for {}", ", probably secondary to {}", " concerning for {}",
                   " versus possible {}", ", rule out {}", " which may represent {}", " with possible {}", " and possible {}",
                   " and questionable {}", " most likely from {}", ", cannot exclude {}", " suggestive of {}", " and probable {}",
                   " possibly related to {}", ", which was thought to be {}", ", it is unclear whether there is also {}")  # fmt: skip
_SECOND_DENIED = (" without {}", ", no {}", " with no {}", " but no {}", " and no evidence of {}", " rather than {}", ", denies {}")


def pieces_of(sentence: Sentence) -> Pieces:
    """The sentence cut at its findings; one that overlaps its predecessor is left to plain text."""
    pieces: Pieces = []
    at = 0
    for f in sorted(sentence.findings, key=lambda f: f.start):
        if f.start < at:
            continue
        pieces += [(sentence.text[at : f.start], -1), (sentence.text[f.start : f.end], f.label)]
        at = f.end
    return [*pieces, (sentence.text[at:], -1)]


def vary(sentence: Sentence, entities: Entities, share: float = 0.35, noise: float = 0.3) -> Sentence:
    """The same sentence with some findings replaced and, at times, surface noise."""
    rng = entities.rng
    pieces = [
        (entities.name("pb") if label >= 0 and rng.random() < share else part, label)
        for part, label in pieces_of(sentence)
    ]
    return assemble(disturb(pieces, rng) if rng.random() < noise else pieces)


def can_be_cued(sentence: Sentence, f: Finding) -> bool:
    """Whether a cue put at this finding would read well and reach it alone."""
    before, after = sentence.text[: f.start], sentence.text[f.end :]
    return f.label == 0 and bool(_OPEN.search(before)) and not _LISTED.match(after) and not has_cue(sentence.text)


def put_cue(sentence: Sentence, f: Finding, entities: Entities) -> Sentence:
    """A doubted or denied reading of a finding that can_be_cued; findings behind it are forgotten."""
    rng: random.Random = entities.rng
    before, name, after = sentence.text[: f.start], sentence.text[f.start : f.end], sentence.text[f.end :]
    kept: Pieces = pieces_of(Sentence(before, tuple(g for g in sentence.findings if g.end <= f.start)))
    draw = rng.random()
    if draw < 0.3:
        tails, label = (_SECOND_DOUBTED, 2) if rng.random() < 0.7 else (_SECOND_DENIED, 1)
        left, right = rng.choice(tails).split("{}")
        return assemble([*kept, (name, 0), (left, -1), (entities.name("pb"), label), (right + after, -1)])
    if draw < 0.45 and len(after.strip(" .")) < 3:
        behind, label = (_DOUBT_BEHIND, 2) if rng.random() < 0.6 else (_DENIAL_BEHIND, 1)
        return assemble([*kept, (name, label), (rng.choice(behind) + after, -1)])
    cue, label = (rng.choice(_DOUBT_BEFORE), 2) if rng.random() < 0.65 else (rng.choice(_DENIAL_BEFORE), 1)
    if kept and kept[-1][1] < 0:
        kept[-1] = (_ARTICLE.sub("", kept[-1][0]), -1)
    return assemble([*kept, (cue + " ", -1), (name, label), (after, -1)])
