"""Template filters for the figures of a report: shares, hours, and the names of sentiments and themes."""

from django import template
from django.utils.translation import gettext as _

from desk.alerts.wording import theme_label
from desk.console.labels import facet_label

register = template.Library()
register.filter("theme_label", theme_label)


@register.filter
def share(part: int, whole: int) -> str:
    """In percent; of nothing a dash."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


@register.filter
def hours(value: float | None) -> str:
    """A length of time; a dash where nothing was measured."""
    return "–" if value is None else _("%(hours)s h") % {"hours": f"{value:.1f}" if value < 10 else f"{value:.0f}"}


@register.filter
def sentiment_label(name: str) -> str:
    """A sentiment in the current language."""
    return facet_label("sentiment", name)
