"""Our writing to Elasticsearch against the bare bulk helper of its client."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from elasticsearch import Elasticsearch, helpers

from benchmarks.material import batches, tagged_reviews
from benchmarks.servers import elasticsearch
from benchmarks.side_by_side import in_turn
from moksori.bench import Figure, Lab, Server
from pipeline.index import open_index
from pipeline.index.document import IndexDocument, from_tagged

NEEDS: Final[tuple[Server, ...]] = ("elasticsearch",)
_BATCH: Final = 256


def run(lab: Lab) -> Iterator[Figure]:
    """Each run fills a fresh index. The helper is given ready dictionaries; we begin with our documents, keep the
    desk's own field and write with versions."""
    documents = [from_tagged(each) for each in tagged_reviews(lab.size(15_000))]
    prepared: list[dict[str, Any]] = [document.model_dump(mode="json", exclude_none=True) for document in documents]

    def ours() -> float:
        with elasticsearch(lab) as url:
            index = open_index(url)
            started = time.perf_counter()
            for batch in batches(documents, _BATCH):
                index.put(batch)
            seconds = time.perf_counter() - started
            index.close()
        return len(documents) / seconds

    def bare() -> float:
        with elasticsearch(lab) as url:
            host, name = url.rsplit("/", 1)
            with Elasticsearch(host) as client:
                actions = ({"_index": name, "_id": each["id"], "_source": each} for each in prepared)
                started = time.perf_counter()
                helpers.bulk(client, actions, chunk_size=_BATCH)
                seconds = time.perf_counter() - started
        return len(documents) / seconds

    yield from in_turn(lab.runs, ours, bare).figures("our indexing", "bare helpers.bulk", "reviews/s", 0.8)
    yield Figure("a review in Elasticsearch", "bytes", [_bytes_each(lab, documents)], note="one segment, no replica")


def _bytes_each(lab: Lab, documents: Sequence[IndexDocument]) -> float:
    with elasticsearch(lab) as url:
        host, name = url.rsplit("/", 1)
        index = open_index(url)
        for batch in batches(documents, _BATCH):
            index.put(batch)
        index.close()
        with Elasticsearch(host, request_timeout=120) as client:
            client.indices.forcemerge(index=name, max_num_segments=1)
            client.indices.flush(index=name)
            stored = client.indices.stats(index=name, metric="store")["_all"]["primaries"]["store"]
    return float(stored["size_in_bytes"] / len(documents))
