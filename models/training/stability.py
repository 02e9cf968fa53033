"""The exported graph as the service opens it: its speed, and whether an answer has the same bits alone and in any padded batch."""
from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnxruntime as ort


def open_session(path: Path, threads: int = 1) -> ort.InferenceSession:
    """A CPU session, on one thread as the service opens it."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(session: ort.InferenceSession, rows: list[list[int]], length: int | None = None) -> np.ndarray:
    """Logits of rows padded to length (default: the longest)."""
    length = length or max(map(len, rows))
    ids = np.zeros((len(rows), length), np.int64)
    mask = np.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    return session.run(["logits"], feed)[0]


def check(session: ort.InferenceSession, vocab: int, batches: int = 300, seed: int = 3) -> dict[str, float]:
    """Random batches of random tokens: how many rows differ in any bit, and by how much at most."""
    rng = np.random.default_rng(seed)
    rows = differing = 0
    worst = 0.0
    for _ in range(batches):
        size = int(rng.integers(1, 17))
        lengths = rng.integers(5, 201, size) if rng.random() < 0.5 else rng.integers(5, 41, size)
        batch = [rng.integers(5, vocab, n).tolist() for n in lengths]
        longest = int(max(lengths))
        padded = int(rng.choice([longest, rng.integers(longest, 513), 512], p=[0.4, 0.4, 0.2]))
        together = run(session, batch, padded)
        for row, logits in zip(batch, together, strict=True):
            alone = run(session, [row])[0]
            rows += 1
            differing += int(alone.tobytes() != logits.tobytes())
            worst = max(worst, float(np.abs(alone - logits).max()))
    return {"batches": batches, "rows": rows, "differing": differing, "worst": worst}


def milliseconds(session: ort.InferenceSession, vocab: int, length: int, times: int = 300) -> float:
    """Median time of one row of `length` tokens on the session's thread."""
    row = np.random.default_rng(0).integers(6, vocab, length).tolist()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run(session, [row])
        taken.append(time.perf_counter() - started)
    return float(np.median(taken) * 1000)
