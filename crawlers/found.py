"""What a spider, a listener or a file says of one review, before it is redacted and has an id."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One review as its source tells it. Names and texts are raw: only crawlers/publish.py passes them on.

    external_id: the source's own id; None where it has none, then the publisher hashes author, time and text.
    rating: 0 to 1. created_at, edited_at: aware; created_at None counts as the time of the first collection.
    scope: what else tells two reviews without id apart, as the product's page.
    occurrence: 0, 1, … for equal rows of one file that have neither id nor author nor time, so that both count.
    """

    text: str
    external_id: str | None = None
    title: str = ""
    author: str | None = None
    rating: float | None = None
    created_at: datetime | None = None
    edited_at: datetime | None = None
    owner_reply_at: datetime | None = None
    url: str | None = None
    lang: str | None = None
    product: str | None = None
    product_version: str | None = None
    location: str | None = None
    scope: str = ""
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class Gone:
    """A review that its source has deleted."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that should have been a review and is none.

    original: its bytes as read. line: its line in an imported file.
    """

    reason: str
    original: bytes
    line: int | None = None
