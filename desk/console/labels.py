"""What values of the index are called on the pages, in the current language."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from desk.alerts.wording import theme_label
from desk.cases.models import Status

_VALUES: Final = {
    ("sentiment", "positive"): gettext_noop("positive"),
    ("sentiment", "neutral"): gettext_noop("neutral"),
    ("sentiment", "negative"): gettext_noop("negative"),
    ("lang", "ko"): gettext_noop("Korean"),
    ("lang", "en"): gettext_noop("English"),
    ("rating", "low"): gettext_noop("★ 1–2"),
    ("rating", "middle"): gettext_noop("★ 3"),
    ("rating", "high"): gettext_noop("★ 4–5"),
    ("period", "7"): gettext_noop("7 days"),
    ("period", "30"): gettext_noop("30 days"),
    ("period", "90"): gettext_noop("90 days"),
    ("period", "365"): gettext_noop("1 year"),
    ("period", "all"): gettext_noop("all time"),
    ("sort", "newest"): gettext_noop("newest first"),
    ("sort", "oldest"): gettext_noop("oldest first"),
    ("sort", "worst"): gettext_noop("worst first"),
    ("emotion", "anger"): gettext_noop("anger"),
    ("emotion", "disappointment"): gettext_noop("disappointment"),
    ("emotion", "anxiety"): gettext_noop("anxiety"),
    ("emotion", "sadness"): gettext_noop("sadness"),
    ("emotion", "joy"): gettext_noop("joy"),
    ("emotion", "gratitude"): gettext_noop("gratitude"),
    ("emotion", "surprise"): gettext_noop("surprise"),
    ("health", "ok"): gettext_noop("works"),
    ("health", "partial"): gettext_noop("partly read"),
    ("health", "broken"): gettext_noop("broken"),
    ("health", "blocked"): gettext_noop("blocked"),
}


def facet_label(name: str, value: str) -> str:
    """The name of a value; values that users made themselves keep theirs."""
    if name == "theme":
        return theme_label(value)
    if name == "case" and value in Status.values:
        return str(Status(value).label)
    known = _VALUES.get((name, value))
    return _(known) if known else value


_COLUMNS: Final = {
    "source": gettext_noop("Source"),
    "state": gettext_noop("State"),
    "day": gettext_noop("Day"),
    "last_try": gettext_noop("Last try"),
    "problem": gettext_noop("Problem"),
    "collected": gettext_noop("Collected"),
    "indexed": gettext_noop("Indexed"),
    "dead": gettext_noop("Dead letters"),
    "balanced": gettext_noop("Adds up"),
    "refused": gettext_noop("Refused"),
    "deleted": gettext_noop("Deleted"),
    "pending": gettext_noop("On the way"),
    "found": gettext_noop("Found"),
    "published": gettext_noop("New"),
    "edited": gettext_noop("Edited"),
}


def column_label(name: str) -> str:
    """The head of a table's column; unknown ones are shown by their key."""
    return _(_COLUMNS[name]) if name in _COLUMNS else name.replace("_", " ")
