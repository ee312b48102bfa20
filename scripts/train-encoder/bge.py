"""bge-small-en-v1.5 (Xiao et al. 2023, arXiv:2309.07597): its weights and vocabulary from an ONNX file."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from pieces import Vocabulary

_PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
_FREQUENT = 20_000  # pieces up to here are kept whether or not the sets hold them


def read(folder: Path) -> tuple[dict[str, np.ndarray], Vocabulary]:
    """Tensors by name, in float32; rows of a linear part are its outputs."""
    graph = onnx.load(folder / "bge-small-en-v1.5.onnx").graph
    known = {each.name: numpy_helper.to_array(each).astype(np.float32) for each in graph.initializer}
    # Matrices have no names of their own: the nodes that multiply by them have.
    for node in graph.node:
        if node.op_type == "MatMul":
            for given in node.input:
                if given in known:
                    known[node.name.strip("/").replace("/", ".").removesuffix(".MatMul") + ".weight"] = known[given].T
    by_end = {name: value for name, value in known.items() if "." in name}

    def find(end: str) -> np.ndarray:
        (name,) = [each for each in by_end if each.endswith(end)]
        return np.ascontiguousarray(by_end[name])

    found = {
        "emb.word": find("embeddings.word_embeddings.weight"),
        "emb.pos": find("position_embeddings.weight") + find("token_type_embeddings.weight")[0],
        "emb.ln.w": find("embeddings.LayerNorm.weight"),
        "emb.ln.b": find("embeddings.LayerNorm.bias"),
    }
    for layer in range(12):
        for short, part in _PARTS.items():
            for letter, kind in (("w", "weight"), ("b", "bias")):
                # "output.dense" ends "attention.output.dense" too, so the layer's number stands before it.
                found[f"l{layer}.{short}.{letter}"] = find(f"layer.{layer}.{part}.{kind}")
    return found, _vocabulary(folder / "bge-small-en-v1.5-tokenizer.json")


def _vocabulary(path: Path) -> Vocabulary:
    """WordPiece's words begin with our mark and its continuations have none. All score alike: the fewest pieces win."""
    numbers = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    pieces = [""] * len(numbers)
    for piece, number in numbers.items():
        pieces[number] = _marked(piece)
    special = tuple(numbers[name] for name in ("[CLS]", "[PAD]", "[SEP]", "[UNK]"))
    return Vocabulary(pieces, [-1.0] * len(pieces), special, uncased=True, frequent=_FREQUENT)


def _marked(piece: str) -> str:
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 1:
        return piece
    return piece[2:] if piece.startswith("##") else f"▁{piece}"
