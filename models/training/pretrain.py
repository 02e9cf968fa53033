"""Teach the encoder the language of notes before it learns to judge: guess hidden words of real sentences."""
from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model import Encoder

NOTHING = -100
_MASK_ID, _FIRST_WORD = 4, 6


@dataclass(frozen=True)
class Pretraining:
    """Settings; `steps` batches of about `tokens` tokens."""

    seed: int = 11
    steps: int = 2600
    tokens: int = 3000
    longest: int = 96
    rate: float = 1.5e-3
    warmup: int = 150
    hidden: float = 0.2  # share of the tokens that have to be guessed
    report: int = 100


def rows_of(tokenizer: Tokenizer, notes: list[list[str]], longest: int, rng: random.Random) -> list[list[int]]:
    """Runs of whole sentences that follow each other in a note, [CLS] … [SEP], up to `longest` tokens.

    Where runs are cut is drawn anew each time; a third of them are single sentences, as the model will see.
    """
    rows: list[list[int]] = []
    for note in notes:
        run: list[int] = []
        limit = 0
        for encoding in tokenizer.encode_batch(note):
            ids = encoding.ids[1:-1][: longest - 2]
            if run and len(run) + len(ids) + 2 > limit:
                rows.append([2, *run, 3])
                run = []
            if not run:
                limit = 0 if rng.random() < 0.33 else rng.randint(longest // 3, longest)
            run = [*run, *ids]
        if run:
            rows.append([2, *run, 3])
    rng.shuffle(rows)
    return rows


def hide(ids: Tensor, share: float, vocab: int) -> tuple[Tensor, Tensor]:
    """Hide words: of the chosen tokens 8 in 10 become [MASK], 1 another word, 1 stays. Input and targets."""
    chosen = (torch.rand(ids.shape) < share) & (ids >= _FIRST_WORD)
    targets = torch.where(chosen, ids, NOTHING)
    kind = torch.rand(ids.shape)
    shown = torch.where(chosen & (kind < 0.8), _MASK_ID, ids)
    return torch.where(chosen & (kind > 0.9), torch.randint_like(ids, _FIRST_WORD, vocab), shown), targets


def batches(
    tokenizer: Tokenizer, notes: list[list[str]], settings: Pretraining
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches of like-length rows: ids and mask."""
    rng = random.Random(settings.seed)
    while True:
        rows = rows_of(tokenizer, notes, settings.longest, rng)
        rows.sort(key=lambda row: len(row) + rng.random() * 4)
        made: list[list[list[int]]] = [[]]
        for row in rows:
            if made[-1] and (len(made[-1]) + 1) * len(row) > settings.tokens:
                made.append([])
            made[-1].append(row)
        rng.shuffle(made)
        for group in made:
            width = max(map(len, group))
            ids = torch.tensor([row + [0] * (width - len(row)) for row in group])
            yield ids, (ids != 0).long()


def pretrain(model: Encoder, tokenizer: Tokenizer, notes: list[list[str]], settings: Pretraining) -> None:
    """Masked words, with the embedding as the output layer too; changes the model's weights."""
    torch.manual_seed(settings.seed)
    vocab = tokenizer.get_vocab_size()
    bias = nn.Parameter(torch.zeros(vocab))
    learnt = [*model.parameters(), bias]
    groups = [
        {"params": [p for p in learnt if p.dim() > 1], "weight_decay": 0.02},
        {"params": [p for p in learnt if p.dim() <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.98))

    def factor(step: int) -> float:
        if step < settings.warmup:
            return (step + 1) / settings.warmup
        done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    model.train()
    started, lost, right, count = time.time(), 0.0, 0, 0
    for step, (ids, mask) in enumerate(batches(tokenizer, notes, settings), 1):
        shown, targets = hide(ids, settings.hidden, vocab)
        wanted = targets != NOTHING
        if not bool(wanted.any()):
            continue
        with torch.autocast("cpu", torch.bfloat16):
            states = model.states(shown, mask)[wanted]
            logits = states @ model.embed.weight.T + bias
        loss = nn.functional.cross_entropy(logits.float(), targets[wanted])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        schedule.step()
        lost += loss.item() * len(logits)
        right += int((logits.argmax(-1) == targets[wanted]).sum())
        count += len(logits)
        if step % settings.report == 0:
            print(
                f"words: step {step}/{settings.steps} loss {lost / count:.3f} right {right / count:.3f} "
                f"seconds {time.time() - started:.0f}",
                flush=True,
            )
            lost, right, count = 0.0, 0, 0
        if step >= settings.steps:
            return
