"""The encoder: BERT's shape, so that weights learnt elsewhere can be its start.

The two markers are the same token, so a learned vector is added to every token between
them; the head reads the state at the first marker, or at [CLS] when nothing is marked.
"""
from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from model import MARKER_ID, MAX_LENGTH


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder."""

    vocab_size: int = 8000
    hidden: int = 384
    layers: int = 6
    heads: int = 12
    inner: int = 1536
    labels: int = 3

    def as_dict(self) -> dict[str, int]:
        """Plain dictionary, for the checkpoint."""
        return asdict(self)


class Layer(nn.Module):
    """Attention and feed-forward, each normalised after it is added."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm1 = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.drop = nn.Dropout(0.0)  # how much is a setting of the training

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x [batch, sequence, hidden]; mask [batch, 1, 1, sequence], true at words."""
        batch, length, hidden = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.drop(self.out(mixed.transpose(1, 2).reshape(batch, length, hidden))))
        return self.norm2(x + self.drop(self.down(nn.functional.gelu(self.up(x)))))


class Encoder(nn.Module):
    """Token ids to three logits."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab_size, shape.hidden, padding_idx=0)
        self.position = nn.Parameter(torch.randn(MAX_LENGTH, shape.hidden) * 0.02)
        self.inside = nn.Parameter(torch.randn(shape.hidden) * 0.02)
        self.norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.head = nn.Linear(shape.hidden, shape.labels)
        self.status = nn.Linear(shape.hidden, shape.labels)
        self.drop = nn.Dropout(0.0)
        nn.init.normal_(self.embed.weight, std=0.02)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids, mask [batch, sequence]; what is known of every token, [batch, sequence, hidden]."""
        inside = ((ids == MARKER_ID).long().cumsum(1) % 2).to(torch.float32)
        x = self.embed(ids) + self.position[: ids.shape[1]] + inside[:, :, None] * self.inside
        x = self.drop(self.norm(x))
        seen = mask.bool()[:, None, None, :]
        for layer in self.layers:
            x = layer(x, seen)
        return x

    def read(self, states: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [batch, 3] of the marked finding, and [batch, sequence, 3] of every token.

        The second is a training aid: the status of each finding that is not marked. It is not exported.
        """
        reading = (ids == MARKER_ID).int().argmax(1)  # 0, the place of [CLS], when there is no marker
        return self.head(states[torch.arange(len(states)), reading]), self.status(states)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """ids, mask [batch, sequence]; what read says of the states."""
        return self.read(self.states(ids, mask), ids)
