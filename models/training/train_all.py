"""One command: data, training after its teachers, export, checks and the files of the bundled model.

    python models/training/train_all.py --teachers FILE [FILE_OR_DIR ...] [--data DIR] [--out DIR]

The first teacher, a file of teach.py that started from MiniLM, is made smaller and learns on; its answers and those
of the others are what it learns from.
"""
from __future__ import annotations

import argparse
import copy
import os
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer

from batches import LAST, STUDENT, batches
from datasets import read_findings, read_labelled, read_marked
from encoder import Encoder
from export import export
from mixture import Shares
from package import HELD_OUT, HELD_OUT_2, write_model
from prepare import DATA, HERE, Material, load, save
from sentences import Example
from shrink import shrink
from teachers import Teachers, judge
from train import train

ROOT = HERE.parents[1]
LAYERS_KEPT = (0, 1, 2, 3, 4)
INNER = 448
# How far the weights go from those of the first part towards those of the last.
LAST_SHARE = 0.3
DEV = HERE / "evaluation" / "clinical-assertion" / "dev.jsonl"


def dev_sets(dev: Path) -> dict[str, list[Example]]:
    """The hand-read development set and sentences written by hand."""
    return {
        HELD_OUT: read_labelled(HERE / "dev" / "held_out.jsonl"),
        HELD_OUT_2: read_labelled(HERE / "dev" / "held_out2.jsonl"),
        "development, hand-read": read_labelled(dev),
        "written by hand": read_marked(HERE / "dev" / "hand_written.jsonl"),
        "cue kinds, written by hand": read_marked(HERE / "dev" / "capabilities.jsonl"),
    }


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--dev", type=Path, default=DEV, help="hand-read development set")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "clinical-assertion" / "1.6.0")
    parser.add_argument("--steps", type=int, default=STUDENT.steps)
    parser.add_argument("--last-steps", type=int, default=LAST.steps)
    parser.add_argument("--seed", type=int, default=STUDENT.seed)
    parser.add_argument(
        "--teachers", type=Path, nargs="+", required=True, help="files of teach.py, MiniLM's first; folders of earlier releases"
    )
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here; if the file is there, skip the training")
    parser.add_argument("--halfway", type=Path, help="the same for the weights before the training's last part")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def first_part(args: argparse.Namespace, teachers: Teachers, tokenizer: Tokenizer) -> Encoder:
    """The first teacher made smaller, which learns from all of them."""
    recipe = replace(STUDENT, seed=args.seed, steps=args.steps)
    # The next seed, so that it meets other sentences than its teacher did.
    material = Material(args.data, args.seed + 1)
    torch.manual_seed(args.seed)
    mixture = material.mixture(Shares())
    some = islice(batches(tokenizer, mixture, recipe), 24)
    model = shrink(teachers.encoder, LAYERS_KEPT, INNER, [(batch.ids, batch.mask) for batch in some])
    return train(model, tokenizer, mixture, recipe, material.watched, teachers)


def last_part(args: argparse.Namespace, model: Encoder, teachers: Teachers, tokenizer: Tokenizer) -> Encoder:
    """It goes on with sentences of notes above all: they are what it is for, and the rest has been learnt."""
    recipe = replace(LAST, seed=args.seed + LAST.seed - STUDENT.seed, steps=args.last_steps)
    material = Material(args.data, recipe.seed)
    mixture = material.mixture(Shares(generated=0.5, read=2.4, notes=3.0))
    return train(model, tokenizer, mixture, recipe, material.watched, teachers)


def between(first: Encoder, last: Encoder) -> Encoder:
    """Weights between the two parts': most of what the last gains on notes, and the rarer wording that it loses."""
    theirs = last.state_dict()
    first.load_state_dict({name: torch.lerp(own, theirs[name], LAST_SHARE) for name, own in first.state_dict().items()})
    return first


def trained(args: argparse.Namespace) -> tuple[Encoder, Tokenizer]:
    """The encoder and its tokenizer; from the checkpoints as far as they are there."""
    if args.checkpoint and args.checkpoint.exists():
        return load(args.checkpoint)
    first, tokenizer = load(args.teachers[0])
    teachers = Teachers(first, [judge(path, args.threads) for path in args.teachers[1:]])
    if args.halfway and args.halfway.exists():
        model, _ = load(args.halfway)
    else:
        model = first_part(args, teachers, tokenizer)
        if args.halfway:
            save(args.halfway, model, tokenizer)
    model = between(model, last_part(args, copy.deepcopy(model), teachers, tokenizer))
    if args.checkpoint:
        save(args.checkpoint, model, tokenizer)
    return model, tokenizer


def main() -> None:
    """Run every step in order."""
    args = arguments()
    started = time.time()
    torch.set_num_threads(args.threads)
    model, tokenizer = trained(args)
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "model.onnx"
        export(model, graph)
        read = sum(len(s.findings) for s in read_findings(HERE / "data"))
        write_model(graph, tokenizer, model.shape, dev_sets(args.dev), read, args.out)
    print(f"done in {time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
