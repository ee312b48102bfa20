"""The index in one SQLite file with FTS5 full text, for one machine; usable at a million reviews."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.index import MAX_PAGE, Outcome, Page, SeriesPoint, StoredVersion, TermCount
from pipeline.index.buckets import offset_changes, start_of_local
from pipeline.index.cursor import read_cursor, write_cursor
from pipeline.index.document import IndexDocument
from pipeline.index.query import LIST_FIELDS, Field, Interval, Phrase, Query, Sort
from pipeline.models import ERASED
from pipeline.sqlite import connect, transaction, translated

# What is filtered and counted lies in narrow rows, and most of it once more in the index documents_counted: at a
# million reviews a count reads that index from end to end (110 MB), not the bodies (1 GB).
_COLUMNS: Final = (
    "id", "source", "kind", "brand", "product", "product_version", "location", "author_id", "lang", "sentiment",
    "stage", "emotion", "urgency", "case_status", "model",
)  # fmt: skip
# The tokenizer takes everything but separators for a token, as Elasticsearch's whitespace analyser does.
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS documents (
    doc INTEGER PRIMARY KEY, {", ".join(f"{name} TEXT" for name in _COLUMNS)}, version INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, collected_ms INTEGER NOT NULL, rating REAL, sentiment_score REAL NOT NULL,
    is_negative INTEGER NOT NULL, is_spam INTEGER NOT NULL, answered INTEGER NOT NULL, deleted INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_id ON documents (id);
CREATE INDEX IF NOT EXISTS documents_counted ON documents (
    created_ms, id, source, product, sentiment, is_spam, is_negative, rating, stage, lang, emotion, urgency, brand,
    kind, answered, deleted
) WHERE NOT deleted;
CREATE INDEX IF NOT EXISTS documents_by_source ON documents (source, created_ms, is_negative) WHERE NOT deleted;
CREATE INDEX IF NOT EXISTS documents_by_tone ON documents (sentiment_score, id) WHERE NOT deleted;
CREATE TABLE IF NOT EXISTS list_values (
    field TEXT NOT NULL, value TEXT NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (field, value, doc)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS list_values_by_doc ON list_values (doc, field, value);
CREATE TABLE IF NOT EXISTS bodies (doc INTEGER PRIMARY KEY, tokens TEXT NOT NULL, body TEXT NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS full_text USING fts5(
    tokens, content='bodies', content_rowid='doc',
    tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
"""
_UPSERT = f"""
INSERT INTO documents ({", ".join(_COLUMNS)}, version, created_ms, collected_ms, rating, sentiment_score, is_negative,
    is_spam, answered, deleted)
VALUES ({", ".join("?" * (len(_COLUMNS) + 9))})
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in _COLUMNS if n not in ("id", "case_status"))},
    case_status = CASE WHEN excluded.deleted THEN NULL ELSE case_status END,
    version = excluded.version, created_ms = excluded.created_ms, collected_ms = excluded.collected_ms,
    rating = excluded.rating, sentiment_score = excluded.sentiment_score, is_negative = excluded.is_negative,
    is_spam = excluded.is_spam, answered = excluded.answered, deleted = excluded.deleted
RETURNING doc
"""
_ORDER: Final[dict[Sort, tuple[str, str]]] = {
    "newest": ("created_ms DESC, id", "(created_ms < :sort OR (created_ms = :sort AND id > :id))"),
    "oldest": ("created_ms, id", "(created_ms > :sort OR (created_ms = :sort AND id > :id))"),
    "most_negative": ("sentiment_score, id", "(sentiment_score > :sort OR (sentiment_score = :sort AND id > :id))"),
}
_CACHE_KIB: Final = 65_536
_PERIOD_MS: Final[dict[Interval, int]] = {"day": 86_400_000, "hour": 3_600_000}


def to_sqlite(query: Query) -> tuple[str, dict[str, Any]]:
    """A WHERE clause over `documents` and its named parameters."""
    clauses = ["NOT deleted"]
    values: dict[str, Any] = {}
    if query.terms:
        clauses.append("doc IN (SELECT rowid FROM full_text WHERE full_text MATCH :match)")
        values["match"] = " AND ".join(f"({' OR '.join(map(_phrase, term))})" for term in query.terms)
    for field, allowed in query.filters.items():
        names = [f":{field}{number}" for number in range(len(allowed))]
        values |= {name[1:]: value for name, value in zip(names, allowed, strict=True)}
        if field in LIST_FIELDS:
            clauses.append(
                f"doc IN (SELECT doc FROM list_values WHERE field = '{field}' AND value IN ({', '.join(names)}))"
            )
        else:
            clauses.append(f"{field} IN ({', '.join(names)})")
    for clause, name, value in (
        ("created_ms >= :since", "since", _millis(query.since)),
        ("created_ms < :until", "until", _millis(query.until)),
        ("rating >= :rating_min", "rating_min", query.rating_min),
        ("rating <= :rating_max", "rating_max", query.rating_max),
        ("answered = :answered", "answered", query.answered),
        ("is_spam = :spam", "spam", query.spam),
    ):
        if value is not None:
            clauses.append(clause)
            values[name] = value
    return " AND ".join(clauses), values


def _phrase(tokens: Phrase) -> str:
    return '"' + " ".join(tokens).replace('"', '""') + '"'


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


class SqliteIndex:
    """See pipeline.index.Index."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._db = connect(path, _SCHEMA)
        self._db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        self._db.execute("PRAGMA temp_store=MEMORY")

    def setup(self) -> None:
        pass  # connect() has made the tables

    def put(self, documents: Sequence[IndexDocument]) -> list[Outcome]:
        outcomes = []
        with transaction(self._db, self._path):
            for document in documents:
                outcomes.append(self._put(document))
        return outcomes

    def _put(self, document: IndexDocument) -> Outcome:
        old = self._db.execute(
            "SELECT doc, version, tokens FROM documents JOIN bodies USING (doc) WHERE id = ?", (document.id,)
        ).fetchone()
        if old and old[1] > document.version:
            return Outcome(document.id, "stale")
        if old:
            # FTS5 with outside content wants the old text back to forget it.
            self._db.execute(
                "INSERT INTO full_text (full_text, rowid, tokens) VALUES ('delete', ?, ?)", (old[0], old[2])
            )
            self._db.execute("DELETE FROM list_values WHERE doc = ?", (old[0],))
        (doc,) = self._db.execute(_UPSERT, _row(document)).fetchone()
        body = document.model_dump_json(exclude={"tokens", "case_status"}, exclude_defaults=True)
        self._db.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?)", (doc, document.tokens, body))
        self._db.execute("INSERT INTO full_text (rowid, tokens) VALUES (?, ?)", (doc, document.tokens))
        values = [("themes", theme, doc) for theme in document.themes]
        values += [("negative_themes", theme, doc) for theme in document.negative_themes]
        if values:
            self._db.executemany("INSERT OR IGNORE INTO list_values VALUES (?, ?, ?)", values)
        return Outcome(document.id, "stored")

    def annotate(self, id: str, case_status: str | None) -> bool:
        with transaction(self._db, self._path):
            done = self._db.execute(
                "UPDATE documents SET case_status = ? WHERE id = ? AND NOT deleted", (case_status, id)
            )
        return done.rowcount == 1

    def get(self, ids: Sequence[str]) -> dict[str, IndexDocument]:
        found: dict[str, IndexDocument] = {}
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            rows = self._rows(f"id IN ({', '.join('?' * len(some))})", list(some))
            found |= {document.id: document for document in rows}
        return found

    def versions(self, ids: Sequence[str]) -> dict[str, StoredVersion]:
        found: dict[str, StoredVersion] = {}
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            rows = self._query(
                f"SELECT id, version, deleted FROM documents WHERE id IN ({', '.join('?' * len(some))})", list(some)
            )
            found |= {id: StoredVersion(version, bool(deleted)) for id, version, deleted in rows}
        return found

    def search(self, query: Query, sort: Sort = "newest", limit: int = 50, after: str | None = None) -> Page:
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"limit is {limit}, expected 1 to {MAX_PAGE}")
        where, values = to_sqlite(query)
        order, further = _ORDER[sort]
        total = self.count(query)
        if after is not None:
            where += f" AND {further}"
            values["sort"], values["id"] = read_cursor(after)
        # The ids come first, out of the narrow rows; bodies are read for one page only.
        documents = self._rows(
            f"doc IN (SELECT doc FROM documents WHERE {where} ORDER BY {order} LIMIT {limit + 1})", values, order
        )
        page = documents[:limit]
        more = len(documents) > limit
        return Page(page, total, write_cursor(page[-1], sort) if more else None)

    def count(self, query: Query) -> int:
        where, values = to_sqlite(query)
        return int(self._query(f"SELECT count(*) FROM documents WHERE {where}", values)[0][0])

    def terms(self, query: Query, field: Field, limit: int = 20) -> list[TermCount]:
        where, values = to_sqlite(query)
        if field in LIST_FIELDS:
            table = f"documents JOIN list_values USING (doc) WHERE field = '{field}' AND {where}"
            name = "value"
        else:
            table, name = f"documents WHERE {field} IS NOT NULL AND {where}", field
        rows = self._query(
            f"SELECT {name}, count(*) AS total, sum(is_negative) FROM {table}"
            f" GROUP BY {name} ORDER BY total DESC, {name} LIMIT {int(limit)}",
            values,
        )
        return [TermCount(*row) for row in rows]

    def series(
        self, query: Query, by: Sequence[Field] = (), interval: Interval = "day", timezone: str = "UTC"
    ) -> list[SeriesPoint]:
        where, values = to_sqlite(query)
        joins = "".join(
            f" LEFT JOIN list_values AS {name}_of ON {name}_of.doc = documents.doc AND {name}_of.field = '{name}'"
            for name in by
            if name in LIST_FIELDS
        )
        keys = [f"{name}_of.value" if name in LIST_FIELDS else f"documents.{name}" for name in by]
        columns = "".join(f"{key}, " for key in keys)
        groups = ", ".join(str(number + 1) for number in range(len(by) + 1))
        rows = self._query(
            f"SELECT {columns}{self._bucket(query, interval, timezone)} AS start, count(*), sum(is_negative),"
            f" count(rating), coalesce(sum(rating), 0) FROM (SELECT * FROM documents WHERE {where}) AS documents{joins}"
            f" GROUP BY {groups} ORDER BY {groups}",
            values,
        )
        starts = {start: start_of_local(start) for start in {row[-5] for row in rows}}
        return [SeriesPoint(row[: len(by)], starts[row[-5]], *row[-4:]) for row in rows]

    def _bucket(self, query: Query, interval: Interval, timezone: str) -> str:
        """SQL for the start (UTC ms) of the local day or hour, with the zone's offset written out for each season."""
        # Of all reviews, not of those that fit: the ends of an index cost nothing.
        ends = [f"(SELECT {end}(created_ms) FROM documents WHERE NOT deleted)" for end in ("min", "max")]
        low, high = self._query(f"SELECT {', '.join(ends)}", {})[0]
        if low is None:
            return "0"
        low, high = max(low, _millis(query.since) or low), min(high, _millis(query.until) or high)
        if low > high:
            return "0"
        changes = offset_changes(timezone, start_of_local(low), start_of_local(high) + timedelta(days=1))
        offset = "CASE"
        for moment, seconds in reversed(changes):
            offset += f" WHEN created_ms >= {int(moment.timestamp() * 1000)} THEN {seconds * 1000}"
        offset += f" ELSE {changes[0][1] * 1000} END"
        if interval == "hour" or len(changes) == 1:
            period = _PERIOD_MS[interval]
            return f"((created_ms + ({offset})) / {period} * {period} - ({offset}))"
        # A day may begin under another offset than the review was written under: ask for the offset at its beginning.
        local_midnight = f"((created_ms + ({offset})) / 86400000 * 86400000)"
        midnight_offset = "CASE"
        for (moment, seconds), (_, before) in zip(reversed(changes[1:]), reversed(changes[:-1]), strict=True):
            change = int(moment.timestamp() + max(seconds, before)) * 1000
            midnight_offset += f" WHEN {local_midnight} >= {change} THEN {seconds * 1000}"
        midnight_offset += f" ELSE {changes[0][1] * 1000} END"
        return f"({local_midnight} - ({midnight_offset}))"

    def export(self, query: Query) -> Iterator[IndexDocument]:
        after: str | None = None
        while True:
            page = self.search(query, "oldest", MAX_PAGE, after)
            yield from page.documents
            if (after := page.next) is None:
                return

    def refresh(self) -> None:
        pass  # a committed transaction is visible

    def sweep(self, before: datetime) -> int:
        with transaction(self._db, self._path):
            rows = self._db.execute(
                "SELECT doc FROM documents WHERE deleted AND collected_ms < ? AND version < ?",
                (_millis(before), ERASED),
            ).fetchall()
            gone = [row[0] for row in rows]
            for doc in gone:
                self._db.execute("INSERT INTO full_text (full_text, rowid, tokens) VALUES ('delete', ?, '')", (doc,))
                self._db.execute("DELETE FROM bodies WHERE doc = ?", (doc,))
                self._db.execute("DELETE FROM documents WHERE doc = ?", (doc,))
        return len(gone)

    def close(self) -> None:
        self._db.close()

    def _query(self, sql: str, values: dict[str, Any] | list[Any]) -> list[Any]:
        with translated(self._path):
            return self._db.execute(sql, values).fetchall()

    def _rows(self, where: str, values: dict[str, Any] | list[Any], order: str = "doc") -> list[IndexDocument]:
        rows = self._query(
            f"SELECT body, tokens, case_status FROM documents JOIN bodies USING (doc) WHERE {where} ORDER BY {order}",
            values,
        )
        return [
            IndexDocument.model_validate({**json.loads(body), "tokens": tokens, "case_status": status})
            for body, tokens, status in rows
        ]


def _row(document: IndexDocument) -> list[Any]:
    return [
        *(getattr(document, name) for name in _COLUMNS),
        document.version,
        _millis(document.created_at),
        _millis(document.collected_at),
        document.rating,
        document.sentiment_score,
        document.is_negative,
        document.is_spam,
        document.owner_reply_at is not None,
        document.deleted,
    ]
