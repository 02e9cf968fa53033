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

from corpus import further_notes, split_sentences
from datasets import read_findings, read_labelled, read_marked
from entities import keyphrases
from export import export
from generate import Generator
from mixture import Mixture, Real
from model import Encoder, Shape
from package import HELD_OUT, write_model
from pretrain import Pretraining, pretrain
from sentences import Example, Sentence
from tokenizer import train_tokenizer
from train import Recipe, train
from weak_labels import label_sentences, neutral_fragments

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DEV = HERE / "evaluation" / "clinical-assertion" / "dev.jsonl"


def dev_sets(dev: Path) -> dict[str, list[Example]]:
    """The hand-read development set and sentences written by hand."""
    return {
        HELD_OUT: read_labelled(HERE / "dev" / "held_out.jsonl"),
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


def make_tokenizer(texts: list[str], phrases: list[str], generator: Generator, vocab: int) -> Tokenizer:
    """Tokenizer of the training notes, the key phrases and some generated sentences."""
    generated = [generator.sentence().text for _ in range(10000)]
    return train_tokenizer([*texts, " ".join(phrases), " ".join(phrases), *generated], vocab)


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
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "clinical-assertion" / "1.1.0")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--checkpoint", type=Path, help="keep the weights here; if the file is there, skip training")
    parser.add_argument("--pretrained", type=Path, help="keep the weights before the judging is learnt here, or take them from it")
    parser.add_argument("--words-only", action="store_true", help="stop there")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def trained(args: argparse.Namespace) -> tuple[Encoder, Tokenizer]:
    """The encoder and its tokenizer, from the checkpoint when there is one."""
    if args.checkpoint and args.checkpoint.exists():
        return load(args.checkpoint)
    torch.manual_seed(args.seed)
    notes = further_notes()
    # Sentences of the excerpt that also stand in further notes come twice; that does no harm.
    texts = [*split_sentences(args.data)["train"], *(sentence for note in notes for sentence in note)]
    phrases = keyphrases(args.data)
    generator = Generator(args.seed, phrases, single_words(texts))
    if args.pretrained and args.pretrained.exists():
        model, tokenizer = load(args.pretrained)
    else:
        tokenizer = make_tokenizer(texts, phrases, generator, Shape.vocab_size)
        model = Encoder(Shape(vocab_size=tokenizer.get_vocab_size()))
        pretrain(model, tokenizer, notes, Pretraining(seed=args.seed))
        if args.pretrained:
            save(args.pretrained, model, tokenizer)
    if args.words_only:
        raise SystemExit
    mixture = Mixture(generator, real_sentences(texts, generator))
    model = train(model, tokenizer, mixture, Recipe(seed=args.seed, steps=args.steps), read_labelled(args.dev))
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
