"""Write the trained tagger as an ONNX graph, with the parts of the assertion model's export.

As there, an answer has the same bits alone and in any padded batch, and large weights are
stored as 16-bit floats that the runtime widens when it loads the graph.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from export import OPSET, Graph, array, attention, gelu, linear, norm
from model import MAX_LENGTH
from tagger import Tagger


def _offsets(g: Graph) -> str:
    """How far each token stands from each other, shifted so that the least is 0, [sequence, sequence]."""
    length = g("Squeeze", g("Shape", "input_ids", start=1, end=2))
    at = g("Range", g.constant("zero", np.int64(0)), length, g.constant("step", np.int64(1)))
    apart = g("Sub", g("Unsqueeze", at, g.ints(0)), g("Unsqueeze", at, g.ints(1)))
    return g("Add", apart, g.constant("centre", np.int64(MAX_LENGTH - 1)))


def build(model: Tagger) -> onnx.ModelProto:
    """The whole graph: input_ids, attention_mask, token_type_ids (not read) to logits."""
    g = Graph(bits=16)
    shape = model.shape
    floats = g("Cast", "attention_mask", to=TensorProto.FLOAT)
    keep = g("Unsqueeze", floats, g.ints(1, 3))
    away = g("Sub", g.constant("one", np.float32(1.0)), floats)
    away = g("Unsqueeze", g("Mul", away, g.constant("far_below", np.float32(-1e9))), g.ints(1, 2))
    offset = _offsets(g)
    x = g("Gather", g.constant("embedding", array(model.entries()), scaled=1), "input_ids", axis=0)
    table = array(model.position)[:, model.table.numpy(), :]  # layers, offsets, heads
    for i, layer in enumerate(model.layers):
        near = g("Gather", g.constant(f"layer{i}.position", table[i].T, scaled=1), offset, axis=1)
        bias = g("Add", g("Unsqueeze", near, g.ints(0)), away)
        normed = norm(g, x, f"layer{i}.norm1", layer.norm1)
        x = attention(g, x, normed, normed, layer, i, bias, keep)
        normed = norm(g, x, f"layer{i}.norm2", layer.norm2)
        up = linear(g, normed, f"layer{i}.up", array(layer.up.weight).T, array(layer.up.bias))
        down = linear(g, gelu(g, up), f"layer{i}.down", array(layer.down.weight).T, array(layer.down.bias))
        x = g("Add", x, down)
    x = norm(g, x, "norm", model.norm)
    x = linear(g, x, "head", array(model.head.weight).T, array(model.head.bias))
    g.nodes.append(helper.make_node("Identity", [x], ["logits"], name="logits"))

    axes = ["batch", "sequence"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, axes)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*axes, shape.labels])
    graph = helper.make_graph(g.nodes, "clinical_ner", inputs, [output], list(g.constants.values()))
    made = helper.make_model(
        graph, producer_name="clinserve", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def export(model: Tagger, path: Path) -> None:
    """Write the graph to path."""
    onnx.save_model(build(model.eval()), str(path))
