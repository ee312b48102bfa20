"""Digests and reports: what is in them, when they are written, and that each is written once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from desk.alerts.digest import write_digests
from desk.alerts.life import apply, mute
from desk.alerts.models import Alert
from desk.alerts.preview import page, preview, send_now
from desk.alerts.week import Pair, week
from desk.cases.models import Case
from desk.outbox.deliver import deliver_due
from desk.outbox.message import build
from desk.outbox.models import OutboxMessage
from desk.outbox.off import turn_off
from pipeline.alerting.recipients import Recipient
from pipeline.index import Index
from pipeline.index.document import from_tagged
from pipeline.settings import Settings
from tests.desk.conftest import BOTH, NOW, detection, tagged

DAY = timedelta(days=1)
NINE = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)  # in Seoul, on Saturday; NOW is the noon before
RULES = """
recipients:
  - {address: ann@example.com, language: en, digest: daily, at: "09:00"}
  - {address: kim@example.com, language: ko, digest: weekly, weekday: saturday, at: "09:00"}
rules:
  - {name: trends, kind: trend, recipients: [Ann <Ann@example.com>, kim@example.com, now@example.com]}
  - {name: secret, kind: trend, recipients: [now@example.com]}
"""
Install = Callable[[str], None]


@pytest.fixture
def install(database: str, tmp_path: Path, change_settings: Callable[..., Settings]) -> Install:
    """Put rules in place."""

    def put(rules: str) -> None:
        (tmp_path / "alerts.yaml").write_text(rules)
        change_settings(CONFIG_DIR=str(tmp_path))

    return put


def mails(address: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(recipient__icontains=address).order_by("pk"))


def test_alerts_wait_for_the_digest_but_not_the_worst(install: Install) -> None:
    install(RULES)
    apply([detection(rule="trends"), detection("worst", rule="trends", severity=3)], [], NOW)
    apply([detection("other", rule="secret")], [], NOW)
    assert len(mails("now@")) == 3
    assert len(mails("ann@")) == len(mails("kim@")) == 1
    assert write_digests(NOW) == 0, "nothing happened before"
    assert write_digests(NINE) == 2
    assert write_digests(NINE + DAY - timedelta(seconds=1)) == 0
    ann, kim = mails("ann@")[1], mails("kim@")[1]
    assert ann.subject == "[moksori] Alerts of the day: 2"
    assert kim.subject == "[moksori] 한 주 경보: 2건"
    assert ann.text.count("/alerts/") == 2
    assert "secret" not in ann.text


def test_a_day_without_news_brings_no_mail(install: Install) -> None:
    install(RULES)
    apply([detection(rule="trends")], [], NOW)
    write_digests(NINE)
    assert write_digests(NINE + DAY) == 0
    key = detection().key
    apply([detection(rule="trends", severity=2, until=NOW + 2 * DAY)], [key], NOW + 2 * DAY)
    assert write_digests(NINE + 2 * DAY) == 0, "still in alarm is no news"
    apply([], [key], NOW + 3 * DAY)
    apply([], [key], NOW + 4 * DAY)
    assert write_digests(NINE + 4 * DAY) == 1
    assert "over: two days without it" in mails("ann@")[-1].text


def test_an_outage_over_several_days_loses_nothing(install: Install) -> None:
    install(RULES)
    apply([detection("first", rule="trends")], [], NOW)
    write_digests(NINE)
    apply([detection("second", rule="trends", since=NOW.date() + DAY)], [], NOW + DAY)
    apply([detection("third", rule="trends", since=NOW.date() + 3 * DAY)], [], NOW + 3 * DAY)
    assert write_digests(NINE + 3 * DAY) == 1
    assert mails("ann@")[-1].subject == "[moksori] Alerts of the day: 2"


def test_what_got_worse_is_told_with_what_began(install: Install) -> None:
    install(RULES)
    apply([detection(rule="trends", severity=1)], [], NOW)
    apply([detection(rule="trends", severity=2)], [], NOW + timedelta(hours=1))
    write_digests(NINE)
    assert "serious · opened, got worse" in mails("ann@")[0].text


def test_muted_alerts_and_readers_without_mails_are_left_alone(install: Install) -> None:
    install(RULES)
    apply([detection(rule="trends")], [], NOW)
    turn_off("kim@example.com", NOW)
    mute("*", datetime.now(UTC) + 100 * DAY, None, "trends")
    assert write_digests(NINE) == 0
    Alert.objects.update(state="open")
    assert write_digests(NINE) == 1


REPORT = """
recipients:
  - {address: lee@example.com, language: en, digest: weekly, report: weekly, quiet: {start: "08:00", end: "10:00"}}
"""
MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # nine in Seoul


def reviews(index: Index) -> None:
    """This week 30 reviews, 12 complain about delivery; the week before 20, of which 2."""
    for number in range(50):
        now = number < 30
        bad = number < 12 or number >= 48
        age = 2.0 if now else 9.0
        replied = {"owner_reply_at": NOW - timedelta(hours=46 - number)} if number < 3 else {}
        index.put([from_tagged(tagged(number, sentiment="negative" if bad else "positive", age_days=age, **replied))])


def test_the_report_compares_the_week_with_the_one_before(install: Install, index: Index) -> None:
    install(REPORT)
    reviews(index)
    opened = NOW - DAY
    Case.objects.create(source="shop", opened_at=opened, due_at=NOW, closed_at=opened + timedelta(hours=5))
    figures = week(index, MONDAY.date(), "Asia/Seoul")
    assert (figures.since.isoformat(), figures.until.isoformat()) == ("2026-11-16", "2026-11-22")
    assert (figures.reviews, figures.complaints) == (Pair(30, 20), Pair(12, 2))
    assert figures.sentiments == {"positive": Pair(18, 18), "neutral": Pair(), "negative": Pair(12, 2)}
    assert [(line.name, line.complaints) for line in figures.themes] == [("delivery", Pair(12, 2))]
    assert [(line.name, line.complaints, line.reviews) for line in figures.sources] == [
        ("shop", Pair(12, 2), Pair(30, 20))
    ]
    assert [(each.product, each.theme, each.complaints) for each in figures.risers] == [
        ("에어프라이어", "delivery", Pair(12, 2))
    ]
    assert (figures.replies.count, figures.replies.hours) == (Pair(3, 0), 3.0)
    assert (figures.cases.count, figures.cases.hours, figures.cases.hours_before) == (Pair(1, 0), 5.0, None)
    assert sum(total for _, total, _ in figures.days) == 50


def test_the_report_comes_every_week_with_or_without_news(install: Install, index: Index) -> None:
    install(REPORT)
    assert write_digests(MONDAY) == 1
    assert write_digests(MONDAY + 6 * DAY) == 0
    reviews(index)
    assert write_digests(MONDAY + 7 * DAY) == 1
    first, second = mails("lee@")
    assert first.subject == "[moksori] The week of My brand: 0 reviews, – complaints"
    assert (first.next_try_at - MONDAY) == timedelta(hours=1), "after the quiet hours"
    assert "None" not in first.text + first.html + second.text + second.html
    message = build(first, "moksori <moksori@localhost>")
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert int.from_bytes(picture.get_content()[16:20], "big") == 1088
    assert build(first, "moksori <moksori@localhost>").as_bytes() == message.as_bytes()


def test_a_hostile_brand_stays_text(install: Install, index: Index, change_settings: Any) -> None:
    evil = "<script>alert(1)</script>\r\nBcc: evil@example.com"
    install(REPORT)
    change_settings(BRAND__NAME=evil)
    index.put([from_tagged(tagged(number, product=evil, age_days=-1)) for number in range(9)])
    apply([detection(product=evil, brand=evil, theme=evil)], [], NOW)
    write_digests(MONDAY)
    message = build(OutboxMessage.objects.get(recipient="lee@example.com"), "moksori <moksori@localhost>")
    assert message["Bcc"] is None
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "\nBcc" not in plain.get_content()
    assert "<script" not in html.get_content()
    assert html.get_content().count("&lt;script") > 3


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_schedulers_at_once_write_each_once(install: Install) -> None:
    install(RULES)
    apply([detection(rule="trends")], [], NOW)
    start, failures = threading.Barrier(3), []

    def round_() -> None:
        try:
            start.wait()
            write_digests(NINE)
        except Exception as error:  # shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=round_) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert (len(mails("ann@")), len(mails("kim@"))) == (1, 1)


def test_a_look_before_its_time_changes_nothing(install: Install, index: Index) -> None:
    install(RULES)
    reviews(index)
    apply([detection(rule="trends")], [], NOW)
    mail = preview("ann@example.com", False, NOW + timedelta(hours=1))
    assert mail is not None
    assert page(mail) == mail.html
    report = preview("nobody@example.com", True, NOW)
    assert report is not None
    assert 'src="data:image/png;base64,' in page(report)
    assert preview("nobody@example.com", False, NOW) is None
    assert mails("ann@") == []
    assert send_now(mail) == "sent"
    assert write_digests(NINE) == 2, "the real one comes too"
    assert deliver_due(NINE).failed == 0


@given(
    st.integers(0, 2 * 366 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.times(),
    st.sampled_from(["monday", "friday", "sunday"]),
    st.sampled_from(["daily", "weekly"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Seoul"]),
)
def test_periods_follow_each_other_without_a_gap(
    now: datetime, at: Any, weekday: str, every: Any, timezone: str
) -> None:
    reader = Recipient.model_validate(
        {"address": "a@b.c", "at": f"{at:%H:%M}", "weekday": weekday, "timezone": timezone, "digest": every}
    )
    since, until = reader.last_period(every, now, "UTC")
    assert until <= now
    assert reader.last_period(every, until, "UTC") == (since, until)
    assert reader.last_period(every, until - timedelta(hours=3), "UTC")[1] == since
    assert now - until < timedelta(days=8 if every == "weekly" else 2)
    if every == "weekly":
        assert f"{until:%A}".lower() == weekday
