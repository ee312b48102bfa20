"""An alert that nobody acknowledges is told to others once: when, to whom, and only once whatever happens."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.alerts.escalation import escalate_due
from desk.alerts.life import ack, apply, mute, resolve, unmute
from desk.alerts.models import Alert, AlertEvent
from desk.outbox.deliver import deliver_due
from desk.outbox.models import OutboxMessage
from desk.outbox.off import turn_off
from pipeline.settings import Settings
from tests.desk.conftest import BOTH, NOW, Cast, detection

HOUR = timedelta(hours=1)
RULES = """
channels:
  - {name: chat, kind: webhook, url: env:CHAT, secret: env:SECRET, language: en}
recipients:
  - {address: boss@example.com, language: en, quiet: {start: '16:30', end: '17:30'}}
  - {address: reader@example.com, digest: daily}
rules:
  - name: trends
    kind: trend
    recipients: [team@example.com]
    escalate: {after: 4h, recipients: [boss@example.com, reader@example.com], channels: [chat], severity: 2}
"""


@pytest.fixture
def rules(database: str, tmp_path: Path, change_settings: Callable[..., Settings]) -> None:
    (tmp_path / "alerts.yaml").write_text(RULES)
    change_settings(CONFIG_DIR=str(tmp_path))


def opened(severity: int = 2, **changes: Any) -> Alert:
    apply([detection(rule="trends", severity=severity, **changes)], [], NOW)
    return Alert.objects.latest("pk")


def told() -> list[str]:
    return sorted(OutboxMessage.objects.exclude(recipient="team@example.com").values_list("recipient", flat=True))


def test_after_the_time_it_is_told_once_and_marked(rules: None) -> None:
    alert = opened()
    assert escalate_due(NOW + 4 * HOUR - timedelta(seconds=1)) == 0
    assert escalate_due(NOW + 4 * HOUR) == 1
    assert told() == ["boss@example.com", "chat", "reader@example.com"], "a digest does not wait here"
    assert escalate_due(NOW + 40 * HOUR) == 0
    event = alert.events.get(what=AlertEvent.What.ESCALATED)
    assert (event.detail, event.by) == ("3", None)
    mail = OutboxMessage.objects.get(recipient="boss@example.com")
    assert mail.subject.startswith("[moksori] Nobody looks after it: 에어프라이어")
    for text in (mail.text, mail.html):
        assert "Open since 2026-11-20 12:00, and nobody has acknowledged it." in text
    assert OutboxMessage.objects.get(channel="chat").payload["type"] == "alert.escalated"
    assert "nobody has acknowledged" not in OutboxMessage.objects.get(recipient="team@example.com").text


def test_quiet_hours_put_it_off_unless_it_is_the_worst(rules: None) -> None:
    opened()
    opened(key="other", severity=3)
    escalate_due(NOW + 4 * HOUR)  # four in the afternoon
    times = OutboxMessage.objects.filter(recipient="boss@example.com").order_by("pk").values_list("next_try_at")
    assert {moment for (moment,) in times} == {NOW + 4 * HOUR}
    apply([detection("third", rule="trends"), detection("fourth", rule="trends", severity=3)], [], NOW + HOUR)
    escalate_due(NOW + 5 * HOUR)  # five
    waits = OutboxMessage.objects.filter(recipient="boss@example.com", next_try_at=NOW + 5.5 * HOUR)
    assert waits.count() == 1


@pytest.mark.parametrize("do", [ack, resolve])
def test_who_looks_after_it_keeps_it_quiet(rules: None, cast: Cast, do: Callable[..., Alert]) -> None:
    do(opened().pk, cast.lead)
    assert escalate_due(NOW + 40 * HOUR) == 0


def test_a_light_one_is_not_escalated_until_it_is_worse(rules: None) -> None:
    opened(severity=1)
    assert escalate_due(NOW + 5 * HOUR) == 0
    apply([detection(rule="trends", severity=2)], [], NOW + 6 * HOUR)
    assert escalate_due(NOW + 6 * HOUR) == 1


def test_the_time_is_counted_from_the_end_of_a_mute(rules: None, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    alert = opened()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + 3 * HOUR)
    mute(alert.key, NOW + 100 * HOUR, cast.lead)
    assert escalate_due(NOW + 5 * HOUR) == 0
    unmute(alert.pk, cast.lead)
    assert escalate_due(NOW + 6 * HOUR) == 0
    assert escalate_due(NOW + 7 * HOUR) == 1


def test_who_turned_their_mails_off_is_not_told(rules: None) -> None:
    opened()
    turn_off("Boss@Example.com", NOW)
    escalate_due(NOW + 4 * HOUR)
    assert told() == ["chat", "reader@example.com"]


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_schedulers_at_once_tell_it_once(rules: None) -> None:
    for number in range(4):
        opened(key=f"k{number}")
    start, failures = threading.Barrier(3), []

    def round_() -> None:
        try:
            start.wait()
            escalate_due(NOW + 4 * HOUR)
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
    assert len(told()) == 4 * 3
    assert AlertEvent.objects.filter(what=AlertEvent.What.ESCALATED).count() == 4


def test_killed_before_it_is_recorded_nothing_was_told(rules: None, monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    with monkeypatch.context() as patch:
        patch.setattr(AlertEvent.objects, "create", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            escalate_due(NOW + 4 * HOUR)
    assert told() == []
    assert escalate_due(NOW + 4 * HOUR) == 1


def test_what_is_not_due_is_not_locked(rules: None) -> None:
    for number in range(5):
        opened(key=f"k{number}")
    with CaptureQueriesContext(connection) as early:
        escalate_due(NOW + HOUR)
    escalate_due(NOW + 4 * HOUR)
    with CaptureQueriesContext(connection) as late:
        escalate_due(NOW + 5 * HOUR)
    assert (len(early), len(late)) == (1, 1)


def test_its_mail_can_be_sent(rules: None) -> None:
    opened()
    OutboxMessage.objects.all().delete()
    escalate_due(NOW + 4 * HOUR)
    OutboxMessage.objects.filter(channel="chat").delete()
    assert deliver_due(NOW + 4 * HOUR).sent == 2
