"""Files of hand-read findings: training sentences, development set, hand-written sets."""
from __future__ import annotations

import json
from pathlib import Path

from sentences import LABELS, Example, Finding, Sentence, mark


def read_rows(path: Path) -> list[dict[str, object]]:
    """Rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def read_findings(folder: Path, written: bool = True) -> list[Sentence]:
    """Hand-read training findings, JSON lines {text, start, end, label, source}, one sentence a text.

    written: also those of sentences that were written for training.
    """
    found: dict[str, list[Finding]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        if path.name.startswith("written") and not written:
            continue
        for row in read_rows(path):
            finding = Finding(int(row["start"]), int(row["end"]), LABELS.index(str(row["label"])))  # type: ignore[call-overload]
            found.setdefault(str(row["text"]), []).append(finding)
    return [Sentence(text, tuple(sorted(fs, key=lambda f: f.start))) for text, fs in found.items()]


def read_labelled(path: Path) -> list[Example]:
    """An evaluation set, JSON lines {text, entity: {start, end}, label}."""
    out = []
    for row in read_rows(path):
        span = row["entity"]
        assert isinstance(span, dict)
        out.append(Example(mark(str(row["text"]), span["start"], span["end"]), LABELS.index(str(row["label"]))))
    return out


def read_marked(path: Path) -> list[Example]:
    """JSON lines {text (marked or not), label}."""
    return [Example(str(row["text"]), LABELS.index(str(row["label"]))) for row in read_rows(path)]

