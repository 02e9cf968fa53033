"""A linear-chain conditional random field over the features of features.py.

Trained on the sentences read by hand it tags the rest of the training notes; the bundled
model then learns from both. Its marginals say how sure it is of each word.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from features import features_of
from spans import TAGS, Example, tags_of, words_of
from terms import Terms

Features = list[list[str]]
_FORBIDDEN = -1e4


@dataclass(frozen=True)
class TeacherRecipe:
    """Settings, chosen by cross-validation on the training sentences."""

    seed: int = 5
    epochs: int = 30
    rate: float = 0.02
    penalty: float = 2e-4
    dropout: float = 0.3
    min_count: int = 2
    batch: int = 32


def _allowed() -> Tensor:
    """0 where a tag may follow another, very low for an I- without its own type before it."""
    table = torch.zeros(len(TAGS), len(TAGS))
    for i, after in enumerate(TAGS):
        for j, before in enumerate(TAGS):
            if after.startswith("I-") and before[2:] != after[2:]:
                table[j, i] = _FORBIDDEN
    return table


class Teacher(nn.Module):
    """Feature weights and transition weights."""

    def __init__(self, vocabulary: dict[str, int]) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.weights = nn.EmbeddingBag(len(vocabulary), len(TAGS), mode="sum")
        nn.init.zeros_(self.weights.weight)
        self.transitions = nn.Parameter(torch.zeros(len(TAGS), len(TAGS)))
        self.start = nn.Parameter(torch.zeros(len(TAGS)))
        self.register_buffer("allowed", _allowed())
        self.register_buffer("allowed_start", torch.tensor([_FORBIDDEN if t[0] == "I" else 0.0 for t in TAGS]))

    def rows(self, coded: Features) -> list[list[int]]:
        """Known feature numbers of each word."""
        return [[self.vocabulary[f] for f in row if f in self.vocabulary] for row in coded]

    def emissions(self, batch: Sequence[list[list[int]]], dropout: float = 0.0) -> tuple[Tensor, Tensor]:
        """Scores [sentences, words, tags] and the mask of the words that exist."""
        longest = max(map(len, batch))
        mask = torch.tensor([[i < len(rows) for i in range(longest)] for rows in batch])
        ids = torch.tensor([number for rows in batch for row in rows for number in row], dtype=torch.long)
        sizes = torch.tensor([len(row) for rows in batch for row in rows])
        kept = (torch.rand(len(ids)) >= dropout).float() / (1.0 - dropout)
        sums = self.weights(ids, sizes.cumsum(0) - sizes, per_sample_weights=kept)
        scores = sums.new_zeros(*mask.shape, len(TAGS))
        scores[mask] = sums
        return scores, mask

    def _step(self, before: Tensor) -> Tensor:
        return before[:, :, None] + (self.transitions + self.allowed)[None]

    def forward_scores(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Log of the sum over all paths up to each word, [sentences, words, tags]."""
        alpha = scores[:, 0] + self.start + self.allowed_start
        out = [alpha]
        for i in range(1, scores.shape[1]):
            now = torch.logsumexp(self._step(alpha), 1) + scores[:, i]
            alpha = torch.where(mask[:, i, None], now, alpha)
            out.append(alpha)
        return torch.stack(out, 1)

    def loss(self, scores: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
        """Negative log-likelihood of the tags, mean over the words."""
        total = torch.logsumexp(self.forward_scores(scores, mask)[:, -1], -1).sum()
        own = (scores.gather(2, tags[:, :, None])[:, :, 0] * mask).sum() + self.start[tags[:, 0]].sum()
        steps = self.transitions[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]
        return (total - own - steps.sum()) / mask.sum()

    def _backward_scores(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Log of the sum over all paths after each word, [sentences, words, tags]."""
        beta = torch.zeros_like(scores[:, 0])
        out = [beta]
        for i in range(scores.shape[1] - 1, 0, -1):
            following = (self.transitions + self.allowed)[None] + (scores[:, i] + beta)[:, None, :]
            beta = torch.where(mask[:, i, None], torch.logsumexp(following, 2), beta)
            out.append(beta)
        return torch.stack(out[::-1], 1)

    @torch.no_grad()
    def marginals(self, sentences: Sequence[Features]) -> list[Tensor]:
        """Probability of each tag at each word of each sentence, [words, tags]; no sentence may be empty."""
        out: list[Tensor] = [torch.empty(0)] * len(sentences)
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        for at in range(0, len(order), 64):
            part = order[at : at + 64]
            scores, mask = self.emissions([self.rows(sentences[i]) for i in part])
            probabilities = torch.softmax(self.forward_scores(scores, mask) + self._backward_scores(scores, mask), -1)
            for i, row in zip(part, probabilities, strict=True):
                out[i] = row[: len(sentences[i])]
        return out

    @torch.no_grad()
    def tag(self, coded: Features) -> list[int]:
        """The best path through a sentence."""
        scores = self.emissions([self.rows(coded)])[0][0]
        best, back = scores[0] + self.start + self.allowed_start, []
        for score in scores[1:]:
            value, where = (best[:, None] + self.transitions + self.allowed).max(0)
            back.append(where)
            best = value + score
        path = [int(best.argmax())]
        for where in reversed(back):
            path.append(int(where[path[-1]]))
        return path[::-1]


def train_teacher(examples: Sequence[Example], terms: Terms, recipe: TeacherRecipe) -> Teacher:
    """Fit on hand-read sentences."""
    torch.manual_seed(recipe.seed)
    coded = [features_of(words_of(e.text), terms) for e in examples]
    counts = Counter(f for rows in coded for row in rows for f in row)
    frequent = sorted(f for f, n in counts.items() if n >= recipe.min_count)
    teacher = Teacher({f: i for i, f in enumerate(frequent)})
    data = [
        (teacher.rows(rows), tags_of(words_of(example.text), example.spans))
        for rows, example in zip(coded, examples, strict=True)
    ]
    optimizer = torch.optim.Adam(teacher.parameters(), lr=recipe.rate)
    steps = recipe.epochs * -(-len(data) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    for _ in range(recipe.epochs):
        order = torch.randperm(len(data)).tolist()
        for at in range(0, len(order), recipe.batch):
            part = [data[i] for i in order[at : at + recipe.batch]]
            scores, mask = teacher.emissions([rows for rows, _ in part], recipe.dropout)
            tags = torch.zeros(mask.shape, dtype=torch.long)
            for i, (_, row) in enumerate(part):
                tags[i, : len(row)] = torch.tensor(row)
            loss = teacher.loss(scores, mask, tags) + recipe.penalty * teacher.weights.weight.square().sum() / 100
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return teacher
