"""The status of one finding, from the cues whose scope reaches it."""
from __future__ import annotations

import re

from .cues import Cue, Kind, find_cues, normalise

LABELS = ("PRESENT", "ABSENT", "POSSIBLE")

_SENTENCE_END = re.compile(r"[.!?]\s+(?=[^\sa-z])|\n+")
_ABBREVIATION = re.compile(r"(?:\b(?:dr|mr|mrs|ms|st|vs|pt|approx|e\.g|i\.e|no)|(?:^|[\s:])\d{1,2}|\b[a-z])\.$")
_HEADING = re.compile(r"\b[A-Z][A-Za-z/ ]{2,30}:")
_STOP = re.compile(r";|, (?:with|positive|status post|presents?|who (?:has|had))\b")
_CLAUSE = re.compile(
    r", (?:then |and )?(?:she|he|you|they|we|i|the|please|call|stop|use|take|continue|return|his|her|this|it)\b"
)
_DOUBT_STOP = re.compile(
    r", |:|(?<!consistent )(?<!compatible )\bwith\b|\b(?:without|in the setting of|in (?:a|an|the|this|his|her)"
    r"|on|who|which|given|causing|leading to|after|during|for|at(?! least)|following|near)\b"
)
_PAIR_STOP = re.compile(r"[,:]")
_JOINED = re.compile(r"\b(?:or|and/or|versus|vs)\b")
_NORMAL = re.compile(r"\b(?:normal|clear|unremarkable|intact|benign|within normal limits|afebrile|nontender)\b")

# Words that may stand between a finding and a cue behind it.
_REACH: dict[Kind, int] = {
    Kind.NEGATED_BEFORE: 8,
    Kind.POSSIBLE_BEFORE: 6,
    Kind.OPEN_BEFORE: 8,
    Kind.AFFIRMED_BEFORE: 6,
    Kind.OTHER_BEFORE: 4,
    Kind.HYPOTHETICAL_BEFORE: 1,
}
_DOUBT_REACH = 9


def assert_status(text: str, start: int | None = None, end: int | None = None) -> str:
    """PRESENT, ABSENT or POSSIBLE for the finding at code points [start, end); without offsets for the main finding."""
    if start is None or end is None:
        return _main_status(text)
    if not 0 <= start < end <= len(text):
        raise ValueError(f"finding at {start}-{end} lies outside a text of {len(text)} code points")
    left, right = _sentence(text, start, end)
    original = text[left:right]
    sentence, start, end = normalise(original), start - left, end - left
    if _questioned(sentence, start, end):
        return "POSSIBLE"
    return _decide(_cues_before(sentence, original, start, end), _cues_behind(sentence, start, end))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    left, right = 0, len(text)
    for match in _SENTENCE_END.finditer(text):
        if match[0][0] == "." and _ABBREVIATION.search(text[: match.start() + 1].lower()):
            continue
        if match.end() <= start:
            left = match.end()
        elif match.start() >= end:
            right = match.start() + 1
            break
    return left, right


def _questioned(sentence: str, start: int, end: int) -> bool:
    if re.search(r"\?+ ?(?:\w+ ){0,2}$", sentence[:start]) or re.match(r"(?: \w+)?[)]? ?\?", sentence[end:]):
        return True
    return re.search(r"\?+\W*$", sentence) is not None and not re.search(r"[;,:(]", sentence[end:])


def _cues_before(sentence: str, original: str, start: int, end: int) -> list[Cue]:
    """Cues before the finding that reach it, nearest first."""
    reaching: list[Cue] = []
    cues = [cue for cue in find_cues(sentence, True, start, end) if cue.end <= start]
    for n, cue in reversed(list(enumerate(cues))):
        if cue.kind is Kind.TERMINATION:
            break
        between = sentence[cue.end : start]
        if cue.kind is Kind.NOTHING or _stopped(cue, between, sentence[start:], original[cue.end : start]):
            continue
        reaching.append(cue)
    return reaching


def _stopped(cue: Cue, between: str, rest: str, original: str) -> bool:
    if _STOP.search(between) or _HEADING.search(original):
        return True
    if cue.kind in (Kind.HYPOTHETICAL_AFTER, Kind.OTHER_AFTER, Kind.NEGATED_AFTER) and _CLAUSE.search(between):
        return True
    if cue.kind is Kind.POSSIBLE_AFTER:
        if len(between.split()) > _DOUBT_REACH:
            return True
        if cue.text.rstrip(".") in ("vs", "versus"):
            return _PAIR_STOP.search(between) is not None
        stop = _DOUBT_STOP.search(between)
        if stop is None:
            return False
        listed = stop[0] == ", " and (_JOINED.search(between) or _JOINED.search(rest[:60]))
        return not listed
    return False


def _cues_behind(sentence: str, start: int, end: int) -> list[Cue]:
    """Cues behind the finding that reach back to it, nearest first."""
    reaching: list[Cue] = []
    for cue in find_cues(sentence, False, start, end):
        if cue.start < end:
            continue
        if cue.kind is Kind.TERMINATION:
            break
        between = sentence[end : cue.start]
        if cue.kind is Kind.NOTHING or ";" in between:
            continue
        words = len(re.findall(r"\w+", between))
        if cue.text.rstrip(".") in ("vs", "versus"):
            if words <= 4 and not _PAIR_STOP.search(between):
                reaching.append(cue)
        elif words <= _REACH[cue.kind] and _commas_allow(between, words):
            reaching.append(cue)
    return reaching


def _commas_allow(between: str, words: int) -> bool:
    """A cue reaches back over commas only through a list of short items, or when nothing else stands between."""
    if "," not in between or words == 0:
        return True
    if re.match(r", (?:which|that)\b", between):
        return True
    items = between.split(",")
    return re.search(r"\b(?:and|or)\b", between) is not None and all(len(item.split()) <= 4 for item in items)


def _decide(before: list[Cue], behind: list[Cue]) -> str:
    nearest = before[0].kind if before else None
    kinds_before = {cue.kind for cue in before}
    if nearest is not Kind.AFFIRMED_AFTER and kinds_before & {Kind.OTHER_AFTER, Kind.HYPOTHETICAL_AFTER}:
        return "ABSENT"
    for cue in behind:
        if cue.kind in (Kind.OTHER_BEFORE, Kind.HYPOTHETICAL_BEFORE, Kind.NEGATED_BEFORE):
            return "ABSENT"
        if cue.kind is Kind.OPEN_BEFORE:
            return "POSSIBLE"
        if cue.kind is Kind.AFFIRMED_BEFORE and nearest is not Kind.NEGATED_AFTER:
            return "PRESENT" if nearest is None or nearest is Kind.AFFIRMED_AFTER else "POSSIBLE"
        if cue.kind is Kind.POSSIBLE_BEFORE:
            return "ABSENT" if nearest is Kind.NEGATED_AFTER else "POSSIBLE"
    if nearest is Kind.NEGATED_AFTER:
        return "ABSENT"
    if nearest in (Kind.POSSIBLE_AFTER, Kind.POSSIBLE_LIST_AFTER):
        return "POSSIBLE"
    return "PRESENT"


def _main_status(text: str) -> str:
    """The status that the first cue of a text suggests; a normal examination counts as ABSENT."""
    sentence = normalise(text)
    for cue in sorted(find_cues(sentence, True) + find_cues(sentence, False), key=lambda c: (c.start, c.start - c.end)):
        if cue.kind in (Kind.AFFIRMED_AFTER, Kind.AFFIRMED_BEFORE, Kind.TERMINATION):
            return "PRESENT"
        if cue.kind in (Kind.POSSIBLE_AFTER, Kind.POSSIBLE_LIST_AFTER, Kind.POSSIBLE_BEFORE, Kind.OPEN_BEFORE):
            return "POSSIBLE"
        if cue.kind is not Kind.NOTHING:
            return "ABSENT"
    if _NORMAL.search(sentence):
        return "ABSENT"
    return "POSSIBLE" if sentence.rstrip().endswith("?") else "PRESENT"
