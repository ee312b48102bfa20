"""Tagging again: what another model tagged is sent once more; what is gone or newer, and raw, are left alone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moksori.retag import Retagged, retag
from pipeline.index import Index
from pipeline.index.document import from_tagged, from_tombstone
from pipeline.index.sqlite import SqliteIndex
from pipeline.models import Review, TaggedReview, Tags, Tombstone, parse_message
from pipeline.stream import RAW, TAGGED, Stream
from pipeline.stream.sqlite import SqliteStream
from tests.conftest import NOW, review

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


class Plain:
    """Tags as the model of this name."""

    def __init__(self, model: str) -> None:
        self.tagger = SimpleNamespace(models={"en": model})

    def tag(self, reviews: Sequence[Review]) -> list[Tags]:
        return [
            Tags(lang="en", sentiment="neutral", sentiment_score=0, model=self.tagger.models["en"]) for _ in reviews
        ]


OLD: Any = Plain("en-1")
NEW: Any = Plain("en-1+b1")


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    opened = SqliteStream(str(tmp_path / "stream.db"))
    opened.setup()
    yield opened
    opened.close()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    opened = SqliteIndex(str(tmp_path / "index.db"))
    opened.setup()
    yield opened
    opened.close()


def collected(stream: Stream, index: Index, *reviews: Review) -> None:
    """As after a crawl and all workers."""
    for each, tags in zip(reviews, OLD.tag(reviews), strict=True):
        stream.publish(RAW, each.id, each.to_bytes())
        index.put([from_tagged(TaggedReview(review=each, tags=tags))])
    stream.flush()


def sent(stream: Stream) -> list[TaggedReview]:
    messages = [parse_message(record.value) for record in stream.read(TAGGED, {}, 1000)]
    return [message for message in messages if isinstance(message, TaggedReview)]


def again(stream: Stream, index: Index, tagger: Any = NEW, since: datetime = LONG_AGO) -> Retagged:
    return retag(stream, index, tagger, since, lambda counts: None)


def test_all_is_tagged_by_the_new_model_and_then_nothing_is_left(stream: Stream, index: Index) -> None:
    collected(stream, index, *(review(number) for number in range(1, 1100)))
    raw = stream.lag(RAW, "tag")
    assert again(stream, index) == Retagged(read=1099, sent=1099)
    assert {each.tags.model for each in sent(stream)[:5]} == {"en-1+b1"}
    assert stream.lag(RAW, "tag") == raw  # a copy in raw could outlive a tombstone
    index.put([from_tagged(TaggedReview(review=review(n), tags=NEW.tag([review(n)])[0])) for n in range(1, 1100)])
    assert again(stream, index) == Retagged(read=1099, already=1099)


def test_what_the_same_model_tagged_is_not_sent(stream: Stream, index: Index) -> None:
    collected(stream, index, review(1))
    assert again(stream, index, OLD) == Retagged(read=1, already=1)
    assert sent(stream) == []


def test_of_several_versions_the_newest_is_sent(stream: Stream, index: Index) -> None:
    collected(stream, index, review(1, version=2, text="new"), review(1, version=1, text="old"))
    assert again(stream, index).sent == 1
    assert [each.review.text for each in sent(stream)] == ["new"]


def test_what_is_gone_stays_gone(stream: Stream, index: Index) -> None:
    collected(stream, index, review(1), review(2))
    for number, version in ((1, 5), (2, 1)):  # a tombstone takes its own version too
        index.put([from_tombstone(Tombstone(id=f"shop:{number}", source="shop", version=version, at=NOW))])
    assert again(stream, index) == Retagged(read=2, outdated=2)
    assert sent(stream) == []


def test_only_what_came_since_then(stream: Stream, index: Index) -> None:
    collected(stream, index, review(1))
    assert again(stream, index, since=datetime.now(UTC) + timedelta(hours=1)) == Retagged()


def test_what_cannot_be_read_is_counted_and_passed(stream: Stream, index: Index) -> None:
    stream.publish(RAW, "shop:9", b"poison")
    collected(stream, index, review(1))
    assert again(stream, index) == Retagged(read=1, sent=1, unreadable=1)
