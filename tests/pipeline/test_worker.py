"""The loop: commits last, waits for servers, isolates poison, stops in order."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.dead_letters import waiting
from pipeline.errors import SettingsError, Unavailable
from pipeline.stream import RAW, TAGGED, Record
from pipeline.stream.sqlite import SqliteStream
from pipeline.worker import Output, Progress, Stage, Worker


class FailingStream(SqliteStream):
    """A real stream whose calls can be made to fail a number of times, as when its disk is busy."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.failures: dict[str, int] = {}
        self.calls: list[str] = []

    def _maybe_fail(self, call: str) -> None:
        self.calls.append(call)
        if self.failures.get(call, 0) > 0:
            self.failures[call] -= 1
            raise Unavailable(f"{call} failed", retry_after_s=0.01)

    def poll(self, topic: str, group: str, limit: int, wait_s: float) -> list[Record]:
        self._maybe_fail("poll")
        return super().poll(topic, group, limit, 0.05)

    def flush(self) -> None:
        self._maybe_fail("flush")
        super().flush()

    def commit(self, group: str, records: Sequence[Record]) -> None:
        self._maybe_fail("commit")
        super().commit(group, records)


@pytest.fixture
def stream(tmp_path: Path) -> FailingStream:
    stream = FailingStream(f"{tmp_path}/stream.db")
    for number in range(10):
        stream.publish(RAW, f"shop:{number}", str(number).encode())
    stream.flush()
    stream.calls.clear()
    return stream


def passing(records: Sequence[Record]) -> Output:
    return Output(messages=[(TAGGED, record.key, record.value) for record in records])


def run(
    stream: FailingStream, tmp_path: Path, work: Callable[[Sequence[Record]], Output] = passing, *, batch: int = 4
) -> Progress:
    """Run a worker until nothing is left to do."""

    def stop_when_done(progress: Progress) -> None:
        if progress.state == "idle":
            worker.stop()

    worker = Worker(Stage("tag", RAW, work), stream, tmp_path, batch=batch, on_progress=stop_when_done)
    worker.run()
    return worker.progress


def out(stream: FailingStream) -> list[str]:
    return [record.key for record in stream.read(TAGGED, {}, 1000)]


ALL = [f"shop:{number}" for number in range(10)]


def test_everything_passes_in_order_and_is_committed(stream: FailingStream, tmp_path: Path) -> None:
    progress = run(stream, tmp_path)
    assert out(stream) == ALL
    assert (progress.done, progress.dead, stream.lag(RAW, "tag")) == (10, 0, 0)


def test_the_commit_comes_after_the_flush(stream: FailingStream, tmp_path: Path) -> None:
    run(stream, tmp_path, batch=10)
    assert [call for call in stream.calls if call != "poll"] == ["flush", "commit"]


@pytest.mark.parametrize("call", ["poll", "flush", "commit"])
def test_a_failing_server_is_waited_for_and_nothing_is_lost(stream: FailingStream, tmp_path: Path, call: str) -> None:
    stream.failures[call] = 3
    progress = run(stream, tmp_path)
    assert set(out(stream)) == set(ALL)
    assert progress.dead == 0
    assert stream.lag(RAW, "tag") == 0


def test_work_that_waits_for_a_server_is_done_again_whole(stream: FailingStream, tmp_path: Path) -> None:
    tries: list[int] = []

    def work(records: Sequence[Record]) -> Output:
        tries.append(len(records))
        if len(tries) < 3:
            raise Unavailable("index is down", retry_after_s=0.01)
        return passing(records)

    assert run(stream, tmp_path, work, batch=10).dead == 0
    assert tries == [10, 10, 10]
    assert out(stream) == ALL


def test_a_record_that_makes_the_work_fail_is_found_and_the_others_pass(stream: FailingStream, tmp_path: Path) -> None:
    def work(records: Sequence[Record]) -> Output:
        if any(record.value == b"7" for record in records):
            raise ZeroDivisionError("seven")
        return passing(records)

    progress = run(stream, tmp_path, work, batch=10)
    assert out(stream) == [key for key in ALL if key != "shop:7"]
    assert (progress.done, progress.dead) == (9, 1)
    ((identity, letter),) = waiting(stream).items()
    assert identity == f"tag:{RAW}:0:{letter.offset}"
    assert (letter.review_id, letter.original, letter.reason) == ("shop:7", b"7", "ZeroDivisionError: seven")


def test_reported_poison_becomes_a_dead_letter_with_its_reason(stream: FailingStream, tmp_path: Path) -> None:
    def work(records: Sequence[Record]) -> Output:
        good = [record for record in records if record.value != b"3"]
        return Output(passing(good).messages, [(record, "three") for record in records if record not in good])

    run(stream, tmp_path, work)
    assert [letter.reason for letter in waiting(stream).values()] == ["three"]
    assert len(out(stream)) == 9


def test_what_only_an_operator_can_mend_stops_the_worker_uncommitted(stream: FailingStream, tmp_path: Path) -> None:
    def work(records: Sequence[Record]) -> Output:
        raise SettingsError("themes.yaml:3: …")

    with pytest.raises(SettingsError, match=r"themes\.yaml:3"):
        run(stream, tmp_path, work)
    assert stream.lag(RAW, "tag") == 10


def test_a_stop_while_waiting_ends_at_once_and_commits_nothing(stream: FailingStream, tmp_path: Path) -> None:
    def work(records: Sequence[Record]) -> Output:
        raise Unavailable("index is down", retry_after_s=3600)

    worker = Worker(
        Stage("tag", RAW, work), stream, tmp_path, on_progress=lambda p: "waiting" in p.state and worker.stop()
    )
    thread = threading.Thread(target=worker.run)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert stream.lag(RAW, "tag") == 10


def test_the_health_file_lives_as_long_as_the_worker(stream: FailingStream, tmp_path: Path) -> None:
    seen: list[bool] = []

    def work(records: Sequence[Record]) -> Output:
        return passing(records)

    def watch(progress: Progress) -> None:
        seen.append(any((tmp_path / "health").glob("tag-*.json")))
        if progress.state == "idle":
            worker.stop()

    worker = Worker(Stage("tag", RAW, work), stream, tmp_path, on_progress=watch)
    worker.run()
    assert any(seen)
    assert not list((tmp_path / "health").iterdir())


def test_a_large_original_is_cut_so_that_its_letter_fits(tmp_path: Path) -> None:
    stream = FailingStream(f"{tmp_path}/stream.db")
    stream.publish(RAW, "shop:1", b"x" * 1_048_576)
    stream.flush()

    def work(records: Sequence[Record]) -> Output:
        return Output(poison=[(record, "too odd") for record in records])

    run(stream, tmp_path, work)
    (letter,) = waiting(stream).values()
    assert "cut from 1,048,576 to" in letter.reason
    assert letter.at <= datetime.now(UTC)
