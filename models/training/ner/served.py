"""The exported graph as the service runs it: spans of a sentence, and whether a batch changes an answer."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from spans import Span, decode, words_of
from stability import run


@dataclass(frozen=True)
class Scored:
    """A span with the mean probability of its words."""

    span: Span
    score: float


class Served:
    """Session and tokenizer; every sentence is run alone."""

    def __init__(self, session: ort.InferenceSession, tokenizer: Tokenizer, temperature: float = 1.0) -> None:
        self.session, self.tokenizer, self.temperature = session, tokenizer, temperature

    def logits(self, text: str) -> tuple[np.ndarray, list[int]]:
        """Logits of the first piece of each word, [words, tags], and all token ids."""
        encoding = self.tokenizer.encode(text)
        words = encoding.word_ids
        firsts = [i for i, word in enumerate(words) if word is not None and word != words[i - 1]]
        return run(self.session, [encoding.ids])[0][firsts].astype(np.float64), encoding.ids

    def entities(self, text: str) -> list[Scored]:
        """Entities with their scores, in order."""
        logits, _ = self.logits(text)
        scaled = logits / self.temperature
        powers = np.exp(scaled - scaled.max(-1, keepdims=True))
        best = (powers / powers.sum(-1, keepdims=True)).max(-1)
        words = words_of(text)
        if len(words) != len(best):
            raise ValueError(f"the tokenizer sees {len(best)} words and words_of {len(words)}: {text!r}")
        out = []
        for span in decode(words, logits.argmax(-1).tolist()):
            inside = [p for word, p in zip(words, best, strict=True) if span.start <= word.start < span.end]
            out.append(Scored(span, float(np.mean(inside))))
        return out

    def spans(self, text: str) -> list[Span]:
        """Entities of a sentence."""
        return [scored.span for scored in self.entities(text)]


def unstable_rows(session: ort.InferenceSession, rows: Sequence[Sequence[int]], batches: int = 150) -> tuple[int, int]:
    """Rows compared, and those whose logits differ in any bit between alone and in a random padded batch."""
    rng = np.random.default_rng(3)
    compared = differing = 0
    for _ in range(batches):
        batch = [list(rows[i]) for i in rng.integers(0, len(rows), rng.integers(1, 13))]
        longest = max(map(len, batch))
        padded = int(rng.choice([longest, rng.integers(longest, 257)]))
        together = run(session, batch, padded)
        for row, logits in zip(batch, together, strict=True):
            compared += 1
            differing += int(run(session, [row])[0].tobytes() != logits[: len(row)].tobytes())
    return compared, differing
