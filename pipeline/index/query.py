"""What is asked of the index, as a value: the same question for every backend."""

from datetime import datetime
from typing import Final, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict

Field = Literal[
    "id", "source", "kind", "brand", "product", "product_version", "location", "author_id", "lang", "sentiment",
    "themes", "negative_themes", "stage", "emotion", "urgency", "case_status", "model",
]  # fmt: skip
"""Fields that can be filtered and counted by value. themes and negative_themes hold several values."""

FIELDS: Final[tuple[Field, ...]] = get_args(Field)
LIST_FIELDS: Final[tuple[Field, ...]] = ("themes", "negative_themes")

Phrase = tuple[str, ...]
Term = tuple[Phrase, ...]

Sort = Literal["newest", "oldest", "most_negative"]
Interval = Literal["day", "hour"]


class Query(BaseModel):
    """All conditions hold together; the values of one filter are alternatives.

    terms: full text over `tokens`. Every term must occur; a term occurs if one of its phrases does; a phrase is
    adjacent tokens. `nlp.Tagger.search_terms` makes them of what a person typed.
    rating_min, rating_max: 0 to 1, both inclusive; a review without rating fits neither.
    since inclusive, until exclusive, over created_at. answered: has the brand replied in public?
    spam: None takes all, False leaves advertising out. Deleted reviews are never found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: tuple[Term, ...] = ()
    filters: dict[Field, tuple[str, ...]] = {}
    rating_min: float | None = None
    rating_max: float | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    answered: bool | None = None
    spam: bool | None = None

    def where(self, **filters: str | tuple[str, ...]) -> "Query":
        """The same question with further filters, for example where(source="shop", sentiment="negative")."""
        more = {name: (value,) if isinstance(value, str) else value for name, value in filters.items()}
        return Query.model_validate({**dict(self), "filters": {**self.filters, **more}})

    def between(self, since: datetime | None, until: datetime | None) -> "Query":
        """The same question for another time."""
        return self.model_copy(update={"since": since, "until": until})
