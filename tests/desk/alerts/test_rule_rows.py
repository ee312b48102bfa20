"""The list of rules: how awake each is now, with opinions, whom it tells and what silences it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.alerts.feedback import rate
from desk.alerts.life import apply, mute
from desk.alerts.models import Alert
from desk.alerts.rule_rows import rule_rows
from desk.outbox.off import turn_off
from pipeline.index import Index
from pipeline.index.document import from_tagged
from tests.desk.conftest import NOW, Cast, detection, tagged

RULES = """
channels:
  - {name: chat, kind: slack, url: env:CHAT}
recipients:
  - {address: ann@example.com, digest: daily}
rules:
  - name: trends
    kind: trend
    scope: {themes: [delivery, price]}
    recipients: [Ann <ann@example.com>, off@example.com, bob@example.com]
    channels: [chat]
    escalate: {after: 90m, recipients: [boss@example.com], channels: [chat]}
  - {name: silence, kind: silence, false_alarms_a_month: 0.25}
  - {name: ten, kind: threshold, at_least: 10}
  - {name: share, kind: share, above: 0.3}
  - {name: flat, kind: flatline, fewer_than: 5, days: 2}
  - {name: new, kind: new-term, field: location}
  - {name: stars, kind: rating}
  - {name: slow, kind: reply-time, days: 1}
  - {name: danger, kind: critical, urgency: [high], recipients: []}
"""


@pytest.fixture
def rows(cast: Cast, index: Index, tmp_path: Path, change_settings: Any) -> dict[str, dict[str, Any]]:
    (tmp_path / "alerts.yaml").write_text(RULES)
    change_settings(CONFIG_DIR=str(tmp_path))
    index.put([from_tagged(tagged(number)) for number in range(4)])
    apply([detection(rule="trends"), detection("other", rule="trends")], [], NOW)
    for alert in Alert.objects.all():
        for user in (cast.viewer, cast.lead):
            rate(alert.pk, True, user)
    mute("*", datetime.now(UTC) + timedelta(days=3), None, "ten")
    turn_off("off@example.com", NOW)
    return {row["rule"]: row for row in rule_rows(index, NOW)}


def test_a_trend_tells_how_certain_it_must_be_now(rows: dict[str, dict[str, Any]]) -> None:
    trends = rows["trends"]
    assert trends["watches"] == "themes: delivery, price"
    assert trends["opinions"] == 2.0
    assert trends["sensitivity"] == "certainty 0.41: about 0 false alarms a month over 3 series"
    assert trends["live_alerts"] == 2


def test_whom_it_tells_and_how(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["trends"]["recipients"] == [
        "Ann <ann@example.com> (daily digest)",
        "off@example.com (turned mails off)",
        "bob@example.com",
    ]
    assert rows["trends"]["escalates"] == "after 1.5 h: boss@example.com, chat"
    assert rows["silence"]["recipients"] == ["team@localhost"]
    assert rows["danger"]["recipients"] == []


def test_the_others_tell_their_limits_and_a_mute_its_end(rows: dict[str, dict[str, Any]]) -> None:
    assert {name: row["sensitivity"] for name, row in rows.items() if name != "trends"} == {
        "silence": "0.25 false alarms a month",
        "ten": "at least 10 complaints in a day",
        "share": "more than 30% complaints in 7 days, at least 5",
        "flat": "fewer than 5 reviews in 2 days",
        "new": "at least 3 complaints in 7 days",
        "stars": "0.4 stars of five less in 7 days, at least 20 ratings",
        "slow": "20% more late answers in a day, at least 10 complaints",
        "danger": "each review that fits",
    }
    assert rows["ten"]["muted_until"] is not None
    assert rows["share"]["muted_until"] is None
