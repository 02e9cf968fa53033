"""Train the encoder on generated, weakly labelled and hand-read sentences, alone or after larger ones.

Every round draws new generated sentences, so nothing is seen twice in the same form; the
hand-read ones come back with other findings in their places.
"""
from __future__ import annotations

import math
import time

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from batches import NOTHING, Recipe, batches, collate_ids, encode
from encoder import Encoder
from mixture import Mixture
from sentences import Example
from teachers import Teachers


def _optimizer(model: Encoder, recipe: Recipe) -> torch.optim.AdamW:
    decay = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": decay, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.98), fused=True)


def _factor(step: int, recipe: Recipe) -> float:
    if step < recipe.warmup:
        return (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(1, recipe.steps - recipe.warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))


def accuracy(model: Encoder, tokenizer: Tokenizer, examples: list[Example]) -> list[float]:
    """Share of right answers for each label; rows of like length share a batch, since this interrupts the training."""
    right, count = [0, 0, 0], [0, 0, 0]
    rows = sorted(zip(encode(tokenizer, [e.text for e in examples]), examples, strict=True), key=lambda row: len(row[0]))
    with torch.no_grad():
        for at in range(0, len(rows), 32):
            part = rows[at : at + 32]
            said = model(*collate_ids([ids for ids, _ in part]))[0].argmax(-1).tolist()
            for answer, (_, example) in zip(said, part, strict=True):
                count[example.label] += 1
                right[example.label] += answer == example.label
    return [r / max(1, c) for r, c in zip(right, count, strict=True)]


def train(
    model: Encoder,
    tokenizer: Tokenizer,
    mixture: Mixture,
    recipe: Recipe,
    dev: list[Example],
    teachers: Teachers | None = None,
) -> Encoder:
    """AdamW, linear warm-up, cosine decay, averaged weights; bfloat16 products where the CPU has them.

    dev is only watched: how much of it is right is printed now and then.
    """
    torch.manual_seed(recipe.seed)
    optimizer = _optimizer(model, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(step, recipe))
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging))
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing, ignore_index=NOTHING)
    others_of = nn.CrossEntropyLoss(ignore_index=NOTHING)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = recipe.dropout
    model.train()
    started, seen, lost, right = time.time(), 0, 0.0, 0
    for step, batch in enumerate(batches(tokenizer, mixture, recipe), 1):
        with torch.autocast("cpu", torch.bfloat16):
            states = model.states(batch.ids, batch.mask)
            logits, status = model.read(states, batch.ids)
        logits, status = logits.float(), status.float()
        loss = torch.zeros(())
        if bool((batch.labels != NOTHING).any()):
            loss = loss + recipe.labels * loss_of(logits, batch.labels)
        if bool((batch.others != NOTHING).any()):
            loss = loss + recipe.others * others_of(status.flatten(0, 1), batch.others.flatten())
        if teachers is not None:
            loss = loss + teachers.lesson(batch, states, logits, status, recipe, 1 - step / recipe.steps)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step > recipe.steps * 0.6:
            averaged.update_parameters(model)
        judged = batch.labels != NOTHING
        seen += int(judged.sum())
        lost += loss.item() * int(judged.sum())
        right += int((logits.argmax(-1) == batch.labels)[judged].sum())
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
