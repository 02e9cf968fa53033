"""One command: data, tokenizer, training, export, checks and the files of the bundled model.

    python models/training/train_all.py [--data DIR] [--out DIR] [--teacher FILE] [--second DIR] [--checkpoint FILE]
"""
from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

import evaluate as ev
import minilm
from corpus import further_notes, split_sentences
from datasets import read_findings, read_labelled, read_marked
from encoder import Encoder, Shape
from entities import keyphrases
from export import export
from generate import Generator
from mixture import Mixture, Real
from package import HELD_OUT, HELD_OUT_2, write_model
from sentences import Example, Sentence
from shrink import shrink
from stability import open_session, run
from train import STUDENT, TEACHER, Teachers, batches, encode, train
from vocabulary import choose_vocabulary, make_tokenizer
from weak_labels import label_sentences, neutral_fragments

HERE = Path(__file__).resolve().parent
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


def single_words(texts: list[str]) -> list[str]:
    """Distinct words of four letters or more."""
    return sorted({word for text in texts for word in text.split() if len(word) > 3 and word.isalpha()})


def real_sentences(texts: list[str], generator: Generator) -> Real:
    """What the training notes give: hand-read findings, weak labels where nobody read, neutral runs of words."""
    read = read_findings(HERE / "data")
    known = {s.text for s in read}
    weak: list[Sentence] = label_sentences(
        (text for text in texts if text not in known), generator.entities.lexicon["pb"] + generator.entities.problems
    )
    return Real(read, weak, neutral_fragments(texts, random.Random(generator.rng.random())))


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
    parser.add_argument("--dev", type=Path, default=DEV, help="hand-read development set")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "clinical-assertion" / "1.3.0")
    parser.add_argument("--teacher-steps", type=int, default=TEACHER.steps)
    parser.add_argument("--steps", type=int, default=STUDENT.steps)
    parser.add_argument("--seed", type=int, default=TEACHER.seed)
    parser.add_argument("--teacher", type=Path, help="keep the teacher here; if the file is there, skip its training")
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here; if the file is there, skip all training")
    parser.add_argument("--second", type=Path, help="folder of an earlier release, whose answers the student learns too")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def earlier_model(folder: Path, threads: int) -> Callable[[list[str]], Tensor]:
    """The probabilities that an earlier release gives for texts; one trained in another way errs elsewhere."""
    session = open_session(folder / "model.onnx", threads)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda texts: torch.from_numpy(ev.softmax(run(session, encode(tokenizer, texts)))).float()


class Trainer:
    """What both trainings share."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        notes = further_notes()
        # Sentences of the excerpt that also stand in further notes come twice; that does no harm.
        self.texts = [*split_sentences(args.data)["train"], *(sentence for note in notes for sentence in note)]
        self.generator = Generator(args.seed, keyphrases(args.data), single_words(self.texts))
        self.real = real_sentences(self.texts, self.generator)
        self.watched = [*read_labelled(HERE / "dev" / "held_out.jsonl"), *read_labelled(HERE / "dev" / "held_out2.jsonl")]

    def teacher(self) -> tuple[Encoder, Tokenizer]:
        """All of MiniLM, taught to judge; from its file when there is one."""
        args = self.args
        if args.teacher and args.teacher.exists():
            return load(args.teacher)
        torch.manual_seed(args.seed)
        generated = [self.generator.sentence().text for _ in range(10000)]
        tokenizer = make_tokenizer(choose_vocabulary([*self.texts, *generated], minilm.tokenizer(), VOCABULARY))
        model = Encoder(Shape(vocab_size=tokenizer.get_vocab_size()))
        minilm.start(model, tokenizer)
        recipe = replace(TEACHER, seed=args.seed, steps=args.teacher_steps)
        model = train(model, tokenizer, Mixture(self.generator, self.real), recipe, self.watched)
        if args.teacher:
            save(args.teacher, model, tokenizer)
        return model, tokenizer

    def student(self, teacher: Encoder, tokenizer: Tokenizer) -> Encoder:
        """The teacher made smaller, which then learns from it."""
        args = self.args
        torch.manual_seed(args.seed)
        mixture = Mixture(self.generator, self.real, unread=self.texts)
        recipe = replace(STUDENT, seed=args.seed, steps=args.steps)
        some = islice(batches(tokenizer, mixture, recipe), 24)
        model = shrink(teacher, LAYERS_KEPT, INNER, [(batch.ids, batch.mask) for batch in some])
        second = earlier_model(args.second, args.threads) if args.second else None
        return train(model, tokenizer, mixture, recipe, self.watched, Teachers(teacher, second))


def trained(args: argparse.Namespace) -> tuple[Encoder, Tokenizer]:
    """The encoder and its tokenizer, from the checkpoint when there is one."""
    if args.checkpoint and args.checkpoint.exists():
        return load(args.checkpoint)
    trainer = Trainer(args)
    teacher, tokenizer = trainer.teacher()
    model = trainer.student(teacher, tokenizer)
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
