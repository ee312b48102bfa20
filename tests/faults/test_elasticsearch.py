"""The index worker against an Elasticsearch that fails in every way: nothing lost, nothing dead that could live."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from moksori.stages import index_stage
from pipeline.dead_letters import waiting
from pipeline.index.elasticsearch import ElasticsearchIndex
from pipeline.index.query import Query
from pipeline.models import TaggedReview
from pipeline.stream import TAGGED
from pipeline.stream.sqlite import SqliteStream
from tests.conftest import tagged, unique
from tests.faults.harness import wait_until
from tests.faults.proxy import Fault, Proxy, proxied
from tests.faults.stages import indexing, send

pytestmark = [pytest.mark.faults, pytest.mark.elasticsearch]


@pytest.fixture
def stream(tmp_path: Path) -> SqliteStream:
    return SqliteStream(f"{tmp_path}/stream.db")


@pytest.fixture
def faulty(elasticsearch_url: str) -> Iterator[tuple[Proxy, ElasticsearchIndex]]:
    name = unique("proxied")
    ElasticsearchIndex(f"{elasticsearch_url}/{name}").setup()
    with proxied(elasticsearch_url) as (proxy, url):
        index = ElasticsearchIndex(f"{url}/{name}")
        index._client = index._client.options(request_timeout=2)
        yield proxy, index


def count(index: ElasticsearchIndex) -> int:
    index.refresh()
    return index.count(Query())


@pytest.mark.parametrize("fault", ["429", "503", "applied, then silence", "half refused", "cut before", "cut after"])
def test_a_failing_bulk_is_sent_again_until_all_is_in(
    fault: Fault, stream: SqliteStream, faulty: tuple[Proxy, ElasticsearchIndex], tmp_path: Path
) -> None:
    proxy, index = faulty
    send(stream, range(1, 301))
    proxy.fail(fault, 2)
    with indexing(stream, index, tmp_path):
        wait_until(lambda: stream.lag(TAGGED, "index") == 0, "all is indexed", 60)
    assert proxy.met == 2
    assert count(index) == 300
    assert waiting(stream) == {}


def test_a_read_only_index_is_waited_for(
    stream: SqliteStream, faulty: tuple[Proxy, ElasticsearchIndex], tmp_path: Path
) -> None:
    _, index = faulty
    blocked = {"index.blocks.write": True}
    index._client.indices.put_settings(index=index._name, settings=blocked)
    send(stream, range(1, 51))
    with indexing(stream, index, tmp_path) as worker:
        wait_until(lambda: "waiting" in worker.progress.state, "the worker waits", 30)
        assert stream.lag(TAGGED, "index") == 50
        index._client.indices.put_settings(index=index._name, settings={"index.blocks.write": None})
        wait_until(lambda: stream.lag(TAGGED, "index") == 0, "all is indexed", 60)
    assert count(index) == 50
    assert waiting(stream) == {}


def test_one_poison_document_among_500_is_the_only_dead_letter(
    stream: SqliteStream, faulty: tuple[Proxy, ElasticsearchIndex], tmp_path: Path
) -> None:
    _, index = faulty
    send(stream, range(1, 250))
    # A theme's name that Elasticsearch cannot take for a field: refused by the server, not by us.
    odd = tagged(250, tags={"themes": [{"name": "a..b", "sentiment": "negative", "score": 1.0}]})
    assert isinstance(odd, TaggedReview)
    stream.publish(TAGGED, odd.id, odd.to_bytes())
    send(stream, range(251, 501))
    with indexing(stream, index, tmp_path, batch=500):
        wait_until(lambda: stream.lag(TAGGED, "index") == 0, "all is done", 60)
    assert count(index) == 499
    ((_, letter),) = waiting(stream).items()
    assert letter.review_id == "shop:250"
    assert "a..b" in letter.reason
    assert letter.original == odd.to_bytes()


def test_a_missing_index_is_waited_for_and_named(stream: SqliteStream, elasticsearch_url: str, tmp_path: Path) -> None:
    index = ElasticsearchIndex(f"{elasticsearch_url}/{unique('later')}")
    send(stream, range(1, 11))
    with indexing(stream, index, tmp_path) as worker:
        wait_until(lambda: "moksori setup" in worker.progress.state, "the worker says what to do", 30)
        index.setup()
        wait_until(lambda: stream.lag(TAGGED, "index") == 0, "all is indexed", 60)
    assert count(index) == 10


def test_memory_stays_flat_while_the_index_is_away_and_the_stream_grows(
    stream: SqliteStream, faulty: tuple[Proxy, ElasticsearchIndex], tmp_path: Path
) -> None:
    import tracemalloc

    proxy, index = faulty
    proxy.fail("503", 10**9)
    held: list[int] = []
    with indexing(stream, index, tmp_path) as worker:
        tracemalloc.start()
        for start in range(1, 6001, 500):
            send(stream, range(start, start + 500))
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        wait_until(lambda: proxy.met >= 3, "the worker tries again", 60)
        assert stream.lag(TAGGED, "index") == 6000
        assert "waiting" in worker.progress.state
        proxy.fail("503", 0)
        wait_until(lambda: stream.lag(TAGGED, "index") == 0, "all is drained", 120)
    assert count(index) == 6000
    assert max(held[6:]) < held[5] + 20 * 2**20, "memory grows with the lag"


def test_index_stage_is_harmless_to_do_twice(stream: SqliteStream, faulty: tuple[Proxy, ElasticsearchIndex]) -> None:
    _, index = faulty
    send(stream, range(1, 21))
    records = stream.poll(TAGGED, "index", 100, 0)
    work = index_stage(index).work
    assert work(records).poison == work(records).poison == []
    assert count(index) == 20
