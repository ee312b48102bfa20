"""Finds ratings that fall and answers to complaints that take longer, now and in the past."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.detection import Detection, Explanation, Sign
from pipeline.alerting.explain import alert_key, counted, quotes
from pipeline.alerting.means import BASELINE_DAYS, Difference, difference
from pipeline.alerting.rules import MeanRule, RatingRule, ReplyTimeRule
from pipeline.alerting.series import Counts, Scope, local_midnight
from pipeline.index import MAX_PAGE, Index

_MOST_READ: Final = 10_000
"""Newest complaints that are read for the times of their answers."""
_LONGEST_WAIT_HOURS: Final = 24.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Worse:
    """A series that is worse on a day, from the first to the last day of the window, inclusive.

    observed: complaints of the window, or those that waited too long; expected: at the mean before; total: complaints
    or not, or those whose time is up.
    """

    scope: Scope
    day: date
    since: date
    until: date
    difference: Difference
    observed: int
    expected: float
    total: int


def check_means(
    index: Index, brand: str, last_day: date, timezone: str, rule: MeanRule
) -> tuple[list[Detection], set[str]]:
    """What is worse as of `last_day`, and the keys of all that was looked at. Raises Unavailable."""
    index.refresh()
    brand = "+".join(rule.scope.brands) or brand
    kind = f"{rule.kind}:{rule.name}"
    keys = {scope: alert_key(brand, scope, kind, rule.scope.languages) for scope in _scopes(rule)}
    of = counted(rule.scope)
    found = [
        Detection(
            key=keys[each.scope],
            kind="rating" if isinstance(rule, RatingRule) else "reply-time",
            rule=rule.name,
            brand=brand,
            source=each.scope.source,
            product=each.scope.product,
            theme=each.scope.theme,
            since=each.since,
            until=each.until,
            observed=each.observed,
            expected=round(each.expected, 2),
            total=each.total,
            p_value=each.difference.p_value,
            severity=rule.severity,
            quotes=quotes(index, each.scope, each.since, each.until, timezone, of),
            explanation=Explanation(low=each.expected, high=each.expected, signs=[_sign(rule, each.difference)]),
        )
        for each in worse(index, last_day, timezone, rule, 1)
    ]
    return found, set(keys.values())


def worse(index: Index, last_day: date, timezone: str, rule: MeanRule, days: int) -> Iterator[Worse]:
    """What was worse on each of the last `days` days to one who knew only that day and earlier ones."""
    for scope in _scopes(rule):
        if isinstance(rule, RatingRule):
            yield from _ratings(index, scope, last_day, timezone, rule, days)
        elif isinstance(rule, ReplyTimeRule):
            yield from _answers(index, scope, last_day, timezone, rule, days)


def _scopes(rule: MeanRule) -> list[Scope]:
    """Of the sources and products that the rule names, else of the brand; with themes of complaints about each."""
    places = [Scope(source=source) for source in rule.scope.sources]
    places += [Scope(product=product) for product in rule.scope.products]
    return [
        Scope(source=place.source, product=place.product, theme=theme)
        for place in places or [Scope()]
        for theme in rule.scope.themes or (None,)
    ]


def _sign(rule: MeanRule, of: Difference) -> Sign:
    name = "rating" if isinstance(rule, RatingRule) else "late"
    values = {field: round(getattr(of, field), 3) for field in ("now", "before", "low", "high")}
    return Sign.model_validate({"name": name, "count": of.count, **values})


def _ratings(index: Index, scope: Scope, last_day: date, timezone: str, rule: RatingRule, days: int) -> Iterator[Worse]:
    known = days + rule.days + BASELINE_DAYS
    first = last_day - timedelta(days=known - 1)
    query = scope.reviews(counted(rule.scope)).between(
        local_midnight(first, timezone), local_midnight(last_day + timedelta(days=1), timezone)
    )
    sums, rated, total, negative = np.zeros(known), *(np.zeros(known, np.int64) for _ in range(3))
    for point in index.series(query, (), "day", timezone):
        number = (point.start.astimezone(ZoneInfo(timezone)).date() - first).days
        sums[number], rated[number] = point.rating_sum, point.rated
        total[number], negative[number] = point.total, point.negative
    for end in range(known - days + 1, known + 1):
        found = difference(sums[:end], rated[:end], rule.days, rule.minimum)
        if found is None or found.high >= 0 or found.before - found.now < rule.falls_by:
            continue
        now, before = _window(negative, total, end, rule.days), _window(negative, total, end - rule.days, BASELINE_DAYS)
        day = first + timedelta(days=end - 1)
        since = day - timedelta(days=rule.days - 1)
        expected = before[0] / max(before[1], 1) * now[1]
        yield Worse(scope, day, since, day, found, now[0], expected, now[1])


def _window(negative: Counts, total: Counts, end: int, days: int) -> tuple[int, int]:
    window = slice(max(end - days, 0), end)
    return int(negative[window].sum()), int(total[window].sum())


def _answers(
    index: Index, scope: Scope, last_day: date, timezone: str, rule: ReplyTimeRule, days: int
) -> Iterator[Worse]:
    """Today is not over and does not count; nor does a complaint whose time is not up."""
    hours = _hours_to_answer(index, scope, last_day, timezone, rule, days)
    for ago in range(days - 1, -1, -1):
        day = last_day - timedelta(days=ago)
        first = day - timedelta(days=rule.days + BASELINE_DAYS)
        begin, since, end = (
            local_midnight(each, timezone).timestamp() / 3600 for each in (first, day - timedelta(days=rule.days), day)
        )
        before = hours[(hours[:, 0] >= begin) & (hours[:, 0] < since)]
        if len(before) == 0:
            continue
        usual = min(float(np.median(before[:, 1])), _LONGEST_WAIT_HOURS)
        asked = hours[(hours[:, 0] >= begin) & (hours[:, 0] + usual < end)]
        number = ((asked[:, 0] - begin) // 24).astype(np.int64)
        shape = rule.days + BASELINE_DAYS
        number = np.minimum(number, shape - 1)
        counts = np.bincount(number, minlength=shape)
        slow = (asked[:, 1] > usual).astype(np.float64)
        late = np.bincount(number, slow, shape).astype(np.float64)
        found = difference(late, counts, rule.days, rule.minimum)
        if found is None or found.low <= 0 or found.now - found.before < rule.rises_by:
            continue
        waited, total = int(late[-rule.days :].sum()), int(counts[-rule.days :].sum())
        yield Worse(
            scope,
            day,
            day - timedelta(days=rule.days),
            day - timedelta(days=1),
            found,
            waited,
            found.before * total,
            total,
        )


def _hours_to_answer(
    index: Index, scope: Scope, last_day: date, timezone: str, rule: ReplyTimeRule, days: int
) -> Floats:
    """Of each complaint when it was written, in hours since 1970, and how long it waited; shape (complaints, 2)."""
    first = last_day - timedelta(days=days + rule.days + BASELINE_DAYS)
    query = scope.complaints(counted(rule.scope)).between(
        local_midnight(first, timezone), local_midnight(last_day, timezone)
    )
    rows: list[tuple[float, float]] = []
    after: str | None = None
    while len(rows) < _MOST_READ:
        page = index.search(query, "newest", MAX_PAGE, after)
        rows += [
            (each.created_at.timestamp() / 3600, np.inf if each.response_hours is None else each.response_hours)
            for each in page.documents
        ]
        if (after := page.next) is None:
            break
    return np.array(rows).reshape(len(rows), 2)
