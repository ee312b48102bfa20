"""Suggests which texts are most worth a label: those that the tagger doubts, and no two that are alike.

Uncertainty times diversity: farthest-first traversal (Gonzalez 1985) over n-gram vectors, each distance weighted with
the doubt about the text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlp.features import ROWS, rows_of
from nlp.language import Pipeline
from nlp.pipelines import LANGUAGES
from nlp.reading import Reading
from nlp.tagger import Input, Tagger

_ALIKE: Final = 0.2  # distance (1 - cosine) below which a text is a near copy of one that is suggested already


@dataclass(frozen=True, slots=True)
class Suggestion:
    """place: in the inputs. doubt: 0 (the tagger is sure) to 1."""

    place: int
    doubt: float


def suggest(tagger: Tagger, inputs: Sequence[Input], count: int) -> list[Suggestion]:
    """At most `count` of the texts, the one most worth a label first; fewer where the others are near copies."""
    read = tagger.read(inputs)
    told = [n for n, (_, reading) in enumerate(read) if reading.clauses and not reading.spam]
    if not told:
        return []
    doubts = np.array([_doubt(tagger, *read[n]) for n in told])
    vectors = _vectors(tagger, [read[n] for n in told])
    distance = np.ones(len(told))
    found: list[Suggestion] = []
    while len(found) < min(count, len(told)):
        worth = np.where(distance < _ALIKE, -1.0, doubts * distance)
        best = int(np.argmax(worth))
        if worth[best] < 0:
            break
        found.append(Suggestion(told[best], round(float(doubts[best]), 4)))
        alike = (vectors @ vectors[best].T).toarray().ravel()
        distance = np.minimum(distance, 1 - alike)
        distance[best] = 0.0
    return found


def _doubt(tagger: Tagger, pipeline: Pipeline, reading: Reading) -> float:
    """The mean of two: how close the two likeliest sentiments are, and how undecided the most undecided theme is."""
    second, first = sorted(reading.moods)[1:]
    themes: Any = tagger.component(pipeline, "themes")
    undecided = 0.0
    for name in themes.names:
        odds = max(
            before + clause.learned.get(name, 0.0)
            for before, clause in zip(themes.log_odds(name, reading), reading.clauses, strict=True)
        )
        undecided = max(undecided, 1 - abs(float(np.tanh(odds / 2))))
    return (1 - (first - second) + undecided) / 2


def _vectors(tagger: Tagger, read: Sequence[tuple[Pipeline, Reading]]) -> Any:
    """tf-idf rows of length 1; the languages have nothing in common."""
    squares: NDArray[np.float32] = np.concatenate([tagger.component(name, "scores").squares for name in LANGUAGES])
    rows = [
        rows_of(reading.clauses, reading.text, name).astype(np.int64) + ROWS * LANGUAGES.index(name)
        for name, reading in read
    ]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.concatenate(rows)
    matrix = csr_matrix((np.sqrt(squares)[columns], columns, starts), shape=(len(rows), len(squares)))
    matrix.sum_duplicates()
    lengths = np.sqrt(np.maximum(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel(), 1e-9))
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
    return matrix
