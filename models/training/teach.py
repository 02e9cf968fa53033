"""One command: a further teacher, which starts from bge-small-en-v1.5 and keeps the whole of its vocabulary.

    python models/training/teach.py --jar FILE --out FILE [--data DIR]

Twelve layers know more of language than the six that train_all.py starts from, and err elsewhere.
"""
from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

import torch

import bge
from batches import TEACHER
from encoder import Encoder, Shape
from prepare import DATA, Material, load, save
from start import fill
from train import train
from vocabulary import SPECIAL, make_tokenizer

STEPS = 1400
RATE = 1e-4


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--jar", type=Path, help="the Maven artifact that holds bge-small-en-v1.5, see README.md")
    parser.add_argument("--begin", type=Path, help="go on from this teacher instead")
    parser.add_argument("--out", type=Path, required=True, help="file of the weights")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    args = parser.parse_args()
    if (args.jar is None) == (args.begin is None):
        parser.error("give either --jar or --begin")
    return args


def main() -> None:
    """Train and keep the weights."""
    args = arguments()
    started = time.time()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    material = Material(args.data, args.seed)
    if args.begin:
        model, tokenizer = load(args.begin)
    else:
        start = bge.start(args.jar)
        known = start.tokenizer.get_vocab()
        words = [word for word in sorted(known, key=lambda w: known[w]) if word not in SPECIAL and not word.startswith("[unused")]
        tokenizer = make_tokenizer([*SPECIAL, *words])
        model = Encoder(Shape(vocab_size=tokenizer.get_vocab_size(), layers=start.layers))
        fill(model, tokenizer, start)
    recipe = replace(TEACHER, seed=args.seed, steps=args.steps, rate=args.rate)
    save(args.out, train(model, tokenizer, material.mixture(), recipe, material.watched), tokenizer)
    print(f"done in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
