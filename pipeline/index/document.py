"""The index document: one flat record per review, made for Kibana and for search."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from pipeline.models import Sentiment, TaggedReview, Tombstone


class IndexDocument(BaseModel):
    """One review as people search it. Field meanings: docs/how-it-works.md.

    rating 0–1; sentiment_score and theme_sentiment -1 to 1; is_negative 0 or 1, so that its mean is the negative share.
    tokens: lemmas joined by blanks. response_hours: from created_at to the brand's public reply.
    case_status: set by the desk through Index.annotate, never by the pipeline.
    evidence: theme name → [start, end) offsets into text; kept for display, not searchable.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    source: str
    kind: str = "review"
    brand: str = ""
    product: str | None = None
    product_version: str | None = None
    location: str | None = None
    author_id: str | None = None
    rating: float | None = None
    title: str = ""
    text: str = ""
    tokens: str = ""
    url: str | None = None
    lang: str = ""
    created_at: AwareDatetime
    collected_at: AwareDatetime
    version: int
    sentiment: str = "neutral"
    sentiment_score: float = 0.0
    is_negative: int = 0
    themes: list[str] = []
    negative_themes: list[str] = []
    theme_sentiment: dict[str, float] = {}
    stage: str | None = None
    emotion: str = "neutral"
    urgency: str = "low"
    churn_risk: float = 0.0
    is_spam: bool = False
    owner_reply_at: AwareDatetime | None = None
    response_hours: float | None = None
    case_status: str | None = None
    model: str = ""
    evidence: dict[str, list[tuple[int, int]]] = {}
    deleted: bool = False

    @property
    def theme_moods(self) -> dict[str, Sentiment]:
        """The sentiment of each theme, in words."""
        return {name: _MOODS[(score > 0) - (score < 0)] for name, score in self.theme_sentiment.items()}


_MOODS: dict[int, Sentiment] = {-1: "negative", 0: "neutral", 1: "positive"}
_TONE = {"positive": 1.0, "neutral": 0.0, "negative": -1.0}


def from_tagged(tagged: TaggedReview) -> IndexDocument:
    """The document of a tagged review."""
    review, tags = tagged.review, tagged.tags
    return IndexDocument(
        **review.model_dump(include=_FROM_REVIEW),
        lang=tags.lang,
        tokens=" ".join(tags.tokens),
        sentiment=tags.sentiment,
        sentiment_score=tags.sentiment_score,
        is_negative=int(tags.sentiment == "negative"),
        themes=sorted({theme.name for theme in tags.themes}),
        negative_themes=sorted({theme.name for theme in tags.themes if theme.sentiment == "negative"}),
        theme_sentiment={theme.name: _TONE[theme.sentiment] * theme.score for theme in tags.themes},
        stage=tags.stage,
        emotion=tags.emotion,
        urgency=tags.urgency,
        churn_risk=tags.churn_risk,
        is_spam=tags.spam,
        response_hours=_hours(review.created_at, review.owner_reply_at),
        model=tags.model,
        evidence={theme.name: theme.evidence for theme in tags.themes if theme.evidence},
    )


def from_tombstone(tombstone: Tombstone) -> IndexDocument:
    """The document that stays in place of a review that is gone: no text, left out of every query."""
    return IndexDocument(
        id=tombstone.id,
        source=tombstone.source,
        created_at=tombstone.at,
        collected_at=tombstone.at,
        version=tombstone.version,
        deleted=True,
    )


_FROM_REVIEW: Any = {
    "id", "source", "kind", "brand", "product", "product_version", "location", "author_id", "rating", "title", "text",
    "url", "created_at", "collected_at", "version", "owner_reply_at",
}  # fmt: skip


def _hours(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else max(0.0, (end - start).total_seconds() / 3600)
