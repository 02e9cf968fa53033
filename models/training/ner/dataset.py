"""Everything the bundled model is trained on, from the folder of notes and the files of data/."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import corpus
from features import features_of
from mix import Mix, Sample, Shares, certain, stretches
from spans import TYPES, Example, read_examples, tags_of, words_of
from teacher import Teacher
from terms import TYPE_OF_CLASS, Terms
from written import Writer

HERE = Path(__file__).resolve().parent
_SMOOTHING = 0.05
_SURE_PHRASE, _SURE_SPAN = 0.5, 0.8


def read_by_hand() -> list[Example]:
    """Sentences of training notes, read by hand."""
    return read_examples(HERE / "data" / "train.jsonl")


def unread(data: Path, read: Sequence[Example]) -> list[str]:
    """The other sentences of the training notes."""
    known = {example.text for example in read}
    return [sentence for sentence in corpus.split_sentences(data)["train"] if sentence not in known]


def key_phrases(data: Path) -> list[str]:
    """Key phrases of the notes' index."""
    lines = (data / "mtsamples" / "keywords.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines]


def tokenizer_texts(data: Path, terms: Terms) -> list[str]:
    """What the vocabulary is made from; the terms count double, so that common ones stay whole."""
    listed = [term for terms_of_class in terms.lists.values() for term in terms_of_class]
    return [*corpus.split_sentences(data)["train"], *key_phrases(data), *listed, *listed]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.text for word in words_of(text))


def known(example: Example) -> Sample:
    """A sample whose entities are known."""
    return Sample(_words(example.text), certain(tags_of(words_of(example.text), example.spans), _SMOOTHING))


def taught_by(teachers: Sequence[Teacher], terms: Terms, texts: Sequence[str]) -> list[Sample]:
    """Samples with the teachers' mean probabilities."""
    parted = [words for text in texts if (words := words_of(text))]
    coded = [features_of(words, terms) for words in parted]
    answers = zip(*(teacher.marginals(coded) for teacher in teachers), strict=True)
    return [
        Sample(tuple(word.text for word in words), (sum(answer) / len(answer)).numpy())
        for words, answer in zip(parted, answers, strict=True)
    ]


def names_by_type(
    terms: Terms, read: Sequence[Example], taught: Sequence[Sample], phrases: Sequence[Sample]
) -> dict[str, list[tuple[str, ...]]]:
    """Names to swap in: listed, read, and those the teacher is sure of."""
    names: dict[str, list[tuple[str, ...]]] = {label: [] for label in TYPES}
    for name, label in TYPE_OF_CLASS.items():
        if not name.endswith("heads"):
            names[label] += [_words(term) for term in terms.lists[name]]
    for example in read:
        for span in example.spans:
            names[span.label] += [_words(example.text[span.start : span.end])] * 3
    for sample in phrases:
        found = stretches(sample.targets)
        if [place[:2] for place in found] == [(0, len(sample.words))] and sample.targets.max(-1).min() > _SURE_PHRASE:
            names[found[0][2]].append(sample.words)
    for sample in taught:
        for start, end, label in stretches(sample.targets):
            if sample.targets[start:end].max(-1).min() > _SURE_SPAN:
                names[label].append(sample.words[start:end])
    return names


def make_mix(data: Path, terms: Terms, read: Sequence[Example], teachers: Sequence[Teacher]) -> Mix:
    """All samples of the training."""
    taught = taught_by(teachers, terms, unread(data, read))
    phrases = taught_by(teachers, terms, key_phrases(data))
    names = names_by_type(terms, read, taught, phrases)
    writer = Writer(names)
    everyday = [term for term in terms.lists["generic"] if term.isalpha() and len(term) > 3]
    return Mix(
        [known(e) for e in read], taught, phrases, lambda rng: known(writer.write(rng)), names, everyday, Shares()
    )
