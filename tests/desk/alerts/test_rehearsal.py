"""A test of a rule reaches those whom it tells, says that it is one, and leaves no alert."""

from pathlib import Path
from typing import Any

import pytest

from desk.alerts.models import Alert
from desk.alerts.rehearsal import rehearse
from desk.outbox.models import OutboxMessage
from pipeline.errors import SettingsError
from tests.desk.conftest import NOW

RULES = """
channels:
  - {name: chat, kind: webhook, url: env:NOT_SET, secret: env:NOT_SET}
rules:
  - {name: safety, kind: critical, urgency: [high], recipients: [a@example.com], channels: [chat]}
  - {name: quiet, kind: trend, recipients: []}
"""


def test_each_recipient_gets_it_marked(database: str, tmp_path: Path, change_settings: Any) -> None:
    (tmp_path / "alerts.yaml").write_text(RULES)
    change_settings(CONFIG_DIR=str(tmp_path), BRAND__LANGUAGE="en")
    mail, post = rehearse("safety", NOW)
    assert (mail["recipient"], mail["state"]) == ("a@example.com", "sent")
    assert (post["channel"], post["state"]) == ("chat", "waiting")
    assert "env:NOT_SET" in post["error"]
    assert not Alert.objects.exists()
    for row in OutboxMessage.objects.all():
        assert "TEST of rule safety" in row.subject
    assert OutboxMessage.objects.get(channel="chat").payload["type"] == "alert.test"
    assert rehearse("quiet", NOW) == []
    with pytest.raises(SettingsError, match="no such rule"):
        rehearse("loud", NOW)
