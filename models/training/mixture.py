"""What one round of training is made of: generated, hand-read and weakly labelled sentences, in and out of context."""
from __future__ import annotations

import random
import re
from dataclasses import dataclass

from augment import can_be_cued, put_cue, vary
from generate import Generator
from sentences import UNREAD, Example, Finding, Sentence, join, mark, marked_example
from weak_labels import POSSIBLE, label

_GLUE = (", ", ". ", ": ", "; ", ".  ")


@dataclass(frozen=True)
class Shares:
    """What a round holds of each kind, as parts of its size."""

    generated: float = 1.0
    read: float = 1.5
    weak: float = 0.2
    unread: float = 1.2
    notes: float = 1.0  # how much more often a read sentence comes when it is of a note, not written for training


@dataclass(frozen=True)
class Real:
    """What the training notes contribute, and the sentences that were written and read by hand."""

    read: list[Sentence]
    of_notes: frozenset[str]  # texts of the read sentences that are of notes
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


def worth(sentence: Sentence) -> float:
    """How often a read sentence is visited: doubt, and what the simple rules get wrong, more than the plain rest."""
    doubt = any(f.label == POSSIBLE for f in sentence.findings)
    hard = any(label(sentence.text, f.start, f.end) != f.label for f in sentence.findings)
    return 0.5 + 2.0 * doubt + 1.0 * hard


class Mixture:
    """Draws rounds of examples."""

    def __init__(
        self, generator: Generator, real: Real, shares: Shares, size: int = 3000, unread: list[str] | None = None
    ) -> None:
        """size: what the shares are of; unread: sentences for a teacher to judge."""
        self.generator = generator
        self.rng = generator.rng
        self.real = real
        self.shares = shares
        self.size = size
        self.unread = unread or []
        names = {n.lower() for n in generator.entities.lexicon["pb"] + generator.entities.problems if len(n) > 2}
        self.names = re.compile(r"\b(" + "|".join(map(re.escape, sorted(names, key=lambda n: (-len(n), n)))) + r")\b", re.I)
        certain = [*real.read, *real.weak]
        self.cueable = [(s, f) for s in certain for f in s.findings if can_be_cued(s, f)]
        self.weights = [worth(s) * (shares.notes if s.text in real.of_notes else 1.0) for s in real.read]

    def round(self, generated: float = 1.0) -> list[Example]:
        """A fresh mix; `generated` times the usual number of generated sentences."""
        rng, entities, shares = self.rng, self.generator.entities, self.shares
        count = int(self.size * shares.generated * generated)
        sentences = [self._surround(self.generator.sentence()) for _ in range(count)]
        pool = sentences[:800]
        if self.real.read:
            picked = rng.choices(self.real.read, self.weights, k=int(self.size * shares.read))
            sentences += [vary(s, entities) for s in picked]
        if self.real.weak:
            sentences += [vary(s, entities) for s in rng.choices(self.real.weak, k=int(self.size * shares.weak))]
        if self.cueable:
            picked_pairs = rng.choices(self.cueable, k=int(self.size * shares.weak))
            sentences += [vary(put_cue(s, f, entities), entities) for s, f in picked_pairs]
        out: list[Example] = []
        for sentence in sentences:
            draw = rng.random()
            if draw < 0.06 and sentence.findings:
                out += self._in_context(sentence, pool, far=draw < 0.004)
            else:
                out += examples(sentence, rng)
        if self.unread:
            out += [self._marked_anywhere(text) for text in rng.choices(self.unread, k=int(self.size * shares.unread))]
        return out

    def _marked_anywhere(self, text: str) -> Example:
        """A sentence with a known name, else one to three words, marked; its label is the teacher's to say."""
        rng = self.rng
        found = [match.span() for match in self.names.finditer(text)]
        if not found or rng.random() < 0.2:
            words = [match.span() for match in re.finditer(r"\w[\w-]*", text)]
            first = rng.randrange(len(words)) if words else 0
            found = [(words[first][0], words[min(len(words) - 1, first + rng.randint(0, 2))][1])] if words else [(0, len(text))]
        return Example(mark(text, *rng.choice(found)), UNREAD)

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
