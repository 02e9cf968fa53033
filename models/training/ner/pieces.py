"""Words to word pieces, the way the tokenizer does it, and at times in smaller pieces.

Smaller pieces in training teach the model to read words that its vocabulary lacks.
"""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tokenizers import Tokenizer

CLS, SEP, MASK, UNKNOWN = 2, 3, 4, 1
_LONGEST_WORD = 100


@dataclass(frozen=True)
class Encoded:
    """Ids with [CLS] and [SEP], and where the first piece of each word stands."""

    ids: list[int]
    firsts: list[int]


class Pieces:
    """Greedy WordPiece over words that the pre-tokenizer has already parted."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.vocabulary: dict[str, int] = tokenizer.get_vocab()
        self.normalize = tokenizer.normalizer.normalize_str
        self.cache: dict[str, list[int]] = {}

    def split(self, word: str, most: int = _LONGEST_WORD) -> list[int]:
        """Ids of a word's pieces, none longer than `most` letters."""
        text = self.normalize(word).strip()
        if not text or len(text) > _LONGEST_WORD:
            return [UNKNOWN]
        ids, at = [], 0
        while at < len(text):
            for end in range(min(len(text), at + most), at, -1):
                found = self.vocabulary.get(("##" if at else "") + text[at:end])
                if found is not None:
                    ids.append(found)
                    at = end
                    break
            else:
                return [UNKNOWN]
        return ids

    def encode(self, words: Sequence[str], rng: random.Random | None = None, finer: float = 0.0) -> Encoded:
        """A sentence; with rng, each word is cut finer with the given probability."""
        ids, firsts = [CLS], []
        for word in words:
            firsts.append(len(ids))
            if rng is not None and len(word) > 4 and rng.random() < finer:
                ids += self.split(word, rng.randint(2, len(word) - 1))
                continue
            if word not in self.cache:
                self.cache[word] = self.split(word)
            ids += self.cache[word]
        ids.append(SEP)
        return Encoded(ids, firsts)
