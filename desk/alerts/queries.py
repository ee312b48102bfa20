"""Alerts as plain rows for the command line."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from desk.alerts.explanation import reasons
from desk.alerts.kibana import kibana_link
from desk.alerts.models import LIVE, Alert, Mute, State
from desk.alerts.wording import headline
from desk.database import outage_is_unavailable
from pipeline.errors import MoksoriError
from pipeline.settings import settings


def alert_rows(states: Collection[str] = LIVE, limit: int = 100) -> list[dict[str, Any]]:
    """Alerts in these states, worst and newest first. Raises MoksoriError for a state that is none."""
    if unknown := set(states) - set(State.values):
        raise MoksoriError(f"{', '.join(sorted(unknown))}: no such state; there are {', '.join(State.values)}")
    with outage_is_unavailable():
        alerts = Alert.objects.filter(state__in=states).order_by("-severity", "-opened_at", "-pk")[:limit]
        return [_row(alert) for alert in alerts]


def alert_row(alert_id: int) -> dict[str, Any]:
    """One alert with days, quotes and history. Raises MoksoriError where there is none."""
    with outage_is_unavailable():
        alert = Alert.objects.filter(pk=alert_id).first()
        if alert is None:
            raise MoksoriError(f"there is no alert {alert_id}. `moksori alerts list` shows all")
        events = alert.events.select_related("by")
        return {
            **_row(alert),
            "days": alert.days_json,
            "quotes": alert.quotes_json,
            "explanation": alert.explanation_json,
            "reasons": reasons(alert, settings().brand.language),
            "kibana": kibana_link(alert) or None,
            "history": [
                {
                    "at": event.at,
                    "what": event.what,
                    "by": event.by.username if event.by else None,
                    "detail": event.detail,
                }
                for event in events
            ],
        }


def mute_rows(now: datetime) -> list[dict[str, Any]]:
    """The mutes that hold, those that end first before the others."""
    with outage_is_unavailable():
        mutes = Mute.objects.filter(until__gt=now, ended_at=None).select_related("by").order_by("until", "pk")
        return [
            {
                "rule": each.rule or None,
                "pattern": each.pattern,
                "until": each.until,
                "by": each.by.username if each.by else None,
                "at": each.at,
            }
            for each in mutes
        ]


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "state": alert.state,
        "severity": alert.severity,
        "kind": alert.kind,
        "rule": alert.rule or None,
        "headline": headline(alert, settings().brand.language),
        "brand": alert.brand,
        "source": alert.source or None,
        "product": alert.product or None,
        "theme": alert.theme or None,
        "version": alert.version or None,
        "location": alert.location or None,
        "language": alert.language or None,
        "since": alert.since,
        "until": alert.until,
        "observed": alert.observed,
        "expected": round(alert.expected, 2),
        "total": alert.total,
        "p_value": alert.p_value,
        "opened_at": alert.opened_at,
        "checked_at": alert.checked_at,
        "case_id": alert.case_id,
        "key": alert.key,
    }
