"""Explains a finding: a detection with its key, the days of its chart, its severity, and telling quotes."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

from pipeline.alerting.detect import Finding, expected_days
from pipeline.alerting.detection import Day, Detection, Explanation, FirstReview, Quote
from pipeline.alerting.distinctive import distinctive
from pipeline.alerting.early_signs import complains, signs
from pipeline.alerting.excess import causes
from pipeline.alerting.rules import RuleScope, TrendRule
from pipeline.alerting.series import Scope, SeriesSet, local_midnight
from pipeline.index import MAX_PAGE, Index
from pipeline.index.document import IndexDocument
from pipeline.index.query import Query

_CHART_DAYS: Final = 60
_QUOTES: Final = 5
_BASELINE_DAYS: Final = 90
_MOST_READ: Final = 4000
"""Newest reviews of window and baseline each that are read for phrases and signs; values are counted from all."""
_WORDS: Final = re.compile(r"\w+")


def alert_key(brand: str, scope: Scope, kind: str, languages: Sequence[str] = ()) -> str:
    """The name of a scope's alert, the same on every check. languages: those that alone are counted, where some are."""
    source, product, theme, *narrow = scope.parts
    return "|".join([brand, source, product, theme, kind, *(["+".join(languages)] if languages else []), *narrow])


def counted(scope: RuleScope) -> Query:
    """The reviews that a rule counts."""
    filters = {"brand": scope.brands, "lang": scope.languages}
    return Query().where(**{name: values for name, values in filters.items() if values})


def explain(
    index: Index, brand: str, timezone: str, scope: Scope, finding: Finding, series: SeriesSet, rule: TrendRule
) -> Detection:
    """The finding with its evidence. Raises Unavailable when the index cannot be read."""
    last = series.days - 1
    since, until = series.day(last - finding.window + 1), series.day(last)
    total, negative = series.total[finding.series], series.negative[finding.series]
    expected, low, high = expected_days(total, negative, series.missing[finding.series])
    shown = range(max(0, series.days - max(_CHART_DAYS, 2 * finding.window)), series.days)
    kind: Literal["surge", "drift"] = "surge" if finding.window <= 7 else "drift"
    return Detection(
        key=alert_key(brand, scope, kind, rule.scope.languages),
        kind=kind,
        rule=rule.name,
        brand=brand,
        source=scope.source,
        product=scope.product,
        theme=scope.theme,
        version=scope.version,
        location=scope.location,
        language=scope.language,
        since=since,
        until=until,
        observed=finding.observed,
        expected=round(finding.expected, 2),
        total=finding.total,
        p_value=finding.p_value,
        severity=_severity(finding),
        days=[
            Day(
                date=series.day(number),
                total=int(total[number]),
                negative=int(negative[number]),
                expected=round(float(expected[number]), 3),
                low=float(low[number]),
                high=float(high[number]),
            )
            for number in shown
        ],
        quotes=quotes(index, scope, since, until, timezone, counted(rule.scope)),
        explanation=_explanation(index, scope, finding, since, until, timezone, counted(rule.scope)),
    )


def _explanation(
    index: Index, scope: Scope, finding: Finding, since: date, until: date, timezone: str, of: Query
) -> Explanation:
    begin, end = local_midnight(since, timezone), local_midnight(until + timedelta(days=1), timezone)
    earliest = local_midnight(since - timedelta(days=_BASELINE_DAYS), timezone)
    complaints, reviews = scope.complaints(of), scope.reviews(of)
    read = _newest(index, reviews.between(begin, end))
    before = _newest(index, reviews.between(earliest, begin))
    first = index.search(complaints.between(begin, end), "oldest", limit=1).documents
    return Explanation(
        low=finding.low,
        high=finding.high,
        first=FirstReview(id=first[0].id, created_at=first[0].created_at, url=first[0].url) if first else None,
        causes=causes(
            index,
            complaints.between(begin, end),
            complaints.between(earliest, begin),
            scope.others(of).between(begin, end),
            finding.expected,
        ),
        phrases=distinctive(
            [each for each in read if complains(each, scope.theme)],
            [each for each in before if complains(each, scope.theme)],
            [each for each in before if not complains(each, scope.theme)],
        ),
        signs=signs(
            read, before, scope.theme, begin, finding.window, local_midnight(until - timedelta(days=1), timezone)
        ),
    )


def _newest(index: Index, query: Query) -> list[IndexDocument]:
    found: list[IndexDocument] = []
    after: str | None = None
    while len(found) < _MOST_READ:
        page = index.search(query, "newest", MAX_PAGE, after)
        found += page.documents
        if (after := page.next) is None:
            break
    return found


def _severity(finding: Finding) -> Literal[1, 2, 3]:
    ratio = finding.observed / max(finding.expected, 0.5)
    if ratio >= 8 and finding.observed >= 20:
        return 3
    return 2 if ratio >= 3 else 1


def quotes(index: Index, scope: Scope, since: date, until: date, timezone: str, of: Query) -> list[Quote]:
    """The most negative reviews of a window that are no near copies of each other, at most five."""
    query = scope.complaints(of).between(
        local_midnight(since, timezone), local_midnight(until + timedelta(days=1), timezone)
    )
    chosen: list[Quote] = []
    said: list[set[str]] = []
    for found in index.search(query, "most_negative", limit=60).documents:
        words = set(_WORDS.findall(found.text.lower()))
        if not words or any(len(words & other) > 0.5 * min(len(words), len(other)) for other in said):
            continue
        said.append(words)
        spans = found.evidence.get(scope.theme or "", [])
        start, end = spans[0] if spans else (None, None)
        chosen.append(
            Quote(
                id=found.id,
                text=found.text[:1000],
                created_at=found.created_at,
                rating=found.rating,
                url=found.url,
                start=start,
                end=end,
            )
        )
        if len(chosen) == _QUOTES:
            break
    return chosen
