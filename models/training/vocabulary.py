"""The words of the assertion model's tokenizer: MiniLM's pieces that notes use, and whole clinical words.

A word that notes use often becomes one token even if MiniLM splits it; every other word is
split as MiniLM splits it, so nearly all that its weights know of words is kept.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from wordpiece import SPECIAL, finish, normalizer, unfinished

OFTEN = 8


def choose_vocabulary(texts: Iterable[str], theirs: Tokenizer, size: int) -> list[str]:
    """Letters, frequent whole words, the pieces of all other words by frequency, and MiniLM's first words as far as there is room."""
    known = theirs.get_vocab()
    words: Counter[str] = Counter()
    lower, splitter = normalizer(), BertPreTokenizer()
    for text in texts:
        words.update(word for word, _ in splitter.pre_tokenize_str(lower.normalize_str(text)))
    pieces: Counter[str] = Counter()
    whole: list[str] = []
    for word, count in sorted(words.items(), key=lambda item: (-item[1], item[0])):
        if word in known:
            pieces[word] += count
        elif count >= OFTEN and word.isalpha() and word.isascii():
            whole.append(word)
        else:
            for piece in theirs.encode(word, add_special_tokens=False).tokens:
                pieces[piece] += count
    letters = [t for t in sorted(known) if len(t.removeprefix("##")) == 1 and t.isascii()]
    chosen = dict.fromkeys([*letters, *whole])
    by_count = sorted(pieces, key=lambda t: (-pieces[t], known.get(t, 0)))
    first = sorted((t for t in known if t.removeprefix("##").isalpha() and t.isascii()), key=lambda t: known[t])
    for token in [*by_count, *first]:
        if len(chosen) >= size - len(SPECIAL):
            break
        if token not in ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"):
            chosen[token] = None
    return [*SPECIAL, *chosen]


def make_tokenizer(vocabulary: list[str]) -> Tokenizer:
    """WordPiece of the given tokens, the special ones first."""
    return finish(unfinished({token: i for i, token in enumerate(vocabulary)}))
