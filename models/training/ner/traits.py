"""What the word lists say of each entry of the vocabulary.

The model adds a learned vector for each of these traits to the entry's own, so a word that
the training sentences lack is read like others of its list. Both are one table once exported.
"""
from __future__ import annotations

import torch
from tokenizers import Tokenizer
from torch import Tensor

from spans import TYPES, words_of
from terms import CLASSES, Terms


def traits_of(tokenizer: Tokenizer, terms: Terms) -> Tensor:
    """0 or 1 for each entry: alone, last, or anywhere in a term of each class, and the type of its ending."""
    alone: dict[str, set[str]] = {name: set() for name in CLASSES}
    inside: dict[str, set[str]] = {name: set() for name in CLASSES}
    for name, listed in terms.lists.items():
        for term in listed:
            words = [word.text.lower() for word in words_of(term)]
            inside[name].update(words)
            if len(words) == 1:
                alone[name].update(words)
    out = torch.zeros(tokenizer.get_vocab_size(), 3 * len(CLASSES) + len(TYPES))
    for entry, number in tokenizer.get_vocab().items():
        for i, name in enumerate(CLASSES):
            for j, members in enumerate((alone[name], terms.heads[name], inside[name])):
                out[number, 3 * i + j] = float(entry in members)
        # A piece such as ##ectomy is the ending itself.
        ending = terms.suffix_type(entry.replace("##", "###"))
        if ending:
            out[number, 3 * len(CLASSES) + TYPES.index(ending)] = 1.0
    return out
