"""What every model folder holds, whichever model it is of."""
from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tokenizers import Tokenizer

from model import MAX_LENGTH


class CheckFailed(RuntimeError):
    """The new model must not replace the old one."""


class Sizes(Protocol):
    """Of an encoder."""

    vocab_size: int
    hidden: int
    layers: int
    heads: int
    inner: int


def bert_config(
    shape: Sizes, architecture: str, positions: str, names: Sequence[str], temperature: float
) -> dict[str, object]:
    """Configuration in Hugging Face's field names."""
    return {
        "model_type": "bert",
        "architectures": [architecture],
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.inner,
        "hidden_act": "gelu",
        "max_position_embeddings": MAX_LENGTH,
        "position_embedding_type": positions,
        "type_vocab_size": 2,
        "pad_token_id": 0,
        "temperature": temperature,
    }


TOKENIZER_CONFIG: Mapping[str, object] = {
    "tokenizer_class": "BertTokenizer",
    "do_lower_case": True,
    "strip_accents": None,
    "tokenize_chinese_chars": True,
    "model_max_length": MAX_LENGTH,
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_folder(
    out: Path,
    graph: Path,
    tokenizer: Tokenizer,
    config: Mapping[str, object],
    golden: Sequence[Mapping[str, object]],
    tokenizer_config: Mapping[str, object] = TOKENIZER_CONFIG,
) -> None:
    """Everything but the card; golden: answers that the service must give again."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(graph, out / "model.onnx")
    tokenizer.save(str(out / "tokenizer.json"))
    _write_json(out / "tokenizer_config.json", tokenizer_config)
    _write_json(out / "config.json", config)
    lines = [json.dumps(row, ensure_ascii=False) for row in golden]
    (out / "golden.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_card(template: Path, out: Path, values: Mapping[str, object]) -> None:
    """The template with its places, @@NAME@@, filled."""
    card = template.read_text(encoding="utf-8")
    for name, value in values.items():
        card = card.replace(f"@@{name}@@", str(value))
    (out / "MODEL_CARD.md").write_text(card, encoding="utf-8")
