"""What the detector found: one negative trend, with the evidence that a person needs to believe it."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

AlertKind = Literal["surge", "drift", "silence", "critical", "threshold", "share", "flatline", "new-term"]


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


class Detection(_Value):
    """A series in alarm, as of `until`.

    key: names the series and the kind of trouble, the same on every check: "brand|source|product|theme|kind".
    surge: much more than usual within days. drift: a slow rise over weeks. silence: a source sends nothing any more.
    threshold, share, flatline, new-term: a limit of a rule was crossed; expected is that limit, in reviews.
    critical: one review that cannot wait (its id is the only quote).
    since, until: first and last day of the window in alarm, inclusive, in the brand's time zone.
    observed: negative reviews in the window; expected: how many at the usual level; total: all reviews in it.
    p_value: probability of at least `observed` at the usual level and share, in any of the windows looked at.
    severity: 1 (worth a look) to 3 (drop everything).
    rule: the rule of alerts.yaml that found it; "" where nobody asks.
    days: the series for the chart, oldest first. source, product or theme None: all of them together.
    """

    key: str
    kind: AlertKind
    rule: str = ""
    brand: str
    source: str | None = None
    product: str | None = None
    theme: str | None = None
    since: date
    until: date
    observed: int
    expected: float
    total: int
    p_value: float
    severity: Literal[1, 2, 3]
    days: list[Day] = []
    quotes: list[Quote] = []
