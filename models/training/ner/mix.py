"""What the bundled model is trained on: samples of words with a target for each word."""
from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from spans import OUTSIDE, TAGS, TYPES

_SURELY_OUTSIDE = 0.85


@dataclass(frozen=True)
class Sample:
    """Words and the probability of each tag at each of them, [words, tags]."""

    words: tuple[str, ...]
    targets: np.ndarray


def certain(tags: Sequence[int], smoothing: float = 0.0) -> np.ndarray:
    """Targets of tags that are known."""
    out = np.full((len(tags), len(TAGS)), smoothing / len(TAGS), np.float32)
    out[np.arange(len(tags)), list(tags)] += 1 - smoothing
    return out


def stretches(targets: np.ndarray) -> list[tuple[int, int, str]]:
    """Runs of words that are an entity by their most probable tags: from, to (exclusive), type."""
    found: list[tuple[int, int, str]] = []
    for i, tag in enumerate(targets.argmax(-1).tolist()):
        if tag == OUTSIDE:
            continue
        label = TYPES[(tag - 1) // 2]
        if tag % 2 == 0 and found and found[-1][1] == i and found[-1][2] == label:
            found[-1] = (found[-1][0], i + 1, label)
        else:
            found.append((i, i + 1, label))
    return found


@dataclass(frozen=True)
class Shares:
    """How many samples of each kind a round holds, and how often entities are swapped."""

    read: int = 2
    taught: int = 1
    phrases: int = 700
    written: int = 2200
    swapped: float = 0.6
    swap: float = 0.4
    reword: float = 0.06


class Mix:
    """Hand-read, taught and generated samples; some with entities swapped for others of their type."""

    def __init__(
        self,
        read: Sequence[Sample],
        taught: Sequence[Sample],
        phrases: Sequence[Sample],
        write: Callable[[random.Random], Sample],
        names: dict[str, list[tuple[str, ...]]],
        everyday: Sequence[str],
        shares: Shares,
    ) -> None:
        self.read, self.taught, self.phrases, self.write, self.shares = read, taught, phrases, write, shares
        self.names = names
        self.by_ending: dict[str, list[str]] = defaultdict(list)
        for word in everyday:
            self.by_ending[word[-2:]].append(word)
        self.by_head: dict[tuple[str, str], list[tuple[str, ...]]] = defaultdict(list)
        for label, listed in names.items():
            for words in listed:
                self.by_head[label, words[-1].lower()].append(words)

    def _other(self, label: str, words: tuple[str, ...], rng: random.Random) -> tuple[str, ...]:
        """Another name of the type, half the time with the same last word."""
        alike = self.by_head.get((label, words[-1].lower()), [])
        if len(alike) > 1 and rng.random() < 0.5:
            return rng.choice(alike)
        return rng.choice(self.names[label])

    def swap(self, sample: Sample, rng: random.Random) -> Sample:
        """Some entities replaced; the words around keep their targets."""
        words: list[str] = []
        targets: list[np.ndarray] = []
        at = 0
        for start, end, label in stretches(sample.targets):
            if rng.random() >= self.shares.swap:
                continue
            other = self._other(label, sample.words[start:end], rng)
            begin = 1 + 2 * TYPES.index(label)
            words += [*sample.words[at:start], *other]
            targets += [sample.targets[at:start], certain([begin] + [begin + 1] * (len(other) - 1), 0.05)]
            at = end
        return Sample((*words, *sample.words[at:]), np.concatenate([*targets, sample.targets[at:]]))

    def reword(self, sample: Sample, rng: random.Random) -> Sample:
        """Some words outside entities replaced by everyday words of the same ending: a rare word is not yet a name."""
        words, targets = list(sample.words), sample.targets.copy()
        for i, word in enumerate(sample.words):
            others = self.by_ending.get(word[-2:].lower())
            if others and len(word) > 3 and targets[i, OUTSIDE] > _SURELY_OUTSIDE and rng.random() < self.shares.reword:
                words[i] = rng.choice(others)
                targets[i] = certain([OUTSIDE], 0.05)[0]
        return Sample(tuple(words), targets)

    def round(self, rng: random.Random) -> list[Sample]:
        """One pass over the data in the shares given; names are drawn anew each time."""
        picked = [*self.read] * self.shares.read + [*self.taught] * self.shares.taught
        swapped = [self.reword(self.swap(s, rng), rng) if rng.random() < self.shares.swapped else s for s in picked]
        phrases = rng.choices(self.phrases, k=self.shares.phrases)
        return [*swapped, *phrases, *(self.write(rng) for _ in range(self.shares.written))]
