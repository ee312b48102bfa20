"""Our reading from Kafka, with commits, against a bare kafka-python consumer with the same settings."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

from kafka import KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from benchmarks.material import tagged_reviews
from benchmarks.servers import kafka
from benchmarks.side_by_side import in_turn
from moksori.bench import Figure, Lab, Server
from pipeline.stream import TAGGED, open_stream

NEEDS: Final[tuple[Server, ...]] = ("kafka",)
_BATCH: Final = 256


def run(lab: Lab) -> Iterator[Figure]:
    """Both read the whole topic in a group of their own and commit after each batch. The clock starts with the first
    batch: how long a group takes to form is the broker's."""
    messages = [(each.id, each.to_bytes()) for each in tagged_reviews(lab.size(40_000))]
    with kafka(lab) as url:
        stream = open_stream(url)
        for key, value in messages:
            stream.publish(TAGGED, key, value)
        stream.close()
        hosts, prefix = url.removeprefix("kafka://").split("?")[0].split("/")

        def ours() -> float:
            reader, group = open_stream(url), uuid.uuid4().hex

            def batch() -> int:
                records = reader.poll(TAGGED, group, _BATCH, 0.5)
                if records:
                    reader.commit(group, records)
                return len(records)

            rate = _rate(batch, len(messages))
            reader.close()
            return rate

        def bare() -> float:
            consumer: Any = KafkaConsumer(
                f"{prefix}.{TAGGED}", bootstrap_servers=hosts.split(","), group_id=uuid.uuid4().hex,
                auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=250,
                max_partition_fetch_bytes=2_359_296, session_timeout_ms=10_000, heartbeat_interval_ms=2_500,
                partition_assignment_strategy=[CooperativeStickyAssignor],
            )  # fmt: skip

            def batch() -> int:
                found = consumer.poll(timeout_ms=500, max_records=_BATCH)
                if found:
                    consumer.commit()
                return sum(map(len, found.values()))

            rate = _rate(batch, len(messages))
            consumer.close()
            return rate

        yield from in_turn(lab.runs, ours, bare).figures("our consume", "bare kafka-python", "messages/s", 0.8)


def _rate(batch: Callable[[], int], number: int) -> float:
    first = 0
    while not first:
        first = batch()
    started, left = time.perf_counter(), number - first
    while left > 0:
        left -= batch()
    return max(1, number - first) / (time.perf_counter() - started)
