"""What is special about an alert, in sentences in the current language: causes, phrases, other signs."""

from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from desk.alerts.models import Alert
from desk.alerts.wording import language_label, theme_label
from pipeline.alerting.detection import Cause, Sign

_WHAT: Final = {
    "source": gettext_noop("source %(value)s"),
    "product": gettext_noop("product %(value)s"),
    "product_version": gettext_noop("version %(value)s"),
    "location": gettext_noop("place %(value)s"),
    "lang": gettext_noop("language %(value)s"),
    "negative_themes": gettext_noop("theme %(value)s"),
}
_SIGNS: Final = {
    "rating": gettext_noop("Ratings fell to %(now)s of 5 stars, from %(before)s."),
    "leaving": gettext_noop("Authors who will probably leave: %(now)s of the reviews, %(before)s before."),
    "unanswered": gettext_noop("Without a public answer within a day: %(now)s of the complaints, %(before)s before."),
    "late": gettext_noop("Without a public answer in the usual time: %(now)s of the complaints, %(before)s before."),
    "again": gettext_noop("By people who complained more than once: %(now)s of the complaints, %(before)s before."),
}


def causes(alert: Alert) -> list[str]:
    """Where the excess comes from, a line for each value that holds most of it."""
    return [_cause(cause) for cause in alert.explanation.causes] if alert.explanation else []


def signs(alert: Alert) -> list[str]:
    """What else moved, a sentence each."""
    return [_sign(sign) for sign in alert.explanation.signs] if alert.explanation else []


def phrases(alert: Alert) -> str:
    """What complaints say more often than before, with the number of reviews that say it; "" for nothing."""
    said = alert.explanation.phrases if alert.explanation else []
    return ", ".join(f"“{each.text}” ({each.reviews})" for each in said)


def reasons(alert: Alert, language: str | None = None) -> list[str]:
    """All of it as lines of text. language None: the current one."""
    with translation.override(language or translation.get_language()):
        said = phrases(alert)
        told = [_("Said more often than before: %(phrases)s") % {"phrases": said}] if said else []
        return [*causes(alert), *told, *signs(alert)]


def usual_range(alert: Alert) -> str:
    """The 95 % interval of what was expected; "" where there is none."""
    return f"{alert.explanation.low:.0f}–{alert.explanation.high:.0f}" if alert.explanation else ""


def _cause(cause: Cause) -> str:
    label = {"lang": language_label, "negative_themes": theme_label}.get(cause.field, str)
    values = {
        # Other values may have fewer than expected: then the part of one is more than the whole.
        "share": _percent(min(cause.share, 1.0)),
        "what": _(_WHAT[cause.field]) % {"value": " ".join(label(cause.value).split())},
        "usual": _percent(cause.usual),
    }
    return _("%(share)s of the excess: %(what)s (usually %(usual)s)") % values


def _sign(sign: Sign) -> str:
    shown = _stars if sign.name == "rating" else _percent
    return _(_SIGNS[sign.name]) % {"now": shown(sign.now), "before": shown(sign.before)}


def _percent(share: float) -> str:
    percent = round(100 * share)
    shown = str(percent) if percent or not share else "<1"
    return f"{shown}\N{NO-BREAK SPACE}%"


def _stars(rating: float) -> str:
    return f"{1 + 4 * rating:.1f}"
