"""What an alert is about in a sentence, in Korean and English."""

from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from desk.alerts.models import Alert, Kind

_THEMES: Final = {
    "quality": gettext_noop("quality"),
    "service": gettext_noop("service"),
    "delivery": gettext_noop("delivery"),
    "communication": gettext_noop("communication"),
    "price": gettext_noop("price"),
}

THEMES: Final = tuple(_THEMES)
_LANGUAGES: Final = {"ko": gettext_noop("Korean"), "en": gettext_noop("English")}


def theme_label(theme: str) -> str:
    """A theme in the current language; the brand's own themes keep the name they were given."""
    return _(_THEMES[theme]) if theme in _THEMES else theme


def language_label(language: str) -> str:
    """A language of reviews in the current language; others by their code."""
    return _(_LANGUAGES[language]) if language in _LANGUAGES else language


def place(alert: Alert) -> str:
    """Where the trouble is: product with its version, source or brand, and the place or language that narrows it."""
    where = " ".join(f"{alert.product or alert.source or alert.brand} {alert.version}".split())
    narrow = " ".join(alert.location.split()) or (language_label(alert.language) if alert.language else "")
    return f"{where} ({narrow})" if narrow else where


def headline(alert: Alert, language: str | None = None) -> str:
    """One line: what is wrong, and where. language None: the current one. An alert without a number is a test."""
    with translation.override(language or translation.get_language()):
        if not alert.pk:
            return _("TEST of rule %(rule)s: nothing happened") % {"rule": alert.rule}
        where = place(alert)
        theme = theme_label(alert.theme) if alert.theme else ""
        if alert.kind == Kind.SILENCE:
            return _("%(where)s: no reviews come in any more") % {"where": alert.source or where}
        if alert.kind == Kind.CRITICAL:
            return _("%(where)s: a review that cannot wait") % {"where": where}
        if alert.kind == Kind.FLATLINE:
            return _("%(where)s: few reviews come in") % {"where": where}
        if alert.kind == Kind.NEW_TERM:
            return _("%(what)s is new among the complaints") % {"what": theme}
        if alert.kind == Kind.RATING:
            return _("%(where)s: ratings fall") % {"where": where}
        if alert.kind == Kind.REPLY_TIME:
            return _("%(where)s: answers take longer") % {"where": where}
        if alert.kind == Kind.SHARE:
            return _("%(where)s: a large share of complaints") % {"where": where}
        if alert.kind == Kind.DRIFT:
            if theme:
                return _("%(where)s: complaints about %(theme)s keep growing") % {"where": where, "theme": theme}
            return _("%(where)s: complaints keep growing") % {"where": where}
        if theme:
            return _("%(where)s: many complaints about %(theme)s") % {"where": where, "theme": theme}
        return _("%(where)s: many complaints") % {"where": where}


def escalated_headline(alert: Alert) -> str:
    """The headline for those who are told because nobody acknowledged, in the current language."""
    return _("Nobody looks after it: %(headline)s") % {"headline": headline(alert)}


def numbers(alert: Alert) -> str:
    """The counts in one sentence, in the current language."""
    values = {
        "observed": alert.observed,
        "expected": expected_text(alert.expected),
        "total": alert.total,
        "rule": alert.rule,
    }
    if alert.kind == Kind.CRITICAL:
        return _("One review fits the rule “%(rule)s”. It stays open until a person resolves it.") % values
    if alert.kind == Kind.SILENCE:
        return _("%(total)d reviews in this time, usually about %(expected)s.") % values
    if alert.kind == Kind.FLATLINE:
        return _("%(total)d reviews in this time; the rule asks for %(expected)s.") % values
    if alert.kind == Kind.REPLY_TIME:
        return _("%(observed)d of %(total)d complaints waited long for an answer, usually about %(expected)s.") % values
    if alert.kind in (Kind.THRESHOLD, Kind.SHARE, Kind.NEW_TERM):
        return _("%(observed)d negative reviews of %(total)d; the rule's limit is %(expected)s.") % values
    return _("%(observed)d negative reviews of %(total)d, usually about %(expected)s.") % values


def expected_text(expected: float) -> str:
    """A count that is a mean: one digit after the point while small."""
    return f"{expected:.1f}" if expected < 10 else f"{expected:.0f}"


def chance(p_value: float) -> str:
    """A p-value as people read it, in the current language."""
    if p_value >= 0.01:
        return f"{p_value:.0%}"
    if p_value <= 1e-9:
        return _("practically never")
    return _("1 in %(times)s") % {"times": f"{round(1 / p_value):,}"}
