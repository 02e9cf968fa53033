"""How examples become batches of tokens, and the settings of a training."""
from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from mixture import Mixture
from model import MARKER_ID, MAX_LENGTH
from sentences import UNREAD, Example

NOTHING = UNREAD
_MASK_ID, _FIRST_WORD = 4, 6


@dataclass(frozen=True)
class Recipe:
    """Training settings; `steps` batches of about `tokens` tokens."""

    seed: int = 7
    steps: int = 900
    tokens: int = 3000
    rate: float = 1.5e-4
    warmup: int = 60
    smoothing: float = 0.03
    dropout: float = 0.1
    labels: float = 1.0  # weight of the labels
    lesson: float = 0.0  # weight of the teachers' answers
    states: float = 0.0  # weight of the first teacher's last states, at the beginning; less and less from there on
    others: float = 0.5  # weight of the findings that are not marked
    averaging: float = 0.99  # of the weights, over the last part of the training
    late: float = 0.88  # from here on twice the generated sentences: they hold what notes rarely say alone
    report: int = 20
    watch: int = 100


TEACHER = Recipe()
STUDENT = Recipe(steps=1300, rate=3e-4, dropout=0.0, labels=0.5, lesson=1.5, states=1.0)
# The student's last part: on real notes above all, so nothing more for the generated sentences at its end.
LAST = Recipe(seed=21, steps=400, rate=1e-4, warmup=30, labels=0.5, lesson=2.0, late=1.0, watch=50)


@dataclass(frozen=True)
class Row:
    """An example as tokens, with the status of each of them."""

    ids: list[int]
    status: list[int]
    label: int
    text: str


@dataclass(frozen=True)
class Batch:
    """Rows padded to the longest."""

    ids: Tensor
    mask: Tensor
    others: Tensor
    labels: Tensor
    texts: list[str]


def encode(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids, at most MAX_LENGTH each."""
    return [e.ids[:MAX_LENGTH] for e in tokenizer.encode_batch(texts)]


def token_labels(encoding: Encoding, example: Example) -> list[int]:
    """The status of every token that belongs to a finding, NOTHING elsewhere."""
    labels = [NOTHING] * len(encoding.ids)
    if not example.findings:
        return labels
    status: dict[int, int] = {}
    for f in example.findings:
        status.update(dict.fromkeys(range(f.start, f.end), f.label))
    for i, (start, end) in enumerate(encoding.offsets):
        if end > start and encoding.ids[i] >= _FIRST_WORD:
            labels[i] = status.get(start, NOTHING)
    return labels


def hide(ids: list[int], rng: random.Random, vocab: int, share: float = 0.1) -> list[int]:
    """At times replace the words between the markers, so that the cue decides and not the finding."""
    if rng.random() > share or ids.count(MARKER_ID) != 2:
        return ids
    first = ids.index(MARKER_ID)
    last = ids.index(MARKER_ID, first + 1)
    return [
        (_MASK_ID if rng.random() < 0.5 else rng.randrange(_FIRST_WORD, vocab)) if first < i < last else token
        for i, token in enumerate(ids)
    ]


def collate_ids(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and their mask, padded to the longest row."""
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def collate(rows: list[Row]) -> Batch:
    """Pad to the longest row."""
    ids, mask = collate_ids([row.ids for row in rows])
    others = torch.full(ids.shape, NOTHING)
    for i, row in enumerate(rows):
        others[i, : len(row.status)] = torch.tensor(row.status)
    return Batch(ids, mask, others, torch.tensor([row.label for row in rows]), [row.text for row in rows])


def batches(tokenizer: Tokenizer, mixture: Mixture, recipe: Recipe) -> Iterator[Batch]:
    """Endless batches of like-length examples under the token budget, in random order."""
    rng = mixture.rng
    vocab = tokenizer.get_vocab_size()
    drawn = 0
    while True:
        late = drawn >= recipe.late * recipe.steps
        examples = mixture.round(2.0 if late else 1.0)
        coded: list[Row] = []
        for encoding, example in zip(tokenizer.encode_batch([e.text for e in examples]), examples, strict=True):
            ids = hide(encoding.ids[:MAX_LENGTH], rng, vocab)
            coded.append(Row(ids, token_labels(encoding, example)[:MAX_LENGTH], example.label, example.text))
        coded.sort(key=lambda row: len(row.ids) + rng.random() * 4)
        made, current = [], []
        for row in coded:
            if current and (len(current) + 1) * max(len(row.ids), 8) > recipe.tokens:
                made.append(current)
                current = []
            current.append(row)
        made.append(current)
        rng.shuffle(made)
        for rows in made:
            yield collate(rows)
            drawn += 1
            if not late and drawn >= recipe.late * recipe.steps:
                break
