"""Alerts as plain rows for the command line."""

from collections.abc import Collection
from typing import Any

from desk.alerts.models import LIVE, Alert, State
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


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "state": alert.state,
        "severity": alert.severity,
        "kind": alert.kind,
        "headline": headline(alert, settings().brand.language),
        "brand": alert.brand,
        "source": alert.source or None,
        "product": alert.product or None,
        "theme": alert.theme or None,
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
