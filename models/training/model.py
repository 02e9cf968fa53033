"""A layer with learned relative positions, for the entity model (ner/), and what both models share.

Positions are relative (a learned bias per head and distance bucket), so a sentence
far into a text is read as one at its start. Offsets beyond 128 tokens share a bucket.
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
