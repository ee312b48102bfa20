"""Our publishing to Kafka against a bare kafka-python producer with the same settings."""

import time
from collections.abc import Iterator
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from benchmarks.material import batches, tagged_reviews
from benchmarks.servers import kafka
from benchmarks.side_by_side import in_turn
from moksori.bench import Figure, Lab, Server
from pipeline.stream import TAGGED, open_stream

NEEDS: Final[tuple[Server, ...]] = ("kafka",)
_BATCH: Final = 256


def run(lab: Lab) -> Iterator[Figure]:
    """Both send the same messages and wait for all acknowledgements after each batch of a worker."""
    messages = [(each.id, each.to_bytes()) for each in tagged_reviews(lab.size(20_000))]
    with kafka(lab) as url:
        stream = open_stream(url)
        hosts, prefix = url.removeprefix("kafka://").split("?")[0].split("/")
        producer = KafkaProducer(
            bootstrap_servers=hosts.split(","), enable_idempotence=True, acks="all", linger_ms=20, batch_size=131_072,
            compression_type="zstd", max_request_size=1_179_648, allow_auto_create_topics=False,
        )  # fmt: skip

        def ours() -> float:
            started = time.perf_counter()
            for batch in batches(messages, _BATCH):
                for key, value in batch:
                    stream.publish(TAGGED, key, value)
                stream.flush()
            return len(messages) / (time.perf_counter() - started)

        def bare() -> float:
            started = time.perf_counter()
            for batch in batches(messages, _BATCH):
                sent = [producer.send(f"{prefix}.{TAGGED}", key=key.encode(), value=value) for key, value in batch]
                producer.flush()
                for each in sent:
                    each.get()
            return len(messages) / (time.perf_counter() - started)

        yield from in_turn(lab.runs, ours, bare).figures("our produce", "bare kafka-python", "messages/s", 0.8)
        yield Figure("a tagged review on Kafka", "bytes", [_bytes_each(hosts, f"{prefix}.{TAGGED}")])
        yield Figure("the same before compression", "bytes", [sum(len(v) for _, v in messages) / len(messages)])
        producer.close()
        stream.close()


def _bytes_each(hosts: str, topic: str) -> float:
    """Bytes of the topic's log for each of its messages."""
    admin: Any = KafkaAdminClient(bootstrap_servers=hosts.split(","))
    consumer: Any = KafkaConsumer(bootstrap_servers=hosts.split(","))
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    messages = sum(consumer.end_offsets(partitions).values())
    consumer.close()
    sizes = [
        partition["partition_size"]
        for broker in admin.describe_log_dirs()
        for folder in broker["log_dirs"]
        for each in folder["topics"]
        if each["name"] == topic
        for partition in each["partitions"]
    ]
    admin.close()
    return float(sum(sizes) / messages)
