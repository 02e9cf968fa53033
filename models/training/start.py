"""Fill an encoder with weights that were learnt elsewhere."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from encoder import Encoder


@dataclass(frozen=True)
class Start:
    """Weights by the names BERT gives them, the tokenizer they were learnt with, and how many layers they have."""

    weights: dict[str, Tensor]
    tokenizer: Tokenizer
    layers: int


def fill(model: Encoder, ours: Tokenizer, start: Start) -> None:
    """A token of ours that the start lacks gets the mean of the pieces that the start makes of it."""
    w, theirs = start.weights, start.tokenizer
    known = theirs.get_vocab()
    words = w["embeddings.word_embeddings.weight"]
    state = model.state_dict()
    table = state["embed.weight"]
    for token, i in ours.get_vocab().items():
        bare = token.removeprefix("##")
        if token in known:
            table[i] = words[known[token]]
        elif token == "[entity]":
            table[i] = words[known["|"]]
        else:
            pieces = theirs.encode(bare, add_special_tokens=False).tokens
            if token.startswith("##") and pieces:
                pieces[0] = f"##{pieces[0]}"
            table[i] = torch.stack([words[known.get(p, known.get(p.removeprefix("##"), 100))] for p in pieces]).mean(0)
    state["position"].copy_(w["embeddings.position_embeddings.weight"] + w["embeddings.token_type_embeddings.weight"][0])
    state["norm.weight"].copy_(w["embeddings.LayerNorm.weight"])
    state["norm.bias"].copy_(w["embeddings.LayerNorm.bias"])
    for i in range(model.shape.layers):
        at = f"encoder.layer.{i}."
        for part in ("weight", "bias"):
            qkv = [w[f"{at}attention.self.{kind}.{part}"] for kind in ("query", "key", "value")]
            state[f"layers.{i}.qkv.{part}"].copy_(torch.cat(qkv))
            for ours_name, name in (
                ("out", "attention.output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("up", "intermediate.dense"),
                ("down", "output.dense"),
                ("norm2", "output.LayerNorm"),
            ):
                state[f"layers.{i}.{ours_name}.{part}"].copy_(w[f"{at}{name}.{part}"])
