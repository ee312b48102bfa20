"""Sends a marked test to all whom a rule would tell, on the same way as an alert."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from desk.alerts.mail import write_mails
from desk.alerts.models import Alert, Kind, Severity
from desk.alerts.posts import write_posts
from desk.database import outage_is_unavailable
from desk.outbox.deliver import deliver_due
from desk.outbox.models import OutboxMessage
from pipeline.alerting.rules import alert_rules
from pipeline.settings import settings

_QUOTE: Final = "이것은 시험입니다. This is a test."


def rehearse(rule_name: str, now: datetime) -> list[dict[str, Any]]:
    """What became of each message: recipient, state, error. Raises SettingsError for an unknown rule, Unavailable.

    What else is due leaves too.
    """
    rule = alert_rules(settings()).named(rule_name)
    today = now.date()
    alert = Alert(
        key=f"test|{rule.name}",
        kind=Kind.SURGE,
        rule=rule.name,
        brand=settings().brand.name,
        since=today,
        until=today,
        observed=12,
        expected=3.0,
        total=40,
        p_value=0.001,
        severity=Severity.NOTICE,
        opened_at=now,
        checked_at=now,
        quotes_json=[{"id": "test:1", "text": _QUOTE, "created_at": now.isoformat()}],
    )
    with outage_is_unavailable():
        newest = OutboxMessage.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        with transaction.atomic():
            write_mails(alert, now)
            write_posts(alert, now)
        deliver_due(now)
        ours = OutboxMessage.objects.filter(pk__gt=newest, created_at=now).order_by("pk")
        return [dict(row) for row in ours.values("recipient", "channel", "state", "error")]
