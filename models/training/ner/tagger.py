"""The bundled model: BERT's shape with learned relative positions, one row of logits a token."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from model import MAX_LENGTH, Layer, Shape, bucket_table, first_positions
from spans import TAGS


def shape_of(vocab_size: int) -> Shape:
    """Sizes of the bundled model."""
    return Shape(vocab_size=vocab_size, hidden=192, layers=4, heads=6, inner=768, buckets=32, labels=len(TAGS))


class Tagger(nn.Module):
    """Token ids to the logits of the tags."""

    def __init__(self, shape: Shape, traits: Tensor, dropout: float = 0.1) -> None:
        """traits [vocabulary, traits] are what traits.py says of each entry."""
        super().__init__()
        self.shape = shape
        self.register_buffer("traits", traits)
        self.trait = nn.Linear(traits.shape[1], shape.hidden, bias=False)
        self.embed = nn.Embedding(shape.vocab_size, shape.hidden, padding_idx=0)
        self.position = nn.Parameter(first_positions(shape))
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.hidden)
        self.head = nn.Linear(shape.hidden, shape.labels)
        self.drop = nn.Dropout(dropout)
        self.register_buffer("table", bucket_table(shape.buckets), persistent=False)
        nn.init.normal_(self.embed.weight, std=0.05)
        nn.init.normal_(self.trait.weight, std=0.05)

    def entries(self) -> Tensor:
        """The vector of each entry of the vocabulary, [vocabulary, hidden]."""
        return self.embed.weight + self.trait(self.traits)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids, mask [batch, sequence]; what the last layer says, [batch, sequence, hidden]."""
        at = torch.arange(ids.shape[1])
        buckets = self.table[at[None, :] - at[:, None] + MAX_LENGTH - 1]
        away = (1.0 - mask[:, None, None, :].float()) * -1e9
        x = self.drop(nn.functional.embedding(ids, self.entries()))
        for layer, position in zip(self.layers, self.position, strict=True):
            x = x + self.drop(layer(x, position[buckets].permute(2, 0, 1)[None] + away) - x)
        return self.norm(x)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits [batch, sequence, tags]."""
        return self.head(self.states(ids, mask))
