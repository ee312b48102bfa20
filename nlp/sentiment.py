"""Sentiment: calibrated probabilities of three classes from the scores, with the stars as evidence."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import srsly  # type: ignore[import-untyped]
from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import Clause, Match, reading_of
from nlp.scores import SENTIMENT, LinearScores
from pipeline.models import Sentiment

CLASSES: Final[tuple[Sentiment, ...]] = ("negative", "neutral", "positive")
_STARS: Final = 2.0  # log odds that one or five stars add to their side
_MIDDLE: Final = 0.8  # and three stars to neutral,
_DECIDED: Final = 3.8  # from which one or five take so much
_PATTERN: Final = 0.2  # log odds that a plain complaint or praise without mood words adds
_MOST_PATTERNS: Final = 2
_TURN: Final = 0.4  # log odds of what comes after a "but"
_NEGATED_MOOD: Final = 4.0  # log odds of negated praise and blame, against words that say the opposite


class SentimentTagger:
    """Fills `Clause.sentiment`, `Reading.text_sentiment`, `.sentiment` and `.sentiment_score`."""

    def __init__(self, scores: LinearScores, temperature: float = 1.0) -> None:
        self.scores = scores
        self.temperature = temperature

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.spam:
            return doc  # advertising praises what is not the brand's
        columns = self.scores.columns(SENTIMENT)
        hints = [(match.start, _hint(match)) for match in reading.matches if match.polarity != "any"]
        for clause in reading.clauses:
            if clause.scores is not None:
                hint = _sum(hint for start, hint in hints if clause.start <= start < clause.end)
                negative, _, positive = self.probabilities(clause.scores[columns].tolist(), hint)
                clause.sentiment = positive - negative
        if reading.scores is None or not any(unit.search for unit in reading.units):
            found = _stars_alone(reading.rating)
        else:
            text = reading.scores[columns].tolist()
            hint = _sum(hint for _, hint in hints) + _TURN * _after_but(reading.clauses)
            reading.moods = self.probabilities(text, hint)
            reading.text_sentiment = reading.moods[2] - reading.moods[0]
            found = self.probabilities(text, hint, reading.rating)
        reading.sentiment = CLASSES[int(np.argmax(found))]
        reading.sentiment_score = min(1.0, max(-1.0, round(found[2] - found[0], 4)))
        return doc

    def probabilities(
        self, scores: Sequence[float], hint: float = 0.0, rating: float | None = None
    ) -> tuple[float, float, float]:
        """Negative, neutral, positive. hint: log odds that patterns add for the brand (below 0: against it)."""
        negative, neutral, positive = scores
        cool = 1 / self.temperature
        negative, neutral, positive = negative * cool, neutral * cool, positive * cool
        negative, positive = negative - hint, positive + hint
        if rating is not None:
            negative += _STARS * (1 - 2 * rating)
            positive += _STARS * (2 * rating - 1)
            neutral += _MIDDLE - _DECIDED * abs(2 * rating - 1)
        top = max(negative, neutral, positive)
        odds = [math.exp(score - top) for score in (negative, neutral, positive)]
        total = sum(odds)
        return odds[0] / total, odds[1] / total, odds[2] / total

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes the temperature."""
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "sentiment.json", {"temperature": self.temperature})

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "SentimentTagger":
        """Reads what `to_disk` wrote."""
        self.temperature = float(srsly.read_json(path / "sentiment.json")["temperature"])
        return self


def _after_but(clauses: Sequence[Clause]) -> float:
    """The sentiment of the last clause after a "but", if one before it says the opposite: that one is meant."""
    last = next((number for number in range(len(clauses) - 1, 0, -1) if clauses[number].contrast), 0)
    turned = clauses[last].sentiment
    against = any(clause.sentiment * turned < 0 for clause in clauses[:last])
    return turned if against else 0.0


def _hint(match: Match) -> tuple[bool, int]:
    """Whether the pattern is one of mood, and its side."""
    return match.label == "mood", 1 if (match.polarity == "positive") != match.flipped else -1


def _sum(hints: Iterable[tuple[bool, int]]) -> float:
    mood = plain = 0
    for is_mood, side in hints:
        mood, plain = (mood + side, plain) if is_mood else (mood, plain + side)
    plain = max(-_MOST_PATTERNS, min(_MOST_PATTERNS, plain))
    return _NEGATED_MOOD * max(-1, min(1, mood)) + _PATTERN * plain


def _stars_alone(rating: float | None) -> tuple[float, float, float]:
    if rating is None:
        return 0.0, 1.0, 0.0
    if rating > 0.625:
        return 0.1, 0.2, 0.7
    return (0.7, 0.2, 0.1) if rating < 0.375 else (0.2, 0.6, 0.2)


@Language.factory("moksori_sentiment_v1", default_config={"scores": "scores"})
def create_sentiment(nlp: Language, name: str, scores: str) -> SentimentTagger:
    """scores: the component whose scores are read."""
    table = nlp.get_pipe(scores)
    assert isinstance(table, LinearScores)
    return SentimentTagger(table)
