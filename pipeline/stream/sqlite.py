"""The stream in one SQLite file, for one machine: several producers, one consumer per group."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from pipeline.errors import SettingsError, TooLarge
from pipeline.sqlite import connect, transaction, translated
from pipeline.stream import MAX_MESSAGE, Record, milliseconds

_SCHEMA = """
-- AUTOINCREMENT: an offset is never used twice, even after old messages were swept.
CREATE TABLE IF NOT EXISTS messages (
    offset INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_by_topic ON messages (topic, offset);
CREATE TABLE IF NOT EXISTS commits (
    topic TEXT NOT NULL, consumer_group TEXT NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (topic, consumer_group)
);
"""
_LOOK_AGAIN_S = 0.03


class SqliteStream:
    """See pipeline.stream.Stream. All topics share one sequence of offsets; there is one partition, 0."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._db = connect(path, _SCHEMA)
        self._outgoing: list[tuple[str, str, bytes, int]] = []
        self._positions: dict[tuple[str, str], int] = {}
        self._locks: dict[tuple[str, str], FileLock] = {}

    def setup(self) -> None:
        """Forget what is superseded, as Kafka's compaction does: of each key the newest message stays.

        Only what every group has read goes. A tombstone so removes an erased text from the file.
        """
        self._db.execute("PRAGMA secure_delete = ON")
        with transaction(self._db, self._path):
            read = self._db.execute("SELECT topic, min(offset) FROM commits GROUP BY topic").fetchall()
            for topic, offset in read:
                self._db.execute(
                    "DELETE FROM messages WHERE topic = ? AND offset <= ? AND offset NOT IN"
                    " (SELECT max(offset) FROM messages WHERE topic = ? GROUP BY key)",
                    (topic, offset, topic),
                )

    def publish(self, topic: str, key: str, value: bytes) -> None:
        if len(value) > MAX_MESSAGE:
            raise TooLarge(f"message {key!r} has {len(value):,} bytes; {topic} takes at most {MAX_MESSAGE:,}")
        self._outgoing.append((topic, key, value, time.time_ns() // 1_000_000))

    def flush(self) -> None:
        if not self._outgoing:
            return
        # The write lock is taken before offsets are given, so a reader never sees a later offset before an earlier one.
        sending, self._outgoing = self._outgoing, []
        with transaction(self._db, self._path):
            self._db.executemany("INSERT INTO messages (topic, key, value, at_ms) VALUES (?, ?, ?, ?)", sending)

    def poll(self, topic: str, group: str, limit: int, wait_s: float) -> list[Record]:
        self._join(topic, group)
        deadline = time.monotonic() + wait_s
        while True:
            records = self._read(topic, self._positions[topic, group], limit)
            if records:
                self._positions[topic, group] = records[-1].offset
                return records
            if time.monotonic() >= deadline:
                return []
            time.sleep(min(_LOOK_AGAIN_S, wait_s))

    def commit(self, group: str, records: Sequence[Record]) -> None:
        with transaction(self._db, self._path):
            for topic in {record.topic for record in records}:
                self._set_commit(topic, group, max(record.offset for record in records if record.topic == topic))

    def keep_alive(self, topic: str, group: str) -> None:
        pass  # membership is a file lock; it lasts as long as the process

    def rejoin(self, topic: str, group: str) -> None:
        self._positions[topic, group] = self._committed(topic, group)

    def rewind(self, topic: str, group: str, since: datetime) -> None:
        self._join(topic, group)
        with transaction(self._db, self._path):
            (offset,) = self._db.execute(
                "SELECT coalesce(min(offset) - 1, (SELECT coalesce(max(offset), 0) FROM messages))"
                " FROM messages WHERE topic = ? AND at_ms >= ?",
                (topic, milliseconds(since)),
            ).fetchone()
            self._set_commit(topic, group, offset)
        self._positions[topic, group] = offset
        self._locks.pop((topic, group)).release()
        del self._positions[topic, group]

    def lag(self, topic: str, group: str) -> int:
        with translated(self._path):
            (count,) = self._db.execute(
                "SELECT count(*) FROM messages WHERE topic = ? AND offset > ?", (topic, self._committed(topic, group))
            ).fetchone()
        return int(count)

    def read(self, topic: str, start: dict[int, int], limit: int) -> list[Record]:
        return self._read(topic, start.get(0, 0) - 1, limit)

    def close(self) -> None:
        self.flush()
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()
        self._positions.clear()
        self._db.close()

    def _join(self, topic: str, group: str) -> None:
        """Become the group's only reader. The lock is the kernel's: it ends with the process, however that ends."""
        if (topic, group) in self._locks:
            return
        lock = FileLock(f"{self._path}.{topic}.{group}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SettingsError(
                f"{self._path}: another process already reads {topic} as {group!r}; the embedded stream allows one. "
                "Stop that one, or set stream: kafka://host:9092 to run several"
            ) from None
        self._locks[topic, group] = lock
        self._positions[topic, group] = self._committed(topic, group)

    def _read(self, topic: str, after: int, limit: int) -> list[Record]:
        with translated(self._path):
            rows = self._db.execute(
                "SELECT offset, key, value, at_ms FROM messages WHERE topic = ? AND offset > ? ORDER BY offset LIMIT ?",
                (topic, after, limit),
            ).fetchall()
        return [
            Record(topic, 0, offset, key, value, datetime.fromtimestamp(at_ms / 1000, UTC))
            for offset, key, value, at_ms in rows
        ]

    def _committed(self, topic: str, group: str) -> int:
        with translated(self._path):
            row = self._db.execute(
                "SELECT offset FROM commits WHERE topic = ? AND consumer_group = ?", (topic, group)
            ).fetchone()
        return int(row[0]) if row else 0

    def _set_commit(self, topic: str, group: str, offset: int) -> None:
        self._db.execute(
            "INSERT INTO commits VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET offset = excluded.offset",
            (topic, group, offset),
        )
