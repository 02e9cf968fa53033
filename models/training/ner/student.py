"""Train the bundled model on hand-read sentences, on the teacher's answers and on generated ones."""
from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mix import Mix
from pieces import MASK, Encoded, Pieces
from spans import TAGS
from tagger import Tagger


@dataclass(frozen=True)
class Recipe:
    """Training settings; `steps` batches of about `tokens` tokens."""

    seed: int = 7
    steps: int = 1500
    tokens: int = 3000
    rate: float = 1e-3
    warmup: int = 100
    finer: float = 0.08
    hidden_words: float = 0.06
    average: float = 0.998
    report: int = 100


Row = tuple[Encoded, np.ndarray]


def collate(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Pad to the longest row: ids, mask and targets [batch, sequence, tags], zero where no word begins."""
    longest = max(len(encoded.ids) for encoded, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.zeros(len(rows), longest, len(TAGS))
    for i, (encoded, target) in enumerate(rows):
        ids[i, : len(encoded.ids)] = torch.tensor(encoded.ids)
        mask[i, : len(encoded.ids)] = 1
        targets[i, encoded.firsts] = torch.from_numpy(target)
    return ids, mask, targets


def hide(encoded: Encoded, rng: random.Random, share: float) -> Encoded:
    """Hide first pieces of words at times, so that the words around decide too."""
    ids = list(encoded.ids)
    for first in encoded.firsts:
        if rng.random() < share:
            ids[first] = MASK
    return Encoded(ids, encoded.firsts)


def batches(mix: Mix, pieces: Pieces, recipe: Recipe, rng: random.Random) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches of like-length sentences under the token budget, in random order."""
    while True:
        rows: list[Row] = []
        for sample in mix.round(rng):
            encoded = pieces.encode(sample.words, rng, recipe.finer)
            rows.append((hide(encoded, rng, recipe.hidden_words), sample.targets))
        rows.sort(key=lambda row: len(row[0].ids) + rng.random() * 4)
        made, current = [], []
        for row in rows:
            if current and (len(current) + 1) * len(row[0].ids) > recipe.tokens:
                made.append(current)
                current = []
            current.append(row)
        made.append(current)
        rng.shuffle(made)
        for part in made:
            yield collate(part)


def train_student(model: Tagger, pieces: Pieces, mix: Mix, recipe: Recipe) -> Tagger:
    """AdamW, linear warm-up, cosine decay; the answer is the running average of the weights."""
    torch.manual_seed(recipe.seed)
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.01},
        {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))

    def factor(step: int) -> float:
        if step < recipe.warmup:
            return (step + 1) / recipe.warmup
        done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    average = copy.deepcopy(model)
    model.train()
    started, lost = time.time(), 0.0
    for step, (ids, mask, targets) in enumerate(batches(mix, pieces, recipe, random.Random(recipe.seed)), 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(ids, mask)
        loss = -(targets * torch.log_softmax(logits.float(), -1)).sum() / targets.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        keep = min(recipe.average, step / (step + 10))
        with torch.no_grad():
            for ours, theirs in zip(average.parameters(), model.parameters(), strict=True):
                ours.lerp_(theirs, 1 - keep)
        lost += loss.item()
        if step % recipe.report == 0:
            seconds = time.time() - started
            print(f"step {step}/{recipe.steps} loss {lost / recipe.report:.4f} {seconds:.0f} s", flush=True)
            lost = 0.0
        if step == recipe.steps:
            break
    return average.eval()
