"""The page of a replayed rule: what is on it, in both languages, and that hostile words stay words."""

from datetime import date, timedelta

import pytest

from desk.alerts.backtest_page import page
from pipeline.alerting.detection import Day
from pipeline.alerting.replay import Charted, Replay, Told
from pipeline.alerting.rules import CriticalRule, ThresholdRule, TrendRule
from pipeline.alerting.series import Scope

FIRST = date(2026, 11, 1)
EVIL = "<script>alert(1)</script>"
DELIVERY = Scope("shop", "pan", "delivery", "2.1", None, "ko")
TREND = TrendRule(name="trends", kind="trend")


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def replay(scope: Scope = DELIVERY) -> Replay:
    where = "|".join(scope.parts)
    days = [Day(date=day(n), total=20, negative=n % 5, expected=1.5, low=0, high=4) for n in range(30)]
    told = [
        Told(day(4), day(6), where, "surge", 12, 3.0),
        Told(day(20), day(22), where, "drift", 15, 4.0),
    ]
    return Replay(FIRST, day(29), told, {where: Charted(scope, days)}, of_series=7, false_alarms=0.4)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "What rule trends would have told",
                "shop · pan 2.1 · Korean · delivery",
                "sudden rise",
                "about 0.4 would have been false",
            ],
        ),
        ("ko", ["규칙 trends의 지난 경보 재현", "shop · pan 2.1 · 한국어 · 배송", "급증", "약 0.4건의 거짓 경보"]),
    ],
)
def test_it_shows_each_alert_and_each_series(language: str, words: list[str]) -> None:
    html = page(replay(), TREND, "Haneul", language)
    assert [word for word in words if word not in html] == []
    assert html.count('class="window"') == 2
    assert html.count('class="bar alarm"') == 6
    assert html.count("<svg") == 1
    assert "2026-11-05" in html
    assert "None" not in html


def test_it_needs_no_other_file_and_runs_nothing() -> None:
    html = page(replay(Scope(EVIL, f"{EVIL}|*|", EVIL, location=EVIL)), TREND, EVIL, "en")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "default-src 'none'" in html


def test_the_brand_as_a_whole_has_its_name() -> None:
    assert "<h3>Haneul</h3>" in page(replay(Scope()), TREND, "Haneul", "en")


def test_what_cannot_be_known_is_said() -> None:
    limit = ThresholdRule(name="ten", kind="threshold", at_least=10)
    found = replay()
    unknown = Replay(found.since, found.until, found.told, found.charts, 7)
    assert "a fixed limit knows no usual" in page(unknown, limit, "Haneul", "en")
    critical = CriticalRule(name="c", kind="critical", urgency=("high",))
    told = [Told(day(3), day(3), f"shop:{EVIL}", "critical", 1, 0.0)]
    html = page(Replay(FIRST, day(29), told), critical, "Haneul", "en")
    assert "only a look at the reviews can tell" in html
    assert "<svg" not in html
    assert "shop:&lt;script&gt;" in html
