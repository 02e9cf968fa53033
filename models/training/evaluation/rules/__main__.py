"""Evaluate the rules: python -m rules FILE.jsonl, with rows {"text", "entity"?: {"start", "end"}, "label"}."""
from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import NotRequired, TypedDict

from .status import LABELS, assert_status


class Span(TypedDict):
    """Code point offsets of a finding."""

    start: int
    end: int


class Row(TypedDict):
    """A labelled finding; without `entity` the main finding of the text is meant."""

    id: NotRequired[str]
    text: str
    entity: NotRequired[Span]
    label: str
    capability: NotRequired[str]


def answer_of(row: Row) -> str:
    """What the rules say about a row."""
    span = row.get("entity")
    return assert_status(row["text"], span["start"], span["end"]) if span else assert_status(row["text"])


def confusion(rows: list[Row]) -> Counter[tuple[str, str]]:
    """Counts by (label, answer)."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row["label"], answer_of(row)] += 1
    return counts


class Score(TypedDict):
    """How well one label is found."""

    precision: float
    recall: float
    f1: float


def scores_of(counts: Counter[tuple[str, str]]) -> dict[str, Score]:
    """Precision, recall and F1 by label."""
    scores: dict[str, Score] = {}
    for label in LABELS:
        hit = counts[label, label]
        answered = sum(counts[other, label] for other in LABELS)
        count = sum(counts[label, other] for other in LABELS)
        scores[label] = {
            "precision": hit / answered if answered else 0.0,
            "recall": hit / count if count else 0.0,
            "f1": 2 * hit / (answered + count) if answered + count else 0.0,
        }
    return scores


def macro_f1(scores: dict[str, Score]) -> float:
    """The mean F1 over the labels."""
    return sum(score["f1"] for score in scores.values()) / len(scores)


def report(counts: Counter[tuple[str, str]]) -> str:
    """The confusion table, then precision, recall and F1 by label and their macro mean."""
    lines = ["label \\ answer " + "".join(f"{label:>10}" for label in LABELS)]
    lines += [f"{label:<15}" + "".join(f"{counts[label, answer]:>10}" for answer in LABELS) for label in LABELS]
    lines += ["", f"{'':<15}{'precision':>10}{'recall':>10}{'F1':>10}{'count':>10}"]
    scores = scores_of(counts)
    for label, score in scores.items():
        count = sum(counts[label, other] for other in LABELS)
        figures = f"{score['precision']:>10.3f}{score['recall']:>10.3f}{score['f1']:>10.3f}"
        lines.append(f"{label:<15}{figures}{count:>10}")
    total = counts.total()
    right = sum(counts[label, label] for label in LABELS)
    lines += ["", f"accuracy {right / max(1, total):.3f} ({right} of {total}), macro F1 {macro_f1(scores):.3f}"]
    return "\n".join(lines)


def by_capability(rows: list[Row]) -> str:
    """Pass rate by capability, for a behavioural suite."""
    passed: dict[str, list[bool]] = {}
    for row in rows:
        passed.setdefault(row["capability"], []).append(answer_of(row) == row["label"])
    return "\n".join(
        f"{name:<24}{sum(marks):>4} of {len(marks):>3}  {sum(marks) / len(marks):6.1%}"
        for name, marks in passed.items()
    )


def mistakes(rows: list[Row]) -> str:
    """Every wrong answer with its text, the finding in double brackets."""
    lines: list[str] = []
    for row in rows:
        text, answer = row["text"], answer_of(row)
        if answer == row["label"]:
            continue
        if span := row.get("entity"):
            start, end = span["start"], span["end"]
            text = f"{text[:start]}[[{text[start:end]}]]{text[end:]}"
        lines.append(f"\n{row.get('id', '')} {row['label']}, answered {answer}\n  {text}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="rules", description="Evaluate the cue-and-scope rules on labelled findings.")
    parser.add_argument("file", type=Path, help="JSON lines with text, entity and label")
    parser.add_argument("--mistakes", action="store_true", help="also print every wrong answer")
    parser.add_argument("--json", type=Path, help="also write the figures here, for the model's evaluation")
    options = parser.parse_args()
    lines = options.file.read_text(encoding="utf-8").splitlines()
    rows: list[Row] = [json.loads(line) for line in lines if line.strip()]
    for number, row in enumerate(rows, 1):
        if row.get("label") not in LABELS:
            parser.error(f"row {number}: label must be one of {', '.join(LABELS)}")
    counts = confusion(rows)
    print(report(counts))
    if options.json:
        scores = scores_of(counts)
        figures = {"name": "cue and scope rules", "per_class": scores, "macro_f1": macro_f1(scores)}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if rows and all("capability" in row for row in rows):
        print(f"\n{by_capability(rows)}")
    if options.mistakes:
        print(mistakes(rows))


if __name__ == "__main__":
    main()
