"""The lower-case WordPiece tokenizer: MiniLM's pieces that notes use, and whole clinical words.

A word that notes use often becomes one token even if MiniLM splits it; every other word is
split as MiniLM splits it, so nearly all that its weights know of words is kept.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[entity]"]
OFTEN = 8


def _normalizer() -> BertNormalizer:
    return BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)


def choose_vocabulary(texts: Iterable[str], theirs: Tokenizer, size: int) -> list[str]:
    """Letters, frequent whole words, the pieces of all other words by frequency, and MiniLM's first words as far as there is room."""
    known = theirs.get_vocab()
    words: Counter[str] = Counter()
    normalizer, splitter = _normalizer(), BertPreTokenizer()
    for text in texts:
        words.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
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
    """WordPiece of the given tokens; the special tokens take ids 0-5 in their order."""
    vocab = {token: i for i, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPieceDecoder(prefix="##")
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", SPECIAL.index("[CLS]")), ("[SEP]", SPECIAL.index("[SEP]"))],
    )
    return tokenizer
