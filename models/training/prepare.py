"""What every training of the assertion model reads, and the files that keep its results."""
from __future__ import annotations

import random
import re
from pathlib import Path

import torch
from tokenizers import Tokenizer

from corpus import further_notes, split_sentences
from datasets import read_findings, read_labelled
from encoder import Encoder, Shape
from entities import keyphrases
from generate import Generator
from mixture import Mixture, Real, Shares
from sentences import MARK, Sentence
from weak_labels import label_sentences, neutral_fragments

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2] / "shared" / "data"


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
    of_notes = frozenset(s.text for s in read_findings(HERE / "data", written=False))
    return Real(read, of_notes, weak, neutral_fragments(texts, random.Random(generator.rng.random())))


def key_of(text: str) -> str:
    """The words of a sentence, by which it is known again."""
    return re.sub(r"\W+", " ", text.replace(MARK, " ").lower()).strip()


class Material:
    """Sentences, labels and the generator, all drawn by the seed."""

    def __init__(self, data: Path, seed: int) -> None:
        notes = further_notes()
        self.watched = [*read_labelled(HERE / "dev" / "held_out.jsonl"), *read_labelled(HERE / "dev" / "held_out2.jsonl")]
        # Some of the notes watched are in the excerpt, too.
        watched = {key_of(example.text) for example in self.watched}
        # Sentences of the excerpt that also stand in further notes come twice; that does no harm.
        texts = [*split_sentences(data)["train"], *(sentence for note in notes for sentence in note)]
        self.texts = [text for text in texts if key_of(text) not in watched]
        self.generator = Generator(seed, keyphrases(data), single_words(self.texts))
        self.real = real_sentences(self.texts, self.generator)

    def mixture(self, shares: Shares = Shares(unread=0.0)) -> Mixture:
        """Rounds of examples; those that nobody labelled are for teachers to judge."""
        return Mixture(self.generator, self.real, shares, unread=self.texts)


def save(path: Path, model: Encoder, tokenizer: Tokenizer) -> None:
    """Weights, sizes and tokenizer in one file."""
    torch.save({"shape": model.shape.as_dict(), "state": model.state_dict(), "tokenizer": tokenizer.to_str()}, path)


def load(path: Path) -> tuple[Encoder, Tokenizer]:
    """What save wrote."""
    kept = torch.load(path, weights_only=True)
    model = Encoder(Shape(**kept["shape"]))
    model.load_state_dict(kept["state"])
    return model.eval(), Tokenizer.from_str(kept["tokenizer"])
