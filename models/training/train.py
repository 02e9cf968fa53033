"""Train the encoder on generated and weakly labelled sentences.

Every round draws new generated sentences, so nothing is seen twice in the same form.
"""
from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from generate import MARK, Generator, examples, with_context
from model import Encoder

Example = tuple[str, int]


@dataclass(frozen=True)
class Recipe:
    """Training settings; `steps` batches of about `tokens` tokens."""

    seed: int = 7
    steps: int = 1400
    tokens: int = 3000
    rate: float = 1e-3
    warmup: int = 150
    weak_share: float = 0.2
    smoothing: float = 0.05
    report: int = 100


@dataclass(frozen=True)
class Real:
    """What the notes contribute: weak examples, and cue-free runs of words to put around sentences."""

    weak: list[Example]
    fragments: list[str]


def surround(text: str, fragments: list[str], rng: random.Random) -> str:
    """At times put words of real notes before or behind a sentence; they change no label."""
    if fragments and rng.random() < 0.07:
        text = f"{rng.choice(fragments)}{rng.choice((', ', '. ', ': ', '; '))}{text}"
    if fragments and rng.random() < 0.15:
        text = f"{text.rstrip('.')}{rng.choice((', ', '. ', ' ', ' and ', '; '))}{rng.choice(fragments)}."
    return text


def replace_finding(text: str, generator: Generator) -> str:
    """At times put another finding between the markers of a real sentence."""
    parts = text.split(MARK)
    if len(parts) != 3 or generator.rng.random() < 0.5:
        return text
    return f"{parts[0]}{MARK} {generator.entity('pb')} {MARK}{parts[2]}"


def make_round(generator: Generator, real: Real, recipe: Recipe, size: int = 6000) -> list[Example]:
    """A fresh mix of generated and weak examples, some in context."""
    rng = generator.rng
    sentences = [generator.sentence() for _ in range(size)]
    pool = [s.text for s in sentences]
    out: list[Example] = []
    for sentence in sentences:
        for text, label in examples(sentence, rng):
            out.append(with_context((surround(text, real.fragments, rng), label), pool, rng))
    if real.weak:
        for text, label in rng.choices(real.weak, k=int(len(out) * recipe.weak_share)):
            out.append(with_context((replace_finding(text, generator), label), pool, rng))
    return out


def encode(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    """Token ids, at most 512 each."""
    return [e.ids[:512] for e in tokenizer.encode_batch(texts)]


def corrupt(ids: list[int], marker: int, rng: random.Random, vocab: int) -> list[int]:
    """At times hide the words between the markers, so that the cue decides and not the finding."""
    if rng.random() > 0.1 or ids.count(marker) != 2:
        return ids
    first = ids.index(marker)
    last = ids.index(marker, first + 1)
    return [
        (4 if rng.random() < 0.5 else rng.randrange(6, vocab)) if first < i < last else token
        for i, token in enumerate(ids)
    ]


def collate(rows: list[tuple[list[int], int]]) -> tuple[Tensor, Tensor, Tensor]:
    """Pad to the longest row: ids, mask, labels."""
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    for i, (row, _) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask, torch.tensor([label for _, label in rows])


def batches(
    tokenizer: Tokenizer, generator: Generator, real: Real, recipe: Recipe
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches of like-length examples under the token budget, in random order."""
    rng = generator.rng
    marker = tokenizer.token_to_id(MARK)
    vocab = tokenizer.get_vocab_size()
    while True:
        rows = make_round(generator, real, recipe)
        ids = encode(tokenizer, [text for text, _ in rows])
        coded = [(corrupt(i, marker, rng, vocab), label) for i, (_, label) in zip(ids, rows, strict=True)]
        coded.sort(key=lambda row: len(row[0]) + rng.random() * 4)
        made, current = [], []
        for row in coded:
            if current and (len(current) + 1) * max(len(row[0]), 8) > recipe.tokens:
                made.append(collate(current))
                current = []
            current.append(row)
        made.append(collate(current))
        rng.shuffle(made)
        yield from made


def train(
    model: Encoder, tokenizer: Tokenizer, generator: Generator, real: Real, recipe: Recipe
) -> Encoder:
    """AdamW, linear warm-up, cosine decay; bfloat16 products where the CPU has them."""
    torch.manual_seed(recipe.seed)
    decay = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.rate,
        betas=(0.9, 0.98),
    )

    def factor(step: int) -> float:
        if step < recipe.warmup:
            return (step + 1) / recipe.warmup
        done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
        return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    model.train()
    started, seen, lost, right = time.time(), 0, 0.0, 0
    for step, (ids, mask, labels) in enumerate(batches(tokenizer, generator, real, recipe), 1):
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(ids, mask)
        loss = loss_of(logits.float(), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
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
        if step == recipe.steps:
            break
    return model.eval()
