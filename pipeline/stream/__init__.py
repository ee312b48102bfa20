"""The stream port: a keyed, ordered, durable log between the stages, and how to open one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

from pipeline.errors import SettingsError

RAW: Final = "reviews.raw"
TAGGED: Final = "reviews.tagged"
DEAD: Final = "reviews.dead"
TOPICS: Final = (RAW, TAGGED, DEAD)

MAX_MESSAGE: Final = 1_048_576
"""Bytes of one message's value, 1 MiB."""


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970. Exact: by way of a float some moments would fall into the millisecond before."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Record:
    """One message as read: where it lay, and what it says. Order holds within a partition."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    at: datetime


class Stream(Protocol):
    """A log of topics. Messages of one key keep their order; a group reads each message at least once.

    Every call may raise Unavailable (try again later). Not thread-safe: one object per thread.
    """

    def setup(self) -> None:
        """Make the topics where they are missing. May be called at every start."""

    def publish(self, topic: str, key: str, value: bytes) -> None:
        """Hand over one message. It may be buffered: nothing counts before flush() returns.

        Raises TooLarge, at once, for a value over MAX_MESSAGE bytes; nothing is sent then.
        """

    def flush(self) -> None:
        """Return when all published so far is acknowledged. On Unavailable publish it again: some may be lost."""

    def poll(self, topic: str, group: str, limit: int, wait_s: float) -> list[Record]:
        """The next records of this group, at most `limit`, after at most about `wait_s` seconds; maybe none.

        Goes on from the last record returned to this object; after a restart, from the last commit.
        """

    def commit(self, group: str, records: Sequence[Record]) -> None:
        """Remember that the group has done these records. Call it only when their output is acknowledged.

        A commit that came too late (the partition moved to another reader) is dropped: the records come again.
        """

    def keep_alive(self, topic: str, group: str) -> None:
        """Stay a member of the group without reading, while a batch waits for a server. Call every few seconds."""

    def rejoin(self, topic: str, group: str) -> None:
        """Leave the group and start again from its last commit. For a reader that stands still."""

    def rewind(self, topic: str, group: str, since: datetime) -> None:
        """Let the group read again everything published at `since` or later. Only while no reader of it runs."""

    def lag(self, topic: str, group: str) -> int:
        """How many records the group has not committed yet."""

    def read(self, topic: str, start: dict[int, int], limit: int) -> list[Record]:
        """Records from the given offset of each partition on (0 where absent), outside any group; empty at the end."""

    def close(self) -> None:
        """Flush, leave all groups, free everything."""


def open_stream(url: str) -> Stream:
    """The stream behind a URL: sqlite:///path/stream.db, or kafka://host:9092[,host:9092][/prefix][?partitions=4].

    With a prefix, topics are named "prefix.reviews.raw" and so on, so that several brands share one cluster.
    Raises SettingsError for another URL.
    """
    if url.startswith("sqlite:///"):
        from pipeline.stream.sqlite import SqliteStream

        return SqliteStream(url.removeprefix("sqlite:///"))
    if url.startswith("kafka://"):
        from pipeline.stream.kafka import KafkaStream

        parts = urlsplit(url)
        partitions = parse_qs(parts.query).get("partitions", ["4"])[0]
        if not partitions.isdigit():
            raise SettingsError(
                f"stream: partitions is {partitions!r}, expected a number. Write {url.split('?')[0]}?partitions=4"
            )
        return KafkaStream(parts.netloc.split(","), parts.path.strip("/"), int(partitions))
    raise SettingsError(f"stream: {url!r} is no stream. Write sqlite:///var/stream.db or kafka://host:9092")
