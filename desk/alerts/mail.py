"""Writes the mails about an alert into the outbox, each in its recipient's language."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from desk.accounts.models import Preference
from desk.alerts.models import Alert, Severity
from desk.alerts.wording import headline, numbers, theme_label
from desk.outbox.models import OutboxMessage
from pipeline.alerting.quiet import QuietHours
from pipeline.alerting.rules import alert_rules
from pipeline.models import clean
from pipeline.settings import settings

QUOTES_IN_MAIL = 5


def write_mails(alert: Alert, now: datetime) -> int:
    """Put one mail a recipient into the outbox, within the caller's transaction. Returns how many are new.

    An alert without a number is a test, and its mails say so.
    """
    mails = [_mail(alert, recipient, now) for recipient in dict.fromkeys(_recipients(alert))]
    known = set(
        OutboxMessage.objects.filter(dedupe_key__in=[mail.dedupe_key for mail in mails]).values_list(
            "dedupe_key", flat=True
        )
    )
    fresh = [mail for mail in mails if mail.dedupe_key not in known]
    OutboxMessage.objects.bulk_create(fresh)
    return len(fresh)


def _recipients(alert: Alert) -> Sequence[str]:
    """Those of the alert's rule, else of the settings. A rule that is no longer in the file has none of its own."""
    rule = alert_rules(settings()).find(alert.rule)
    return settings().mail.recipients if rule is None or rule.recipients is None else rule.recipients


def dedupe_key(alert: Alert, recipient: str) -> str:
    """The same for every writing of the same news: this alert, since it opened, at this severity, to this person."""
    opened = hashlib.sha256(f"{alert.key}\n{alert.opened_at.isoformat()}".encode()).hexdigest()[:16]
    person = hashlib.sha256(recipient.encode()).hexdigest()[:8]
    return f"alert-{opened}-severity-{alert.severity}-{person}"


def _mail(alert: Alert, recipient: str, now: datetime) -> OutboxMessage:
    wishes = alert_rules(settings()).recipient(parseaddr(recipient)[1])
    language = wishes.language or _language(recipient)
    link = path(alert)
    with translation.override(language):
        title = headline(alert)
        context = _context(alert, title, link)
        chart = {"days": alert.days_json, "since": alert.since.isoformat(), "until": alert.until.isoformat()}
        return OutboxMessage(
            dedupe_key=dedupe_key(alert, recipient),
            recipient=recipient[:320],
            subject=" ".join(clean(f"[moksori] {title} ({alert.observed})").split())[:300],
            text=render_to_string("alerts/mail.txt", context),
            html=render_to_string("alerts/mail.html", {**context, "language": language}),
            chart=chart if alert.days_json else None,
            link=link,
            created_at=now,
            next_try_at=told_at(alert, wishes.quiet, now),
        )


def told_at(alert: Alert, quiet: QuietHours | None, now: datetime) -> datetime:
    """When somebody with these quiet hours is told: of the worst, and of a test, at once."""
    if quiet is None or not alert.pk or alert.severity == Severity.CRITICAL:
        return now
    return quiet.after(now, settings().brand.timezone)


def path(alert: Alert) -> str:
    """The console's page about it."""
    return reverse("alert", args=[alert.pk]) if alert.pk else reverse("alerts")


def _context(alert: Alert, title: str, link: str) -> dict[str, Any]:
    return {
        "alert": alert,
        "title": title,
        "numbers": numbers(alert),
        "about": about(alert),
        "theme": theme_label(alert.theme) if alert.theme else "",
        "quotes": alert.quotes[:QUOTES_IN_MAIL],
        "link": settings().console.url.rstrip("/") + link,
    }


def about(alert: Alert) -> str:
    """Brand, source, product and theme in one line, in the current language."""
    facts = [alert.brand, alert.source, alert.product, theme_label(alert.theme) if alert.theme else ""]
    return " · ".join(" ".join(fact.split()) for fact in facts if fact)


def _language(recipient: str) -> str:
    address = parseaddr(recipient)[1]
    chosen = Preference.objects.filter(user__email__iexact=address).values_list("language", flat=True).first()
    return chosen or settings().brand.language
