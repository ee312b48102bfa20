"""Writes the encoder as an ONNX graph for one text at a time, its matrices in seven bits."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from network import HEADS, HIDDEN, Encoder
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic


class _Graph:
    def __init__(self, state: dict) -> None:
        self.state = {name: value.float().numpy() for name, value in state.items()}
        self.nodes: list = []
        self.constants: list = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, out: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out

    def linear(self, x: str, part: str, scale: float = 1.0) -> str:
        matrix = self.constant(f"{part}.matrix", self.state[f"{part}.weight"].T * np.float32(scale))
        bias = self.constant(f"{part}.offset", self.state[f"{part}.bias"] * np.float32(scale))
        return self.node("Add", self.node("MatMul", x, matrix, out=f"{part}.product"), bias, out=f"{part}.sum")

    def normal(self, x: str, part: str) -> str:
        scale = self.constant(f"{part}.scale", self.state[f"{part}.weight"])
        bias = self.constant(f"{part}.shift", self.state[f"{part}.bias"])
        return self.node("LayerNormalization", x, scale, bias, out=f"{part}.normal", axis=-1, epsilon=1e-12)

    def heads(self, x: str, turned: list[int]) -> str:
        return self.node(
            "Transpose", self.node("Reshape", x, "heads", out=f"{x}.heads"), out=f"{x}.turned", perm=turned
        )


def export(encoder: Encoder, path: Path) -> None:
    """Inputs: ids (pieces,) and pool (stretches, pieces). Output: odds (stretches, labels)."""
    graph = _Graph(encoder.state_dict())
    x = _embedded(graph)
    graph.constant("heads", np.array([-1, HEADS, HIDDEN // HEADS], np.int64))
    graph.constant("flat", np.array([-1, HIDDEN], np.int64))
    for number in range(len(encoder.layers)):
        x = _layer(graph, x, f"layers.{number}")
    graph.linear(graph.node("MatMul", "pool", x, out="pooled"), "out")
    made = helper.make_graph(
        graph.nodes,
        "encoder",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["pieces"]),
            helper.make_tensor_value_info("pool", TensorProto.FLOAT, ["stretches", "pieces"]),
        ],
        [helper.make_tensor_value_info("out.sum", TensorProto.FLOAT, ["stretches", "labels"])],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    onnx.checker.check_model(model)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "encoder.onnx"
        onnx.save(model, whole)
        layers = [node.name for node in graph.nodes if node.op_type == "MatMul" and ".matrix" in node.input[1]]
        # Seven bits: eight overflow on processors without VNNI, and a text would have other tags there.
        quantize_dynamic(
            whole, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True,
            nodes_to_quantize=[name for name in layers if name != "out.product"],
        )  # fmt: skip


def _embedded(graph: _Graph) -> str:
    words = graph.state["words.weight"]
    steps = np.maximum(np.abs(words).max(axis=1, keepdims=True) / 127, 1e-9).astype(np.float32)
    table = graph.constant("words", np.round(words / steps).astype(np.int8))
    whole = graph.node("Cast", graph.node("Gather", table, "ids", out="rows"), out="whole", to=TensorProto.FLOAT)
    step = graph.node("Gather", graph.constant("steps", steps), "ids", out="step")
    graph.constant("first", np.array([0], np.int64))
    graph.constant("places", graph.state["places"])
    place = graph.node("Slice", "places", "first", graph.node("Shape", "ids", out="length"), out="place")
    word = graph.node("Mul", whole, step, out="word")
    return graph.normal(graph.node("Add", word, place, out="embedded"), "normal")


def _layer(graph: _Graph, x: str, layer: str) -> str:
    query = graph.heads(graph.linear(x, f"{layer}.q", (HIDDEN // HEADS) ** -0.5), [1, 0, 2])
    key = graph.heads(graph.linear(x, f"{layer}.k"), [1, 2, 0])
    value = graph.heads(graph.linear(x, f"{layer}.v"), [1, 0, 2])
    near = graph.node("Softmax", graph.node("MatMul", query, key, out=f"{layer}.near"), out=f"{layer}.seen", axis=-1)
    seen = graph.node(
        "Transpose", graph.node("MatMul", near, value, out=f"{layer}.values"), out=f"{layer}.joined", perm=[1, 0, 2]
    )
    joined = graph.linear(graph.node("Reshape", seen, "flat", out=f"{layer}.flat"), f"{layer}.ao")
    x = graph.normal(graph.node("Add", x, joined, out=f"{layer}.attended"), f"{layer}.aln")
    filtered = graph.node("Gelu", graph.linear(x, f"{layer}.fi"), out=f"{layer}.filtered")
    filtered = graph.linear(filtered, f"{layer}.fo")
    return graph.normal(graph.node("Add", x, filtered, out=f"{layer}.out"), f"{layer}.oln")
