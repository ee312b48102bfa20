"""Scores: one hashed linear table for all classifiers, summed word by word, so that each clause has its own for free.

A feature's weight is already multiplied by its idf. A text's score is the sum of its features' weights divided by the
root of the sum of their squared idfs (the length of its tf-idf vector), plus a bias. Sums of words are remembered.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import srsly  # type: ignore[import-untyped]
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from nlp.features import ROWS, gram_row, grams_of, word_rows, words_of
from nlp.reading import Clause, Scores, reading_of

_REMEMBERED: Final = 60_000
_KEPT: Final = 0.9995
_SQUARE_STEPS: Final = 2
Sums = NDArray[np.int64]

SENTIMENT: Final = ("sentiment.negative", "sentiment.neutral", "sentiment.positive")


class LinearScores:
    """Fills `Clause.scores` and `Reading.scores`: one number a label, log odds before calibration."""

    def __init__(self, language: str, labels: Sequence[str] = ()) -> None:
        self.language = language
        self.set_table(
            labels,
            np.zeros((ROWS, len(labels)), np.float32),
            np.zeros(len(labels), np.float32),
            np.ones(ROWS, np.float32),
        )

    def set_table(
        self,
        labels: Sequence[str],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        squares: NDArray[np.float32],
    ) -> None:
        """weights: (ROWS, labels), times idf. squares: (ROWS,), idf squared."""
        self.labels = tuple(labels)
        self._bias = bias
        # A column's few largest weights are cut, so that the step is fine enough for the many small ones.
        largest = np.quantile(np.abs(weights), _KEPT, axis=0) if weights.size else np.zeros(0)
        self._steps = np.maximum(largest / 127, 1e-9).astype(np.float32)
        self._weights = np.clip(np.round(weights / self._steps), -127, 127).astype(np.int8)
        self._squares = np.clip(np.round(squares * _SQUARE_STEPS), 0, 255).astype(np.uint8)
        self._forget()

    def _forget(self) -> None:
        self._words: dict[str, NDArray[np.int32]] = {}
        self._grams: dict[str, NDArray[np.int32]] = {}

    def columns(self, labels: Iterable[str]) -> list[int]:
        """Where in the scores these labels are. Raises ValueError for one that was not trained."""
        return [self.labels.index(label) for label in labels]

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        text = doc.text
        total = np.zeros(len(self.labels) + 1, np.int64)
        for clause in reading.clauses:
            added = self._sum(clause, text)
            total += added
            clause.scores = self._score(added)
        reading.scores = self._score(total)
        return doc

    def _score(self, added: Sums) -> Scores:
        length = math.sqrt(max(int(added[-1]) / _SQUARE_STEPS, 1.0))
        scores: Scores = (added[:-1] * self._steps / length + self._bias).astype(np.float32)
        return scores

    def _sum(self, clause: Clause, text: str) -> Sums:
        """Whole numbers: their sum is the same in any order, so a text's score never hangs on what is remembered."""
        parts = []
        words, grams = self._words, self._grams
        for word in words_of(text[clause.start : clause.end]):
            part = words.get(word)
            if part is None:
                if len(words) >= _REMEMBERED:
                    words.clear()
                part = words[word] = self._row_sums(word_rows(word, self.language)[np.newaxis])[0]
            parts.append(part)
        unknown = []
        for gram in grams_of(clause, self.language):
            part = grams.get(gram)
            if part is None:
                unknown.append(gram)
            else:
                parts.append(part)
        if unknown:
            if len(grams) + len(unknown) > _REMEMBERED:
                grams.clear()
            found = self._row_sums(np.array([[gram_row(gram)] for gram in unknown]))
            grams.update(zip(unknown, found, strict=True))
            parts.extend(found)
        sums: Sums = np.add.reduce(parts, axis=0, dtype=np.int64)
        return sums

    def _row_sums(self, rows: NDArray[Any]) -> NDArray[np.int32]:
        """rows: (n, k). For each n the sum of its k rows, the squares last."""
        result = np.empty((len(rows), len(self.labels) + 1), np.int32)
        self._weights[rows].sum(axis=1, dtype=np.int32, out=result[:, :-1])
        self._squares[rows].sum(axis=1, dtype=np.int32, out=result[:, -1])
        return result

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes scores.npz and labels.json into the folder."""
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "labels.json", {"language": self.language, "labels": list(self.labels)})
        np.savez_compressed(
            path / "scores.npz",
            # Column by column the bytes are alike, and pack to half.
            weights=np.ascontiguousarray(self._weights.T), steps=self._steps, bias=self._bias, squares=self._squares,
        )  # fmt: skip

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "LinearScores":
        """Reads what `to_disk` wrote."""
        head = srsly.read_json(path / "labels.json")
        self.language, self.labels = head["language"], tuple(head["labels"])
        with np.load(path / "scores.npz") as table:
            self._weights = np.ascontiguousarray(table["weights"].T)
            self._steps, self._bias, self._squares = table["steps"], table["bias"], table["squares"]
        self._forget()
        return self


@Language.factory("moksori_scores_v1", default_config={"language": "en"})
def create_scores(nlp: Language, name: str, language: str) -> LinearScores:
    """language: whose n-grams."""
    return LinearScores(language)
