"""A smaller encoder out of a trained one: fewer layers, and of each feed-forward the neurons that matter most."""
from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from encoder import Encoder, Layer


def importance(model: Encoder, batches: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """For each layer, how much each neuron of the feed-forward adds to the states, over the batches."""
    totals = [torch.zeros(model.shape.inner) for _ in model.layers]

    def watch(layer: Layer, total: Tensor) -> None:
        reach = layer.down.weight.norm(dim=0)

        def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            total.add_(inputs[0].abs().flatten(0, 1).sum(0) * reach)

        hooks.append(layer.down.register_forward_pre_hook(hook))

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    for layer, total in zip(model.layers, totals, strict=True):
        assert isinstance(layer, Layer)
        watch(layer, total)
    with torch.no_grad():
        for ids, mask in batches:
            model(ids, mask)
    for handle in hooks:
        handle.remove()
    return totals


def shrink(model: Encoder, kept: tuple[int, ...], inner: int, batches: list[tuple[Tensor, Tensor]]) -> Encoder:
    """A copy with the layers `kept` and `inner` neurons in each of them."""
    model.eval()
    scores = importance(model, batches)
    small = Encoder(replace(model.shape, layers=len(kept), inner=inner))
    state = {name: value for name, value in model.state_dict().items() if not name.startswith("layers.")}
    for new, old in enumerate(kept):
        best = scores[old].topk(inner).indices.sort().values
        for name, value in model.layers[old].state_dict().items():
            if name.startswith("up."):
                value = value[best]
            elif name == "down.weight":
                value = value[:, best]
            state[f"layers.{new}.{name}"] = value
    small.load_state_dict(state)
    return small
