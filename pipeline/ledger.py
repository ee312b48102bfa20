"""The ledger: a proof, per source and day, that nothing collected was lost.

Everything collected is indexed, refused, dead-lettered, deleted or pending.

It trusts no worker's word. It reads the stream itself for what was collected and what became a dead letter, and looks
each id up in the index. What is in neither is pending; when nothing is left to do and something is still pending, it is
missing, and the ledger says so. Its own file can be deleted at any time: it is made again from the stream.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pipeline.errors import BadRecord
from pipeline.index import Index
from pipeline.index.query import Query
from pipeline.models import Review, Tombstone, parse_dead_letter, parse_message
from pipeline.sqlite import connect, transaction
from pipeline.stream import DEAD, RAW, TAGGED, Record, Stream

_SCHEMA: Final = """
-- One row per thing collected: a review by its id, a message that cannot be read by where it lies, a refused row by its
-- dead letter. state: pending, indexed, deleted, dead or refused. shown: the index shows it, maybe in an older version.
CREATE TABLE IF NOT EXISTS entries (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, day TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_unsettled ON entries (id) WHERE state IN ('pending', 'dead');
CREATE INDEX IF NOT EXISTS entries_by_source ON entries (source, day, state);
CREATE TABLE IF NOT EXISTS positions (topic TEXT, partition INTEGER, next INTEGER, PRIMARY KEY (topic, partition));
"""
_CHUNK: Final = 1000
STAGES: Final = ((RAW, "tag"), (TAGGED, "index"), (TAGGED, "desk"))
"""The readers of each topic: when their lags are 0, nothing is on its way."""


@dataclass(frozen=True)
class LedgerRow:
    """Counts of one source on one day (of first collection, in the brand's time zone)."""

    source: str
    day: str
    collected: int
    indexed: int
    refused: int
    dead: int
    deleted: int
    pending: int


@dataclass(frozen=True)
class Ledger:
    """The account.

    missing: pending although nothing is on its way. surplus: source → reviews in the index that nobody collected.
    """

    rows: list[LedgerRow]
    on_the_way: int
    missing: int
    surplus: dict[str, int]

    @property
    def agrees(self) -> bool:
        """Whether everything collected is accounted for, and the index holds nothing else."""
        return self.missing == 0 and not self.surplus

    def totals(self) -> dict[str, int]:
        """The sum over all rows of each column."""
        names = ("collected", "indexed", "refused", "dead", "deleted", "pending")
        return {name: sum(getattr(row, name) for row in self.rows) for name in names}

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": [asdict(row) for row in self.rows],
            "totals": self.totals(),
            "on_the_way": self.on_the_way,
            "missing": self.missing,
            "surplus": self.surplus,
            "agrees": self.agrees,
        }


def audit(
    stream: Stream, index: Index, state_dir: Path, timezone: str, progress: Callable[[int], None] = lambda count: None
) -> Ledger:
    """Bring the ledger up to date with stream and index, and close it. progress: called with the records read so far.

    Raises Unavailable when stream or index cannot be read.
    """
    book = _Book(state_dir / "ledger.db", ZoneInfo(timezone))
    try:
        # Counted first: what arrives during the audit may be pending without being missing.
        before = sum(stream.lag(topic, group) for topic, group in STAGES)
        read = book.read(stream, RAW, progress, 0)
        book.read(stream, DEAD, progress, read)
        index.refresh()
        book.verify(index)
        rows = book.rows()
        on_the_way = max(before, sum(stream.lag(topic, group) for topic, group in STAGES))
        pending = sum(row.pending for row in rows)
        shown = book.shown()
        surplus = {
            term.value: extra
            for term in index.terms(Query(), "source", limit=10_000)
            if (extra := term.total - shown.get(term.value, 0)) > 0
        }
        return Ledger(rows, on_the_way, 0 if on_the_way else pending, {} if on_the_way else surplus)
    finally:
        book.close()


class _Book:
    """The ledger's own file: what was collected, how far the stream was read, and what was found of each entry."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        self._path = path
        self._zone = zone
        self._db = connect(path, _SCHEMA)

    def read(self, stream: Stream, topic: str, progress: Callable[[int], None], done: int) -> int:
        """Enter what came to a topic since the last audit. Returns done plus the number of records read."""
        rows = self._db.execute("SELECT partition, next FROM positions WHERE topic = ?", (topic,))
        positions: dict[int, int] = dict(rows)
        while batch := stream.read(topic, positions, _CHUNK):
            positions |= {record.partition: record.offset + 1 for record in batch}
            with transaction(self._db, self._path):
                for record in batch:
                    self._enter_collected(record) if topic == RAW else self._enter_dead(record)
                self._db.executemany(
                    "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                    [(topic, partition, following) for partition, following in positions.items()],
                )
            done += len(batch)
            progress(done)
        return done

    def _enter_collected(self, record: Record) -> None:
        try:
            message = parse_message(record.value)
        except BadRecord:
            source = record.key.split(":", 1)[0] or "unknown"
            self._enter(_place(record.topic, record.partition, record.offset), source, record.at, 0, "pending")
            return
        if isinstance(message, Review | Tombstone):
            self._enter(message.id, message.source, record.at, message.version, "pending")

    def _enter_dead(self, record: Record) -> None:
        letter = parse_dead_letter(record.value)
        if letter.stage == "collect":
            self._enter(f"refused:{record.key}", letter.source or "unknown", record.at, 0, "refused")
            return
        # The letter of a message that could not be read names its place; that of a review, its id.
        place = _place(letter.topic or "", letter.partition, letter.offset)
        if letter.state == "retried":
            self._db.execute("DELETE FROM entries WHERE id = ?", (place,))  # it was sent again, and lies elsewhere now
        state = "pending" if letter.state == "retried" else "dead"
        self._db.execute(
            "UPDATE entries SET state = ? WHERE id IN (?, ?) AND state IN ('pending', 'dead')",
            (state, place, letter.review_id),
        )

    def _enter(self, id: str, source: str, at: datetime, version: int, state: str) -> None:
        day = at.astimezone(self._zone).date().isoformat()
        self._db.execute(
            "INSERT INTO entries (id, source, day, version, state) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET version = excluded.version, state = excluded.state WHERE excluded.version > version",
            (id, source, day, version, state),
        )

    def verify(self, index: Index) -> None:
        """Look every entry that is not settled up in the index. A dead one may have been indexed in a newer version."""
        after = ""
        while True:
            entries = self._db.execute(
                "SELECT id, version, state FROM entries WHERE state IN ('pending', 'dead') AND id > ?"
                " ORDER BY id LIMIT ?",
                (after, _CHUNK),
            ).fetchall()
            if not entries:
                return
            after = entries[-1][0]
            stored = index.versions([id for id, _, _ in entries])
            found = []
            for id, version, state in entries:
                if (there := stored.get(id)) is None:
                    continue
                if there.version >= version:
                    state = "deleted" if there.deleted else "indexed"
                found.append((state, not there.deleted, id))
            with transaction(self._db, self._path):
                self._db.executemany("UPDATE entries SET state = ?, shown = ? WHERE id = ?", found)

    def shown(self) -> dict[str, int]:
        """Per source, how many entries the index should show."""
        return dict(self._db.execute("SELECT source, sum(shown) FROM entries GROUP BY source"))

    def rows(self) -> list[LedgerRow]:
        columns = ", ".join(f"sum(state = '{state}')" for state in ("indexed", "refused", "dead", "deleted", "pending"))
        query = f"SELECT source, day, count(*), {columns} FROM entries GROUP BY source, day ORDER BY source, day"  # noqa: S608
        return [LedgerRow(*row) for row in self._db.execute(query)]

    def close(self) -> None:
        self._db.close()


def _place(topic: str, partition: int | None, offset: int | None) -> str:
    return f"{topic}:{partition}:{offset}"
