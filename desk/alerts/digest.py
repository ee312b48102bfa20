"""Writes the mails that come once a day or week: what happened to the alerts, and the report of the week."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone as clock
from django.utils import translation
from django.utils.translation import gettext as _

from desk.alerts.audience import recipients_of
from desk.alerts.mail import language_of, path
from desk.alerts.models import Alert, AlertEvent, State
from desk.alerts.templatetags.figures import share
from desk.alerts.week import DAYS, Week, one_line, week
from desk.alerts.wording import headline, numbers
from desk.database import outage_is_unavailable
from desk.index import thread_index
from desk.outbox.models import OutboxMessage
from desk.outbox.off import turned_off
from pipeline.alerting.recipients import Every, Recipient
from pipeline.alerting.rules import alert_rules
from pipeline.settings import settings

What = AlertEvent.What
Kind = Literal["daily", "weekly", "report"]
_TOLD: Final = (
    What.OPENED, What.REOPENED, What.UNMUTED, What.WORSE, What.ESCALATED, What.OVER, What.RESOLVED, What.RULE_GONE,
)  # fmt: skip

_LOOK_BACK: Final = timedelta(days=60)


@dataclass(frozen=True)
class Happened:
    """An alert with what happened to it in a period, in words, oldest first."""

    alert: Alert
    title: str
    numbers: str
    what: list[str]
    link: str


def write_digests(now: datetime) -> int:
    """Put the mails of each reader's newest whole period into the outbox, once. Returns how many are new.

    Raises Unavailable, SettingsError. What they are about has its key, so any number of schedulers, killed at any
    point, write each once. A digest without news is not written, a report always.
    """
    readers = alert_rules(settings()).recipients
    with outage_is_unavailable():
        off = turned_off(each.address for each in readers)
        return sum(
            _write(reader, kind, now) for reader in readers if reader.address not in off for kind in kinds(reader)
        )


def kinds(reader: Recipient) -> Iterator[Kind]:
    """What somebody gets. A weekly digest is part of the report, where they get both."""
    if reader.report:
        yield "report"
    if reader.digest and not (reader.report and reader.digest == "weekly"):
        yield reader.digest


def compose(reader: Recipient, kind: Kind, since: datetime, until: datetime, now: datetime) -> OutboxMessage | None:
    """The mail about a period, not saved. None: there is nothing to tell. Raises Unavailable."""
    timezone = settings().brand.timezone
    language = language_of(reader.address)
    with translation.override(language), clock.override(ZoneInfo(reader.timezone or timezone)):
        happened = _happened(since, until, None if kind == "report" else reader)
        if not happened and kind != "report":
            return None
        figures = (
            week(thread_index(), until.astimezone(ZoneInfo(timezone)).date(), timezone) if kind == "report" else None
        )
        context = {
            "title": one_line(_title(kind, happened, figures)),
            "kind": kind,
            "since": since,
            "until": until,
            "happened": happened,
            "open": Alert.objects.filter(state__in=(State.OPEN, State.ACKNOWLEDGED)).count(),
            "week": figures,
            "most": max((line.complaints.now for line in figures.themes), default=1) if figures else 1,
            "link": settings().console.url.rstrip("/") + reverse("alerts"),
        }
        return OutboxMessage(
            dedupe_key=_key(reader, kind, until),
            recipient=reader.address[:320],
            subject=f"[moksori] {context['title']}"[:300],
            text=render_to_string("alerts/digest.txt", context),
            html=render_to_string("alerts/digest.html", {**context, "language": language}),
            chart=_chart(figures) if figures else None,
            link=reverse("alerts"),
            created_at=now,
            next_try_at=reader.quiet_after(now, timezone),
        )


def _write(reader: Recipient, kind: Kind, now: datetime) -> int:
    every: Every = "daily" if kind == "daily" else "weekly"
    since, until = reader.last_period(every, now, settings().brand.timezone)
    if OutboxMessage.objects.filter(dedupe_key=_key(reader, kind, until)).exists():
        return 0
    mail = compose(reader, kind, _told_until(reader, kind, until) or since, until, now)
    if mail is None:
        return 0
    OutboxMessage.objects.bulk_create([mail], ignore_conflicts=True)  # another scheduler may have been quicker
    return 1


def _key(reader: Recipient, kind: Kind, until: datetime) -> str:
    return f"digest-{kind}-{until:%Y-%m-%d}-{_person(reader)}"


def _person(reader: Recipient) -> str:
    return hashlib.sha256(reader.address.lower().encode()).hexdigest()[:8]


def _told_until(reader: Recipient, kind: Kind, until: datetime) -> datetime | None:
    """Where the newest mail of this kind ends: what came after it was told by none, be it for an outage."""
    begins = f"digest-{kind}-"
    mails = OutboxMessage.objects.filter(recipient=reader.address[:320], created_at__gte=until - _LOOK_BACK)
    of_kind = mails.filter(dedupe_key__startswith=begins, dedupe_key__endswith=f"-{_person(reader)}")
    key = of_kind.order_by("-pk").values_list("dedupe_key", flat=True).first()
    if key is None:
        return None
    return reader.moment(date.fromisoformat(key.removeprefix(begins)[:10]), settings().brand.timezone)


def _happened(since: datetime, until: datetime, reader: Recipient | None) -> list[Happened]:
    """Alerts with news, those in progress and the worst first. reader: only alerts that they are told of."""
    events = AlertEvent.objects.filter(at__gte=since, at__lt=until, what__in=_TOLD).exclude(alert__state=State.MUTED)
    by_alert: dict[Alert, list[str]] = {}
    for event in events.select_related("alert").order_by("at", "pk"):
        if reader is None or _is_told(reader, event.alert):
            by_alert.setdefault(event.alert, []).append(str(event.get_what_display()))
    ordered = sorted(by_alert, key=lambda alert: (not alert.is_live, -alert.severity, alert.pk))
    base = settings().console.url.rstrip("/")
    return [
        Happened(
            alert, one_line(headline(alert)), numbers(alert), list(dict.fromkeys(by_alert[alert])), base + path(alert)
        )
        for alert in ordered
    ]


def _is_told(reader: Recipient, alert: Alert) -> bool:
    return reader.address.casefold() in {parseaddr(each)[1].casefold() for each in recipients_of(alert)}


def _title(kind: Kind, happened: list[Happened], figures: Week | None) -> str:
    if figures is not None:
        values = {
            "brand": settings().brand.name,
            "reviews": figures.reviews.now,
            "share": share(figures.complaints.now, figures.reviews.now),
        }
        return _("The week of %(brand)s: %(reviews)d reviews, %(share)s complaints") % values
    text = _("Alerts of the day: %(count)d") if kind == "daily" else _("Alerts of the week: %(count)d")
    return text % {"count": len(happened)}


def _chart(figures: Week) -> dict[str, Any]:
    return {"week": figures.days[DAYS:], "before": figures.days[:DAYS]}
