"""Measure the exported graph on the development sentences, check it, and write the model folder."""
from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from figures import Figures, figures, table
from model import MAX_LENGTH, Shape
from served import Served, milliseconds, unstable_rows
from spans import OUTSIDE, TAGS, Example, tags_of, words_of
from stability import open_session

HERE = Path(__file__).resolve().parent
_LARGEST_BYTES = 8_000_000


class CheckFailed(RuntimeError):
    """The new model must not replace the old one."""


@dataclass(frozen=True)
class Trained:
    """What the training leaves: graph, tokenizer, sizes, and how much it was trained on."""

    graph: Path
    tokenizer: Tokenizer
    shape: Shape
    counts: dict[str, int]


def fit_temperature(served: Served, examples: list[Example]) -> float:
    """The temperature under which the words' tags are most likely."""
    logits, tags = [], []
    for example in examples:
        logits.append(served.logits(example.text)[0])
        tags += tags_of(words_of(example.text), example.spans)
    stacked, wanted = np.concatenate(logits), np.array(tags)
    # Almost every word is outside and certain: entities decide, and words taken for one.
    telling = (wanted != OUTSIDE) | (stacked.argmax(-1) != OUTSIDE)
    stacked, wanted = stacked[telling], wanted[telling]

    def cost(temperature: float) -> float:
        scaled = stacked / temperature
        scaled = scaled - scaled.max(-1, keepdims=True)
        picked = scaled[np.arange(len(wanted)), wanted]
        return float((np.log(np.exp(scaled).sum(-1)) - picked).mean())

    return min(np.round(np.exp(np.linspace(np.log(0.5), np.log(4.0), 300)), 4).tolist(), key=cost)


def config(shape: Shape, temperature: float) -> dict[str, object]:
    """Configuration in Hugging Face's field names."""
    return {
        "model_type": "bert",
        "architectures": ["BertForTokenClassification"],
        "id2label": {str(i): name for i, name in enumerate(TAGS)},
        "label2id": {name: i for i, name in enumerate(TAGS)},
        "vocab_size": shape.vocab_size,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.inner,
        "hidden_act": "gelu",
        "max_position_embeddings": MAX_LENGTH,
        "position_embedding_type": "relative_bias",
        "type_vocab_size": 2,
        "pad_token_id": 0,
        "temperature": temperature,
    }


TOKENIZER_CONFIG = {
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


def golden(served: Served) -> list[dict[str, object]]:
    """Golden answers: each sentence run alone."""
    rows: list[dict[str, object]] = []
    for text in (HERE / "golden.txt").read_text(encoding="utf-8").splitlines():
        spans = [
            {"start": s.span.start, "end": s.span.end, "label": s.span.label, "score": round(s.score, 6)}
            for s in served.entities(text)
        ]
        rows.append({"text": text, "spans": spans})
    return rows


def mistakes(served: Served, examples: list[Example], most: int) -> list[str]:
    """Sentences with wrong spans, as lines of the card; evenly picked."""
    wrong = []
    for example in examples:
        said, real = set(served.spans(example.text)), set(example.spans)
        if said == real:
            continue
        missed, extra = (
            ", ".join(f"{example.text[s.start : s.end]} ({s.label})" for s in sorted(some)) or "nothing"
            for some in (real - said, said - real)
        )
        wrong.append(f"- “{example.text}”: missed {missed}; said {extra}")
    step = max(1, len(wrong) // most)
    return wrong[::step][:most]


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_model(trained: Trained, dev: list[Example], out: Path) -> dict[str, Figures]:
    """Measure, check, and write the folder; raises CheckFailed before anything is replaced."""
    session = open_session(trained.graph)
    temperature = fit_temperature(Served(session, trained.tokenizer), dev)
    served = Served(session, trained.tokenizer, temperature)
    measured = figures(dev, [served.spans(example.text) for example in dev])
    rows = [served.logits(example.text)[1] for example in dev]
    length = int(np.median([len(row) for row in rows]))
    speed = milliseconds(session, trained.shape.vocab_size, length)
    compared, differing = unstable_rows(session, rows)
    size = trained.graph.stat().st_size
    print(table(measured), f"temperature {temperature}, {speed:.2f} ms at {length} tokens, {size} bytes", sep="\n")
    if differing:
        raise CheckFailed(f"{differing} rows of {compared} depend on their batch; see graph.py")
    if size > _LARGEST_BYTES:
        raise CheckFailed(f"the graph has {size} bytes, {_LARGEST_BYTES} are allowed: make shape_of smaller")

    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(trained.graph, out / "model.onnx")
    trained.tokenizer.save(str(out / "tokenizer.json"))
    _write_json(out / "tokenizer_config.json", TOKENIZER_CONFIG)
    _write_json(out / "config.json", config(trained.shape, temperature))
    lines = [json.dumps(row, ensure_ascii=False) for row in golden(served)]
    (out / "golden.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    values = {
        "TABLE": table(measured), "DEV": len(dev), "TEMPERATURE": f"{temperature:.4f}", "SIZE": f"{size / 1e6:.1f}",
        "MS": f"{speed:.2f}", "LENGTH": length, "COMPARED": compared, "VOCABULARY": trained.shape.vocab_size,
        "FAILURES": "\n".join(mistakes(served, dev, 10)), **trained.counts,
    }  # fmt: skip
    (out / "MODEL_CARD.md").write_text(_card(values), encoding="utf-8")
    return measured


def _card(values: dict[str, object]) -> str:
    card = (HERE / "card.md").read_text(encoding="utf-8")
    for name, value in values.items():
        card = card.replace(f"@@{name}@@", str(value))
    return card
