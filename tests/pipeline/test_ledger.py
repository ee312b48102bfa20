"""The ledger agrees when all is well, and says so when something is missing or was never collected."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline import dead_letters
from pipeline.index import open_index
from pipeline.index.document import from_tagged, from_tombstone
from pipeline.index.sqlite import SqliteIndex
from pipeline.ledger import STAGES, Ledger, audit
from pipeline.models import DeadLetter, Tombstone
from pipeline.stream import DEAD, RAW, open_stream
from pipeline.stream.sqlite import SqliteStream
from pipeline.worker import dead_letter
from tests.conftest import NOW, document, review, tagged


class World:
    """A stream and an index without workers: the test itself plays them, and may play them wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        stream, index = open_stream(f"sqlite:///{folder}/stream.db"), open_index(f"sqlite:///{folder}/index.db")
        assert isinstance(stream, SqliteStream)
        assert isinstance(index, SqliteIndex)
        self.stream, self.index = stream, index

    def collect(self, *numbers: int, version: int = 1, source: str = "shop") -> None:
        for number in numbers:
            each = review(number, version=version, source=source)
            self.stream.publish(RAW, each.id, each.to_bytes())
        self.stream.flush()

    def work(self) -> None:
        """Commit everything, as workers do when they are done."""
        for topic, group in STAGES:
            while batch := self.stream.poll(topic, group, 1000, 0):
                self.stream.commit(group, batch)

    def audit(self) -> Ledger:
        return audit(self.stream, self.index, self.folder, "Asia/Seoul")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.stream.close()


def put(world: World, *numbers: int, version: int = 1) -> None:
    world.index.put([from_tagged(tagged(number, version=version)) for number in numbers])


def test_every_state_is_counted_once(world: World) -> None:
    world.collect(1, 2, 3, 4)
    world.collect(1, 5, source="app")
    put(world, 1, 2)
    gone = Tombstone(id="shop:3", source="shop", version=9, at=NOW)
    world.stream.publish(RAW, gone.id, gone.to_bytes())
    world.index.put([from_tombstone(gone)])
    record = world.stream.read(RAW, {}, 100)[3]
    letter = dead_letter("tag", record, "odd")
    world.stream.publish(DEAD, letter.identity, letter.to_bytes())
    refused = DeadLetter(stage="collect", reason="no text", original=b"row", source="shop", line=7, at=NOW)
    world.stream.publish(DEAD, refused.identity, refused.to_bytes())
    world.stream.flush()
    account = world.audit()
    assert account.totals() == {"collected": 7, "indexed": 2, "refused": 1, "dead": 1, "deleted": 1, "pending": 2}
    assert {row.source: (row.collected, row.pending) for row in account.rows} == {"shop": (5, 0), "app": (2, 2)}
    assert account.rows[0].day == datetime.now(UTC).astimezone(ZoneInfo("Asia/Seoul")).date().isoformat()
    assert account.on_the_way > 0
    assert account.agrees


def test_what_no_worker_holds_and_no_index_shows_is_missing(world: World) -> None:
    world.collect(1, 2, 3)
    put(world, 1, 3)
    world.work()
    account = world.audit()
    assert (account.missing, account.agrees) == (1, False)
    put(world, 2)
    assert world.audit().agrees


def test_an_edit_that_did_not_arrive_is_missing_although_the_old_text_is_shown(world: World) -> None:
    world.collect(1)
    put(world, 1)
    world.work()
    assert world.audit().agrees
    world.collect(1, version=2)
    world.work()
    account = world.audit()
    assert (account.missing, account.surplus) == (1, {})
    put(world, 1, version=2)
    assert world.audit().totals()["indexed"] == 1


def test_what_nobody_collected_is_a_surplus(world: World) -> None:
    world.collect(1)
    put(world, 1)
    world.index.put([document(99)])
    world.work()
    account = world.audit()
    assert (account.surplus, account.agrees) == ({"shop": 1}, False)


def test_redelivery_and_repeated_audits_change_nothing(world: World) -> None:
    world.collect(1, 2)
    world.collect(1, 2)
    put(world, 1, 2)
    world.work()
    first = world.audit()
    assert first == world.audit()
    (world.folder / "ledger.db").unlink()
    assert first == world.audit()
    assert first.totals()["collected"] == 2


def test_a_message_that_cannot_be_read_is_accounted_for_by_its_place(world: World) -> None:
    world.stream.publish(RAW, "shop:1", b"{broken")
    world.stream.flush()
    world.work()
    assert world.audit().missing == 1
    letter = dead_letter("tag", world.stream.read(RAW, {}, 1)[0], "broken")
    world.stream.publish(DEAD, letter.identity, letter.to_bytes())
    world.stream.flush()
    account = world.audit()
    assert (account.totals()["dead"], account.agrees) == (1, True)


def test_a_retried_dead_letter_is_pending_until_it_is_indexed_and_a_dropped_one_stays_dead(world: World) -> None:
    world.collect(1, 2)
    for record in world.stream.read(RAW, {}, 2):
        letter = dead_letter("tag", record, "odd")
        world.stream.publish(DEAD, letter.identity, letter.to_bytes())
    world.stream.flush()
    world.work()
    assert world.audit().totals()["dead"] == 2
    (one, first), (two, second) = dead_letters.waiting(world.stream).items()
    dead_letters.retry(world.stream, one, first)
    dead_letters.drop(world.stream, two, second)
    assert dead_letters.waiting(world.stream) == {}
    account = world.audit()
    assert (account.totals()["dead"], account.totals()["pending"], account.on_the_way) == (1, 1, 1)
    put(world, 1)
    world.work()
    account = world.audit()
    assert account.totals() == {"collected": 2, "indexed": 1, "refused": 0, "dead": 1, "deleted": 0, "pending": 0}
    assert account.agrees
