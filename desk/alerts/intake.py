"""Takes tagged reviews from the stream into critical alerts at once: one alert a review, however often it comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from desk.alerts.life import Changes, apply
from desk.alerts.models import Alert, Kind
from desk.cases.intake import BACKLOG_DAYS
from desk.cases.models import TakenReview
from desk.database import outage_is_unavailable
from pipeline.alerting.critical import judge
from pipeline.alerting.rules import alert_rules
from pipeline.errors import SettingsError, Unavailable
from pipeline.models import TaggedReview, Tombstone
from pipeline.settings import settings


def take_critical(messages: Sequence[TaggedReview | Tombstone], now: datetime) -> Changes:
    """Open an alert for each review that a critical rule fits; forget the words of those that are gone.

    To be called after desk.cases.intake.take: it knows which copies are old, and makes the case that becomes urgent.
    A review of more than BACKLOG_DAYS ago is history and opens none. Raises Unavailable, for a faulty alerts.yaml too.
    """
    with outage_is_unavailable():
        for message in messages:
            if isinstance(message, Tombstone):
                Alert.objects.filter(kind=Kind.CRITICAL, key__endswith=f"|{message.id}|critical").update(quotes_json=[])
    try:
        rules = alert_rules(settings())
    except SettingsError as error:
        # A mistake made while we run must not end us: nothing is lost while we wait for it to be mended.
        raise Unavailable(str(error).splitlines()[0]) from None
    if not rules.critical:
        return Changes()
    recent = [
        message
        for message in messages
        if isinstance(message, TaggedReview) and now - message.review.created_at <= timedelta(days=BACKLOG_DAYS)
    ]
    found = [detection for each in recent if (detection := judge(each, rules, settings().brand.timezone))]
    if not found:
        return Changes()
    by_review = {message.id: message for message in recent}
    with outage_is_unavailable():
        taken = {row.review_id: row for row in TakenReview.objects.filter(review_id__in=list(by_review))}
    return apply([each for each in found if _is_current(by_review[each.quotes[0].id], taken)], [], now)


def _is_current(message: TaggedReview, taken: dict[str, TakenReview]) -> bool:
    row = taken.get(message.id)
    return row is None or not (row.gone or row.version > message.review.version)
