"""Measure the exported graph: F1, calibration error, temperature, mistakes."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from batches import encode
from datasets import read_rows
from sentences import LABELS, Example, mark
from stability import run


@dataclass(frozen=True)
class Figures:
    """Accuracy, F1 per label, likelihood and calibration error at the temperature, and the size of a set."""

    count: int
    per_label: dict[str, int]
    accuracy: float
    f1: dict[str, float]
    nll: float
    calibration: float


def read_golden_inputs(path: Path) -> list[dict[str, str]]:
    """JSON lines {"text", "entity"? (the phrase; its first occurrence is meant), "label"?}."""
    return [{key: str(value) for key, value in row.items()} for row in read_rows(path)]


def marked(row: dict[str, str]) -> str:
    """The text with its phrase marked, if it names one."""
    if "entity" not in row:
        return row["text"]
    start = row["text"].index(row["entity"])
    return mark(row["text"], start, start + len(row["entity"]))


def logits_of(session: ort.InferenceSession, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Logits in the given order; rows of like length share a batch."""
    ids = encode(tokenizer, texts)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out = np.zeros((len(ids), len(LABELS)), np.float32)
    for at in range(0, len(order), 32):
        part = order[at : at + 32]
        out[part] = run(session, [ids[i] for i in part])
    return out


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities in double precision."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def nll(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    """Mean negative log-likelihood."""
    picked = softmax(logits, temperature)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(picked, 1e-12)).mean())


def calibration_error(logits: np.ndarray, labels: np.ndarray, temperature: float, bins: int = 10) -> float:
    """Expected calibration error of the said label, bins of equal width."""
    probabilities = softmax(logits, temperature)
    sure, right = probabilities.max(-1), probabilities.argmax(-1) == labels
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(sure[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in set(place.tolist())]
    return float(sum(gaps))


def fit_temperature(sets: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The temperature with the least mean of the sets' likelihoods (logits, labels), so that none counts by its size."""
    grid = np.round(np.exp(np.linspace(np.log(0.3), np.log(5.0), 400)), 4)
    costs = [np.mean([nll(logits, labels, float(t)) for logits, labels in sets]) for t in grid]
    return float(grid[int(np.argmin(costs))])


def labels_of(examples: list[Example]) -> np.ndarray:
    """Label indices."""
    return np.array([e.label for e in examples])


def figures(logits: np.ndarray, labels: np.ndarray, temperature: float) -> Figures:
    """Figures of one set."""
    said = logits.argmax(-1)
    f1 = {}
    for i, name in enumerate(LABELS):
        hit = int(((said == i) & (labels == i)).sum())
        claimed, there = int((said == i).sum()), int((labels == i).sum())
        f1[name] = 2 * hit / (claimed + there) if claimed + there else float("nan")
    return Figures(
        count=len(labels),
        per_label={name: int((labels == i).sum()) for i, name in enumerate(LABELS)},
        accuracy=float((said == labels).mean()),
        f1=f1,
        nll=nll(logits, labels, temperature),
        calibration=calibration_error(logits, labels, temperature),
    )


def mistakes(logits: np.ndarray, examples: list[Example], most: int) -> list[str]:
    """Wrong answers, the surest first."""
    sure = softmax(logits).max(-1)
    wrong = [i for i, e in enumerate(examples) if int(logits[i].argmax()) != e.label]
    wrong.sort(key=lambda i: -sure[i])
    return [
        f"{examples[i].text}  (expected {LABELS[examples[i].label]}, said {LABELS[int(logits[i].argmax())]})"
        for i in wrong[:most]
    ]
