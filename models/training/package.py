"""Check a trained graph and write the model folder: graph, tokenizer, configuration, card, golden answers."""
from __future__ import annotations

from pathlib import Path

import onnxruntime as ort
from tokenizers import Tokenizer

import evaluate as ev
from encoder import Shape
from model_folder import TOKENIZER_CONFIG, CheckFailed, bert_config, write_card, write_folder
from sentences import LABELS, Example
from stability import check, milliseconds, open_session

HERE = Path(__file__).resolve().parent
# Drawn like the read training findings, from notes that gave no training sentence: a confidence learnt there can be believed.
HELD_OUT = "held out of the further notes"
HELD_OUT_2 = "held out, second reading"


def check_required(session: ort.InferenceSession, tokenizer: Tokenizer) -> list[str]:
    """Required answers that came out wrong."""
    rows = ev.read_golden_inputs(HERE / "dev" / "required.jsonl")
    logits = ev.logits_of(session, tokenizer, [ev.marked(row) for row in rows])
    return ev.mistakes(logits, [Example(ev.marked(r), LABELS.index(r["label"])) for r in rows], len(rows))


def golden(session: ort.InferenceSession, tokenizer: Tokenizer, temperature: float) -> list[dict[str, object]]:
    """Golden answers: each sentence run alone, probabilities after the temperature."""
    out: list[dict[str, object]] = []
    for row in ev.read_golden_inputs(HERE / "dev" / "golden_inputs.jsonl"):
        probabilities = ev.softmax(ev.logits_of(session, tokenizer, [ev.marked(row)]), temperature)[0]
        answer: dict[str, object] = {"text": row["text"]}
        if "entity" in row:
            start = row["text"].index(row["entity"])
            answer["entity"] = {"start": start, "end": start + len(row["entity"])}
        answer["label"] = LABELS[int(probabilities.argmax())]
        answer["probabilities"] = {name: round(float(p), 6) for name, p in zip(LABELS, probabilities, strict=True)}
        out.append(answer)
    return out


def card_table(measured: dict[str, ev.Figures]) -> str:
    """The figures as a table of the card."""
    lines = ["| set | examples (PRESENT / ABSENT / POSSIBLE) | accuracy | F1 PRESENT | F1 ABSENT | F1 POSSIBLE | calibration error |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, f in measured.items():
        counts = " / ".join(str(f.per_label[label]) for label in LABELS)
        f1 = " | ".join(f"{f.f1[label]:.3f}" for label in LABELS)
        lines.append(f"| {name} | {f.count} ({counts}) | {f.accuracy:.3f} | {f1} | {f.calibration:.3f} |")
    return "\n".join(lines)


def measure(
    session: ort.InferenceSession, tokenizer: Tokenizer, sets: dict[str, list[Example]]
) -> tuple[float, dict[str, ev.Figures], dict[str, list[str]]]:
    """Temperature, fit on the held-out sets, and the figures and mistakes of each."""
    answers = {name: (ev.logits_of(session, tokenizer, [e.text for e in rows]), ev.labels_of(rows)) for name, rows in sets.items()}
    temperature = ev.fit_temperature([answers[HELD_OUT], answers[HELD_OUT_2]])
    measured, wrong = {}, {}
    for name, (logits, labels) in answers.items():
        measured[name] = ev.figures(logits, labels, temperature)
        wrong[name] = ev.mistakes(logits, sets[name], len(labels))
        print(name, measured[name], *wrong[name], sep="\n  ")
    return temperature, measured, wrong


def write_model(
    graph: Path, tokenizer: Tokenizer, shape: Shape, sets: dict[str, list[Example]], read: int, out: Path
) -> None:
    """Evaluate, check, and write the folder; raises CheckFailed before anything is replaced.

    read: how many hand-read findings the training had, for the card.
    """
    session = open_session(graph)
    temperature, measured, failures = measure(session, tokenizer, sets)
    wrong = check_required(session, tokenizer)
    stable = check(session, shape.vocab_size)
    speed = milliseconds(session, shape.vocab_size, 25)
    size = graph.stat().st_size
    print(f"temperature {temperature}, {speed:.2f} ms, {size} bytes, stability {stable}, required wrong: {wrong}")
    if wrong:
        raise CheckFailed(f"{len(wrong)} required answers are wrong: {wrong}; train longer or extend the grammar")
    if stable["differing"]:
        raise CheckFailed(f"{stable['differing']} rows of {stable['rows']} depend on their batch; see export.py")

    config = bert_config(shape, "BertForSequenceClassification", "absolute", LABELS, temperature)
    marked = {**TOKENIZER_CONFIG, "additional_special_tokens": ["[entity]"]}
    write_folder(out, graph, tokenizer, config, golden(session, tokenizer, temperature), marked)
    values = {
        "TABLE": card_table(measured),
        "TEMPERATURE": f"{temperature:.4f}",
        "FAILURES": "\n".join(f"- {line}" for lines in failures.values() for line in lines[:10]),
        "SIZE": f"{size / 1e6:.1f}",
        "MS": f"{speed:.2f}",
        "ROWS": str(int(stable["rows"])),
        "BATCHES": str(int(stable["batches"])),
        "READ": str(read),
        "LAYERS": str(shape.layers),
        "HIDDEN": str(shape.hidden),
        "HEADS": str(shape.heads),
        "INNER": str(shape.inner),
        "VOCAB": str(shape.vocab_size),
    }
    write_card(HERE / "card.md", out, values)
