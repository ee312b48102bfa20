"""The words of moksori as data: review, tags, tombstone and dead letter, as they travel on the stream.

Every message is one JSON object with `type` and `schema_version`. Fields that a newer version added are kept
and written out again, so an old worker between two new ones loses nothing.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from pipeline.errors import BadRecord

SCHEMA_VERSION: Final = 1
MAX_TEXT: Final = 100_000
"""Characters of a review's text. Longer ones are refused where they are collected, by name."""

ERASED: Final = 2**53 - 1
"""The version of an erased review's tombstone: no copy from a replay or a new crawl is ever newer."""

Sentiment = Literal["positive", "neutral", "negative"]
Stage = Literal["discover", "buy", "deliver", "use", "support", "leave"]
Emotion = Literal["anger", "disappointment", "anxiety", "sadness", "joy", "gratitude", "surprise", "neutral"]
Urgency = Literal["low", "medium", "high"]
Kind = Literal["review", "post", "comment", "ticket", "survey"]

# Control characters carry no meaning in a review and break terminals, logs and PostgreSQL (NUL).
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")


def clean(text: str) -> str:
    """The text without control characters; line ends become \\n, outer blanks go."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Text = Annotated[str, AfterValidator(clean)]
Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Probability = Annotated[float, Field(ge=0, le=1)]


class Message(BaseModel):
    """What all stream messages share: immutable, unknown fields survive."""

    model_config = ConfigDict(extra="allow", frozen=True)

    def to_bytes(self) -> bytes:
        """UTF-8 JSON for the stream."""
        return self.model_dump_json(exclude_none=True).encode()


class Review(Message):
    """One thing one customer said, as collected.

    id: "{source}:{external id}", stable over every re-read.
    version: the source's own edit time in ms since 1970 (collection time where it has none); higher is newer.
    rating: 0 (worst) to 1 (best); None where the source has none.
    author_id: a pseudonym of the author within the source, never a name.
    owner_reply_at: when the brand answered in public, as far as the source tells.
    """

    type: Literal["review"] = "review"
    schema_version: int = SCHEMA_VERSION
    id: str = Field(min_length=3, max_length=512)
    source: SourceName
    kind: Kind = "review"
    brand: str = Field(min_length=1, max_length=200)
    product: str | None = Field(None, max_length=300)
    product_version: str | None = Field(None, max_length=100)
    location: str | None = Field(None, max_length=200)
    author_id: str | None = Field(None, max_length=200)
    rating: Probability | None = None
    title: Text = Field("", max_length=1000)
    text: Text = Field(max_length=MAX_TEXT)
    url: str | None = Field(None, max_length=2000)
    lang: str | None = Field(None, max_length=20)
    created_at: Moment
    collected_at: Moment
    version: int = Field(ge=1, lt=2**53)
    owner_reply_at: Moment | None = None

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        if not self.id.startswith(f"{self.source}:"):
            raise ValueError(f"id {self.id!r} does not begin with its source {self.source!r} and a colon")
        if not datetime(1990, 1, 1, tzinfo=UTC) <= self.created_at <= self.collected_at + timedelta(days=2):
            raise ValueError(f"created_at {self.created_at:%Y-%m-%d} is before 1990 or in the future")
        if not self.text and not self.title and self.rating is None:
            raise ValueError("neither text, title nor rating: there is nothing said")
        return self


class Theme(Message):
    """What a complaint or praise is about.

    score: how sure, 0 to 1. evidence: [start, end) character offsets into the review's `text`.
    """

    name: str
    sentiment: Sentiment
    score: Probability
    evidence: list[tuple[int, int]] = []


class PersonalData(Message):
    """A piece of personal data found in the text, at [start, end) in characters."""

    kind: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Tags(Message):
    """What the tagger adds to a review.

    sentiment_score: -1 (negative) to 1 (positive). churn_risk: probability, 0 to 1.
    tokens: lemmas in lower case, in order of the text (title first), without blanks inside.
    model: which trained pipeline said so, for example "ko-2026.11.1".
    """

    lang: str
    sentiment: Sentiment
    sentiment_score: float = Field(ge=-1, le=1)
    themes: list[Theme] = []
    stage: Stage | None = None
    emotion: Emotion = "neutral"
    urgency: Urgency = "low"
    churn_risk: Probability = 0.0
    spam: bool = False
    pii: list[PersonalData] = []
    tokens: list[str] = []
    model: str

    @field_validator("tokens")
    @classmethod
    def _without_blanks(cls, tokens: list[str]) -> list[str]:
        if any(not token or token != "".join(token.split()) for token in tokens):
            raise ValueError("a token is empty or has a blank inside")
        return tokens


class TaggedReview(Message):
    """A review with its tags."""

    type: Literal["tagged"] = "tagged"
    schema_version: int = SCHEMA_VERSION
    review: Review
    tags: Tags

    @property
    def id(self) -> str:
        return self.review.id


class Tombstone(Message):
    """A review that is gone: deleted at its source, or erased on a person's request.

    version: like a review's; everything of that version or older is gone.
    """

    type: Literal["tombstone"] = "tombstone"
    schema_version: int = SCHEMA_VERSION
    id: str = Field(min_length=3, max_length=512)
    source: SourceName
    version: int = Field(ge=1, lt=2**53)
    reason: Literal["deleted", "erased"] = "deleted"
    at: Moment


class DeadLetter(Message):
    """What could not be collected, tagged, indexed or handed to the desk: the reason and the original bytes.

    stage "collect" is a refusal: the row or item never became a review. line: its line in an imported file.
    key, topic, partition, offset: where the record lay, so that it can be sent there again.
    state: "waiting" for someone to look; "retried" or "dropped" by someone.
    """

    # The original may be anything: base64 in JSON.
    model_config = ConfigDict(extra="allow", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    type: Literal["dead"] = "dead"
    schema_version: int = SCHEMA_VERSION
    stage: Literal["collect", "tag", "index", "desk"]
    reason: str = Field(max_length=2000)
    original: bytes
    source: str | None = None
    review_id: str | None = None
    line: int | None = None
    key: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    state: Literal["waiting", "retried", "dropped"] = "waiting"
    at: Moment

    @property
    def identity(self) -> str:
        """Its key on the dead-letter topic: a record refused twice, or an import repeated, is one dead letter."""
        if self.topic is not None:
            return f"{self.stage}:{self.topic}:{self.partition}:{self.offset}"
        digest = hashlib.sha256(self.original).hexdigest()[:16]
        return f"{self.stage}:{self.source}:{self.line}:{digest}"


StreamMessage = Annotated[Review | TaggedReview | Tombstone, Field(discriminator="type")]
_STREAM_MESSAGE: TypeAdapter[Review | TaggedReview | Tombstone] = TypeAdapter(StreamMessage)


def parse_message(value: bytes) -> Review | TaggedReview | Tombstone:
    """The message in these bytes. Raises BadRecord with the first fault found."""
    try:
        return _STREAM_MESSAGE.validate_json(value)
    except ValidationError as error:
        raise BadRecord(first_fault(error)) from error


def parse_dead_letter(value: bytes) -> DeadLetter:
    """The dead letter in these bytes. Raises BadRecord."""
    try:
        return DeadLetter.model_validate_json(value)
    except ValidationError as error:
        raise BadRecord(first_fault(error)) from error


def first_fault(error: ValidationError) -> str:
    """One line for the first thing that pydantic found wrong: where, and what."""
    fault: Any = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else str(fault["msg"])
