from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.checkpoints import Checkpoints
from crawlers.found import Found, Gone, Refused
from crawlers.identity import author_key, content_review_id, external_review_id, pseudonym
from crawlers.publish import Origin, Publisher
from pipeline.errors import SettingsError, Unavailable
from pipeline.stream import Stream
from tests.crawlers.conftest import Published

ORIGIN = Origin("shop", "brand")
KEY = b"k" * 32
MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


class Flaky:
    """A stream that loses what it was given, and says so, some times; then it passes all on to a real one."""

    def __init__(self, real: Stream, failures: int) -> None:
        self._real, self._failures = real, failures
        self._held: list[tuple[str, str, bytes]] = []

    def publish(self, topic: str, key: str, value: bytes) -> None:
        self._held.append((topic, key, value))

    def flush(self) -> None:
        held, self._held = self._held, []
        if self._failures:
            self._failures -= 1
            raise Unavailable("down")
        for message in held:
            self._real.publish(*message)
        self._real.flush()


@pytest.fixture
def publisher(stream: Stream, tmp_path: Path) -> Publisher:
    return Publisher(stream, Checkpoints(tmp_path), KEY)


def test_a_review_is_redacted_and_its_author_unnamed(publisher: Publisher, published: Published) -> None:
    publisher.publish(Found("전화 010-1234-5678", external_id="1", author="김하늘", title="a@b.example"), ORIGIN)
    publisher.flush()
    (review,) = published.reviews
    assert (review.id, review.text, review.title) == ("shop:1", "전화 [전화]", "[e-mail]")
    assert review.author_id == pseudonym(KEY, "shop", "김하늘")
    assert "김하늘" not in review.model_dump_json()


def test_a_private_channel_keeps_what_responders_need(publisher: Publisher, published: Published) -> None:
    publisher.publish(Found("010-1234-5678", external_id="1"), Origin("mail", "brand", redact=False))
    publisher.flush()
    assert published.reviews[0].text == "010-1234-5678"


def test_nothing_is_in_the_stream_or_known_before_the_flush(
    publisher: Publisher, published: Published, tmp_path: Path
) -> None:
    publisher.publish(Found("good", external_id="1"), ORIGIN)
    assert published.messages == []
    assert Checkpoints(tmp_path).known("shop:1") is None
    publisher.flush()
    assert len(published.messages) == 1
    assert Checkpoints(tmp_path).known("shop:1") is not None


def test_what_is_known_is_not_published_again_but_what_changed_is(publisher: Publisher, published: Published) -> None:
    for text in ("good", "good", "bad"):
        publisher.publish(Found(text, external_id="1", created_at=MOMENT), ORIGIN)
    publisher.flush()
    publisher.publish(Found("bad", external_id="1", created_at=MOMENT), ORIGIN)
    publisher.flush()
    first, second = published.reviews
    assert (first.text, second.text) == ("good", "bad")
    assert second.version > first.version
    assert (publisher.tally.published, publisher.tally.unchanged, publisher.tally.edited) == (2, 2, 1)


def test_an_older_copy_from_a_cache_is_left_out(publisher: Publisher, published: Published) -> None:
    new, old = MOMENT, MOMENT - timedelta(days=1)
    publisher.publish(Found("new", external_id="1", created_at=old, edited_at=new), ORIGIN)
    publisher.publish(Found("old", external_id="1", created_at=old, edited_at=old), ORIGIN)
    publisher.flush()
    assert [review.text for review in published.reviews] == ["new"]
    assert published.reviews[0].version == int(new.timestamp() * 1000)


def test_an_edit_without_a_newer_edit_time_still_wins(publisher: Publisher, published: Published) -> None:
    for text in ("one", "two"):
        publisher.publish(Found(text, external_id="1", created_at=MOMENT, edited_at=MOMENT), ORIGIN)
    publisher.flush()
    first, second = published.reviews
    assert second.text == "two"
    assert second.version > first.version


def test_an_undated_review_stays_where_it_was_first_seen(stream: Stream, published: Published, tmp_path: Path) -> None:
    for day, text in ((0, "one"), (5, "two")):
        publisher = Publisher(stream, Checkpoints(tmp_path), KEY, clock=partial(MOMENT.__add__, timedelta(days=day)))
        publisher.publish(Found(text, external_id="1"), ORIGIN)
        publisher.flush()
    assert [review.created_at for review in published.reviews] == [MOMENT, MOMENT]


def test_a_deletion_is_told_once_and_a_return_is_published(publisher: Publisher, published: Published) -> None:
    publisher.delete(Gone("never-seen"), ORIGIN)
    publisher.publish(Found("good", external_id="1", created_at=MOMENT, edited_at=MOMENT), ORIGIN)
    publisher.delete(Gone("1"), ORIGIN)
    publisher.delete(Gone("1"), ORIGIN)
    publisher.publish(Found("good", external_id="1", created_at=MOMENT, edited_at=MOMENT), ORIGIN)
    publisher.flush()
    versions = [message.version for message in published.messages]
    assert [message.type for message in published.messages] == ["review", "tombstone", "review"]
    assert versions == sorted(set(versions))


def test_what_is_no_review_becomes_a_dead_letter_once(publisher: Publisher, published: Published) -> None:
    for _ in range(2):
        publisher.publish(Found("x" * 100_001, external_id="1"), ORIGIN, b"original", 7)
        publisher.flush()
    publisher.refuse(Refused("too big", b"x" * 2_000_000), "shop")
    publisher.flush()
    first, second = published.dead
    assert (first.stage, first.original, first.line, first.source) == ("collect", b"original", 7, "shop")
    assert "100,001 characters" in first.reason
    assert len(second.original) == 256 * 1024
    assert publisher.tally.refused == 3


@pytest.mark.parametrize("text", ["\ud800", "\x00", "", "   "])
def test_text_that_is_none_is_refused(publisher: Publisher, published: Published, text: str) -> None:
    assert publisher.publish(Found(text, external_id="1"), ORIGIN) is not None
    publisher.flush()
    assert published.reviews == []
    assert len(published.dead) == 1


def test_after_an_outage_everything_is_sent_again(stream: Stream, published: Published, tmp_path: Path) -> None:
    publisher = Publisher(Flaky(stream, failures=1), Checkpoints(tmp_path), KEY)  # type: ignore[arg-type]
    publisher.publish(Found("good", external_id="1"), ORIGIN)
    publisher.flush()
    assert [review.text for review in published.reviews] == ["good"]


def test_an_impatient_publisher_tells_of_the_outage_and_remembers_nothing(stream: Stream, tmp_path: Path) -> None:
    publisher = Publisher(Flaky(stream, failures=1), Checkpoints(tmp_path), KEY, patient=False)  # type: ignore[arg-type]
    publisher.publish(Found("good", external_id="1"), ORIGIN)
    with pytest.raises(Unavailable):
        publisher.flush()
    assert Checkpoints(tmp_path).known("shop:1") is None


TEXTS = st.text(max_size=200)


@given(TEXTS, TEXTS, st.none() | st.datetimes(timezones=st.just(UTC)), st.integers(0, 5))
def test_ids_are_stable_fit_and_say_nothing(author: str, text: str, moment: datetime | None, number: int) -> None:
    one = content_review_id(KEY, "shop", author, moment, text, number)
    assert one == content_review_id(KEY, "shop", f" {author}  ", moment, f"\n{text} ", number)
    assert one != content_review_id(b"other", "shop", author, moment, text, number)
    assert one != content_review_id(KEY, "shop", author, moment, text, number + 1)
    assert one.startswith("shop:")
    assert len(one) < 60


@given(st.text(min_size=1, max_size=2000), st.text(min_size=1, max_size=2000))
def test_external_ids_fit_and_do_not_collide(one: str, other: str) -> None:
    first, second = external_review_id("shop", one), external_review_id("shop", other)
    assert len(first) <= 512
    assert (first == second) == (one == other)


@given(TEXTS, TEXTS)
def test_pseudonyms_keep_sources_apart(author: str, other: str) -> None:
    assert pseudonym(KEY, "shop", author) != pseudonym(KEY, "app", author)
    assert pseudonym(KEY, "ab", "c") != pseudonym(KEY, "a", "bc")


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = author_key(tmp_path)
    assert key == author_key(tmp_path)
    assert (tmp_path / "author.key").stat().st_mode & 0o077 == 0
    (tmp_path / "author.key").write_text("no key")
    with pytest.raises(SettingsError, match=r"author\.key"):
        author_key(tmp_path)
