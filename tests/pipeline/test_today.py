"""Complaints that pile up within the day are told before the day is over, as the alert that the days go on with."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from pipeline.alerting.check import check, rule_series
from pipeline.alerting.detection import Detection
from pipeline.alerting.rules import ALL_TRENDS
from pipeline.alerting.today import Today
from pipeline.alerting.watermark import Watermark, watermark
from pipeline.index import open_index
from pipeline.index.document import IndexDocument
from pipeline.index.query import Query
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import document

MIDNIGHT = datetime(2026, 11, 19, 15, tzinfo=UTC)
"""Of the 20th in Seoul."""
TODAY = date(2026, 11, 20)
DELAY = timedelta(minutes=5)


def said(number: int, at: datetime, bad: bool) -> IndexDocument:
    return document(
        number, created_at=at, collected_at=at + DELAY, is_negative=int(bad), text=f"text {number}", product="kettle",
        sentiment="negative" if bad else "positive", themes=["delivery"], negative_themes=["delivery"] if bad else [],
    )  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 days of 96 reviews, of which 8 complain; from nine on the 20th, ten complaints in three hours besides."""
    file = tmp_path_factory.mktemp("today") / "index.db"
    index = SqliteIndex(str(file))
    quarter = timedelta(minutes=15)
    for day in range(-60, 1):
        begin = MIDNIGHT + timedelta(days=day)
        quarters = range(96 if day else 48)
        index.put([said(1000 * (day + 60) + n, begin + n * quarter, n % 12 == day % 12) for n in quarters])
    index.put([said(900_000 + n, MIDNIGHT + timedelta(hours=9, minutes=18 * n), True) for n in range(10)])
    index.close()
    return file


@pytest.fixture
def index(path: Path, tmp_path: Path) -> Iterator[SqliteIndex]:
    index = SqliteIndex(shutil.copy(path, tmp_path))
    yield index
    index.close()


def told(index: SqliteIndex, reported: Watermark | None) -> list[Detection]:
    return check(index, "Haneul", TODAY, "Asia/Seoul", reported=reported)[0]


def test_it_is_told_within_the_day_while_the_day_as_a_whole_shows_nothing(index: SqliteIndex) -> None:
    now = MIDNIGHT + timedelta(hours=12, minutes=10)
    assert told(index, None) == []
    (found,) = told(index, watermark(index, now))
    assert (found.key, found.kind, found.since, found.until) == (
        "Haneul|*|kettle|delivery|surge", "surge", TODAY, TODAY,
    )  # fmt: skip
    assert (found.observed, found.total) == (14, 58)
    assert 2 < found.expected < 6
    assert 0 < found.p_value < 0.02
    assert found.explanation is not None
    assert found.explanation.low <= found.expected <= found.explanation.high < found.observed


@pytest.mark.parametrize("minute", [0, 1, 31, 59])
def test_the_minute_of_a_look_changes_nothing(index: SqliteIndex, minute: int) -> None:
    """A restart at any minute: what is told are the hours that are over."""
    at_noon = Watermark(MIDNIGHT + timedelta(hours=12))
    assert told(index, Watermark(MIDNIGHT + timedelta(hours=12, minutes=minute))) == told(index, at_noon)


def test_hours_that_a_source_has_not_reported_are_not_judged(index: SqliteIndex) -> None:
    now = MIDNIGHT + timedelta(hours=12, minutes=10)
    assert told(index, Watermark(now, {"shop": MIDNIGHT + timedelta(hours=9, minutes=59)})) == []
    assert told(index, Watermark(now, {"shop": MIDNIGHT - timedelta(hours=1)})) == []
    assert told(index, Watermark(now, {"another": MIDNIGHT - timedelta(hours=1)})) != []


def test_hours_of_every_scope_add_up_to_its_day_in_any_order_of_arrival(index_url: str) -> None:
    index = open_index(index_url)
    index.setup()
    random = Random(5)
    documents = [
        said(number, MIDNIGHT + timedelta(minutes=random.randrange(-3000, 1440)), number % 3 > 0).model_copy(
            update={
                "source": random.choice(["shop", "forum"]), "lang": random.choice(["ko", "en"]),
                "product": random.choice(["kettle", "pan", None]), "product_version": random.choice(["1", "2", None]),
                "location": random.choice(["Busan", None]), "is_spam": number % 10 == 0,
            }
        )
        for number in range(400)
    ]  # fmt: skip
    random.shuffle(documents)
    for each in (documents[:50], documents[50:], documents[:90]):
        index.put(each)
    index.refresh()
    scopes, series = rule_series(index, TODAY, "Asia/Seoul", ALL_TRENDS)
    today = Today(index, Query(), TODAY, "Asia/Seoul", Watermark(MIDNIGHT))
    total, negative = today._hours(scopes)
    assert len({tuple(scope.place) for scope in scopes}) >= 6
    assert total.sum(axis=1).tolist() == series.total[:, -1].tolist()
    assert negative.sum(axis=1).tolist() == series.negative[:, -1].tolist()
    assert today._profiles(scopes).sum(axis=1) == pytest.approx([1] * len(scopes))
    index.close()


def test_the_days_go_on_with_the_same_alert(index: SqliteIndex) -> None:
    (first,) = told(index, watermark(index, MIDNIGHT + timedelta(hours=12, minutes=10)))
    index.put([said(910_000 + n, MIDNIGHT + timedelta(hours=14, minutes=n), True) for n in range(30)])
    (later,) = told(index, None)
    assert later.key == first.key
    assert later.observed > 2 * first.observed
