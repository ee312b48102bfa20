"""Tells others of alerts that nobody acknowledged in time: once an alert, whatever happens to whoever writes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from desk.alerts.audience import told_of_escalation
from desk.alerts.mail import write_mails
from desk.alerts.models import Alert, AlertEvent, State
from desk.alerts.posts import write_posts
from desk.database import outage_is_unavailable
from pipeline.alerting.recipients import Escalation
from pipeline.alerting.rules import alert_rules
from pipeline.settings import settings

What = AlertEvent.What
_BEGINS: Final = (What.OPENED, What.REOPENED, What.UNMUTED)
"""What the time to acknowledge is counted from, the newest of them."""


def escalate_due(now: datetime) -> int:
    """Write messages about all open alerts whose time to acknowledge is over. Returns how many alerts.

    Raises Unavailable, SettingsError. Called by schedulers at once, and killed: the history says what was escalated, in
    the transaction that writes the messages.
    """
    rules = {rule.name: rule.escalate for rule in alert_rules(settings()).rules if rule.escalate}
    if not rules:
        return 0
    with outage_is_unavailable():
        waiting = (
            Alert.objects.filter(_may_be_due(rules, now), state=State.OPEN).exclude(pk__in=_told()).order_by("key")
        )
        return sum(_escalate(pk, rules[rule], now) for pk, rule in waiting.values_list("pk", "rule"))


def _may_be_due(rules: Mapping[str, Escalation], now: datetime) -> Q:
    """All that are due, and of the others only those that came back: asked every few seconds, it must lock few."""
    due = Q()
    for name, escalation in rules.items():
        due |= Q(rule=name, severity__gte=escalation.severity, opened_at__lte=now - escalation.after)
    return due


def _escalate(pk: int, escalation: Escalation, now: datetime) -> bool:
    with transaction.atomic():
        alert = Alert.objects.select_for_update().filter(pk=pk, state=State.OPEN).first()
        if alert is None or alert.severity < escalation.severity or _told().filter(alert=alert).exists():
            return False
        began = alert.events.filter(what__in=_BEGINS).order_by("-at").values_list("at", flat=True).first()
        if (began or alert.opened_at) + escalation.after > now:
            return False
        audience = told_of_escalation(escalation)
        written = write_mails(alert, now, audience) + write_posts(alert, now, audience)
        AlertEvent.objects.create(alert=alert, at=now, what=What.ESCALATED, detail=str(written))
        return True


def _told() -> QuerySet[AlertEvent, int]:
    """Numbers of the alerts that were escalated."""
    return AlertEvent.objects.filter(what=What.ESCALATED).values_list("alert_id", flat=True)
