"""The index port: where reviews are searched, counted and shown, and how to open one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from pipeline.errors import SettingsError
from pipeline.index.document import IndexDocument
from pipeline.index.query import Field, Interval, Query, Sort

MAX_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document in put(): "stored", "stale" (a newer one is there: fine), "refused" and why."""

    id: str
    state: Literal["stored", "stale", "refused"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What the index holds of one id."""

    version: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents of a search, the exact number of all, and the cursor of the next page (None at the end)."""

    documents: list[IndexDocument]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class TermCount:
    """How many reviews have a value, and how many of them are negative."""

    value: str
    total: int
    negative: int


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """Counts of one period.

    keys: the values of the `by` fields, None where absent. start: in UTC. rated, rating_sum: how many have a rating,
    and the sum of those, for means.
    """

    keys: tuple[str | None, ...]
    start: datetime
    total: int
    negative: int
    rated: int
    rating_sum: float


class Index(Protocol):
    """Keeps the newest version of each review. Every call may raise Unavailable (try again later)."""

    def setup(self) -> None:
        """Make the tables or the index where missing. May be called at every start."""

    def put(self, documents: Sequence[IndexDocument]) -> list[Outcome]:
        """Store documents; the newest version wins, an equal one overwrites. One outcome each, in order.

        Durable on return.

        case_status and what annotate() wrote survive. A refused document does not stop the others.
        """

    def annotate(self, id: str, case_status: str | None) -> bool:
        """Set the desk's own field of a review. False if the review is not there or is deleted."""

    def get(self, ids: Sequence[str]) -> dict[str, IndexDocument]:
        """The stored documents of these ids, deleted ones too, visible at once after put()."""

    def versions(self, ids: Sequence[str]) -> dict[str, StoredVersion]:
        """Which version of these ids is stored, deleted ones too, visible at once after put()."""

    def search(self, query: Query, sort: Sort = "newest", limit: int = 50, after: str | None = None) -> Page:
        """The reviews that fit, at most `limit` (1 to MAX_PAGE). after: `next` of the page before.

        Raises ValueError for a cursor that is none.
        """

    def count(self, query: Query) -> int:
        """How many reviews fit."""

    def terms(self, query: Query, field: Field, limit: int = 20) -> list[TermCount]:
        """The most frequent values of a field among the reviews that fit; ties by value."""

    def series(
        self, query: Query, by: Sequence[Field] = (), interval: Interval = "day", timezone: str = "UTC"
    ) -> list[SeriesPoint]:
        """Counts per local day or hour and per combination of `by` values, sorted by keys and start.

        Empty periods are left out.

        A review with several values of a list field counts once for each.
        """

    def export(self, query: Query) -> Iterator[IndexDocument]:
        """All reviews that fit, oldest first, in bounded memory."""

    def refresh(self) -> None:
        """Make everything put so far visible to search, count, terms, series and export."""

    def sweep(self, before: datetime) -> int:
        """Remove what is left of reviews that were deleted before this time. Returns how many.

        Erased ones stay (version ERASED): they keep a replay or a new crawl from bringing the review back.
        """

    def close(self) -> None:
        """Free everything."""


def open_index(url: str) -> Index:
    """The index behind a URL: sqlite:///path/index.db, or http(s)://[user:password@]host:9200[/name].

    The name is "reviews" by default.

    Raises SettingsError for another URL.
    """
    if url.startswith("sqlite:///"):
        from pipeline.index.sqlite import SqliteIndex

        return SqliteIndex(url.removeprefix("sqlite:///"))
    if url.startswith(("http://", "https://")):
        from pipeline.index.elasticsearch import ElasticsearchIndex

        return ElasticsearchIndex(url)
    raise SettingsError(f"index: {url!r} is no index. Write sqlite:///var/index.db or http://host:9200")
