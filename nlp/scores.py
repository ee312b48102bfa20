"""Scores: one hashed linear table for all classifiers, summed word by word, so that each clause has its own for free.

A feature's weight is already multiplied by its idf. A text's score is the sum of its features' weights divided by the
root of the sum of their squared idfs (the length of its tf-idf vector), plus a bias. Sums of words are remembered.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import srsly  # type: ignore[import-untyped]
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from nlp.features import ROWS, gram_row, grams_of, word_rows, words_of
from nlp.reading import Clause, Scores, reading_of

_REMEMBERED: Final = 1 << 16  # words and n-grams; one text more has always room, for it has fewer than that
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
        kept: float = _KEPT,
    ) -> None:
        """weights: (ROWS, labels), times idf. squares: (ROWS,), idf squared. kept: share of weights that is not cut."""
        self.labels = tuple(labels)
        self._bias = bias
        # A column's few largest weights are cut, so that the step is fine enough for the many small ones.
        largest = np.quantile(np.abs(weights), kept, axis=0) if weights.size else np.zeros(0)
        self._steps = np.maximum(largest / 127, 1e-9).astype(np.float32)
        self._weights = np.clip(np.round(weights / self._steps), -127, 127).astype(np.int8)
        self._squares = np.clip(np.round(squares * _SQUARE_STEPS), 0, 255).astype(np.uint8)
        self._forget()

    def _forget(self) -> None:
        self._slots: dict[str, int] = {}
        self._memory = np.empty((2 * _REMEMBERED, len(self.labels) + 1), np.int32)

    @property
    def squares(self) -> NDArray[np.float32]:
        """Each row's idf squared, shape (ROWS,); 0 for one that training saw less than twice."""
        return (self._squares / _SQUARE_STEPS).astype(np.float32)

    def columns(self, labels: Iterable[str]) -> list[int]:
        """Where in the scores these labels are. Raises ValueError for one that was not trained."""
        return [self.labels.index(label) for label in labels]

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.clauses:
            scores, reading.scores = self.of(reading.clauses, reading.text)
            for clause, each in zip(reading.clauses, scores, strict=True):
                clause.scores = each
        else:
            reading.scores = self._bias
        return doc

    def of(self, clauses: Sequence[Clause], text: str) -> tuple[Scores, Scores]:
        """Scores of each clause, shape (clauses, labels), and of all of them as one text, shape (labels,)."""
        sums = self._sums(clauses, text)
        scores = self._scores(np.concatenate((sums, sums.sum(axis=0, keepdims=True))))
        return scores[:-1], scores[-1]

    def _scores(self, sums: Sums) -> Scores:
        lengths = np.sqrt(np.maximum(sums[:, -1:] / _SQUARE_STEPS, 1.0))
        scores: Scores = (sums[:, :-1] * self._steps / lengths + self._bias).astype(np.float32)
        return scores

    def _sums(self, clauses: Sequence[Clause], text: str) -> Sums:
        """(clauses, labels + 1). Whole numbers: the same in any order, so no score hangs on what is remembered."""
        if len(self._slots) > _REMEMBERED:
            self._slots.clear()
        slots, language = self._slots, self.language
        first_new = len(slots)
        touched: list[int] = []
        starts: list[int] = []
        new_rows: list[int] = []
        new_starts: list[int] = []
        for clause in clauses:
            starts.append(len(touched))
            for word in words_of(text[clause.start : clause.end]):
                key = " " + word  # no gram begins with a blank
                slot = slots.get(key)
                if slot is None:
                    slot = slots[key] = len(slots)
                    new_starts.append(len(new_rows))
                    new_rows.extend(word_rows(word, language))
                touched.append(slot)
            for gram in grams_of(clause, language):
                slot = slots.get(gram)
                if slot is None:
                    slot = slots[gram] = len(slots)
                    new_starts.append(len(new_rows))
                    new_rows.append(gram_row(gram))
                touched.append(slot)
        if new_rows:
            new = slice(first_new, first_new + len(new_starts))
            self._memory[new, :-1] = np.add.reduceat(self._weights[new_rows], new_starts, axis=0, dtype=np.int32)
            self._memory[new, -1] = np.add.reduceat(self._squares[new_rows], new_starts, dtype=np.int32)
        sums: Sums = np.add.reduceat(self._memory[touched], starts, axis=0, dtype=np.int64)
        return sums

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
