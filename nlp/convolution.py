"""Convolution: a small network over word vectors that judges texts and clauses beside the linear table.

Filters over three neighbouring words, the largest and the mean answer of each filter in a clause (and in the text), and
a linear layer. (Kim 2014, Convolutional Neural Networks for Sentence Classification, EMNLP.) The linear table knows the
words it has seen, down to their spelling; the network knows which words are like them. The log odds of both are added.

The product of every word with every filter is made once, when the pipeline is loaded; reading a text only adds them.
They are whole numbers, so a text has the same scores in any batch, process and order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import srsly  # type: ignore[import-untyped]
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from nlp import vectors
from nlp.language import Pipeline
from nlp.reading import Clause, Scores, reading_of

WIDTH: Final = 3
"""Words that a filter sees."""
_PRODUCT_STEP: Final = 128  # products of two int8 vectors are kept in int16 in steps of this
_LARGEST: Final = 8_000  # of each product and the bias: four of them fit into int16, and no real one comes near
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """filters: (WIDTH, vector size, filters). filter_bias: (filters,). output: (2 x filters, labels), the largest
    answers first, then the means. output_bias: (labels,)."""

    filters: Floats
    filter_bias: Floats
    output: Floats
    output_bias: Floats


class ConvolutionScores:
    """Adds its log odds to `Clause.scores` and `Reading.scores`; labels are those of the linear table."""

    def __init__(self, language: Pipeline, labels: Sequence[str] = ()) -> None:
        self.language: Pipeline = language
        self.labels = tuple(labels)
        self._products: NDArray[np.int16] | None = None

    def set_weights(self, labels: Sequence[str], weights: Weights) -> None:
        """Filters are rounded to int8, filter by filter."""
        self.labels = tuple(labels)
        steps = np.maximum(np.abs(weights.filters).max(axis=(0, 1)) / 127, 1e-9).astype(np.float32)
        self._filters = np.round(weights.filters / steps).astype(np.int8)
        self._steps = steps * np.float32(vectors.SCALE)
        self._filter_bias, self._output, self._output_bias = weights.filter_bias, weights.output, weights.output_bias
        self._multiply()

    def _multiply(self) -> None:
        # Exact in float32: sums of 128 products of int8 stay under 2^24.
        words = vectors.load(self.language).table.astype(np.float32)
        products = np.stack([words @ self._filters[place].astype(np.float32) for place in range(WIDTH)])
        self._products = _whole(products / _PRODUCT_STEP)
        self._bias = _whole(self._filter_bias / (self._steps * _PRODUCT_STEP))
        self._scaled_output = np.tile(self._steps * _PRODUCT_STEP, 2)[:, np.newaxis] * self._output.astype(np.float64)

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.clauses and self._products is not None:
            scores = self.of(reading.clauses)
            for clause, added in zip(reading.clauses, scores, strict=False):
                clause.scores = added if clause.scores is None else clause.scores + added
            reading.scores = scores[-1] if reading.scores is None else reading.scores + scores[-1]
        return doc

    def of(self, clauses: Sequence[Clause]) -> Scores:
        """Shape (clauses + 1, labels): each clause's, and the whole text's last."""
        row = vectors.load(self.language).row
        rows: list[int] = []
        starts: list[int] = []
        for clause in clauses:
            starts.append(len(rows))
            rows.extend([row(unit.lemma) for unit in clause.units])
        return self.of_rows(rows, starts)

    def of_rows(self, rows: Sequence[int], starts: Sequence[int]) -> Scores:
        """The same for words given by their rows in the vectors, and the first word of each clause."""
        assert self._products is not None
        padded = np.array([vectors.UNKNOWN, *rows, vectors.UNKNOWN])
        before, here, after = self._products
        answers = before.take(padded[:-2], axis=0)
        answers += here.take(padded[1:-1], axis=0)
        answers += after.take(padded[2:], axis=0)
        answers += self._bias
        np.maximum(answers, 0, out=answers)
        clauses, filters = len(starts), answers.shape[1]
        pooled = np.empty((clauses + 1, 2 * filters))
        pooled[:-1, :filters] = np.maximum.reduceat(answers, starts, axis=0)
        pooled[:-1, filters:] = np.add.reduceat(answers, starts, axis=0, dtype=np.int32)
        pooled[-1] = np.concatenate((pooled[:-1, :filters].max(axis=0), pooled[:-1, filters:].sum(axis=0)))
        lengths = np.diff([*starts, len(answers), 2 * len(answers)])
        pooled[:, filters:] /= lengths[:, np.newaxis]
        scores: Scores = (pooled @ self._scaled_output + self._output_bias).astype(np.float32)
        return scores

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes convolution.npz and labels.json into the folder. The word vectors are not the pipeline's own."""
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "labels.json", {"language": self.language, "labels": list(self.labels)})
        np.savez_compressed(
            path / "convolution.npz",
            filters=self._filters, steps=self._steps, filter_bias=self._filter_bias,
            output=self._output, output_bias=self._output_bias,
        )  # fmt: skip

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "ConvolutionScores":
        """Reads what `to_disk` wrote."""
        head = srsly.read_json(path / "labels.json")
        self.language, self.labels = head["language"], tuple(head["labels"])
        with np.load(path / "convolution.npz") as file:
            self._filters, self._steps, self._filter_bias = file["filters"], file["steps"], file["filter_bias"]
            self._output, self._output_bias = file["output"], file["output_bias"]
        self._multiply()
        return self


def _whole(numbers: NDArray[np.floating]) -> NDArray[np.int16]:
    return np.clip(np.round(numbers), -_LARGEST, _LARGEST).astype(np.int16)


@Language.factory("moksori_convolution_v1", default_config={"language": "en"})
def create_convolution(nlp: Language, name: str, language: Pipeline) -> ConvolutionScores:
    """language: whose word vectors."""
    return ConvolutionScores(language)
