"""Takes what people think of alerts, and says how far that moves the threshold of each rule."""

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from desk.alerts.models import Alert, AlertEvent, Feedback
from desk.database import outage_is_unavailable
from pipeline.errors import MoksoriError

_DOUBLES_AFTER: Final = 4
"""Opinions, more useful ones than others, that double the false alarms accepted; as many others halve them."""
_FURTHEST: Final = 4.0


def rate(alert_id: int, useful: bool, user: User) -> None:
    """Keep somebody's opinion; a second one takes the place of the first. Raises MoksoriError, Unavailable."""
    now = timezone.now()
    what = AlertEvent.What.USEFUL if useful else AlertEvent.What.USELESS
    with outage_is_unavailable(), transaction.atomic():
        alert = Alert.objects.filter(pk=alert_id).first()
        if alert is None:
            raise MoksoriError(f"there is no alert {alert_id}. `moksori alerts list` shows all")
        Feedback.objects.update_or_create(alert=alert, by=user, defaults={"useful": useful, "at": now})
        AlertEvent.objects.create(alert=alert, at=now, by=user, what=what)


def leanings() -> dict[str, float]:
    """By rule: what its false alarms a month are to be multiplied with, 1/4 to 4. Rules nobody judged are left out.

    Raises Unavailable.
    """
    with outage_is_unavailable():
        rows = Feedback.objects.exclude(alert__rule="").values("alert__rule")
        counts = list(rows.annotate(yes=Count("pk", filter=Q(useful=True)), no=Count("pk", filter=Q(useful=False))))
    return {row["alert__rule"]: _factor(row["yes"] - row["no"]) for row in counts}


def _factor(more_useful: int) -> float:
    factor: float = 2.0 ** (more_useful / _DOUBLES_AFTER)
    return min(max(factor, 1 / _FURTHEST), _FURTHEST)
