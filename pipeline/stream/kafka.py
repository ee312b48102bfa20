"""The stream on Kafka, through kafka-python: several consumers per group, over the partitions of each topic."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    CommitFailedError,
    FencedInstanceIdError,
    IllegalGenerationError,
    KafkaConfigurationError,
    KafkaError,
    RebalanceInProgressError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
)

from pipeline.errors import SettingsError, TooLarge, Unavailable
from pipeline.stream import DEAD, MAX_MESSAGE, RAW, TAGGED, Record, milliseconds

log = logging.getLogger(__name__)

_DAY_MS: Final = 86_400_000
_ROOM: Final = 131_072
"""Bytes that key, headers and batch frame may add to a message's value."""
_TOPIC_CONFIGS: Final[dict[str, dict[str, str]]] = {
    # Compacted and kept for ever: the newest version of every review is there, so that a replay can rebuild all, and a
    # tombstone makes the broker forget an erased text.
    RAW: {"cleanup.policy": "compact", "max.compaction.lag.ms": str(7 * _DAY_MS)},
    TAGGED: {"cleanup.policy": "delete", "retention.ms": str(30 * _DAY_MS)},
    DEAD: {"cleanup.policy": "compact"},
}
_BOOTSTRAP_MS: Final = 10_000
_DELIVERY_MS: Final = 120_000
_MAX_POLL_INTERVAL_MS: Final = 600_000
# The group has moved on without us: what we did will be done again by another reader, which is harmless.
_TOO_LATE: Final = (
    CommitFailedError,
    IllegalGenerationError,
    UnknownMemberIdError,
    RebalanceInProgressError,
    FencedInstanceIdError,
)


class KafkaStream:
    """See pipeline.stream.Stream.

    hosts: "host:port" of some brokers. prefix: put before topic and group names, so that brands can share a cluster.
    partitions: of topics that setup() makes; existing ones keep theirs.
    """

    def __init__(self, hosts: Sequence[str], prefix: str = "", partitions: int = 4) -> None:
        self._hosts = list(hosts)
        self._prefix = f"{prefix}." if prefix else ""
        self._partitions = partitions
        self._producer: Any = None
        self._sent: list[Any] = []
        self._consumers: dict[tuple[str, str], Any] = {}
        self._ahead: dict[tuple[str, str], list[Record]] = {}
        self._readers: dict[str, Any] = {}
        self._admin_client: Any = None

    def setup(self) -> None:
        existing = set(self._ask(lambda: self._admin().list_topics()))
        for topic, configs in _TOPIC_CONFIGS.items():
            name = self._prefix + topic
            if name in existing:
                continue
            options = {
                "num_partitions": self._partitions,
                "configs": {**configs, "max.message.bytes": str(MAX_MESSAGE + _ROOM)},
            }
            with self._translated():
                try:
                    self._admin().create_topics({name: options}, wait_for_metadata=True)
                except TopicAlreadyExistsError:
                    log.debug("%s was made by another process meanwhile", name)

    def publish(self, topic: str, key: str, value: bytes) -> None:
        if len(value) > MAX_MESSAGE:
            raise TooLarge(f"message {key!r} has {len(value):,} bytes; {topic} takes at most {MAX_MESSAGE:,}")
        with self._translated():
            if self._producer is None:
                self._producer = KafkaProducer(
                    bootstrap_servers=self._hosts,
                    bootstrap_timeout_ms=_BOOTSTRAP_MS,
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=20,
                    batch_size=131_072,
                    compression_type="zstd",
                    max_request_size=MAX_MESSAGE + _ROOM,
                    delivery_timeout_ms=_DELIVERY_MS,
                    allow_auto_create_topics=False,
                )
            self._sent.append(self._producer.send(self._prefix + topic, key=key.encode(), value=value))

    def flush(self) -> None:
        sent, self._sent = self._sent, []
        if not sent:
            return
        with self._translated():
            self._producer.flush(timeout=_DELIVERY_MS / 1000)
            for future in sent:
                future.get(timeout=0.1)

    def poll(self, topic: str, group: str, limit: int, wait_s: float) -> list[Record]:
        consumer = self._consumer(topic, group)
        with self._translated():
            if paused := consumer.paused():
                consumer.resume(*paused)
            if ahead := self._ahead.pop((topic, group), None):
                return ahead
            batches = consumer.poll(timeout_ms=int(wait_s * 1000), max_records=limit)
        return self._records(topic, batches)

    def commit(self, group: str, records: Sequence[Record]) -> None:
        for topic in {record.topic for record in records}:
            last: dict[int, int] = {}
            for record in records:
                if record.topic == topic and record.offset > last.get(record.partition, -1):
                    last[record.partition] = record.offset
            offsets = {
                TopicPartition(self._prefix + topic, partition): OffsetAndMetadata(offset + 1, "", -1)
                for partition, offset in last.items()
            }
            with self._translated():
                try:
                    self._consumer(topic, group).commit(offsets)
                except _TOO_LATE as error:
                    log.info("commit of %s by %s came too late, its records come again: %r", topic, group, error)

    def keep_alive(self, topic: str, group: str) -> None:
        consumer = self._consumer(topic, group)
        with self._translated():
            if assigned := consumer.assignment():
                consumer.pause(*assigned)
            # A partition that arrives in this very call is not paused yet: what it brings waits for the next poll().
            if arrived := self._records(topic, consumer.poll(timeout_ms=0)):
                self._ahead.setdefault((topic, group), []).extend(arrived)

    def rejoin(self, topic: str, group: str) -> None:
        self._ahead.pop((topic, group), None)
        if consumer := self._consumers.pop((topic, group), None):
            with self._translated():
                consumer.close(autocommit=False)

    def rewind(self, topic: str, group: str, since: datetime) -> None:
        self.rejoin(topic, group)
        reader, millis = self._reader(topic), milliseconds(since)
        with self._translated():
            partitions = self._partitions_of(topic)
            found = reader.offsets_for_times(dict.fromkeys(partitions, millis))
            ends = reader.end_offsets(partitions)
            target = {
                partition: OffsetAndMetadata(
                    found[partition].offset if found.get(partition) else ends[partition], "", -1
                )
                for partition in partitions
            }
            self._admin().alter_group_offsets(self._group(topic, group), target)

    def lag(self, topic: str, group: str) -> int:
        with self._translated():
            partitions = self._partitions_of(topic)
            reader = self._reader(topic)
            begins, ends = reader.beginning_offsets(partitions), reader.end_offsets(partitions)
            name = self._group(topic, group)
            answer = self._admin().list_group_offsets(name)
            committed = answer.get(name, answer)
            lag = 0
            for partition in partitions:
                known = committed.get(partition)
                done = known.offset if known is not None and known.offset >= 0 else begins[partition]
                lag += max(0, ends[partition] - max(done, begins[partition]))
            return lag

    def read(self, topic: str, start: dict[int, int], limit: int) -> list[Record]:
        reader = self._reader(topic)
        records: list[Record] = []
        with self._translated():
            partitions = self._partitions_of(topic)
            begins, ends = reader.beginning_offsets(partitions), reader.end_offsets(partitions)
            wanted = {p: max(start.get(p.partition, 0), begins[p]) for p in partitions}
            unread = [p for p in partitions if wanted[p] < ends[p]]
            reader.assign(unread)
            for partition in unread:
                reader.seek(partition, wanted[partition])
            while len(records) < limit and any(reader.position(p) < ends[p] for p in unread):
                records += self._records(topic, reader.poll(timeout_ms=500, max_records=limit - len(records)))
        return records

    def close(self) -> None:
        try:
            self.flush()
        finally:
            for consumer in [*self._consumers.values(), *self._readers.values()]:
                consumer.close(autocommit=False)
            for client in (self._producer, self._admin_client):
                if client is not None:
                    client.close()
            self._consumers, self._readers = {}, {}
            self._producer = self._admin_client = None

    def _consumer(self, topic: str, group: str) -> Any:
        if (topic, group) not in self._consumers:
            with self._translated():
                consumer = self._new_consumer(
                    group_id=self._group(topic, group),
                    auto_offset_reset="earliest",
                    max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
                    # A killed worker leaves its partitions alone for so long: short beats the default of 45 s.
                    session_timeout_ms=10_000,
                    heartbeat_interval_ms=2_500,
                    partition_assignment_strategy=[CooperativeStickyAssignor],
                )
                consumer.subscribe([self._prefix + topic])
            self._consumers[topic, group] = consumer
        return self._consumers[topic, group]

    def _reader(self, topic: str) -> Any:
        """A consumer outside any group, for offsets and read()."""
        if topic not in self._readers:
            with self._translated():
                self._readers[topic] = self._new_consumer(group_id=None, auto_offset_reset="earliest")
        return self._readers[topic]

    def _new_consumer(self, **options: Any) -> Any:
        return KafkaConsumer(
            bootstrap_servers=self._hosts,
            bootstrap_timeout_ms=_BOOTSTRAP_MS,
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            fetch_max_wait_ms=250,
            max_partition_fetch_bytes=2 * (MAX_MESSAGE + _ROOM),
            **options,
        )

    def _group(self, topic: str, group: str) -> str:
        """A Kafka group per topic: its members would otherwise share the partitions of topics that they do not read."""
        return f"{self._prefix}{topic}.{group}"

    def _admin(self) -> Any:
        if self._admin_client is None:
            self._admin_client = KafkaAdminClient(bootstrap_servers=self._hosts, bootstrap_timeout_ms=_BOOTSTRAP_MS)
        return self._admin_client

    def _ask(self, question: Any) -> Any:
        with self._translated():
            return question()

    def _partitions_of(self, topic: str) -> list[Any]:
        name = self._prefix + topic
        numbers = self._reader(topic).partitions_for_topic(name)
        if not numbers:
            raise Unavailable(f"kafka://{','.join(self._hosts)}: no topic {name}. Make it with `moksori setup`")
        return [TopicPartition(name, number) for number in sorted(numbers)]

    def _records(self, topic: str, batches: dict[Any, list[Any]]) -> list[Record]:
        return [
            Record(
                topic,
                message.partition,
                message.offset,
                (message.key or b"").decode(errors="replace"),
                message.value or b"",
                datetime.fromtimestamp(message.timestamp / 1000, UTC),
            )
            for messages in batches.values()
            for message in messages
        ]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except KafkaConfigurationError as error:
            raise SettingsError(f"stream: kafka://{','.join(self._hosts)}: {error}") from error
        except KafkaError as error:
            raise Unavailable(
                f"no answer from the stream at kafka://{','.join(self._hosts)} ({type(error).__name__}: {error}). "
                "Is it running? Or set stream: sqlite:///var/stream.db"
            ) from error
