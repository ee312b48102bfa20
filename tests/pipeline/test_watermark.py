"""No verdict on what is missing before a source has reported, or its usual delay is over."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.alerting.counting import check_counts
from pipeline.alerting.rules import SilenceRule
from pipeline.alerting.series import Scope
from pipeline.alerting.watermark import Watermark, sources_of, watermark
from pipeline.index.query import Query
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import NOW, document

SEOUL = "Asia/Seoul"
TODAY = date(2026, 11, 20)
DELAY = timedelta(hours=14)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    """40 days: a forum that is read at once and wrote an hour ago; a shop that is read 14 hours late, and whose last
    reviews are of the 18th; imports of a whole month at once."""
    index = SqliteIndex(f"{tmp_path}/index.db")
    for day in range(40):
        moment = NOW - timedelta(days=day, hours=1)
        index.put([document(10 * day + n, source="forum", created_at=moment, collected_at=moment) for n in range(4)])
        if day > 1:
            index.put([document(10 * day + n, created_at=moment, collected_at=moment + DELAY) for n in range(4)])
        index.put([document(10 * day + n, source="survey", created_at=moment, collected_at=NOW) for n in range(4)])
    yield index
    index.close()


def test_a_source_is_in_up_to_its_newest_review_or_until_its_delay(index: SqliteIndex) -> None:
    found = watermark(index, NOW)
    assert found.reported == {"forum": NOW, "shop": NOW - DELAY, "survey": NOW}
    late = document(9999, created_at=NOW - timedelta(hours=2), collected_at=NOW)
    index.put([late])
    assert watermark(index, NOW).reported["shop"] == late.created_at
    assert watermark(index, NOW - timedelta(days=300)).reported == {}


def test_hours_and_days_are_over_once_all_sources_are_in() -> None:
    found = Watermark(NOW, {"shop": NOW - DELAY, "forum": NOW - timedelta(hours=2)})
    assert found.hours(TODAY, SEOUL, ["forum"]) == 10  # noon in Seoul
    assert found.hours(TODAY, SEOUL, ["forum", "shop"]) == 0
    assert found.hours(TODAY, SEOUL, ["unknown"]) == found.hours(TODAY, SEOUL, []) == 12
    assert found.hours(TODAY - timedelta(days=1), SEOUL, ["forum"]) == 24
    assert found.late(SEOUL) == ["shop"]
    assert found.late_days(["shop", "forum"], SEOUL) == 1
    assert found.late_days(["forum"], SEOUL) == 0


def test_a_series_waits_for_the_sources_that_bring_its_reviews(index: SqliteIndex) -> None:
    assert sources_of(index, Scope(source="shop"), Query(), TODAY, SEOUL) == ["shop"]
    assert sorted(sources_of(index, Scope(), Query(), TODAY, SEOUL)) == ["forum", "shop", "survey"]
    assert sources_of(index, Scope(product="pan"), Query(), TODAY, SEOUL) == []


def test_silence_is_told_only_of_days_that_are_in(index: SqliteIndex) -> None:
    """The 19th is empty so far. At noon of the 20th the reviews of ten hours of it may still come."""
    rule = SilenceRule(name="silence", kind="silence", false_alarms_a_month=2)

    def silent(hours: int) -> list[tuple[str | None, int]]:
        now = NOW + timedelta(hours=hours)
        found, _ = check_counts(index, "Haneul", TODAY, SEOUL, rule, watermark(index, now))
        return [(each.source, (each.until - each.since).days) for each in found]

    assert check_counts(index, "Haneul", TODAY, SEOUL, rule)[0] != []
    assert silent(0) == []
    assert silent(2) == [("shop", 1)]
