"""What every stream promises, on every backend."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SettingsError, TooLarge
from pipeline.stream import DEAD, MAX_MESSAGE, RAW, TAGGED, Record, Stream, milliseconds, open_stream

Opener = Callable[[], AbstractContextManager[Stream]]


@pytest.fixture
def opened(stream_url: str) -> Opener:
    @contextmanager
    def opened() -> Iterator[Stream]:
        stream = open_stream(stream_url)
        stream.setup()
        try:
            yield stream
        finally:
            stream.close()

    return opened


def send(stream: Stream, *keys: str, topic: str = RAW) -> None:
    for number, key in enumerate(keys):
        stream.publish(topic, key, f"{key}#{number}".encode())
    stream.flush()


def receive(stream: Stream, count: int, group: str = "tag", topic: str = RAW) -> list[Record]:
    """Exactly `count` records, however many polls that takes."""
    records: list[Record] = []
    deadline = time.monotonic() + 30
    while len(records) < count and time.monotonic() < deadline:
        records += stream.poll(topic, group, limit=count - len(records), wait_s=1)
    assert len(records) == count, f"{len(records)} of {count} records came"
    return records


def keys(records: list[Record]) -> list[str]:
    return sorted(record.key for record in records)


def test_what_is_sent_arrives_whole(opened: Opener) -> None:
    with opened() as stream:
        before = datetime.now(UTC)
        value = "목소리\n\x00 \U0001f600".encode()
        stream.publish(RAW, "shop:열쇠", value)
        stream.flush()
        (record,) = receive(stream, 1)
        assert (record.topic, record.key, record.value) == (RAW, "shop:열쇠", value)
        assert abs((record.at - before).total_seconds()) < 60


def test_records_of_one_key_keep_their_order(opened: Opener) -> None:
    with opened() as stream:
        send(stream, *[f"shop:{number % 7}" for number in range(140)])
        seen: dict[str, list[int]] = {}
        for record in receive(stream, 140):
            seen.setdefault(record.key, []).append(int(record.value.split(b"#")[1]))
        assert len(seen) == 7
        assert all(numbers == sorted(numbers) for numbers in seen.values())


def test_uncommitted_records_come_back_after_a_restart(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "a", "b", "c")
        assert keys(receive(stream, 3)) == ["a", "b", "c"]
    with opened() as stream:
        again = receive(stream, 3)
        assert keys(again) == ["a", "b", "c"]
        stream.commit("tag", again)
    with opened() as stream:
        assert stream.poll(RAW, "tag", limit=10, wait_s=1) == []
        send(stream, "d")
        assert keys(receive(stream, 1)) == ["d"]


def test_a_commit_of_part_of_a_batch_brings_the_rest_back(opened: Opener) -> None:
    with opened() as stream:
        send(stream, *["same key"] * 6)
        batch = receive(stream, 6)
        stream.commit("tag", batch[:2])
    with opened() as stream:
        assert [record.offset for record in receive(stream, 4)] == [record.offset for record in batch[2:]]


def test_each_group_reads_everything(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "a", "b")
        stream.commit("tag", receive(stream, 2, "tag"))
        assert keys(receive(stream, 2, "ledger")) == ["a", "b"]


def test_topics_are_apart(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "raw")
        send(stream, "dead", topic=DEAD)
        assert keys(receive(stream, 1)) == ["raw"]
        assert keys(receive(stream, 1, topic=DEAD)) == ["dead"]


def test_lag_counts_what_is_not_committed(opened: Opener) -> None:
    with opened() as stream:
        assert stream.lag(RAW, "tag") == 0
        send(stream, *[str(number) for number in range(10)])
        assert stream.lag(RAW, "tag") == 10
        batch = receive(stream, 10)
        assert stream.lag(RAW, "tag") == 10
        stream.commit("tag", batch)
        assert stream.lag(RAW, "tag") == 0
        assert stream.lag(RAW, "never seen") == 10


def test_a_rewound_group_reads_again_from_that_time(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "early")
        early = receive(stream, 1)
        stream.commit("tag", early)
        while datetime.now(UTC) <= early[0].at:
            pass
        send(stream, "late")
        late = receive(stream, 1)
        stream.commit("tag", late)
        stream.rewind(RAW, "tag", late[0].at)
        assert keys(receive(stream, 1)) == ["late"]
        stream.rewind(RAW, "tag", datetime(2020, 1, 1, tzinfo=UTC))
        assert keys(receive(stream, 2)) == ["early", "late"]
        stream.rewind(RAW, "tag", datetime(2100, 1, 1, tzinfo=UTC))
        assert stream.lag(RAW, "tag") == 0


@given(st.integers(0, 4_102_444_800_000))
def test_a_moment_keeps_its_millisecond(ms: int) -> None:
    assert milliseconds(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)) == ms


def test_a_message_of_one_mebibyte_passes_and_a_larger_one_is_refused_by_name(opened: Opener) -> None:
    with opened() as stream:
        stream.publish(RAW, "full", b"x" * MAX_MESSAGE)
        with pytest.raises(TooLarge, match=r"'shop:9' has 1,048,577 bytes; reviews.raw takes at most 1,048,576"):
            stream.publish(RAW, "shop:9", b"x" * (MAX_MESSAGE + 1))
        stream.flush()
        assert len(receive(stream, 1)[0].value) == MAX_MESSAGE


def test_limit_bounds_a_batch(opened: Opener) -> None:
    with opened() as stream:
        send(stream, *[str(number) for number in range(50)])
        sizes = []
        while sum(sizes) < 50:
            sizes.append(len(stream.poll(RAW, "tag", limit=8, wait_s=5)))
        assert max(sizes) <= 8


def test_a_reader_that_waits_for_a_server_stays_a_member_and_misses_nothing(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "a")
        batch = receive(stream, 1)
        for _ in range(3):
            stream.keep_alive(RAW, "tag")
        send(stream, "b", "c")
        stream.keep_alive(RAW, "tag")
        stream.commit("tag", batch)
        assert keys(receive(stream, 2)) == ["b", "c"]


def test_rejoining_starts_from_the_last_commit(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "a")
        stream.commit("tag", receive(stream, 1))
        send(stream, "b")
        receive(stream, 1)
        stream.rejoin(RAW, "tag")
        assert keys(receive(stream, 1)) == ["b"]


def test_reading_outside_groups_goes_from_any_offset_to_the_end(opened: Opener) -> None:
    with opened() as stream:
        assert stream.read(TAGGED, {}, 10) == []
        send(stream, *[str(number) for number in range(30)], topic=TAGGED)
        positions: dict[int, int] = {}
        seen: list[Record] = []
        while batch := stream.read(TAGGED, positions, 7):
            assert len(batch) <= 7
            seen += batch
            positions |= {record.partition: record.offset + 1 for record in batch}
        assert len(seen) == 30
        assert len({(record.partition, record.offset) for record in seen}) == 30
        assert stream.lag(TAGGED, "tag") == 30


def test_setup_may_run_again(opened: Opener) -> None:
    with opened() as stream:
        send(stream, "a")
        stream.setup()
        assert keys(receive(stream, 1)) == ["a"]


def test_the_embedded_stream_lets_one_process_read_a_group(tmp_path: object) -> None:
    first, second = (open_stream(f"sqlite:///{tmp_path}/stream.db") for _ in range(2))
    first.poll(RAW, "tag", limit=1, wait_s=0)
    with pytest.raises(SettingsError, match="another process already reads reviews.raw as 'tag'"):
        second.poll(RAW, "tag", limit=1, wait_s=0)
    first.close()
    assert second.poll(RAW, "tag", limit=1, wait_s=0) == []
    second.close()


def test_an_unknown_url_says_what_to_write() -> None:
    with pytest.raises(SettingsError, match="Write sqlite:///var/stream.db or kafka://host:9092"):
        open_stream("redis://localhost")
