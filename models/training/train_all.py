"""One command: data, tokenizer, training, export, checks and the files of the bundled model.

    python models/training/train_all.py [--data DIR] [--out DIR] [--teacher FILE] [--further FILE_OR_DIR ...] [--checkpoint FILE]
"""
from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer

import minilm
from batches import STUDENT, TEACHER, batches
from datasets import read_findings, read_labelled, read_marked
from encoder import Encoder, Shape
from export import export
from package import HELD_OUT, HELD_OUT_2, write_model
from prepare import DATA, HERE, Material, load, save
from sentences import Example
from shrink import shrink
from start import fill
from teachers import Teachers, judge
from train import train
from vocabulary import choose_vocabulary, make_tokenizer

ROOT = HERE.parents[1]
LAYERS_KEPT = (0, 1, 2, 3, 4)
INNER = 576
VOCABULARY = 10000
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
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "clinical-assertion" / "1.5.0")
    parser.add_argument("--teacher-steps", type=int, default=TEACHER.steps)
    parser.add_argument("--steps", type=int, default=STUDENT.steps)
    parser.add_argument("--seed", type=int, default=TEACHER.seed)
    parser.add_argument("--teacher", type=Path, help="keep the teacher here; if the file is there, skip its training")
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here; if the file is there, skip all training")
    parser.add_argument(
        "--further", type=Path, nargs="*", default=[], help="further teachers: files of teach.py, folders of earlier releases"
    )
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def large(args: argparse.Namespace, material: Material) -> tuple[Encoder, Tokenizer]:
    """All of MiniLM, taught to judge; from its file when there is one."""
    if args.teacher and args.teacher.exists():
        return load(args.teacher)
    torch.manual_seed(args.seed)
    start = minilm.start()
    generated = [material.generator.sentence().text for _ in range(10000)]
    tokenizer = make_tokenizer(choose_vocabulary([*material.texts, *generated], start.tokenizer, VOCABULARY))
    model = Encoder(Shape(vocab_size=tokenizer.get_vocab_size(), layers=start.layers))
    fill(model, tokenizer, start)
    recipe = replace(TEACHER, seed=args.seed, steps=args.teacher_steps)
    model = train(model, tokenizer, material.mixture(), recipe, material.watched)
    if args.teacher:
        save(args.teacher, model, tokenizer)
    return model, tokenizer


def small(args: argparse.Namespace, material: Material, teacher: Encoder, tokenizer: Tokenizer) -> Encoder:
    """The large model made smaller, which then learns from it and from the further teachers."""
    torch.manual_seed(args.seed)
    mixture = material.mixture(unread=True)
    recipe = replace(STUDENT, seed=args.seed, steps=args.steps)
    some = islice(batches(tokenizer, mixture, recipe), 24)
    model = shrink(teacher, LAYERS_KEPT, INNER, [(batch.ids, batch.mask) for batch in some])
    teachers = Teachers(teacher, [judge(path, args.threads) for path in args.further])
    return train(model, tokenizer, mixture, recipe, material.watched, teachers)


def trained(args: argparse.Namespace) -> tuple[Encoder, Tokenizer]:
    """The encoder and its tokenizer, from the checkpoint when there is one."""
    if args.checkpoint and args.checkpoint.exists():
        return load(args.checkpoint)
    teacher, tokenizer = large(args, Material(args.data, args.seed))
    # Drawn anew, so that the small model learns from the same sentences when the large one comes from its file.
    model = small(args, Material(args.data, args.seed + 1), teacher, tokenizer)
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
