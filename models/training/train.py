"""Train the encoder on generated, weakly labelled and hand-read sentences, alone or after a larger one.

Every round draws new generated sentences, so nothing is seen twice in the same form; the
hand-read ones come back with other findings in their places.
"""
from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from encoder import Encoder
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
    labels: float = 1.0  # weight of the labels
    lesson: float = 0.0  # weight of the teachers' answers
    states: float = 0.0  # weight of the first teacher's last states, at the beginning; less and less from there on
    others: float = 0.5  # weight of the findings that are not marked
    averaging: float = 0.99  # of the weights, over the last part of the training
    late: float = 0.88  # from here on twice the generated sentences: they hold what notes rarely say alone
    report: int = 20
    watch: int = 100


TEACHER = Recipe()
STUDENT = Recipe(steps=800, rate=3e-4, labels=0.5, lesson=1.5, states=1.0)


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


def collate(rows: list[Row]) -> Batch:
    """Pad to the longest row."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest, dtype=torch.long)
    others = torch.full((len(rows), longest), NOTHING)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        mask[i, : len(row.ids)] = 1
        others[i, : len(row.ids)] = torch.tensor(row.status)
    return Batch(ids, mask, others, torch.tensor([row.label for row in rows]), [row.text for row in rows])


def batches(tokenizer: Tokenizer, mixture: Mixture, recipe: Recipe) -> Iterator[Batch]:
    """Endless batches of like-length examples under the token budget, in random order."""
    rng = mixture.rng
    vocab = tokenizer.get_vocab_size()
    drawn = 0
    while True:
        examples = mixture.round(2.0 if drawn > recipe.late * recipe.steps else 1.0)
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
        drawn += len(made)
        for rows in made:
            yield collate(rows)


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
    """Share of right answers for each label."""
    right, count = [0, 0, 0], [0, 0, 0]
    with torch.no_grad():
        for ids, example in zip(encode(tokenizer, [e.text for e in examples]), examples, strict=True):
            row = torch.tensor([ids])
            said = int(model(row, torch.ones_like(row))[0].argmax())
            count[example.label] += 1
            right[example.label] += said == example.label
    return [r / max(1, c) for r, c in zip(right, count, strict=True)]


@dataclass(frozen=True)
class Teachers:
    """A larger encoder with the same tokens, and perhaps another model that reads the text by itself: their mean is right more often than either."""

    encoder: Encoder
    second: Callable[[list[str]], Tensor] | None = None

    def lesson(self, batch: Batch, states: Tensor, logits: Tensor, status: Tensor, recipe: Recipe, left: float) -> Tensor:
        """How far the student is from them; `left` is the share of the training to come."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            known = self.encoder.states(batch.ids, batch.mask)
            taught, each = self.encoder.read(known, batch.ids)
        words = batch.mask.bool()
        agreed = taught.float().softmax(-1)
        if self.second is not None:
            agreed = (agreed + self.second(batch.texts)) / 2
        marked = nn.functional.kl_div(logits.log_softmax(-1), agreed, reduction="batchmean")
        others = nn.functional.kl_div(
            status[words].log_softmax(-1), each.float()[words].softmax(-1), reduction="batchmean"
        )
        wanted = known.float()[words]
        apart = (states.float()[words] - wanted).square().mean() / wanted.square().mean()
        return recipe.lesson * marked + recipe.others * others + left * recipe.states * apart


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
