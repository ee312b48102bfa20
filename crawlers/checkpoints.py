"""Remembers what is known already: the last content of each review, how far a source was read, what its pages held."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from pipeline.sqlite import connect, transaction

DATABASE: Final = "collect.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS known(
  id TEXT PRIMARY KEY, source TEXT NOT NULL, version INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  content BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS known_recent ON known(source, created_ms);
CREATE TABLE IF NOT EXISTS marks(source TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY(source, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS yields(
  source TEXT, page TEXT, items INTEGER NOT NULL, PRIMARY KEY(source, page)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries(
  source TEXT, id TEXT, at_ms INTEGER NOT NULL, PRIMARY KEY(source, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS collections(
  number INTEGER PRIMARY KEY, source TEXT NOT NULL, ended_at TEXT NOT NULL, said TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS collections_of ON collections(source, number);
"""
DELIVERIES_KEPT: Final = timedelta(days=14)
"""Senders of Standard Webhooks repeat a delivery for about four days."""
GONE: Final = b""
"""The content of a review that its source has deleted."""


class Known(NamedTuple):
    """A review as last acknowledged by the stream. content: a hash, or GONE."""

    id: str
    source: str
    version: int
    created_ms: int
    content: bytes


def open_database(state_dir: Path) -> sqlite3.Connection:
    """The database of everything that collecting remembers, with its tables."""
    return connect(state_dir / DATABASE, _SCHEMA)


class Checkpoints:
    """The memory of one process. Writes only what the caller knows to be acknowledged by the stream.

    Losing the file costs reading and sending again, never a review: ids and versions make a repeat harmless.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / DATABASE
        self._db = open_database(state_dir)

    def known(self, review_id: str) -> Known | None:
        row = self._db.execute(
            "SELECT id, source, version, created_ms, content FROM known WHERE id = ?", (review_id,)
        ).fetchone()
        return Known(*row) if row else None

    def remember(self, reviews: Iterable[Known]) -> None:
        """Note these as acknowledged; an older version never replaces a newer one."""
        with transaction(self._db, self._path):
            self._db.executemany(
                "INSERT INTO known(id, source, version, created_ms, content) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE"
                " SET version = excluded.version, content = excluded.content, created_ms = excluded.created_ms"
                " WHERE excluded.version >= known.version",
                reviews,
            )

    def recent(self, source: str, since: datetime) -> list[str]:
        """Ids of this source's reviews created since then that are not gone, oldest first."""
        rows = self._db.execute(
            "SELECT id FROM known WHERE source = ? AND created_ms >= ? AND content != ? ORDER BY created_ms, id",
            (source, int(since.timestamp() * 1000), GONE),
        )
        return [row[0] for row in rows]

    def marks(self, source: str) -> dict[str, str]:
        """How far a source was read by its last whole collection; what a name means is the spider's matter."""
        return dict(self._db.execute("SELECT name, value FROM marks WHERE source = ?", (source,)))

    def advance(self, source: str, marks: dict[str, str], yields: dict[str, int]) -> None:
        """Set marks and page yields, in one step. Only after a whole collection and the stream's flush."""
        with transaction(self._db, self._path):
            self._db.executemany(
                "INSERT OR REPLACE INTO marks(source, name, value) VALUES (?, ?, ?)",
                [(source, name, value) for name, value in marks.items()],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO yields(source, page, items) VALUES (?, ?, ?)",
                [(source, page, items) for page, items in yields.items()],
            )

    def yields(self, source: str) -> dict[str, int]:
        """How many reviews each page of this source held when it was last read well."""
        return dict(self._db.execute("SELECT page, items FROM yields WHERE source = ?", (source,)))

    def delivered(self, source: str, delivery: str) -> bool:
        """Whether this webhook was taken before."""
        row = self._db.execute("SELECT 1 FROM deliveries WHERE source = ? AND id = ?", (source, delivery)).fetchone()
        return row is not None

    def note_delivery(self, source: str, delivery: str, at: datetime) -> None:
        """Note a webhook as taken, and forget those that no sender will repeat any more."""
        oldest = ms(at - DELIVERIES_KEPT)
        with transaction(self._db, self._path):
            self._db.execute("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)", (source, delivery, ms(at)))
            self._db.execute("DELETE FROM deliveries WHERE source = ? AND at_ms < ?", (source, oldest))

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def ms(moment: datetime) -> int:
    """Milliseconds since 1970, as versions count."""
    return int(moment.timestamp() * 1000)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
