"""A round of the scheduler as a whole: it opens, escalates, writes digests, ends what no rule looks at, and sends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.alerts.models import Alert, AlertEvent, State
from desk.outbox.models import OutboxMessage
from moksori.alert_scheduler import check_now
from pipeline.index import Index
from pipeline.index.document import from_tagged
from pipeline.settings import Settings
from tests.conftest import document
from tests.desk.conftest import (  # noqa: F401
    NOW,
    change_settings,
    database,
    databases,
    index,
    installation,
    tagged,
)

RULES = """
recipients:
  - {address: reader@example.com, digest: daily}
rules:
  - name: many
    kind: threshold
    at_least: 3
    days: 3
    recipients: [team@example.com, reader@example.com]
    escalate: {after: 4h, recipients: [boss@example.com]}
"""


@pytest.fixture
def rules(database: str, tmp_path: Path, change_settings: Callable[..., Settings]) -> Callable[[str], Settings]:  # noqa: F811
    def put(text: str) -> Settings:
        (tmp_path / "alerts.yaml").write_text(text)
        return change_settings(CONFIG_DIR=str(tmp_path))

    return put


def sent_to() -> list[str]:
    return sorted(OutboxMessage.objects.filter(state="sent").values_list("recipient", flat=True))


def test_from_the_first_mail_to_the_end_of_the_rule(rules: Callable[[str], Settings], index: Index) -> None:  # noqa: F811
    settings = rules(RULES)
    index.put([from_tagged(tagged(number)) for number in range(4)])
    assert check_now(settings, NOW).opened == 1
    assert sent_to() == ["team@example.com"]
    check_now(settings, NOW + timedelta(hours=4))
    assert sent_to() == ["boss@example.com", "team@example.com"]
    check_now(settings, NOW + timedelta(hours=20))  # eight in the morning
    check_now(settings, NOW + timedelta(hours=21))
    assert sent_to() == ["boss@example.com", "reader@example.com", "team@example.com"]
    settings = rules(RULES.replace("name: many", "name: renamed"))
    assert check_now(settings, NOW + timedelta(hours=22)).resolved == 1
    old, new = Alert.objects.order_by("pk")
    assert (old.state, new.state, new.rule) == (State.RESOLVED, State.OPEN, "renamed")
    assert old.events.latest("pk").what == AlertEvent.What.RULE_GONE


def test_what_is_told_within_the_day_is_one_alert_and_one_mail_however_long_it_goes_on(
    rules: Callable[[str], Settings],
    index: Index,  # noqa: F811
) -> None:
    settings = rules("rules: [{name: trends, kind: trend, recipients: [team@example.com]}]")
    noon = NOW.replace(hour=3, minute=0)  # in Seoul
    bad: dict[str, Any] = {"is_negative": 1, "sentiment": "negative"}

    def put(first: int, begin: datetime, every: timedelta, count: int, **fields: Any) -> None:
        moments = [begin + every * number for number in range(count)]
        index.put(
            [
                document(first + number, created_at=at, collected_at=at, product="kettle", **fields)
                for number, at in enumerate(moments)
            ]
        )

    for day in range(60):
        put(1000 * day, noon - timedelta(days=day, hours=12), timedelta(minutes=15), 48 if day == 0 else 96)
        put(1000 * day + 500, noon - timedelta(days=day, hours=12), timedelta(hours=3), 4 if day == 0 else 8, **bad)
    put(900_000, noon - timedelta(hours=3), timedelta(minutes=16), 11, **bad)
    assert check_now(settings, noon - timedelta(hours=3)).opened == 0
    assert check_now(settings, noon).opened == 1
    for hours in range(1, 24, 4):
        put(901_000 + 100 * hours, noon + timedelta(hours=hours), timedelta(minutes=16), 15, **bad)
        check_now(settings, noon + timedelta(hours=hours + 4))
    (alert,) = Alert.objects.all()
    assert alert.observed > 60
    assert alert.state == State.OPEN
    assert alert.events.filter(what=AlertEvent.What.MAILED).count() == 1
