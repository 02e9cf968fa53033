"""One command: data, tokenizer, training, export, checks and the files of the bundled model.

    python models/training/train_all.py [--data DIR] [--out DIR] [--steps N]
"""
from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from evaluate import Example, read_examples
from export import export
from generate import Generator, Sentence, examples, keyphrases
from model import Encoder, Shape
from package import write_model
from tokenizer import train_tokenizer
from train import Real, Recipe, train
from weak_labels import label_notes, neutral_fragments, notes

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def dev_sets(held_out: Generator, weak: list[Sentence]) -> dict[str, list[Example]]:
    """Held-out templates, weak labels of held-out notes, and the sentences written by hand."""
    rng = random.Random(11)
    generated = [e for _ in range(1200) for e in examples(held_out.sentence(), rng)]
    real = [e for sentence in weak for e in examples(sentence, rng)]
    return {
        "held-out templates": generated,
        "weak labels, held-out notes": real,
        "hand-written": read_examples(HERE / "dev" / "hand_written.jsonl"),
    }


def train_weak(sentences: list[Sentence], seed: int) -> list[Example]:
    """Weak training examples; the rare labels are repeated so that PRESENT does not drown them."""
    rng = random.Random(seed)
    out = [e for sentence in sentences for e in examples(sentence, rng, most=6)]
    share = {0: 1, 1: 2, 2: 8}
    return [e for e in out for _ in range(share[e[1]])]


def make_tokenizer(data: Path, generator: Generator, vocab: int) -> Tokenizer:
    """Tokenizer of the notes, the key phrases and some generated sentences."""
    texts = [note["text"] for note in notes(data)]
    texts += [" ".join(keyphrases(data))] * 2
    texts += [generator.sentence().text for _ in range(20000)]
    return train_tokenizer(texts, vocab)


def save(path: Path, model: Encoder, tokenizer: Tokenizer) -> None:
    """Weights, sizes and tokenizer in one file."""
    torch.save({"shape": model.shape.as_dict(), "state": model.state_dict(), "tokenizer": tokenizer.to_str()}, path)


def load(path: Path) -> tuple[Encoder, Tokenizer]:
    """What save wrote."""
    kept = torch.load(path, weights_only=True)
    model = Encoder(Shape(**kept["shape"]))
    model.load_state_dict(kept["state"])
    return model.eval(), Tokenizer.from_str(kept["tokenizer"])


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / ".." / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "clinical-assertion" / "1.0.0")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here; if the file is there, skip training")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def main() -> None:
    """Run every step in order."""
    args = arguments()
    started = time.time()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    phrases = keyphrases(args.data)
    generator = Generator(args.seed, phrases)
    weak, weak_dev = label_notes(args.data, generator)
    if args.checkpoint and args.checkpoint.exists():
        model, tokenizer = load(args.checkpoint)
    else:
        tokenizer = make_tokenizer(args.data, generator, Shape.vocab_size)
        model = Encoder(Shape(vocab_size=tokenizer.get_vocab_size()))
        real = Real(train_weak(weak, args.seed), neutral_fragments(args.data, generator))
        train(model, tokenizer, generator, real, Recipe(seed=args.seed, steps=args.steps))
        if args.checkpoint:
            save(args.checkpoint, model, tokenizer)
    sets = dev_sets(Generator(args.seed + 1, phrases, held_out=True), weak_dev)
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "model.onnx"
        export(model, graph)
        write_model(graph, tokenizer, model.shape, sets, args.out)
    print(f"done in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
