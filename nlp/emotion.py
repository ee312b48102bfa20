"""Emotion: one of eight, learned from forums, steered by words that name it and by the sentiment."""

from collections.abc import Iterable
from typing import Final, get_args

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import reading_of
from nlp.scores import LinearScores
from pipeline.models import Emotion, Sentiment

EMOTIONS: Final[tuple[Emotion, ...]] = get_args(Emotion)
# An emotion that fights the sentiment is more often a mistake than a mixed heart.
_FITTING: Final[dict[Sentiment, tuple[Emotion, ...]]] = {
    "negative": ("anger", "disappointment", "anxiety", "sadness"),
    "neutral": ("neutral", "surprise", "anxiety"),
    "positive": ("joy", "gratitude", "surprise"),
}
_QUIET: Final = 0.1  # |sentiment score| under which a text has no emotion
_PRIOR: Final[dict[Emotion, float]] = {"disappointment": 2.0, "joy": 1.0, "neutral": 1.0}


class EmotionTagger:
    """Fills `Reading.emotion`."""

    def __init__(self, scores: LinearScores) -> None:
        self.scores = scores

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.scores is None or reading.spam or not any(unit.search for unit in reading.units):
            return doc
        named = {match.label.removeprefix("emotion.") for match in reading.matches if not match.flipped}
        # A word that names its emotion ("고마워요", "disappointed") outdoes what was learned on forums.
        fitting = (
            tuple(emotion for emotion in _FITTING[reading.sentiment] if emotion in named) or _FITTING[reading.sentiment]
        )
        columns = self.scores.columns(f"emotion.{emotion}" for emotion in fitting)
        odds = {
            emotion: float(reading.scores[column]) + _PRIOR.get(emotion, 0.0)
            for emotion, column in zip(fitting, columns, strict=True)
        }
        best = max(odds, key=lambda emotion: odds[emotion])
        if abs(reading.sentiment_score) >= _QUIET or best in named:
            reading.emotion = best
        return doc

    def to_disk(self, path: object, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save: the weights are in the table of scores."""

    def from_disk(self, path: object, *, exclude: Iterable[str] = ()) -> "EmotionTagger":
        """Nothing to load."""
        return self


@Language.factory("moksori_emotion_v1", default_config={"scores": "scores"})
def create_emotion(nlp: Language, name: str, scores: str) -> EmotionTagger:
    """scores: the component whose scores are read."""
    table = nlp.get_pipe(scores)
    assert isinstance(table, LinearScores)
    return EmotionTagger(table)
