"""Measure the exported graph on the development sentences, check it, and write the model folder."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from figures import Figures, figures, table
from model import Shape
from model_folder import CheckFailed, bert_config, write_card, write_folder
from served import Served, unstable_rows
from spans import OUTSIDE, TAGS, Example, tags_of, words_of
from stability import milliseconds, open_session

HERE = Path(__file__).resolve().parent
_LARGEST_BYTES = 8_000_000


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

    config = bert_config(trained.shape, "BertForTokenClassification", "relative_bias", TAGS, temperature)
    write_folder(out, trained.graph, trained.tokenizer, config, golden(served))
    values = {
        "TABLE": table(measured), "DEV": len(dev), "TEMPERATURE": f"{temperature:.4f}", "SIZE": f"{size / 1e6:.1f}",
        "MS": f"{speed:.2f}", "LENGTH": length, "COMPARED": compared, "VOCABULARY": trained.shape.vocab_size,
        "FAILURES": "\n".join(mistakes(served, dev, 10)), **trained.counts,
    }  # fmt: skip
    write_card(HERE / "card.md", out, values)
    return measured
