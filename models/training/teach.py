"""One command: a teacher, which judges findings better than the small model that learns from it.

    python models/training/teach.py --start minilm --out FILE [--data DIR]
    python models/training/teach.py --start bge --jar FILE --out FILE [--data DIR]

MiniLM's six layers, with a vocabulary chosen for notes, are what train_all.py makes smaller. The twelve of
bge-small, with the whole of their own vocabulary, know more of language and err elsewhere.
"""
from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

import bge
import minilm
from batches import TEACHER, Recipe
from encoder import Encoder, Shape
from prepare import DATA, Material, save
from start import Start, fill
from train import train
from vocabulary import choose_vocabulary, make_tokenizer
from wordpiece import SPECIAL

VOCABULARY = 10000
RECIPES: dict[str, Recipe] = {"minilm": TEACHER, "bge": replace(TEACHER, seed=11, steps=1400, rate=1e-4)}


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--start", choices=sorted(RECIPES), required=True)
    parser.add_argument("--jar", type=Path, help="the Maven artifact that holds bge-small-en-v1.5, see README.md")
    parser.add_argument("--out", type=Path, required=True, help="file of the weights")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args()
    if (args.start == "bge") != (args.jar is not None):
        parser.error("--jar goes with --start bge, and only with it")
    return args


def notes_vocabulary(start: Start, material: Material) -> Tokenizer:
    """The part of the start's vocabulary that notes use, and whole clinical words."""
    generated = [material.generator.sentence().text for _ in range(10000)]
    return make_tokenizer(choose_vocabulary([*material.texts, *generated], start.tokenizer, VOCABULARY))


def whole_vocabulary(start: Start) -> Tokenizer:
    """All that the start knows."""
    known = start.tokenizer.get_vocab()
    words = [word for word in sorted(known, key=lambda w: known[w]) if word not in SPECIAL and not word.startswith("[unused")]
    return make_tokenizer([*SPECIAL, *words])


def main() -> None:
    """Train and keep the weights."""
    args = arguments()
    started = time.time()
    recipe = RECIPES[args.start]
    recipe = replace(recipe, seed=recipe.seed if args.seed is None else args.seed, steps=args.steps or recipe.steps)
    torch.set_num_threads(args.threads)
    torch.manual_seed(recipe.seed)
    material = Material(args.data, recipe.seed)
    start = minilm.start() if args.jar is None else bge.start(args.jar)
    tokenizer = notes_vocabulary(start, material) if args.jar is None else whole_vocabulary(start)
    model = Encoder(Shape(vocab_size=tokenizer.get_vocab_size(), layers=start.layers))
    fill(model, tokenizer, start)
    save(args.out, train(model, tokenizer, material.mixture(), recipe, material.watched), tokenizer)
    print(f"done in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
