"""The index on Elasticsearch: versioned bulk writes confirmed item by item, and the same queries as SQLite."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from pipeline.errors import SettingsError, Unavailable
from pipeline.index import MAX_PAGE, Outcome, Page, SeriesPoint, StoredVersion, TermCount
from pipeline.index.cursor import read_cursor, write_cursor
from pipeline.index.document import IndexDocument
from pipeline.index.mapping import template
from pipeline.index.query import Field, Interval, Query, Sort
from pipeline.models import ERASED

_MAX_BULK_BYTES: Final = 5_000_000
_BUCKETS: Final = 5_000
# The server is busy, blocked (disk full, read-only) or away: the same request may work later.
_TRANSIENT: Final = frozenset({403, 408, 429, 500, 502, 503, 504})
_SORTS: Final[dict[Sort, list[dict[str, str]]]] = {
    "newest": [{"created_at": "desc"}, {"id": "asc"}],
    "oldest": [{"created_at": "asc"}, {"id": "asc"}],
    "most_negative": [{"sentiment_score": "asc"}, {"id": "asc"}],
}


def to_elasticsearch(query: Query) -> dict[str, Any]:
    """The query in Elasticsearch's query language; all of it filters, nothing scores."""
    clauses: list[dict[str, Any]] = [{"term": {"deleted": False}}]
    for term in query.terms:
        phrases = [{"match_phrase": {"tokens": " ".join(phrase)}} for phrase in term]
        clauses.append({"bool": {"should": phrases, "minimum_should_match": 1}})
    for field, values in query.filters.items():
        clauses.append({"terms": {field: list(values)}})
    if created := _bounds(gte=_millis(query.since), lt=_millis(query.until)):
        clauses.append({"range": {"created_at": {**created, "format": "epoch_millis"}}})
    if rated := _bounds(gte=query.rating_min, lte=query.rating_max):
        clauses.append({"range": {"rating": rated}})
    if query.answered is not None:
        exists = {"exists": {"field": "owner_reply_at"}}
        clauses.append(exists if query.answered else {"bool": {"must_not": exists}})
    if query.spam is not None:
        clauses.append({"term": {"is_spam": query.spam}})
    return {"bool": {"filter": clauses}}


def _bounds(**bounds: float | None) -> dict[str, float]:
    return {name: value for name, value in bounds.items() if value is not None}


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


class ElasticsearchIndex:
    """See pipeline.index.Index. The URL's path is the alias of the index, "reviews" by default."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._name = parts.path.strip("/") or "reviews"
        # What is shown in errors has no password in it.
        self._shown = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], self._name, "", ""))
        # No retries inside the client: it would hammer a busy server without pause. The worker's loop waits instead.
        self._client = Elasticsearch(
            urlunsplit((parts.scheme, f"{parts.hostname}:{parts.port or 9200}", "", "", "")),
            basic_auth=(parts.username or "", parts.password or "") if parts.username else None,
            max_retries=0,
            request_timeout=30,
        )

    def setup(self) -> None:
        with self._translated():
            if self._client.indices.exists_alias(name=self._name):
                return
            made = template(self._name)
            self._client.indices.put_index_template(name=self._name, **made)
            self._client.options(ignore_status=[400]).indices.create(index=f"{self._name}-v1")
            self._client.indices.put_alias(index=f"{self._name}-v1", name=self._name)

    def put(self, documents: Sequence[IndexDocument]) -> list[Outcome]:
        kept = self._case_statuses([document.id for document in documents])
        outcomes: list[Outcome] = []
        operations: list[Any] = []
        size = 0
        for document in documents:
            action = {"index": {"_id": document.id, "version": document.version, "version_type": "external_gte"}}
            status = None if document.deleted else kept.get(document.id)
            source = document.model_dump(mode="json", exclude_none=True)
            if status is not None:
                source["case_status"] = status
            lines = [json.dumps(action), json.dumps(source, ensure_ascii=False)]
            if operations and size + len(lines[1]) * 3 > _MAX_BULK_BYTES:
                outcomes += self._bulk(operations)
                operations, size = [], 0
            operations += lines
            size += len(lines[1]) * 3
        return outcomes + (self._bulk(operations) if operations else [])

    def _bulk(self, operations: list[Any]) -> list[Outcome]:
        with self._translated():
            # require_alias: a missing index is an error, not an index with a guessed mapping
            answer = self._client.bulk(index=self._name, operations=operations, require_alias=True)
        outcomes = []
        for item in answer["items"]:
            (result,) = item.values()
            status, error = result["status"], result.get("error", {})
            if status < 300:
                outcomes.append(Outcome(result["_id"], "stored"))
            elif status == 409:
                outcomes.append(Outcome(result["_id"], "stale"))
            elif status == 404:
                raise Unavailable(f"{self._shown}: no such index. Make it with `moksori setup`")
            elif status in _TRANSIENT:
                raise Unavailable(f"{self._shown}: {error.get('type')}: {error.get('reason')}")
            else:
                cause = error.get("caused_by", {}).get("reason", "")
                reason = f"{error.get('type')}: {error.get('reason')} {cause}".strip()
                outcomes.append(Outcome(result["_id"], "refused", reason[:1000]))
        return outcomes

    def _case_statuses(self, ids: Sequence[str]) -> dict[str, str]:
        """The desk's own field of documents that are to be written again: the pipeline must not wipe it out."""
        if not ids:
            return {}
        with self._translated():
            answer = self._client.mget(index=self._name, ids=list(ids), source_includes=["case_status"])
        return {
            found["_id"]: found["_source"]["case_status"]
            for found in answer["docs"]
            if found.get("found") and "case_status" in found["_source"]
        }

    def annotate(self, id: str, case_status: str | None) -> bool:
        with self._translated():
            try:
                found = self._client.get(index=self._name, id=id)
            except NotFoundError:
                return False
            source = dict(found["_source"])
            if source.get("deleted"):
                return False
            source.pop("case_status", None)
            if case_status is not None:
                source["case_status"] = case_status
            self._client.index(
                index=self._name, id=id, document=source, version=found["_version"], version_type="external_gte"
            )
        return True

    def get(self, ids: Sequence[str]) -> dict[str, IndexDocument]:
        if not ids:
            return {}
        with self._translated():
            answer = self._client.mget(index=self._name, ids=list(ids))
        return {
            found["_id"]: IndexDocument.model_validate(found["_source"])
            for found in answer["docs"]
            if found.get("found")
        }

    def versions(self, ids: Sequence[str]) -> dict[str, StoredVersion]:
        if not ids:
            return {}
        with self._translated():
            answer = self._client.mget(index=self._name, ids=list(ids), source_includes=["version", "deleted"])
        return {
            found["_id"]: StoredVersion(found["_source"]["version"], found["_source"]["deleted"])
            for found in answer["docs"]
            if found.get("found")
        }

    def search(self, query: Query, sort: Sort = "newest", limit: int = 50, after: str | None = None) -> Page:
        if not 1 <= limit <= MAX_PAGE:
            raise ValueError(f"limit is {limit}, expected 1 to {MAX_PAGE}")
        body: dict[str, Any] = {"query": to_elasticsearch(query), "sort": _SORTS[sort], "track_total_hits": True}
        if after is not None:
            body["search_after"] = list(read_cursor(after))
        with self._translated():
            answer = self._client.search(index=self._name, size=limit + 1, **body)
        documents = [IndexDocument.model_validate(hit["_source"]) for hit in answer["hits"]["hits"]]
        page = documents[:limit]
        following = write_cursor(page[-1], sort) if len(documents) > limit else None
        return Page(page, answer["hits"]["total"]["value"], following)

    def count(self, query: Query) -> int:
        with self._translated():
            return int(self._client.count(index=self._name, query=to_elasticsearch(query))["count"])

    def terms(self, query: Query, field: Field, limit: int = 20) -> list[TermCount]:
        aggregation = {
            "terms": {"field": field, "size": limit, "order": [{"_count": "desc"}, {"_key": "asc"}]},
            "aggs": {"negative": {"sum": {"field": "is_negative"}}},
        }
        answer = self._aggregate(query, {"values": aggregation})
        return [
            TermCount(bucket["key"], bucket["doc_count"], int(bucket["negative"]["value"]))
            for bucket in answer["values"]["buckets"]
        ]

    def series(
        self, query: Query, by: Sequence[Field] = (), interval: Interval = "day", timezone: str = "UTC"
    ) -> list[SeriesPoint]:
        sources: list[dict[str, Any]] = [{name: {"terms": {"field": name, "missing_bucket": True}}} for name in by]
        sources.append(
            {"start": {"date_histogram": {"field": "created_at", "calendar_interval": interval, "time_zone": timezone}}}
        )
        composite: dict[str, Any] = {"size": _BUCKETS, "sources": sources}
        measures = {
            "negative": {"sum": {"field": "is_negative"}},
            "rated": {"value_count": {"field": "rating"}},
            "rating_sum": {"sum": {"field": "rating"}},
        }
        points: list[SeriesPoint] = []
        while True:
            answer = self._aggregate(query, {"all": {"composite": composite, "aggs": measures}})["all"]
            for bucket in answer["buckets"]:
                points.append(
                    SeriesPoint(
                        tuple(bucket["key"][name] for name in by),
                        datetime.fromtimestamp(bucket["key"]["start"] / 1000, UTC),
                        bucket["doc_count"],
                        int(bucket["negative"]["value"]),
                        int(bucket["rated"]["value"]),
                        float(bucket["rating_sum"]["value"]),
                    )
                )
            if "after_key" not in answer or len(answer["buckets"]) < _BUCKETS:
                break
            composite["after"] = answer["after_key"]
        return sorted(points, key=lambda point: ([key or "" for key in point.keys], point.start))

    def export(self, query: Query) -> Iterator[IndexDocument]:
        with self._translated():
            # A point in time: what arrives while we read neither shifts nor doubles a page.
            pit = self._client.open_point_in_time(index=self._name, keep_alive="5m")["id"]
        try:
            after = None
            while True:
                with self._translated():
                    answer = self._client.search(
                        pit={"id": pit, "keep_alive": "5m"}, query=to_elasticsearch(query), sort=_SORTS["oldest"],
                        size=MAX_PAGE, search_after=after, track_total_hits=False,
                    )  # fmt: skip
                hits = answer["hits"]["hits"]
                yield from (IndexDocument.model_validate(hit["_source"]) for hit in hits)
                if len(hits) < MAX_PAGE:
                    return
                after = hits[-1]["sort"]
        finally:
            self._client.options(ignore_status=[404]).close_point_in_time(id=pit)

    def refresh(self) -> None:
        with self._translated():
            self._client.indices.refresh(index=self._name)

    def sweep(self, before: datetime) -> int:
        swept = 0
        conditions: list[dict[str, Any]] = [
            {"term": {"deleted": True}},
            {"range": {"collected_at": {"lt": before.isoformat()}}},
            {"range": {"version": {"lt": ERASED}}},
        ]
        gone = {"bool": {"filter": conditions}}
        while True:
            self.refresh()
            with self._translated():
                hits = self._client.search(index=self._name, query=gone, size=MAX_PAGE, version=True, source=False)[
                    "hits"
                ]["hits"]
                if not hits:
                    return swept
                operations = [
                    {"delete": {"_id": hit["_id"], "version": hit["_version"] + 1, "version_type": "external"}}
                    for hit in hits
                ]
                self._client.bulk(index=self._name, operations=operations)
            swept += len(hits)

    def close(self) -> None:
        self._client.close()

    def _aggregate(self, query: Query, aggregations: dict[str, Any]) -> Any:
        with self._translated():
            answer = self._client.search(
                index=self._name, query=to_elasticsearch(query), size=0, aggs=aggregations, track_total_hits=False
            )
        return answer["aggregations"]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except NotFoundError as error:
            raise Unavailable(f"{self._shown}: no such index. Make it with `moksori setup`") from error
        except ApiError as error:
            if error.status_code in _TRANSIENT:
                raise Unavailable(f"{self._shown}: {error}") from error
            raise SettingsError(f"index: {self._shown} refused a request ({error.status_code}): {error}") from error
        except TransportError as error:
            raise Unavailable(
                f"no answer from the index at {self._shown} ({type(error).__name__}). Is it running? "
                "Or set index: sqlite:///var/index.db"
            ) from error
