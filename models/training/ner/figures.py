"""Strict-span figures: a span counts when start, end and type are all right."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spans import TYPES, Example, Span


@dataclass(frozen=True)
class Figures:
    """Counts of right, claimed and real spans."""

    right: int
    said: int
    real: int

    @property
    def precision(self) -> float:
        """Share of the claimed spans that are right."""
        return self.right / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        """Share of the real spans that were found."""
        return self.right / self.real if self.real else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (self.said + self.real) if self.said + self.real else 0.0


def figures(examples: Sequence[Example], answers: Iterable[Iterable[Span]]) -> dict[str, Figures]:
    """Figures of each type, and of all together under "all"."""
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    real: Counter[str] = Counter()
    for example, answer in zip(examples, answers, strict=True):
        found = set(answer)
        for name in TYPES:
            ours = {s for s in found if s.label == name}
            theirs = {s for s in example.spans if s.label == name}
            right[name] += len(ours & theirs)
            said[name] += len(ours)
            real[name] += len(theirs)
    out = {name: Figures(right[name], said[name], real[name]) for name in TYPES}
    out["all"] = Figures(right.total(), said.total(), real.total())
    return out


def table(measured: dict[str, Figures]) -> str:
    """A Markdown table."""
    lines = ["| type | spans | precision | recall | F1 |", "|---|---|---|---|---|"]
    for name, f in measured.items():
        lines.append(f"| {name} | {f.real} | {f.precision:.3f} | {f.recall:.3f} | {f.f1:.3f} |")
    return "\n".join(lines)
