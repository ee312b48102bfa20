"""Kafka's own hard cases: a rebalance within a batch, a poll beyond the limit, a reader that stands still."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pipeline import worker as worker_module
from pipeline.stream import RAW, TAGGED, Record
from pipeline.stream import kafka as kafka_module
from pipeline.stream.kafka import KafkaStream
from pipeline.worker import Output, Stage
from tests.conftest import unique
from tests.faults.harness import wait_until
from tests.faults.stages import working

pytestmark = [pytest.mark.faults, pytest.mark.kafka]

COUNT = 400


@pytest.fixture
def prefix(kafka_hosts: str) -> str:
    prefix = unique("fault")
    stream = KafkaStream([kafka_hosts], prefix)
    stream.setup()
    for number in range(COUNT):
        stream.publish(RAW, f"shop:{number}", str(number).encode())
    stream.close()
    return prefix


@pytest.fixture
def look(kafka_hosts: str, prefix: str) -> Iterator[KafkaStream]:
    stream = KafkaStream([kafka_hosts], prefix)
    yield stream
    stream.close()


def passing(records: Sequence[Record]) -> Output:
    return Output(messages=[(TAGGED, record.key, record.value) for record in records])


def arrived(look: KafkaStream) -> set[str]:
    return {record.key for record in look.read(TAGGED, {}, 100_000)}


ALL = {f"shop:{number}" for number in range(COUNT)}


def test_a_rebalance_in_the_middle_of_a_batch_loses_nothing(
    kafka_hosts: str, prefix: str, look: KafkaStream, tmp_path: Path
) -> None:
    in_hand, go_on = threading.Event(), threading.Event()
    second_worked = threading.Event()

    def slow(records: Sequence[Record]) -> Output:
        in_hand.set()
        assert go_on.wait(60)
        return passing(records)

    def second(records: Sequence[Record]) -> Output:
        second_worked.set()
        return passing(records)

    with working(Stage("tag", RAW, slow), KafkaStream([kafka_hosts], prefix), tmp_path, batch=50) as first:
        assert in_hand.wait(30)
        with working(Stage("tag", RAW, second), KafkaStream([kafka_hosts], prefix), tmp_path / "two", batch=50):
            # The second one asks for its share while the first holds a batch of partitions it is about to lose.
            go_on.set()

            def both_work() -> bool:
                for number in range(COUNT):
                    look.publish(RAW, f"shop:{number}", b"again")
                look.flush()
                return second_worked.is_set()

            wait_until(both_work, "the second one gets its share", 60)
            wait_until(lambda: look.lag(RAW, "tag") == 0, "all is committed", 60)
        assert first.progress.dead == 0
    assert arrived(look) == ALL


def test_work_that_takes_longer_than_the_poll_interval_is_done_by_another_and_shown_once(
    kafka_hosts: str, prefix: str, look: KafkaStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_module, "_MAX_POLL_INTERVAL_MS", 6_000)
    in_hand, go_on = threading.Event(), threading.Event()

    def slow(records: Sequence[Record]) -> Output:
        in_hand.set()
        assert go_on.wait(90)
        return passing(records)

    with working(Stage("tag", RAW, slow), KafkaStream([kafka_hosts], prefix), tmp_path, batch=50):
        assert in_hand.wait(30)
        with working(Stage("tag", RAW, passing), KafkaStream([kafka_hosts], prefix), tmp_path / "two", batch=50):
            # The broker takes the partitions of the first one away and gives them to the second.
            wait_until(lambda: look.lag(RAW, "tag") == 0, "the other does it all", 90)
            go_on.set()
        wait_until(lambda: look.lag(RAW, "tag") == 0, "the late one does no harm", 60)
    assert arrived(look) == ALL


def test_a_worker_that_waits_for_long_keeps_its_partitions(
    kafka_hosts: str, prefix: str, look: KafkaStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.errors import Unavailable

    monkeypatch.setattr(kafka_module, "_MAX_POLL_INTERVAL_MS", 6_000)
    monkeypatch.setattr(worker_module, "_KEEP_ALIVE_S", 1.0)
    tries: list[int] = []

    def work(records: Sequence[Record]) -> Output:
        tries.append(len(records))
        if len(tries) == 1:
            raise Unavailable("the index is away", retry_after_s=9)
        return passing(records)

    with working(Stage("tag", RAW, work), KafkaStream([kafka_hosts], prefix), tmp_path, batch=COUNT):
        wait_until(lambda: look.lag(RAW, "tag") == 0, "it goes on", 90)
    assert tries[0] == tries[1], "the batch in hand was lost to a rebalance"
    assert arrived(look) == ALL


def test_a_reader_that_stands_still_joins_again(
    kafka_hosts: str, prefix: str, look: KafkaStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_STANDS_STILL_S", 0.5)
    stream = KafkaStream([kafka_hosts], prefix)
    rejoined: list[str] = []
    real_poll, real_rejoin = stream.poll, stream.rejoin

    def deaf_poll(topic: str, group: str, limit: int, wait_s: float) -> list[Record]:
        # As in a client whose fetcher has lost its partitions: alive, and silent for good.
        return real_poll(topic, group, limit, wait_s) if rejoined else []

    def rejoin(topic: str, group: str) -> None:
        rejoined.append(group)
        real_rejoin(topic, group)

    monkeypatch.setattr(stream, "poll", deaf_poll)
    monkeypatch.setattr(stream, "rejoin", rejoin)
    with working(Stage("tag", RAW, passing), stream, tmp_path):
        wait_until(lambda: look.lag(RAW, "tag") == 0, "it reads again", 60)
    assert rejoined == ["tag"]
    assert arrived(look) == ALL


def test_versions_out_of_order_and_a_full_replay_leave_the_newest(
    kafka_hosts: str, elasticsearch_url: str, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    from moksori.stages import index_stage
    from pipeline.index.elasticsearch import ElasticsearchIndex
    from pipeline.index.query import Query
    from tests.faults.stages import send

    stream = KafkaStream([kafka_hosts], unique("fault"))
    stream.setup()
    index = ElasticsearchIndex(f"{elasticsearch_url}/{unique('fault')}")
    index.setup()
    for version in (3, 1, 2):
        send(stream, range(1, 51), version)
    look = KafkaStream([kafka_hosts], stream._prefix.rstrip("."))

    def drained() -> bool:
        return look.lag(TAGGED, "index") == 0

    def shown() -> dict[str, int]:
        index.refresh()
        return {found.id: found.version for found in index.export(Query())}

    for _ in range(2):
        with working(index_stage(index), stream, tmp_path) as worker:
            wait_until(drained, "all is indexed", 60)
        assert worker.progress.dead == 0
        assert shown() == {f"shop:{number}": 3 for number in range(1, 51)}
        stream.rewind(TAGGED, "index", datetime(2000, 1, 1, tzinfo=UTC))
        assert not drained()
    stream.close()
    look.close()


def test_workers_share_the_partitions(kafka_hosts: str, prefix: str, look: KafkaStream, tmp_path: Path) -> None:
    streams = [KafkaStream([kafka_hosts], prefix) for _ in range(2)]
    seen: list[set[int]] = [set(), set()]

    def noting(number: int) -> Stage:
        def work(records: Sequence[Record]) -> Output:
            seen[number].update(record.partition for record in records)
            return passing(records)

        return Stage("tag", RAW, work)

    with working(noting(0), streams[0], tmp_path / "a"), working(noting(1), streams[1], tmp_path / "b"):

        def shared() -> bool:
            for number in range(40):
                look.publish(RAW, f"shop:{number}", b"again")
            look.flush()
            return bool(seen[0]) and bool(seen[1])

        wait_until(shared, "both get some partitions", 60)
        wait_until(lambda: look.lag(RAW, "tag") == 0, "all is committed", 60)
