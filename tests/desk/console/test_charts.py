"""Chart geometry: inside the picture, in proportion, readable at every length."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from desk.console.charts import alert_chart, trend_chart
from pipeline.alerting.detection import Day

LAST = date(2026, 11, 20)


def test_nothing_to_draw_draws_nothing() -> None:
    assert alert_chart([], LAST, LAST) is None
    assert trend_chart([], None, LAST) is None


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=80))
def test_every_bar_lies_inside_and_in_proportion(counts: list[int]) -> None:
    days = [
        Day(date=LAST - timedelta(days=age), total=count, negative=count, expected=1, low=0, high=3)
        for age, count in enumerate(reversed(counts))
    ][::-1]
    chart = alert_chart(days, LAST - timedelta(days=1), LAST)
    assert chart is not None
    assert all(0 <= bar.y <= chart.bottom and chart.left <= bar.x <= chart.right for bar in chart.bars)
    assert sum(bar.alarm for bar in chart.bars) == min(2, len(counts))
    tallest = max(chart.bars, key=lambda bar: bar.height)
    assert tallest.title.startswith(f"{days[counts.index(max(counts))].date:%Y-%m-%d}")
    assert len(chart.x_ticks) <= 8


def test_gaps_are_days_without_reviews() -> None:
    chart = trend_chart([(LAST, 4, 1), (LAST - timedelta(days=3), 2, 2)], None, LAST)
    assert chart is not None
    assert [round(bar.height) > 0 for bar in chart.bars] == [True, False, False, True]


def test_years_are_drawn_in_weeks_and_months() -> None:
    counts = [(LAST - timedelta(days=age), 1, 0) for age in range(400)]
    weeks = trend_chart(counts, None, LAST)
    assert weeks is not None
    assert len(weeks.bars) == 58
    many = trend_chart([(LAST, 1, 0), (LAST - timedelta(days=3000), 1, 0)], None, LAST)
    assert many is not None
    assert len(many.bars) < 120
