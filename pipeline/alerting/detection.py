"""What the detector found: one negative trend, with the evidence that a person needs to believe it."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

AlertKind = Literal[
    "surge", "drift", "silence", "critical", "threshold", "share", "flatline", "new-term", "rating", "reply-time"
]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Day(_Value):
    """One day of a series in the brand's time zone: reviews in all, negative ones (of the theme, if any), and how many
    negative ones were expected, with the bounds of a 95 % interval."""

    date: date
    total: int
    negative: int
    expected: float
    low: float
    high: float


class Quote(_Value):
    """A review that shows the trouble. start, end: the telling characters of `text`, where known."""

    id: str
    text: str
    created_at: AwareDatetime
    rating: float | None = None
    url: str | None = None
    start: int | None = None
    end: int | None = None


class Cause(_Value):
    """A value of a field that holds most of the excess of an alert.

    share: its part of the excess (0 to 1, above where other values have fewer than expected). usual: the part of the
    complaints, or of all reviews of the window where that is more, that it has otherwise. observed, expected:
    complaints in the window.
    """

    field: Literal["source", "product", "product_version", "location", "lang", "negative_themes"]
    value: str
    share: float
    usual: float
    observed: int
    expected: float


class SaidMore(_Value):
    """A phrase of one or two words that the complaints of the window have and those before them had less.

    text: as customers write it. reviews: complaints of the window that say it, of those that were read; before:
    complaints of the baseline. z: log-odds over its standard deviation.
    """

    text: str
    reviews: int
    before: int
    z: float


class Sign(_Value):
    """Something else that moved with the complaints, so far that chance is no explanation.

    rating: mean, 0 to 1. leaving: share of reviews whose author will probably leave. unanswered: share of complaints
    without a public answer within a day. again: share of complaints whose author complained before in as many days.
    late: share of complaints that waited for a public answer longer than half of those of the baseline, or than a day.
    now, before: in the window and in the baseline. low, high: 99 % interval of the difference (99.9 % where a rule asks
    for it). count: reviews of the window that were looked at.
    """

    name: Literal["rating", "leaving", "unanswered", "again", "late"]
    now: float
    before: float
    low: float
    high: float
    count: int


class FirstReview(_Value):
    """The complaint with which the window begins."""

    id: str
    created_at: AwareDatetime
    url: str | None = None


class Explanation(_Value):
    """Why a trend is told, and what is special about it.

    low, high: 95 % interval of the complaints to expect in the window.
    """

    low: float
    high: float
    first: FirstReview | None = None
    causes: list[Cause] = []
    phrases: list[SaidMore] = []
    signs: list[Sign] = []


class Detection(_Value):
    """A series in alarm, as of `until`.

    key: names the series and the kind of trouble, the same on every check: "brand|source|product|theme|kind", and
    "|version 3.2.0", "|location Busan" or "|language ko" where the series is of one of these.
    surge: much more than usual within days. drift: a slow rise over weeks. silence: a source sends nothing any more.
    threshold, share, flatline, new-term: a limit of a rule was crossed; expected is that limit, in reviews.
    rating, reply-time: a mean is worse than before; observed are the complaints, or those that waited too long.
    critical: one review that cannot wait (its id is the only quote).
    since, until: first and last day of the window in alarm, inclusive, in the brand's time zone.
    observed: negative reviews in the window; expected: how many at the usual level; total: all reviews in it.
    p_value: probability of at least `observed` at the usual level and share, in any of the windows looked at.
    severity: 1 (worth a look) to 3 (drop everything).
    rule: the rule of alerts.yaml that found it; "" where nobody asks.
    days: the series for the chart, oldest first. source, product, theme, version (of the product), location or
    language None: all of them together. explanation: of trends.
    """

    key: str
    kind: AlertKind
    rule: str = ""
    brand: str
    source: str | None = None
    product: str | None = None
    theme: str | None = None
    version: str | None = None
    location: str | None = None
    language: str | None = None
    since: date
    until: date
    observed: int
    expected: float
    total: int
    p_value: float
    severity: Literal[1, 2, 3]
    days: list[Day] = []
    quotes: list[Quote] = []
    explanation: Explanation | None = None
