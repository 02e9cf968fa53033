"""What the small encoder learns from: the answers of larger ones."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

import evaluate as ev
from batches import Batch, Recipe, collate_ids, encode
from encoder import Encoder
from prepare import load
from stability import open_session, run

Judge = Callable[[list[str]], Tensor]


def judge(path: Path, threads: int) -> Judge:
    """The probabilities [texts, 3] that a teacher gives: a file of teach.py, or the folder of an earlier release."""
    if path.is_dir():
        session = open_session(path / "model.onnx", threads)
        words = Tokenizer.from_file(str(path / "tokenizer.json"))
        return lambda texts: torch.from_numpy(ev.softmax(run(session, encode(words, texts)))).float()
    model, tokenizer = load(path)

    def answer(texts: list[str]) -> Tensor:
        ids, mask = collate_ids(encode(tokenizer, texts))
        return model(ids, mask)[0].float().softmax(-1)

    return answer


@dataclass(frozen=True)
class Teachers:
    """A larger encoder with the same tokens, and others that read the text by themselves: their mean is right more often than any of them."""

    encoder: Encoder
    others: list[Judge] = field(default_factory=list)

    def lesson(self, batch: Batch, states: Tensor, logits: Tensor, status: Tensor, recipe: Recipe, left: float) -> Tensor:
        """How far the student is from them; `left` is the share of the training to come."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            known = self.encoder.states(batch.ids, batch.mask)
            taught, each = self.encoder.read(known, batch.ids)
            answers = [taught.float().softmax(-1), *(other(batch.texts) for other in self.others)]
        words = batch.mask.bool()
        marked = nn.functional.kl_div(logits.log_softmax(-1), torch.stack(answers).mean(0), reduction="batchmean")
        others = nn.functional.kl_div(
            status[words].log_softmax(-1), each.float()[words].softmax(-1), reduction="batchmean"
        )
        wanted = known.float()[words]
        apart = (states.float()[words] - wanted).square().mean() / wanted.square().mean()
        return recipe.lesson * marked + recipe.others * others + left * recipe.states * apart
