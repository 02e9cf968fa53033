"""The encoder: BERT's shape with learned relative positions.

Positions are relative (a learned bias per head and distance bucket), so a sentence
far into a text is read as one at its start. Offsets beyond 128 tokens share a bucket.
The two markers are the same token, so a learned vector is added to every token between
them; the head reads the state at the first marker, or at [CLS] when nothing is marked.
"""
from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

MAX_LENGTH = 512
MARKER_ID = 5


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder."""

    vocab_size: int = 8000
    hidden: int = 288
    layers: int = 6
    heads: int = 8
    inner: int = 864
    buckets: int = 32
    labels: int = 3

    def as_dict(self) -> dict[str, int]:
        """Plain dictionary, for the checkpoint."""
        return asdict(self)


def bucket_table(buckets: int, furthest: int = 128) -> Tensor:
    """Bucket of each offset -(MAX-1)..MAX-1: exact when near, logarithmic when far, one half a side."""
    half = buckets // 2
    exact = half // 2
    offsets = torch.arange(-(MAX_LENGTH - 1), MAX_LENGTH)
    distance = offsets.abs().clamp(min=1).float()
    log = exact + (torch.log(distance / exact) / math.log(furthest / exact) * (half - exact)).long()
    near = torch.where(offsets.abs() < exact, offsets.abs(), log.clamp(max=half - 1))
    return near + (offsets > 0).long() * half


def first_positions(shape: Shape) -> Tensor:
    """Starting biases [layers, buckets, heads]: some heads look left, some right, some near, the last anywhere.

    Learned from there on; starting flat costs a long plateau before scope is found.
    """
    half = shape.buckets // 2
    away = torch.arange(half).float()
    bias = torch.zeros(shape.buckets, shape.heads)
    for head in range(shape.heads - 1):
        side = head % 3
        bias[:half, head] = -0.25 * away - (2.0 if side == 1 else 0.0)
        bias[half:, head] = -0.25 * away - (2.0 if side == 0 else 0.0)
    return bias.expand(shape.layers, -1, -1).clone()


class Layer(nn.Module):
    """Pre-normalised attention and feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.norm1 = nn.LayerNorm(shape.hidden)
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.norm2 = nn.LayerNorm(shape.hidden)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """x [batch, sequence, hidden]; bias [batch, heads, sequence, sequence] holds positions and mask.

        Written out, because the fused attention converts everything to 32 bits when its bias is learned.
        """
        batch, length, hidden = x.shape
        width = hidden // self.heads
        qkv = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, width)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        scores = (q * width**-0.5) @ k.transpose(-1, -2) + bias.to(q.dtype)
        mixed = scores.softmax(-1).to(q.dtype) @ v
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, hidden))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Encoder(nn.Module):
    """Token ids to three logits."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab_size, shape.hidden, padding_idx=0)
        self.position = nn.Parameter(first_positions(shape))
        self.inside = nn.Parameter(torch.randn(shape.hidden) * 0.05)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.hidden)
        self.head = nn.Linear(shape.hidden, shape.labels)
        self.status = nn.Linear(shape.hidden, shape.labels)
        self.drop = nn.Dropout(dropout)
        self.register_buffer("table", bucket_table(shape.buckets), persistent=False)
        nn.init.normal_(self.embed.weight, std=0.05)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids, mask [batch, sequence]; what is known of every token, [batch, sequence, hidden]."""
        length = ids.shape[1]
        at = torch.arange(length)
        buckets = self.table[at[None, :] - at[:, None] + MAX_LENGTH - 1]
        away = (1.0 - mask[:, None, None, :].float()) * -1e9
        marker = ids == MARKER_ID
        inside = (marker.long().cumsum(1) % 2).to(torch.float32)
        x = self.drop(self.embed(ids) + inside[:, :, None] * self.inside)
        for layer, position in zip(self.layers, self.position, strict=True):
            x = layer(x, position[buckets].permute(2, 0, 1)[None] + away)
        return self.norm(x)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """ids, mask [batch, sequence]; logits [batch, 3] of the marked finding, and [batch, sequence, 3] of every token.

        The second is a training aid: the status of each finding that is not marked. It is not exported.
        """
        x = self.states(ids, mask)
        reading = (ids == MARKER_ID).int().argmax(1)  # 0, the place of [CLS], when there is no marker
        return self.head(x[torch.arange(len(x)), reading]), self.status(x)
