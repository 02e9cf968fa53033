"""What one round of training is made of: generated, hand-read and weakly labelled sentences, in and out of context."""
from __future__ import annotations

import random
from dataclasses import dataclass

from augment import can_be_cued, put_cue, vary
from generate import Generator
from sentences import Example, Finding, Sentence, join, marked_example

_GLUE = (", ", ". ", ": ", "; ", ".  ")


@dataclass(frozen=True)
class Real:
    """What the training notes contribute, and the sentences that were written and read by hand."""

    read: list[Sentence]
    weak: list[Sentence]
    fragments: list[str]


def examples(sentence: Sentence, rng: random.Random, unmarked: float = 0.2, most: int = 2) -> list[Example]:
    """Model inputs of one sentence: one finding marked for each of at most `most` statuses, at times none.

    The unmarked form takes the status of the first finding; where there are several
    statuses that is a weak rule, so it is used less often there.
    """
    if not sentence.findings:
        return [Example(sentence.text, 0)]
    by_label: dict[int, list[Finding]] = {}
    for f in sentence.findings:
        by_label.setdefault(f.label, []).append(f)
    labels = rng.sample(sorted(by_label), min(most, len(by_label)))
    out = [marked_example(sentence, rng.choice(by_label[label])) for label in labels]
    if rng.random() < (unmarked if len(by_label) == 1 else unmarked / 4):
        out.append(Example(sentence.text, sentence.findings[0].label, sentence.findings))
    return out


class Mixture:
    """Draws rounds of examples."""

    def __init__(
        self, generator: Generator, real: Real, size: int = 3000, read_share: float = 1.2, weak_share: float = 0.2
    ) -> None:
        """size: generated sentences a round; the shares are of that number."""
        self.generator = generator
        self.rng = generator.rng
        self.real = real
        self.size = size
        self.read_share = read_share
        self.weak_share = weak_share
        certain = [*real.read, *real.weak]
        self.cueable = [(s, f) for s in certain for f in s.findings if can_be_cued(s, f)]
        # Sentences with doubt or a denial are worth more visits than plain ones.
        self.weights = [1.0 + 2.0 * any(f.label == 2 for f in s.findings) for s in real.read]

    def round(self, generated: float = 1.0) -> list[Example]:
        """A fresh mix; `generated` times the usual number of generated sentences."""
        rng, entities = self.rng, self.generator.entities
        sentences = [self._surround(self.generator.sentence()) for _ in range(int(self.size * generated))]
        pool = sentences[:800]
        if self.real.read:
            picked = rng.choices(self.real.read, self.weights, k=int(self.size * self.read_share))
            sentences += [vary(s, entities) for s in picked]
        if self.real.weak:
            sentences += [vary(s, entities) for s in rng.choices(self.real.weak, k=int(self.size * self.weak_share))]
        if self.cueable:
            picked_pairs = rng.choices(self.cueable, k=int(self.size * self.weak_share))
            sentences += [vary(put_cue(s, f, entities), entities) for s, f in picked_pairs]
        out: list[Example] = []
        for sentence in sentences:
            draw = rng.random()
            if draw < 0.06 and sentence.findings:
                out += self._in_context(sentence, pool, far=draw < 0.004)
            else:
                out += examples(sentence, rng)
        return out

    def _surround(self, sentence: Sentence) -> Sentence:
        """At times put words of training notes before or behind; they change no status."""
        rng, fragments = self.rng, self.real.fragments
        if fragments and rng.random() < 0.07:
            sentence = join([Sentence(rng.choice(fragments), ()), sentence], rng.choice(_GLUE))
        if fragments and rng.random() < 0.12:
            tail = Sentence(f"{rng.choice(fragments)}{rng.choice(('.', '', ','))}", ())
            text = Sentence(sentence.text.rstrip("."), sentence.findings)
            sentence = join([text, tail], rng.choice((", ", ". ", " and ", "; ", ".  ")))
        return sentence

    def _in_context(self, sentence: Sentence, pool: list[Sentence], far: bool) -> list[Example]:
        """A finding of the sentence marked among other sentences, or far (300-450 words) into a text."""
        rng = self.rng
        before = rng.sample(pool, rng.randint(10, 20) if far else rng.randint(0, 2))
        after = [] if far else rng.sample(pool, rng.randint(0, 2))
        whole = join([*before, sentence, *after])
        first = sum(len(s.findings) for s in before)
        own = whole.findings[first : first + len(sentence.findings)]
        return [marked_example(whole, rng.choice(own))]
