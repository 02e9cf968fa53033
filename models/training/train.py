"""Train the encoder on generated, weakly labelled and hand-read sentences.

Every round draws new generated sentences, so nothing is seen twice in the same form; the
hand-read ones come back with other findings in their places.
"""
from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mixture import Mixture
from model import MARKER_ID, MAX_LENGTH, Encoder
from sentences import Example

NOTHING = -100
_MASK_ID, _FIRST_WORD = 4, 6


@dataclass(frozen=True)
class Recipe:
    """Training settings; `steps` batches of about `tokens` tokens."""

    seed: int = 7
    steps: int = 3000
    tokens: int = 3000
    rate: float = 6e-4
    warmup: int = 200
    smoothing: float = 0.03
    others: float = 0.5  # weight of the findings that are not marked
    averaging: float = 0.998  # of the weights, over the last part of the training
    late: float = 0.88  # from here on twice the generated sentences: they hold what notes rarely say alone
    report: int = 100
    watch: int = 400


Row = tuple[list[int], list[int], int]


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


def collate(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad to the longest row: ids, mask, token labels, labels."""
    longest = max(len(ids) for ids, _, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    others = torch.full((len(rows), longest), NOTHING)
    for i, (row, status, _) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
        others[i, : len(row)] = torch.tensor(status)
    return ids, mask, others, torch.tensor([label for _, _, label in rows])


def batches(tokenizer: Tokenizer, mixture: Mixture, recipe: Recipe) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Endless batches of like-length examples under the token budget, in random order."""
    rng = mixture.rng
    vocab = tokenizer.get_vocab_size()
    drawn = 0
    while True:
        examples = mixture.round(2.0 if drawn > recipe.late * recipe.steps else 1.0)
        coded: list[Row] = []
        for encoding, example in zip(tokenizer.encode_batch([e.text for e in examples]), examples, strict=True):
            ids = hide(encoding.ids[:MAX_LENGTH], rng, vocab)
            coded.append((ids, token_labels(encoding, example)[:MAX_LENGTH], example.label))
        coded.sort(key=lambda row: len(row[0]) + rng.random() * 4)
        made, current = [], []
        for row in coded:
            if current and (len(current) + 1) * max(len(row[0]), 8) > recipe.tokens:
                made.append(current)
                current = []
            current.append(row)
        made.append(current)
        rng.shuffle(made)
        drawn += len(made)
        for rows in made:
            yield collate(rows)


def _optimizer(model: Encoder, recipe: Recipe) -> torch.optim.AdamW:
    decay = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98))


def _factor(step: int, recipe: Recipe) -> float:
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def accuracy(model: Encoder, tokenizer: Tokenizer, examples: list[Example]) -> list[float]:
    """Share of right answers for each label."""
    right, count = [0, 0, 0], [0, 0, 0]
    with torch.no_grad():
        for ids, example in zip(encode(tokenizer, [e.text for e in examples]), examples, strict=True):
            row = torch.tensor([ids])
            said = int(model(row, torch.ones_like(row))[0].argmax())
            count[example.label] += 1
            right[example.label] += said == example.label
    return [r / max(1, c) for r, c in zip(right, count, strict=True)]


def train(model: Encoder, tokenizer: Tokenizer, mixture: Mixture, recipe: Recipe, dev: list[Example]) -> Encoder:
    """AdamW, linear warm-up, cosine decay, averaged weights; bfloat16 products where the CPU has them.

    dev is only watched: how much of it is right is printed now and then.
    """
    torch.manual_seed(recipe.seed)
    optimizer = _optimizer(model, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(step, recipe))
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging))
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    others_of = nn.CrossEntropyLoss(ignore_index=NOTHING)
    model.train()
    started, seen, lost, right = time.time(), 0, 0.0, 0
    for step, (ids, mask, others, labels) in enumerate(batches(tokenizer, mixture, recipe), 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits, status = model(ids, mask)
        loss = loss_of(logits.float(), labels)
        if bool((others != NOTHING).any()):
            loss = loss + recipe.others * others_of(status.float().flatten(0, 1), others.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step > recipe.steps * 0.6:
            averaged.update_parameters(model)
        seen += len(labels)
        lost += loss.item() * len(labels)
        right += int((logits.argmax(-1) == labels).sum())
        if step % recipe.report == 0:
            print(
                f"step {step}/{recipe.steps} loss {lost / seen:.4f} accuracy {right / seen:.4f} "
                f"examples {seen} seconds {time.time() - started:.0f}",
                flush=True,
            )
            seen, lost, right = 0, 0.0, 0
        if step % recipe.watch == 0:
            model.eval()
            print("dev", [round(share, 3) for share in accuracy(model, tokenizer, dev)], flush=True)
            model.train()
        if step == recipe.steps:
            break
    kept = averaged.module
    assert isinstance(kept, Encoder)
    return kept.eval()
