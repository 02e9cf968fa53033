"""Train the tokenizer of the entity model."""
from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Tokenizer
from tokenizers.trainers import WordPieceTrainer

from wordpiece import SPECIAL, finish, unfinished


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """WordPiece over the given texts."""
    tokenizer = unfinished()
    trainer = WordPieceTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        limit_alphabet=400,
        special_tokens=SPECIAL,
        continuing_subword_prefix="##",
        show_progress=False,
    )
    # The marker is no word of the language: without it the trainer sees plain text only.
    tokenizer.train_from_iterator(texts, trainer)
    return finish(tokenizer)
