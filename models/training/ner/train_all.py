"""One command: teacher, data, tokenizer, training, export, checks and the files of the bundled model.

    python models/training/ner/train_all.py [--data DIR] [--out DIR] [--steps N]
"""
from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# The encoder's layers, the tokenizer, the export and the split of the notes are the assertion model's.
sys.path.insert(1, str(HERE.parent))

import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

import dataset  # noqa: E402
from folder import Trained, write_model  # noqa: E402
from graph import export  # noqa: E402
from pieces import Pieces  # noqa: E402
from spans import OUTSIDE, read_examples  # noqa: E402
from student import Recipe, train_student  # noqa: E402
from tagger import Tagger, shape_of  # noqa: E402
from teacher import TeacherRecipe, train_teacher  # noqa: E402
from terms import load_terms  # noqa: E402
from tokenizer import train_tokenizer  # noqa: E402
from traits import traits_of  # noqa: E402

VOCABULARY = 9500
TEACHERS = 2
# The training mix (swaps, phrases, templates) holds more entities than notes do; chosen on the development sentences.
OUTSIDE_BIAS = 0.7


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / ".." / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "clinical-ner" / "1.0.0")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here; if the file is there, skip training")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def train(args: argparse.Namespace) -> dict[str, object]:
    """Weights, tokenizer and counts of the trained model."""
    terms = load_terms()
    read = dataset.read_by_hand()
    recipes = [replace(TeacherRecipe(), seed=args.seed + i) for i in range(TEACHERS)]
    teachers = [train_teacher(read, terms, recipe) for recipe in recipes]
    tokenizer = train_tokenizer(dataset.tokenizer_texts(args.data, terms), VOCABULARY)
    mix = dataset.make_mix(args.data, terms, read, teachers)
    counts = {
        "READ": len(read),
        "SPANS": sum(len(example.spans) for example in read),
        "TAUGHT": len(mix.taught),
        "TERMS": sum(map(len, terms.lists.values())),
    }
    print(counts, flush=True)
    torch.manual_seed(args.seed)
    model = Tagger(shape_of(tokenizer.get_vocab_size()), traits_of(tokenizer, terms))
    model = train_student(model, Pieces(tokenizer), mix, Recipe(seed=args.seed, steps=args.steps))
    return {"state": model.state_dict(), "tokenizer": tokenizer.to_str(), "counts": counts}


def main() -> None:
    """Run every step in order."""
    args = arguments()
    started = time.time()
    torch.set_num_threads(args.threads)
    if args.checkpoint and args.checkpoint.exists():
        kept = torch.load(args.checkpoint, weights_only=True)
    else:
        kept = train(args)
        if args.checkpoint:
            torch.save(kept, args.checkpoint)
    tokenizer = Tokenizer.from_str(kept["tokenizer"])
    model = Tagger(shape_of(tokenizer.get_vocab_size()), kept["state"]["traits"])
    model.load_state_dict(kept["state"])
    model.head.bias.data[OUTSIDE] += OUTSIDE_BIAS
    dev = read_examples(HERE.parent / "evaluation" / "clinical-ner" / "dev.jsonl")
    with tempfile.TemporaryDirectory() as temporary:
        graph = Path(temporary) / "model.onnx"
        export(model, graph)
        write_model(Trained(graph, tokenizer, model.shape, kept["counts"]), dev, args.out)
    print(f"done in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
