"""Compare the shipped graph (32-bit products) with a static int8 one: size, speed, accuracy, agreement.

    python models/training/compare_precision.py --checkpoint FILE [--dev FILE]

Activation scales are fixed from generated sentences, so an answer cannot depend on its batch.
"""
from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import evaluate as ev
from batches import encode
from datasets import read_labelled
from entities import keyphrases
from export import export
from generate import Generator
from mixture import examples
from prepare import load
from stability import check, milliseconds, open_session
from train_all import DEV, ROOT


class Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds single rows to the calibrator."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows: Iterator[list[int]] = iter(rows)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next feed, None at the end."""
        row = next(self.rows, None)
        if row is None:
            return None
        ids = np.array([row], np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def main() -> None:
    """Print one line for each precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--dev", type=Path, default=DEV)
    parser.add_argument("--data", type=Path, default=ROOT / ".." / "shared" / "data")
    args = parser.parse_args()
    model, tokenizer = load(args.checkpoint)
    generator = Generator(5, keyphrases(args.data), [])
    drawn = [e for _ in range(250) for e in examples(generator.sentence(), generator.rng)]
    dev = read_labelled(args.dev)
    labels = ev.labels_of(dev)
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder) / "full.onnx", Path(folder) / "int8.onnx"
        export(model, full, bits=32)
        products = [n for n in onnx.load(str(full)).graph.node if n.op_type == "MatMul"]
        quantize_static(
            full,
            small,
            Reader(encode(tokenizer, [e.text for e in drawn])),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[n.name for n in products if not n.input[1].endswith(".weight")],
        )
        for path in (full, small):
            session = open_session(path)
            logits = ev.logits_of(session, tokenizer, [e.text for e in dev])
            print(
                path.stem,
                f"{path.stat().st_size / 1e6:.1f} MB",
                f"{milliseconds(session, model.shape.vocab_size, 25):.2f} ms",
                ev.figures(logits, labels, 1.0).f1,
                check(session, model.shape.vocab_size, batches=60),
            )


if __name__ == "__main__":
    main()
