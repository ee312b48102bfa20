"""Writes the mails about an alert into the outbox, each in its recipient's language."""

import hashlib
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from desk.accounts.models import Preference
from desk.alerts.audience import Audience, told_at_once
from desk.alerts.explanation import causes, phrases, signs, usual_range
from desk.alerts.kibana import kibana_link
from desk.alerts.models import Alert, Severity
from desk.alerts.wording import chance, escalated_headline, headline, language_label, numbers, theme_label
from desk.outbox.models import OutboxMessage
from pipeline.alerting.channels import Channel
from pipeline.alerting.recipients import Recipient
from pipeline.alerting.rules import alert_rules
from pipeline.models import clean
from pipeline.settings import settings

QUOTES_IN_MAIL = 5


def write_mails(alert: Alert, now: datetime, audience: Audience | None = None) -> int:
    """Put one mail a recipient into the outbox, within the caller's transaction. Returns how many are new.

    audience: None, those of the alert's rule. An alert without a number is a test, and its mails say so.
    """
    told = audience or told_at_once(alert)
    mails = [_mail(alert, recipient, now, told.escalated) for recipient in told.recipients]
    known = set(
        OutboxMessage.objects.filter(dedupe_key__in=[mail.dedupe_key for mail in mails]).values_list(
            "dedupe_key", flat=True
        )
    )
    fresh = [mail for mail in mails if mail.dedupe_key not in known]
    OutboxMessage.objects.bulk_create(fresh)
    return len(fresh)


def dedupe_key(alert: Alert, recipient: str, escalated: bool = False) -> str:
    """The same for every writing of the same news: this alert, since it opened, at this severity, to this person."""
    return _key(alert, recipient, "escalated" if escalated else f"severity-{alert.severity}")


def _key(alert: Alert, recipient: str, news: str) -> str:
    opened = hashlib.sha256(f"{alert.key}\n{alert.opened_at.isoformat()}".encode()).hexdigest()[:16]
    person = hashlib.sha256(recipient.encode()).hexdigest()[:8]
    return f"alert-{opened}-{news}-{person}"


def _first_key(alert: Alert, recipient: str) -> str:
    """The key of the first mail about this alert to this person; "" where there is none yet."""
    news = (*(f"severity-{severity}" for severity in Severity.values), "escalated")
    written = OutboxMessage.objects.filter(dedupe_key__in=[_key(alert, recipient, each) for each in news])
    return written.order_by("pk").values_list("dedupe_key", flat=True).first() or ""


def _mail(alert: Alert, recipient: str, now: datetime, escalated: bool) -> OutboxMessage:
    wishes = alert_rules(settings()).recipient(parseaddr(recipient)[1])
    language = language_of(recipient)
    link = path(alert)
    with translation.override(language):
        title = escalated_headline(alert) if escalated else headline(alert)
        context = {**_context(alert, title, link), "escalated": escalated}
        chart = {"days": alert.days_json, "since": alert.since.isoformat(), "until": alert.until.isoformat()}
        return OutboxMessage(
            dedupe_key=dedupe_key(alert, recipient, escalated),
            answers=_first_key(alert, recipient),
            recipient=recipient[:320],
            subject=" ".join(clean(f"[moksori] {title} ({alert.observed})").split())[:300],
            text=render_to_string("alerts/mail.txt", context),
            html=render_to_string("alerts/mail.html", {**context, "language": language}),
            chart=chart if alert.days_json else None,
            link=link,
            created_at=now,
            next_try_at=told_at(alert, wishes, now),
        )


def told_at(alert: Alert, reader: Recipient | Channel, now: datetime) -> datetime:
    """When a reader with quiet hours is told: of the worst, and of a test, at once."""
    if not alert.pk or alert.severity == Severity.CRITICAL:
        return now
    return reader.quiet_after(now, settings().brand.timezone)


def path(alert: Alert) -> str:
    """The console's page about it."""
    return reverse("alert", args=[alert.pk]) if alert.pk else reverse("alerts")


def _context(alert: Alert, title: str, link: str) -> dict[str, Any]:
    console = settings().console.url.rstrip("/")
    first = alert.explanation.first if alert.explanation else None
    return {
        "alert": alert,
        "title": title,
        "numbers": numbers(alert),
        "usual_range": usual_range(alert),
        "chance": chance(alert.p_value) if alert.explanation else "",
        "causes": causes(alert),
        "phrases": phrases(alert),
        "signs": signs(alert),
        "first": first,
        "first_link": console + reverse("review", args=[first.id]) if first else "",
        "kibana": kibana_link(alert),
        "about": about(alert),
        "theme": theme_label(alert.theme) if alert.theme else "",
        "quotes": alert.quotes[:QUOTES_IN_MAIL],
        "link": console + link,
    }


def about(alert: Alert) -> str:
    """Brand, source, product, what narrows them, and theme in one line, in the current language."""
    language = language_label(alert.language) if alert.language else ""
    theme = theme_label(alert.theme) if alert.theme else ""
    facts = [alert.brand, alert.source, alert.product, alert.version, alert.location, language, theme]
    return " · ".join(" ".join(fact.split()) for fact in facts if fact)


def language_of(recipient: str) -> str:
    """The language of a reader of mails: as alerts.yaml says, else as they chose in the console, else the brand's."""
    address = parseaddr(recipient)[1]
    if wished := alert_rules(settings()).recipient(address).language:
        return wished
    chosen = Preference.objects.filter(user__email__iexact=address).values_list("language", flat=True).first()
    return chosen or settings().brand.language
