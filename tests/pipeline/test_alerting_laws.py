"""Laws of the alerts: counts decide, not the order, hour or company they come in; praise and growth are no trouble."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerting.detect import backtest, detect
from pipeline.alerting.series import Counts, SeriesSet, brand_series
from pipeline.index.document import IndexDocument
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import document

ZONES = ("Asia/Seoul", "America/New_York", "Pacific/Auckland", "UTC")
LAST = date(2027, 3, 31)
"""The 180 days before hold a new year and changes of the clock in both hemispheres."""


def series_set(total: Counts, negative: Counts) -> SeriesSet:
    return SeriesSet([str(number) for number in range(len(total))], date(2026, 1, 1), total, negative)


def troubled(seed: int, series: int = 12, days: int = 130) -> tuple[Counts, Counts]:
    """Series of which a third has an outbreak somewhere, as shapes (series, days)."""
    random = np.random.default_rng(seed)
    total = random.poisson(np.exp(random.uniform(1, 5, (series, 1))), (series, days))
    negative = random.binomial(total, 0.1)
    for number in range(0, series, 3):
        first = int(random.integers(40, days - 4))
        more = random.poisson(3 + 2 * negative[number].mean(), 4)
        negative[number, first : first + 4] += more
        total[number, first : first + 4] += more
    return total, negative


def indexed(documents: list[IndexDocument], zone: str) -> dict[str, tuple[list[int], list[int]]]:
    with tempfile.TemporaryDirectory() as folder:
        index = SqliteIndex(f"{folder}/index.db")
        try:
            for each in documents:
                index.put([each])
            _, found = brand_series(index, LAST, zone)
        finally:
            index.close()
    return {
        name: (total.tolist(), negative.tolist())
        for name, total, negative in zip(found.names, found.total, found.negative, strict=True)
    }


said = st.builds(
    lambda number, hours, bad, product: document(
        number, product=product, created_at=datetime(2027, 3, 31, 12, tzinfo=UTC) - timedelta(hours=hours),
        is_negative=int(bad), sentiment="negative" if bad else "positive",
        themes=["quality"], negative_themes=["quality"] if bad else [],
    ),
    st.integers(1, 10**6), st.integers(0, 4000), st.booleans(), st.sampled_from(["pan", "cup"]),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.lists(said, max_size=12, unique_by=lambda one: one.id), st.randoms(use_true_random=False))
def test_series_depend_neither_on_the_order_of_arrival_nor_on_repeats(documents: list[IndexDocument], random) -> None:  # type: ignore[no-untyped-def]
    arrived = [*documents, *random.choices(documents, k=len(documents))] if documents else []
    random.shuffle(arrived)
    assert indexed(arrived, "Asia/Seoul") == indexed(documents, "Asia/Seoul")


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 179), st.sampled_from([0, 1, 86_399, 43_200]))
def test_a_review_counts_on_its_local_day_over_new_year_and_changes_of_the_clock(
    zone: str, ago: int, second: int
) -> None:
    day = LAST - timedelta(days=ago)
    at = datetime(day.year, day.month, day.day, second // 3600, second // 60 % 60, second % 60, tzinfo=ZoneInfo(zone))
    found = indexed([document(1, product="pan", created_at=at.astimezone(UTC))], zone)
    total, _ = found["*|pan|*"]
    assert [number for number, count in enumerate(total) if count] == [179 - ago]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(45, 129))
def test_a_day_is_told_alike_when_it_comes_and_in_a_later_backtest(seed: int, day: int) -> None:
    """So a restart at any minute changes nothing: there is no memory but the counts."""
    total, negative = troubled(seed)
    live = detect(total[:, : day + 1], negative[:, : day + 1])
    told = backtest(series_set(total, negative))
    today = [finding for at, finding in told if at == day]
    assert [finding for finding in live if finding in today] == today
    yesterday = {finding.series for at, finding in told if at == day - 1}
    assert {finding.series for finding in live if finding not in today} <= yesterday


def test_an_alarm_outlives_midnight() -> None:
    """When a day has just begun, its few counts do not say that the trouble is over."""
    total, negative = troubled(3)
    total[0, -4:-1] += 40
    negative[0, -4:-1] += 40
    total[:, -1] = negative[:, -1] = 0
    assert 0 in {finding.series for finding in detect(total, negative)}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_series_know_nothing_of_each_other(seed: int, random) -> None:  # type: ignore[no-untyped-def]
    total, negative = troubled(seed)
    order = list(range(len(total)))
    random.shuffle(order)
    together = {(day, found.series, found.window) for day, found in backtest(series_set(total, negative))}
    shuffled = backtest(series_set(total[order], negative[order]))
    assert {(day, order[found.series], found.window) for day, found in shuffled} == together
    assert together


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 28), st.integers(1, 300))
def test_praise_starts_no_alarm(seed: int, days: int, praise: int) -> None:
    total, negative = troubled(seed, series=20)
    before = {finding.series for finding in detect(total, negative)}
    total[:, -days:] += praise
    assert {finding.series for finding in detect(total, negative)} <= before


@pytest.mark.parametrize("day", [100, 101, 103, 110, 129])
def test_twice_as_much_of_everything_is_growth_and_no_trouble(day: int) -> None:
    """A steady series, all of whose counts double on day 100."""
    level = np.array([[4], [10], [30], [100], [300]])
    total = np.tile(level, (1, day + 1)) + np.arange(day + 1) % 3
    negative = np.tile(np.maximum(1, level // 10), (1, day + 1))
    total[:, 100:] *= 2
    negative[:, 100:] *= 2
    assert detect(total, negative) == []


def test_less_of_everything_else_is_no_trouble() -> None:
    """Traffic falls to a third, complaints stay as they were: a larger share, but not more complaints.

    The share alone would put all of them in alarm. What is left is chance in the volume.
    """
    random = np.random.default_rng(8)
    others = random.poisson(36, (200, 130))
    negative = random.poisson(4, (200, 130))
    others[:, -10:] //= 3
    assert len(detect(others + negative, negative)) <= 0.03 * 200


def test_a_level_that_stays_becomes_the_usual_one() -> None:
    random = np.random.default_rng(9)
    total = random.poisson(60, (20, 330))
    negative = random.binomial(total, 0.1)
    more = random.poisson(8, (20, 230))
    total[:, 100:] += more
    negative[:, 100:] += more
    alarms = backtest(series_set(total, negative))
    assert {found.series for day, found in alarms if 100 <= day < 107} == set(range(20))
    assert len([day for day, _ in alarms if day >= 300]) < 0.05 * 20 * 30
