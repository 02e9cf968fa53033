"""Sentences with marked findings, and what can be done to them without losing the offsets."""
from __future__ import annotations

from dataclasses import dataclass, replace

MARK = "[entity]"
UNREAD = -100  # the label of an example that nobody judged
LABELS = ("PRESENT", "ABSENT", "POSSIBLE")


@dataclass(frozen=True)
class Finding:
    """A span of the text (code points, end exclusive) and its label index."""

    start: int
    end: int
    label: int

    def moved(self, by: int) -> Finding:
        """The same finding in a text that is longer in front."""
        return replace(self, start=self.start + by, end=self.end + by)


@dataclass(frozen=True)
class Sentence:
    """A text and its findings in order."""

    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Example:
    """A model input, its label, and the status of the other findings that stand in it."""

    text: str
    label: int
    findings: tuple[Finding, ...] = ()


def mark(text: str, start: int, end: int) -> str:
    """Wrap text[start:end] in the entity marker, the way the service does."""
    return f"{text[:start]}{MARK} {text[start:end]} {MARK}{text[end:]}"


def join(parts: list[Sentence], glue: str = " ") -> Sentence:
    """One text of several, with all their findings."""
    text, findings = "", []
    for part in parts:
        if text:
            text += glue
        findings += [f.moved(len(text)) for f in part.findings]
        text += part.text
    return Sentence(text, tuple(findings))


def assemble(pieces: list[tuple[str, int]]) -> Sentence:
    """A sentence of pieces (text, label), label -1 for the words around the findings."""
    text, findings = "", []
    for part, label in pieces:
        if label >= 0 and part:
            findings.append(Finding(len(text), len(text) + len(part), label))
        text += part
    return Sentence(text, tuple(findings))


def marked_example(sentence: Sentence, which: Finding) -> Example:
    """The sentence with one finding marked; the others keep their places in the longer text."""
    first, second = len(MARK) + 1, len(MARK) + 1
    shifted = []
    for f in sentence.findings:
        by = (first if f.start >= which.start else 0) + (second if f.start >= which.end else 0)
        shifted.append(f.moved(by))
    return Example(mark(sentence.text, which.start, which.end), which.label, tuple(shifted))
