"""Measure the exported graph on the dev sets, fit the temperature, check required answers and speed."""
from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from generate import LABELS, mark
from stability import run

Example = tuple[str, int]


@dataclass(frozen=True)
class Figures:
    """Accuracy, F1 per label, negative log-likelihood at the temperature, and the size of a set."""

    count: int
    per_label: dict[str, int]
    accuracy: float
    f1: dict[str, float]
    nll: float


def read_examples(path: Path) -> list[Example]:
    """JSON lines {"text" (marked or not), "label"}."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [(row["text"], LABELS.index(row["label"])) for row in rows]


def read_golden_inputs(path: Path) -> list[dict[str, str]]:
    """JSON lines {"text", "entity"? (the phrase; its first occurrence is meant), "label"?}."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def marked(row: dict[str, str]) -> str:
    """The text with its phrase marked, if it names one."""
    if "entity" not in row:
        return row["text"]
    start = row["text"].index(row["entity"])
    return mark(row["text"], start, start + len(row["entity"]))


def logits_of(session: ort.InferenceSession, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Logits in the given order; rows of like length share a batch."""
    ids = [encoding.ids[:512] for encoding in tokenizer.encode_batch(texts)]
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


def fit_temperature(sets: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The temperature with the least mean of the sets' likelihoods, so that no set counts by its size."""
    grid = np.round(np.exp(np.linspace(np.log(0.3), np.log(5.0), 400)), 4)
    costs = [np.mean([nll(x, y, float(t)) for x, y in sets]) for t in grid]
    return float(grid[int(np.argmin(costs))])


def figures(logits: np.ndarray, labels: np.ndarray, temperature: float) -> Figures:
    """Figures of one set."""
    said = logits.argmax(-1)
    f1 = {}
    for i, name in enumerate(LABELS):
        hit = int(((said == i) & (labels == i)).sum())
        claimed, there = int((said == i).sum()), int((labels == i).sum())
        f1[name] = 2 * hit / (claimed + there) if claimed + there else float("nan")
    counts = {name: int((labels == i).sum()) for i, name in enumerate(LABELS)}
    return Figures(len(labels), counts, float((said == labels).mean()), f1, nll(logits, labels, temperature))


def mistakes(logits: np.ndarray, examples: list[Example], most: int) -> list[str]:
    """Wrong answers, the surest first."""
    sure = softmax(logits).max(-1)
    wrong = [i for i, (_, label) in enumerate(examples) if int(logits[i].argmax()) != label]
    wrong.sort(key=lambda i: -sure[i])
    return [
        f"{examples[i][0]}  (expected {LABELS[examples[i][1]]}, said {LABELS[int(logits[i].argmax())]})"
        for i in wrong[:most]
    ]


def milliseconds(session: ort.InferenceSession, vocab: int, length: int = 25, times: int = 300) -> float:
    """Median time of one row on the session's thread."""
    row = np.random.default_rng(0).integers(6, vocab, length).tolist()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run(session, [row])
        taken.append(time.perf_counter() - started)
    return float(np.median(taken) * 1000)
