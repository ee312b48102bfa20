"""Template filters of the console: names in the reader's language, numbers and times as people read them."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from desk.alerts import wording
from desk.alerts.models import Alert
from desk.alerts.templatetags.quotes import stars
from desk.cases.models import Case, CaseEvent, Status
from desk.console.labels import column_label, facet_label

register = template.Library()
register.filter("stars", stars)
register.filter("chance", wording.chance)


@register.filter
def headline(alert: Alert) -> str:
    """What the alert is about."""
    return wording.headline(alert)


@register.filter
def theme(name: str) -> str:
    """A theme's name."""
    return wording.theme_label(name)


@register.filter
def language(code: str) -> str:
    """A language's name."""
    return wording.language_label(code)


@register.filter
def sentiment(name: str) -> str:
    """Its name."""
    return facet_label("sentiment", name)


@register.filter
def emotion(name: str) -> str:
    """An emotion's name."""
    return facet_label("emotion", name)


@register.filter
def health(state: str) -> str:
    """A source's state."""
    return facet_label("health", str(state))


@register.filter
def column(name: str) -> str:
    """The head of a column."""
    return column_label(name)


@register.filter
def complaints(case: Case) -> list[str]:
    """What the review complains about."""
    return [item["name"] for item in case.themes if item.get("sentiment") == "negative"]


@register.filter
def f(number: float) -> str:
    """A coordinate: never with a comma, whatever the language."""
    return f"{float(number):.1f}"


@register.filter
def percent(share: float) -> str:
    """0.81 as 81 %."""
    return f"{share:.0%}"


@register.filter
def cut_place(text: str, limit: int) -> str:
    """The last words that fit."""
    return text.strip()[max(0, limit - 20) : limit]


@register.filter
def safe_link(url: str | None) -> bool:
    """Is this an address that a click may open?"""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


@register.filter
def is_number(value: object) -> bool:
    """To the right with it?"""
    return isinstance(value, int | float) and not isinstance(value, bool)


@register.filter
def is_long(value: object) -> bool:
    """Does it need more than one line?"""
    return isinstance(value, str) and len(value) > 20


@register.filter
def cell(value: Any) -> Any:
    """A value of a table as people read it."""
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return date_format(timezone.localtime(value) if timezone.is_aware(value) else value, "Y-m-d H:i")
        case date():
            return value.isoformat()
        case float():
            return f"{value:,.1f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


@register.simple_tag
def due(at: datetime, now: datetime) -> str:
    """How long is left, in the largest unit."""
    if at < now:
        return _("overdue by %(time)s") % {"time": timesince(at, now, depth=1)}
    return _("%(time)s left") % {"time": timeuntil(at, now, depth=1)}


@register.simple_tag
def change(event: CaseEvent) -> str:
    """What a case event changed, from what to what."""
    before, after = event.before, event.after
    if event.kind in (
        CaseEvent.Kind.STATUS,
        CaseEvent.Kind.REVIEW_GONE,
        CaseEvent.Kind.ALERT_OVER,
        CaseEvent.Kind.ALERT_BACK,
    ):
        before, after = _status(before), _status(after)
    if event.kind == CaseEvent.Kind.ASSIGNED:
        before, after = before or _("nobody"), after or _("nobody")
    return f"{before} → {after}" if before and after else before or after


@register.simple_tag
def meter(value: int, most: int) -> SafeString:
    """A bar as long as the value; SVG, because the page's policy allows no style attributes."""
    width = 0 if most <= 0 else max(1, round(100 * value / most))
    return format_html(
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rest" width="100" height="8"/><rect width="{}" height="8"/></svg>',
        min(width, 100),
    )


def _status(value: str) -> str:
    return str(Status(value).label) if value in Status.values else value
