"""Writes the posts about an alert into the outbox: one a channel of its rule, in the channel's language."""

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from desk.alerts.audience import Audience, told_at_once
from desk.alerts.explanation import causes
from desk.alerts.mail import about, dedupe_key, path, told_at
from desk.alerts.models import Alert
from desk.alerts.wording import escalated_headline, headline, numbers
from desk.outbox.channels.news import QUOTE_CHARACTERS, QUOTES, News, cut
from desk.outbox.channels.post import BODIES
from desk.outbox.models import OutboxMessage
from pipeline.alerting.channels import Channel
from pipeline.alerting.rules import alert_rules
from pipeline.models import clean
from pipeline.settings import settings


def write_posts(alert: Alert, now: datetime, audience: Audience | None = None) -> int:
    """Put one post a channel into the outbox, within the caller's transaction. Returns how many are new.

    audience: None, the channels of the alert's rule.
    """
    rules = alert_rules(settings())
    told = audience or told_at_once(alert)
    channels = [rules.channel(name) for name in dict.fromkeys(told.channels)]
    posts = [_post(alert, channel, now, told.escalated) for channel in channels if channel is not None]
    keys = [post.dedupe_key for post in posts]
    known = set(OutboxMessage.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    fresh = [post for post in posts if post.dedupe_key not in known]
    OutboxMessage.objects.bulk_create(fresh)
    return len(fresh)


def _post(alert: Alert, channel: Channel, now: datetime, escalated: bool) -> OutboxMessage:
    link = path(alert)
    with translation.override(channel.language or settings().brand.language):
        news = News(
            event="alert.escalated" if escalated else _event(alert),
            title=clean(escalated_headline(alert) if escalated else headline(alert)),
            numbers=clean(" ".join([numbers(alert), *causes(alert)])),
            about=clean(about(alert)),
            severity=alert.severity,
            link=settings().console.url.rstrip("/") + link,
            open=_("Open in the console"),
            quotes=[cut(clean(quote.text), QUOTE_CHARACTERS) for quote in alert.quotes[:QUOTES]],
            data=_data(alert),
        )
    return OutboxMessage(
        dedupe_key=dedupe_key(alert, f"channel {channel.name}", escalated),
        channel=channel.name,
        payload=BODIES[channel.kind](news),
        recipient=channel.name,
        subject=" ".join(news.title.split())[:300],
        text=news.text,
        link=link,
        created_at=now,
        next_try_at=told_at(alert, channel, now),
    )


def _event(alert: Alert) -> str:
    if not alert.pk:
        return "alert.test"
    return "alert.worse" if alert.mailed_severity else "alert.opened"


def _data(alert: Alert) -> dict[str, Any]:
    """The alert for a program: names and numbers as `moksori alerts show --json` has them."""
    return {
        "id": alert.pk,
        "key": alert.key,
        "kind": alert.kind,
        "rule": alert.rule,
        "severity": alert.severity,
        "brand": alert.brand,
        "source": alert.source or None,
        "product": alert.product or None,
        "theme": alert.theme or None,
        "version": alert.version or None,
        "location": alert.location or None,
        "language": alert.language or None,
        "since": alert.since.isoformat(),
        "until": alert.until.isoformat(),
        "observed": alert.observed,
        "expected": alert.expected,
        "total": alert.total,
        "opened_at": alert.opened_at.isoformat(),
        "quotes": alert.quotes_json,
        "explanation": alert.explanation_json,
    }
