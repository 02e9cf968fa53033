"""Weak labels for findings in training notes: several simple labelling functions that must agree.

Each function looks at the words around a finding in its own way and answers a label or
nothing. A finding is kept when at least two functions answer and all that do agree, or
when its sentence holds no cue at all, nor any word that the functions know nothing of
(then PRESENT).
"""
from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

from corpus import DOUBT, NEGATION
from sentences import Finding, Sentence

PRESENT, ABSENT, POSSIBLE = 0, 1, 2

_NEGATION = re.compile(
    r"\b(no|not|denies|denied|denying|without|negative for|absence of|free of|ruled out for|never|w/o|neg for|nor|lacks?)\b",
    re.I,
)
_NEGATED_AFTER = re.compile(
    r"^:?[^.;:]{0,40}?\b(ruled out|not seen|not present|not identified|not noted|absent|negative|unlikely|denied|"
    r"not appreciated|none)\b",
    re.I,
)
_DOUBT = re.compile(
    r"\b(possible|possibly|probable|probably|likely|suspected|suspect|suspicious for|suspicion of|concerning for|"
    r"concern for|suggestive of|may represent|may be|may have|might|could be|question of|questionable|"
    r"rule out|r/o|differential|versus|presumed|presumptive|cannot exclude|cannot rule out)\b",
    re.I,
)
_DOUBT_AFTER = re.compile(
    r"^[^.;:]{0,30}?(\b(cannot be (ruled out|excluded)|is possible|is suspected|is likely|versus|vs)\b|\?)", re.I
)
_PSEUDO = re.compile(
    r"\b(no (change|increase|improvement|relief|doubt|significant change|further)|not only|not cause|without difficulty|"
    r"without (change|improvement)|gram.negative|if|risks?|family|mother|father|brother|sister|return|should|"
    r"prevent\w*|avoid|unable|rather than|complications|complication of|potential|consent|hazards?|allerg\w+|as needed|if needed|p\.?r\.?n|monitor|watch|except|other than|"
    r"resol(ved?|ves|ving|ution)|gone|cleared|healed|subsided|prophyla\w+|screen(ing|ed)?|possibility|in case|unless|"
    r"wife|husband|spouse|partner|roommate|(mother|father|brother|sister)s|sons?|daughters?|parents?|siblings?|aunts?|uncles?|cousins?|grand\w+|"
    r"relatives?|friend|neighbou?r|co-?workers?)\b",
    re.I,
)
_BREAK = re.compile(
    r"\b(but|however|although|though|except|which|who|because|secondary to|due to|presents|presented|has been|was then|"
    r"and (he|she|the|there|was|has|is)|he|she|with|for|until|that|after|when)\b|[.;:]",
    re.I,
)


def _last_break(before: str) -> str:
    found = None
    for found in _BREAK.finditer(before):
        pass
    return before[found.end() :] if found else before


def by_clause(before: str, after: str) -> int | None:
    """A cue in front of the finding, within its own clause."""
    clause = _last_break(before)
    if _DOUBT.search(clause):
        return POSSIBLE
    return ABSENT if _NEGATION.search(clause) else None


def by_window(before: str, after: str) -> int | None:
    """The nearest cue among the six words in front."""
    window = " ".join(before.split()[-6:])
    doubt = [m.end() for m in _DOUBT.finditer(window)]
    negation = [m.end() for m in _NEGATION.finditer(window)]
    if not doubt and not negation:
        return None
    return POSSIBLE if max(doubt, default=-1) > max(negation, default=-1) else ABSENT


def by_list(before: str, after: str) -> int | None:
    """A cue that opens a run of short items which the finding continues."""
    items = re.split(r",|\bor\b|\band\b", before)
    for item in reversed(items[-8:]):
        words = item.split()
        if re.match(r"\s*(no|denies( any)?|denied( any)?|without|negative for)\b", item, re.I):
            return ABSENT if len(words) <= 6 else None
        if re.match(r"\s*(possible|probable|likely|suspected|rule out|versus)\b", item, re.I):
            return POSSIBLE if len(words) <= 4 else None
        if len(words) > 5:
            return None
    return None


def by_what_follows(before: str, after: str) -> int | None:
    """A cue behind the finding."""
    if _DOUBT_AFTER.search(after):
        return POSSIBLE
    return ABSENT if _NEGATED_AFTER.search(after) else None


def by_opening(before: str, after: str) -> int | None:
    """The sentence or heading body opens with a cue and the finding comes soon after."""
    body = before.rsplit(":", 1)[-1].strip()
    if len(body.split()) > 8 or _BREAK.search(body):
        return None
    if re.match(r"(there (is|was|are|were) no|no|he denies|she denies|denies|without|negative for)\b", body, re.I):
        return ABSENT
    return POSSIBLE if re.match(r"(possible|probable|likely|suspected|rule out)\b", body, re.I) else None


FUNCTIONS: tuple[Callable[[str, str], int | None], ...] = (
    by_clause,
    by_window,
    by_list,
    by_what_follows,
    by_opening,
)


def label(sentence: str, start: int, end: int) -> int | None:
    """The agreed label of a span, or None."""
    before, after = sentence[:start], sentence[end:]
    cues = [cue for cue in (_NEGATION, _DOUBT) if cue.search(before + " | " + after)]
    if _PSEUDO.search(sentence):
        return None
    if not cues and not _NEGATED_AFTER.search(after) and not _DOUBT_AFTER.search(after):
        return None if DOUBT.search(sentence) or NEGATION.search(sentence) else PRESENT
    votes = [vote for vote in (f(before, after) for f in FUNCTIONS) if vote is not None]
    if len(votes) >= 2 and len(set(votes)) == 1:
        return votes[0]
    return None


# Words of the lexicons that seldom name a finding where nobody read them: places, steps and headings.
_NO_FINDINGS = frozenset(
    ("discharge", "infiltrate", "locking", "blood loss", "allergies", "allergy", "anastomosis", "aponeurosis",
     "cardioplegia", "sternocleidomastoid")
)  # fmt: skip


def label_sentences(texts: Iterable[str], names: Iterable[str]) -> list[Sentence]:
    """Weakly labelled sentences; `names` are the findings to look for."""
    longest_first = sorted({n.lower() for n in names if len(n) > 2} - _NO_FINDINGS, key=lambda n: (-len(n), n))
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b", re.I)
    out: list[Sentence] = []
    for text in texts:
        found = []
        for match in pattern.finditer(text):
            answer = label(text, match.start(), match.end())
            if answer is not None:
                found.append(Finding(match.start(), match.end(), answer))
        if found:
            out.append(Sentence(text, tuple(found)))
    return out


def has_cue(text: str) -> bool:
    """Whether any word of negation, doubt or condition stands in the text."""
    return any(cue.search(text) for cue in (_NEGATION, _DOUBT, _PSEUDO, NEGATION, DOUBT))


def neutral_fragments(texts: Iterable[str], rng: random.Random) -> list[str]:
    """Runs of three to seven words from sentences that hold no cue."""
    found: list[str] = []
    for text in texts:
        words = text.split()
        if len(words) < 8 or has_cue(text):
            continue
        start = rng.randrange(len(words) - 6)
        found.append(" ".join(words[start : start + rng.randint(3, 7)]).strip(" ,.:;"))
    return found
