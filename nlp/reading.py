"""What the components of a pipeline learn about one text and hand to each other, kept with spaCy's Doc."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from pipeline.models import Emotion, Sentiment, Stage, Urgency

_KEY: Final = "moksori"
Scores = NDArray[np.float32]


@dataclass(slots=True)
class Unit:
    """A morpheme or word as the tagger sees it. Offsets are into `Doc.text`.

    lemma: dictionary form. search: whether it is a search token. breaks: a clause ends after it.
    """

    lemma: str
    start: int
    end: int
    tag: str = ""
    search: bool = True
    breaks: bool = False
    contrast: bool = False


@dataclass(slots=True)
class Clause:
    """A stretch of text with one thing said. contrast: it follows a "but". sentiment: -1 to 1.

    learned: log odds that a brand's model adds to a theme.
    """

    start: int
    end: int
    units: list[Unit]
    contrast: bool = False
    scores: Scores | None = None
    sentiment: float = 0.0
    learned: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern was found at [start, end) of `Doc.text`. flipped: under a negation."""

    label: str
    polarity: str
    start: int
    end: int
    flipped: bool


@dataclass(slots=True)
class Found:
    """A theme with its evidence; offsets are into `Doc.text`."""

    name: str
    sentiment: Sentiment
    score: float
    evidence: list[tuple[int, int]]


@dataclass(slots=True)
class Reading:
    """All that is known about a text so far. Each component fills its own fields and reads those before it.

    text: that of the Doc, which spaCy joins anew each time. rating: 0 to 1, where the source has one.
    heard: what the encoder says of the whole text, log odds by label; None where it was not asked.
    text_sentiment: -1 to 1, of the words alone. moods: their probabilities of negative, neutral and positive.
    """

    units: list[Unit]
    text: str = ""
    rating: float | None = None
    clauses: list[Clause] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    scores: Scores | None = None
    heard: dict[str, float] | None = None
    sentiment: Sentiment = "neutral"
    sentiment_score: float = 0.0
    text_sentiment: float = 0.0
    moods: tuple[float, float, float] = (0.0, 1.0, 0.0)
    themes: list[Found] = field(default_factory=list)
    stage: Stage | None = None
    emotion: Emotion = "neutral"
    urgency: Urgency = "low"
    churn_risk: float = 0.0
    spam: bool = False
    pii: list[tuple[str, int, int]] = field(default_factory=list)

    def tokens(self) -> list[str]:
        """The search tokens in order."""
        return [unit.lemma for unit in self.units if unit.search]


def attach(doc: Doc, reading: Reading) -> Doc:
    """Gives a Doc its Reading."""
    doc.user_data[_KEY] = reading
    return doc


def reading_of(doc: Doc) -> Reading:
    """The Reading of a Doc that one of our tokenizers made."""
    found: Any = doc.user_data[_KEY]
    assert isinstance(found, Reading)
    return found
