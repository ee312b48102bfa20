"""A round of the scheduler as a whole: it opens, escalates, writes digests, ends what no rule looks at, and sends."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from desk.alerts.models import Alert, AlertEvent, State
from desk.outbox.models import OutboxMessage
from moksori.alert_scheduler import check_now
from pipeline.index import Index
from pipeline.index.document import from_tagged
from pipeline.settings import Settings
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
