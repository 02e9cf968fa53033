"""Write the trained encoder as an ONNX graph, operator by operator.

Built by hand rather than traced, because the answer for a sentence must have the same
bits alone and in any padded batch. Three choices make it so (checked by stability.py):

- The divisor of the softmax is not a ReduceSum: that one adds in an order that depends on
  the padded length (9 rows in 10 then change a bit). The exponentials are multiplied with V,
  whose projection carries one more column that is constantly 1, so the product that gives
  the weighted sum gives the divisor too, adding over the keys in order; padded keys come
  last and add exact zeros. (The Softmax operator was stable on the AVX-512 machine tried,
  but nothing promises its order.)
- Rows of V at padded keys are set to zero, so nothing depends on how far Exp underflows.
- In the last layer only two positions are kept: the one the head reads and [CLS]. One would
  do, but a product with a single row takes another kernel (1 row in 4 then changes a bit).

Large weights are stored as 8-bit integers, with a scale for every column (for every row of the
embedding), behind a Cast and a Mul: a quarter of the file. The runtime folds both when it loads
the graph, so every computation is in 32 bits.
"""
from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from encoder import Encoder
from model import MARKER_ID

OPSET = 17
Bits = Literal[8, 16, 32]
LARGE = 1000


class Graph:
    """Collects nodes and constants under fresh names."""

    def __init__(self, bits: Bits) -> None:
        """bits: what a number of a large constant takes in the file."""
        self.bits = bits
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self._known: set[str] = set()

    def constant(self, name: str, value: np.ndarray, scaled: int = 0) -> str:
        """Store an array once and return the name to read it by.

        Large ones are stored small; at 8 bits what lies along axis `scaled` shares a scale.
        """
        if name in self._known:
            return name
        self._known.add(name)
        if self.bits == 32 or value.dtype != np.float32 or value.size < LARGE:
            self._store(name, value)
        elif self.bits == 16:
            self._widened(self._store(f"{name}.half", value.astype(np.float16)), name)
        else:
            most = np.abs(value).max(axis=scaled, keepdims=True)
            scale = np.where(most > 0, most / 127, 1).astype(np.float32)
            whole = self._store(f"{name}.int8", np.rint(value / scale).astype(np.int8))
            factors = [self._widened(whole, f"{name}.whole"), self._store(f"{name}.scale", scale)]
            self.nodes.append(helper.make_node("Mul", factors, [name], name=name))
        return name

    def _store(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def _widened(self, stored: str, name: str) -> str:
        self.nodes.append(helper.make_node("Cast", [stored], [name], name=name, to=TensorProto.FLOAT))
        return name

    def ints(self, *values: int) -> str:
        """A small int64 vector."""
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def __call__(self, op: str, *inputs: str, **attributes: object) -> str:
        """Add a node with one output and return the output's name."""
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name


def array(tensor: object) -> np.ndarray:
    return tensor.detach().float().numpy()  # type: ignore[attr-defined]


def linear(g: Graph, x: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
    product = g("MatMul", x, g.constant(f"{name}.weight", weight))
    return g("Add", product, g.constant(f"{name}.bias", bias))


def norm(g: Graph, x: str, name: str, norm: object) -> str:
    scale = g.constant(f"{name}.scale", array(norm.weight))  # type: ignore[attr-defined]
    bias = g.constant(f"{name}.bias", array(norm.bias))  # type: ignore[attr-defined]
    return g("LayerNormalization", x, scale, bias, axis=-1, epsilon=float(norm.eps))  # type: ignore[attr-defined]


def gelu(g: Graph, x: str) -> str:
    half = g.constant("half", np.float32(0.5))
    one = g.constant("one", np.float32(1.0))
    root = g.constant("root2", np.float32(np.sqrt(2.0)))
    erf = g("Erf", g("Div", x, root))
    return g("Mul", g("Mul", x, g("Add", erf, one)), half)


def _heads(g: Graph, x: str, heads: int, width: int, order: list[int]) -> str:
    """[batch, sequence, heads * width] to four axes in the given order."""
    split = g("Reshape", x, g.ints(0, 0, heads, width))
    return g("Transpose", split, perm=order)


def _read_rows(g: Graph, x: str, reading: str) -> str:
    """Rows [batch, 2, hidden] of x [batch, sequence, hidden] at the places in reading [batch, 2]."""
    return g("GatherND", x, g("Unsqueeze", reading, g.ints(2)), batch_dims=1)


def attention(
    g: Graph, left: str, asking: str, normed: str, layer: object, i: int, scores_bias: str, keep: str
) -> str:
    """Attention of the rows `asking` to the rows `normed`, added to `left`."""
    heads = layer.heads  # type: ignore[attr-defined]
    weight = array(layer.qkv.weight).T  # type: ignore[attr-defined]
    bias = array(layer.qkv.bias)  # type: ignore[attr-defined]
    hidden = weight.shape[0]
    width = hidden // heads
    scale = np.float32(1.0 / np.sqrt(width))
    wq, wk, wv = np.split(weight, 3, axis=1)
    bq, bk, bv = np.split(bias, 3)
    # One more column a head, weight 0 and bias 1: the divisor of the softmax.
    wide = np.zeros((hidden, heads, width + 1), np.float32)
    wide[:, :, :width] = wv.reshape(hidden, heads, width)
    ones = np.ones((heads, width + 1), np.float32)
    ones[:, :width] = bv.reshape(heads, width)

    q = _heads(g, linear(g, asking, f"layer{i}.query", wq * scale, bq * scale), heads, width, [0, 2, 1, 3])
    k = _heads(g, linear(g, normed, f"layer{i}.key", wk, bk), heads, width, [0, 2, 3, 1])
    v = linear(g, normed, f"layer{i}.value", wide.reshape(hidden, -1), ones.reshape(-1))
    v = g("Mul", _heads(g, v, heads, width + 1, [0, 2, 1, 3]), keep)
    scores = g("Add", g("MatMul", q, k), scores_bias)
    top = g("ReduceMax", scores, axes=[-1], keepdims=1)
    mixed = g("MatMul", g("Exp", g("Sub", scores, top)), v)
    weighted = g("Slice", mixed, g.ints(0), g.ints(width), g.ints(3))
    total = g("Slice", mixed, g.ints(width), g.ints(width + 1), g.ints(3))
    joined = g("Transpose", g("Div", weighted, total), perm=[0, 2, 1, 3])
    joined = g("Reshape", joined, g.ints(0, 0, hidden))
    out = array(layer.out.weight).T, array(layer.out.bias)  # type: ignore[attr-defined]
    return g("Add", left, linear(g, joined, f"layer{i}.output", *out))


def build(model: Encoder, bits: Bits = 8) -> onnx.ModelProto:
    """The whole graph: input_ids, attention_mask, token_type_ids (not read) to logits."""
    g = Graph(bits)
    shape = model.shape
    floats = g("Cast", "attention_mask", to=TensorProto.FLOAT)
    keep = g("Unsqueeze", floats, g.ints(1, 3))
    one = g.constant("one", np.float32(1.0))
    away = g("Mul", g("Sub", one, floats), g.constant("far_below", np.float32(-1e9)))
    away = g("Unsqueeze", away, g.ints(1, 2))

    marker = g("Cast", g("Equal", "input_ids", g.constant("marker", np.int64(MARKER_ID))), to=TensorProto.FLOAT)
    # ArgMax gives the first marker, and 0, the place of [CLS], where there is none.
    # The second row is always [CLS], so it exists in every input.
    reading = g("Mul", g("ArgMax", marker, axis=1, keepdims=1), g.constant("two_rows", np.array([[1, 0]], np.int64)))
    count = g("CumSum", marker, g.constant("axis", np.int64(1)))
    inside = g("Mod", count, g.constant("two", np.float32(2.0)), fmod=1)
    length = g("Shape", "input_ids", start=1, end=2)
    places = g("Slice", g.constant("position", array(model.position), scaled=1), g.ints(0), length, g.ints(0))
    x = g("Gather", g.constant("embedding", array(model.embed.weight), scaled=1), "input_ids", axis=0)
    x = g("Add", g("Add", x, places), g("Mul", g("Unsqueeze", inside, g.ints(2)), g.constant("inside", array(model.inside))))
    x = norm(g, x, "norm", model.norm)
    for i, layer in enumerate(model.layers):
        asking = _read_rows(g, x, reading) if i == shape.layers - 1 else x
        x = norm(g, attention(g, asking, asking, x, layer, i, away, keep), f"layer{i}.norm1", layer.norm1)
        up = linear(g, x, f"layer{i}.up", array(layer.up.weight).T, array(layer.up.bias))
        down = linear(g, gelu(g, up), f"layer{i}.down", array(layer.down.weight).T, array(layer.down.bias))
        x = norm(g, g("Add", x, down), f"layer{i}.norm2", layer.norm2)
    x = linear(g, x, "head", array(model.head.weight).T, array(model.head.bias))
    first = g("Slice", x, g.ints(0), g.ints(1), g.ints(1))
    g.nodes.append(helper.make_node("Squeeze", [first, g.ints(1)], ["logits"], name="logits"))

    axes = ["batch", "sequence"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, axes)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", shape.labels])
    graph = helper.make_graph(g.nodes, "clinical_assertion", inputs, [output], list(g.constants.values()))
    made = helper.make_model(
        graph, producer_name="clinserve", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
    )
    onnx.checker.check_model(made, full_check=True)
    return made


def export(model: Encoder, path: Path, bits: Bits = 8) -> None:
    """Write the graph to path."""
    onnx.save_model(build(model.eval(), bits), str(path))
