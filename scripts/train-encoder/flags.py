"""Learns churn and spam anew on top of the finished encoder: few seeds speak of them, and training drowns them.

Logistic regression over the means that the encoder's last layer gives, in the exported graph, so that it sees what
tagging will see.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from lessons import LABELS, Text
from network import HIDDEN, LONGEST
from onnx import TensorProto, helper, numpy_helper
from pieces import BEGIN, END, Pieces
from sklearn.linear_model import LogisticRegression

from nlp.encoder import written

_ORDINARY = 5_000  # texts that are no advertising
_STRENGTH = {"churn": 0.1, "spam": 1.0}  # C: the inverse of the penalty


def refit(path: Path, pieces: Pieces, texts: Sequence[Text], language: str) -> None:
    """Writes the two columns into the graph's last matrix and prints how they do on seeds that were held out."""
    model = onnx.load(path)
    means = _Means(model, pieces)
    ordinary = [each for each in texts if each.part == "train" and " of " not in each.corpus]
    ordinary = random.Random(7).sample([each for each in ordinary if each.corpus.startswith(language)], _ORDINARY)
    for flag, strength in _STRENGTH.items():
        seeds = [each for each in texts if each.corpus == f"{language} seeds of {flag}"]
        learned = [each for each in seeds if each.part == "train"] + (ordinary if flag == "spam" else [])
        so = [each.lesson.flags.get(flag, False) for each in learned]
        fitted = LogisticRegression(C=strength, class_weight="balanced", max_iter=1_000).fit(means.of(learned), so)
        _write(model, LABELS.index(flag), fitted.coef_[0], float(fitted.intercept_[0]))
        held = [each for each in seeds if each.part == "test"]
        right = fitted.predict(means.of(held)) == [each.lesson.flags[flag] for each in held]
        print(f"{language} {flag}: {right.mean():.3f} of {len(held)} held-out seeds", flush=True)
    onnx.save(model, path)


class _Means:
    def __init__(self, model: onnx.ModelProto, pieces: Pieces) -> None:
        open_ended = onnx.ModelProto()
        open_ended.CopyFrom(model)
        open_ended.graph.output.append(helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["n", HIDDEN]))
        self._session = onnxruntime.InferenceSession(open_ended.SerializeToString())
        self._pieces, self._uncased = pieces.processor(), pieces.uncased

    def of(self, texts: Sequence[Text]) -> np.ndarray:
        return np.array([self._mean(text.text) for text in texts])

    def _mean(self, text: str) -> np.ndarray:
        numbers = [BEGIN, *self._pieces.encode(written(text, self._uncased)[0])[: LONGEST - 2], END]
        pool = np.full((1, len(numbers)), 1 / len(numbers), np.float32)
        return self._session.run(["pooled"], {"ids": np.array(numbers), "pool": pool})[0][0]


def _write(model: onnx.ModelProto, column: int, weights: np.ndarray, bias: float) -> None:
    for each in model.graph.initializer:
        if each.name in ("out.matrix", "out.offset"):
            values = numpy_helper.to_array(each).copy()
            values[..., column] = weights if each.name == "out.matrix" else bias
            each.CopyFrom(numpy_helper.from_array(values.astype(np.float32), each.name))
