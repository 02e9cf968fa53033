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

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from encoder import Encoder
from model import MARKER_ID

OPSET = 17
LARGE = 1000


class Graph:
    """Collects nodes and constants under fresh names."""

    def __init__(self, small: bool) -> None:
        """small: store large constants at 8 bits."""
        self.small = small
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray, scaled: int = 0) -> str:
        """Store an array once and return the name to read it by.

        Large ones are stored small: what lies along axis `scaled` shares a scale.
        """
        if name in self.constants or f"{name}.int8" in self.constants:
            return name
        if not (self.small and value.dtype == np.float32 and value.size >= LARGE):
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
            return name
        most = np.abs(value).max(axis=scaled, keepdims=True)
        scale = np.where(most > 0, most / 127, 1).astype(np.float32)
        whole = np.rint(value / scale).astype(np.int8)
        self.constants[f"{name}.int8"] = numpy_helper.from_array(np.ascontiguousarray(whole), f"{name}.int8")
        self.constants[f"{name}.scale"] = numpy_helper.from_array(scale, f"{name}.scale")
        self.nodes.append(
            helper.make_node("Cast", [f"{name}.int8"], [f"{name}.whole"], name=f"{name}.whole", to=TensorProto.FLOAT)
        )
        self.nodes.append(helper.make_node("Mul", [f"{name}.whole", f"{name}.scale"], [name], name=name))
        return name

    def ints(self, *values: int) -> str:
        """A small int64 vector."""
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def __call__(self, op: str, *inputs: str, **attributes: object) -> str:
        """Add a node with one output and return the output's name."""
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name


def _array(tensor: object) -> np.ndarray:
    return tensor.detach().float().numpy()  # type: ignore[attr-defined]


def _linear(g: Graph, x: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
    product = g("MatMul", x, g.constant(f"{name}.weight", weight))
    return g("Add", product, g.constant(f"{name}.bias", bias))


def _norm(g: Graph, x: str, name: str, norm: object) -> str:
    scale = g.constant(f"{name}.scale", _array(norm.weight))  # type: ignore[attr-defined]
    bias = g.constant(f"{name}.bias", _array(norm.bias))  # type: ignore[attr-defined]
    return g("LayerNormalization", x, scale, bias, axis=-1, epsilon=float(norm.eps))  # type: ignore[attr-defined]


def _gelu(g: Graph, x: str) -> str:
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


def _attention(
    g: Graph, left: str, asking: str, normed: str, layer: object, i: int, scores_bias: str, keep: str
) -> str:
    """Attention of the rows `asking` to the rows `normed`, added to `left`."""
    heads = layer.heads  # type: ignore[attr-defined]
    weight = _array(layer.qkv.weight).T  # type: ignore[attr-defined]
    bias = _array(layer.qkv.bias)  # type: ignore[attr-defined]
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

    q = _heads(g, _linear(g, asking, f"layer{i}.query", wq * scale, bq * scale), heads, width, [0, 2, 1, 3])
    k = _heads(g, _linear(g, normed, f"layer{i}.key", wk, bk), heads, width, [0, 2, 3, 1])
    v = _linear(g, normed, f"layer{i}.value", wide.reshape(hidden, -1), ones.reshape(-1))
    v = g("Mul", _heads(g, v, heads, width + 1, [0, 2, 1, 3]), keep)
    scores = g("Add", g("MatMul", q, k), scores_bias)
    top = g("ReduceMax", scores, axes=[-1], keepdims=1)
    mixed = g("MatMul", g("Exp", g("Sub", scores, top)), v)
    weighted = g("Slice", mixed, g.ints(0), g.ints(width), g.ints(3))
    total = g("Slice", mixed, g.ints(width), g.ints(width + 1), g.ints(3))
    joined = g("Transpose", g("Div", weighted, total), perm=[0, 2, 1, 3])
    joined = g("Reshape", joined, g.ints(0, 0, hidden))
    out = _array(layer.out.weight).T, _array(layer.out.bias)  # type: ignore[attr-defined]
    return g("Add", left, _linear(g, joined, f"layer{i}.output", *out))


def build(model: Encoder, small: bool = True) -> onnx.ModelProto:
    """The whole graph: input_ids, attention_mask, token_type_ids (not read) to logits."""
    g = Graph(small)
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
    places = g("Slice", g.constant("position", _array(model.position), scaled=1), g.ints(0), length, g.ints(0))
    x = g("Gather", g.constant("embedding", _array(model.embed.weight), scaled=1), "input_ids", axis=0)
    x = g("Add", g("Add", x, places), g("Mul", g("Unsqueeze", inside, g.ints(2)), g.constant("inside", _array(model.inside))))
    x = _norm(g, x, "norm", model.norm)
    for i, layer in enumerate(model.layers):
        asking = _read_rows(g, x, reading) if i == shape.layers - 1 else x
        x = _norm(g, _attention(g, asking, asking, x, layer, i, away, keep), f"layer{i}.norm1", layer.norm1)
        up = _linear(g, x, f"layer{i}.up", _array(layer.up.weight).T, _array(layer.up.bias))
        down = _linear(g, _gelu(g, up), f"layer{i}.down", _array(layer.down.weight).T, _array(layer.down.bias))
        x = _norm(g, g("Add", x, down), f"layer{i}.norm2", layer.norm2)
    x = _linear(g, x, "head", _array(model.head.weight).T, _array(model.head.bias))
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


def export(model: Encoder, path: Path, small: bool = True) -> None:
    """Write the graph to path."""
    onnx.save_model(build(model.eval(), small), str(path))
