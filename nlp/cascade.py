"""Cascade: the encoder reads every text that the linear table is not sure is praise; both are added up.

(Viola and Jones 2001: cheap judges let pass what needs no dear one.) Complaints, and what may be one, are worth the
millisecond; plain praise is not.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from nlp import encoder
from nlp.language import Pipeline
from nlp.reading import Reading, Scores, reading_of
from nlp.scores import SENTIMENT, LinearScores
from nlp.spam import signs

# Chosen on the held-out rows of the sets and on the development texts.
_SURE: Final = 2.0  # log odds by which praise must lead in the text; a clause may be neutral, not a complaint
# What the table's log odds count beside the encoder's. The Korean table learned from more texts than the encoder.
_TABLE: Final[dict[Pipeline, np.float32]] = {"en": np.float32(0.3), "ko": np.float32(0.7)}


def added(language: Pipeline, table: Scores, encoder: Scores) -> Scores:
    """What both say together, of log odds in any shape."""
    return _TABLE[language] * table + encoder


class Cascade:
    """Adds to `Clause.scores` and `Reading.scores`, and fills `Reading.heard`."""

    def __init__(self, language: Pipeline, scores: LinearScores) -> None:
        self._language: Pipeline = language
        self._scores = scores

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.scores is None or not reading.clauses or self._is_praise(reading):
            return doc
        read = encoder.load(self._language)
        found = read.read(reading.text, [(clause.start, clause.end) for clause in reading.clauses])
        shared = [read.labels.index(label) for label in self._scores.labels]
        for clause, odds in zip(reading.clauses, found, strict=False):
            if clause.scores is not None:
                clause.scores = added(self._language, clause.scores, odds[shared])
        reading.scores = added(self._language, reading.scores, found[-1][shared])
        reading.heard = dict(zip(read.labels, found[-1].tolist(), strict=True))
        return doc

    def _is_praise(self, reading: Reading) -> bool:
        if signs(reading) or any(match.polarity == "negative" or match.flipped for match in reading.matches):
            return False
        negative, neutral, positive = self._scores.columns(SENTIMENT)
        odds = reading.scores
        if odds is None or odds[positive] - max(odds[negative], odds[neutral]) < _SURE:
            return False
        clauses = [clause.scores for clause in reading.clauses]
        return all(each is not None and each[positive] > each[negative] for each in clauses)

    def to_disk(self, path: object, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save: the encoder is no pipeline's own."""

    def from_disk(self, path: object, *, exclude: Iterable[str] = ()) -> "Cascade":
        """Nothing to load."""
        return self


@Language.factory("moksori_cascade_v1", default_config={"language": "en", "scores": "scores"})
def create_cascade(nlp: Language, name: str, language: Pipeline, scores: str) -> Cascade:
    """language: whose encoder. scores: the component that is asked first."""
    table = nlp.get_pipe(scores)
    assert isinstance(table, LinearScores)
    return Cascade(language, table)
