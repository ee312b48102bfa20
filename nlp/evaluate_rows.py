"""A labelled text, as evaluation reads it: what people say about it, as far as they say anything."""

from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import BadRecord
from pipeline.models import Emotion, Sentiment, Stage, Urgency, first_fault


class LabelledTheme(BaseModel):
    """What a text is about. evidence: the part of the text that says so, word for word."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, validation_alias=AliasChoices("theme", "name"))
    sentiment: Sentiment | None = None
    evidence: str | None = None


class Labelled(BaseModel):
    """A text with its labels; None where nobody said.

    themes: all that the text is about; with not_themes, those it is not about, nothing is said of all others.
    pii: the personal data themselves. lang is a label too: the tagger does not see it. rating (0 to 1) is seen only
    with use_rating, for stars are often what the other labels were made of. source, kind: the text is counted among
    others of the same.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    title: str | None = None
    lang: str | None = None
    source: str | None = None
    kind: str | None = None
    rating: float | None = None
    use_rating: bool = False
    sentiment: Sentiment | None = None
    themes: list[LabelledTheme] | None = None
    not_themes: list[str] | None = None
    emotion: Emotion | None = None
    stage: Stage | None = None
    urgency: Urgency | None = None
    wants_churn: bool | None = None
    spam: bool | None = None
    pii: list[str] | None = None


def labelled(row: "Mapping[str, Any] | Labelled") -> Labelled:
    """The row as a labelled text. Raises BadRecord with its first fault."""
    try:
        return Labelled.model_validate(row)
    except ValidationError as error:
        raise BadRecord(first_fault(error)) from None
