"""Replays a rule over the indexed past: what it would have told, each day seen by one who knows only that day."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.alerting.budget import certainties, to_expect
from pipeline.alerting.check import rule_series
from pipeline.alerting.counting import Crossed, counting_series, crossed
from pipeline.alerting.critical import fits
from pipeline.alerting.detect import backtest, expected_days
from pipeline.alerting.detection import Day
from pipeline.alerting.explain import counted
from pipeline.alerting.new_terms import check_terms
from pipeline.alerting.rules import (
    CountingRule,
    CriticalRule,
    MeanRule,
    NewTermRule,
    RatingRule,
    Rule,
    SilenceRule,
    TrendRule,
)
from pipeline.alerting.series import HISTORY_DAYS, Scope, SeriesSet, local_midnight
from pipeline.alerting.worse import worse
from pipeline.index import Index
from pipeline.index.document import IndexDocument
from pipeline.models import Review, TaggedReview, Tags, Theme

_SAME_AFTER: Final = timedelta(days=7)
"""An alert that comes back within a week is the same one, see desk/alerts/life.py."""
_DAYS_A_MONTH: Final = 365 / 12


@dataclass(frozen=True)
class Told:
    """An alert that would have been: its first and last day, where, and the counts of its loudest day.

    Of a rating rule stars, 1 to 5, in place of counts.
    """

    first: date
    last: date
    where: str
    kind: str
    observed: float
    expected: float


@dataclass(frozen=True)
class Charted:
    """A series that alarmed: what it is about, and the days looked at, oldest first."""

    scope: Scope
    days: list[Day]


@dataclass(frozen=True)
class Replay:
    """What a rule would have told of the days from `since` to `until`, oldest first.

    charts: by `where`, each series that alarmed; none for rules that look at no series. of_series: how many the rule
    looks at. false_alarms: how many to expect over these days if nothing was wrong; None: nobody knows.
    """

    since: date
    until: date
    told: list[Told] = field(default_factory=list)
    charts: dict[str, Charted] = field(default_factory=dict)
    of_series: int = 0
    false_alarms: float | None = None


def replay(index: Index, brand: str, last_day: date, timezone: str, rule: Rule, days: int) -> Replay:
    """What the rule would have told in the last `days` days. Raises Unavailable.

    Mutes, and that series with the same trouble are merged into one alert, are left out, as are the hours of a day: of
    whole days the live rule tells no more than this.
    """
    index.refresh()
    since = last_day - timedelta(days=days - 1)
    found = Replay(since, last_day)
    if isinstance(rule, TrendRule):
        found, alarms = _trends(index, rule, found, timezone)
    elif isinstance(rule, CountingRule):
        found, alarms = _counts(index, rule, found, timezone)
    else:
        alarms = list(_others(index, brand, rule, found, timezone))
    return replace(found, told=_once([each for each in alarms if each.last >= since]))


def _once(alarms: list[Told]) -> list[Told]:
    """Days in alarm as the alerts that they would have been."""
    told: dict[str, list[Told]] = {}
    for alarm in sorted(alarms, key=lambda each: each.first):
        same = told.setdefault(alarm.where, [])
        if same and alarm.first - same[-1].last <= _SAME_AFTER:
            before = same.pop()
            loudest = max(before, alarm, key=lambda each: abs(each.observed - each.expected))
            alarm = replace(before, last=alarm.last, observed=loudest.observed, expected=loudest.expected)
        same.append(alarm)
    return sorted((each for alerts in told.values() for each in alerts), key=lambda each: (each.first, each.where))


def _trends(index: Index, rule: TrendRule, within: Replay, timezone: str) -> tuple[Replay, list[Told]]:
    days = (within.until - within.since).days + 1
    scopes, series = rule_series(index, within.until, timezone, rule, days + HISTORY_DAYS)
    certain = certainties(rule, scopes, series)
    alarms, rows = [], set()
    for number, finding in backtest(series, certain):
        if finding.observed >= rule.minimum:
            day, where = series.day(number), series.names[finding.series]
            alarms.append(Told(day, day, where, finding.kind, finding.observed, finding.expected))
            if day >= within.since:
                rows.add(finding.series)
    charts = {series.names[row]: Charted(scopes[row], _trend_days(series, row, days)) for row in sorted(rows)}
    expected = to_expect(certain, series) * days / _DAYS_A_MONTH
    return replace(within, charts=charts, of_series=len(scopes), false_alarms=expected), alarms


def _trend_days(series: SeriesSet, row: int, days: int) -> list[Day]:
    total, negative = series.total[row], series.negative[row]
    expected, low, high = expected_days(total, negative, series.missing[row])
    return [
        Day(
            date=series.day(number),
            total=int(total[number]),
            negative=int(negative[number]),
            expected=float(expected[number]),
            low=float(low[number]),
            high=float(high[number]),
        )
        for number in range(series.days - days, series.days)
    ]


def _counts(index: Index, rule: CountingRule, within: Replay, timezone: str) -> tuple[Replay, list[Told]]:
    days = (within.until - within.since).days + 1
    scopes, series = counting_series(index, within.until, timezone, rule, days + HISTORY_DAYS)
    found = crossed(rule, series)
    alarms = []
    for row, number in zip(*np.nonzero(found.alarm), strict=True):
        day, window = series.day(int(number)), slice(int(number - found.first[row, number]), int(number) + 1)
        observed = int(series.negative[row, window].sum())
        alarms.append(Told(day, day, series.names[row], rule.kind, observed, float(found.limit[row, number])))
    rows = np.flatnonzero(found.alarm[:, -days:].any(axis=1))
    charts = {series.names[row]: Charted(scopes[row], _limit_days(rule, series, found, int(row), days)) for row in rows}
    expected = rule.false_alarms_a_month * days / _DAYS_A_MONTH if isinstance(rule, SilenceRule) else None
    return replace(within, charts=charts, of_series=len(series.names), false_alarms=expected), alarms


def _limit_days(rule: CountingRule, series: SeriesSet, found: Crossed, row: int, days: int) -> list[Day]:
    """What the rule counts on each day, and its limit for a day."""
    counts = series.total if rule.kind in ("silence", "flatline") else series.negative
    limits = found.limit[row] / (found.first[row] + 1)
    return [
        Day(
            date=series.day(number),
            total=int(series.total[row, number]),
            negative=int(counts[row, number]),
            expected=float(limits[number]),
            low=float(limits[number]),
            high=float(limits[number]),
        )
        for number in range(series.days - days, series.days)
    ]


def _others(index: Index, brand: str, rule: Rule, within: Replay, timezone: str) -> Iterator[Told]:
    """New terms, means that are worse, and critical reviews."""
    if isinstance(rule, NewTermRule):
        for offset in range((within.until - within.since).days + 1):
            day = within.until - timedelta(days=offset)
            for each in check_terms(index, brand, day, timezone, rule)[0]:
                yield Told(day, day, each.theme or "", rule.kind, each.observed, each.expected)
    elif isinstance(rule, MeanRule):
        for told in worse(index, within.until, timezone, rule, (within.until - within.since).days + 1):
            where = " · ".join(part for part in told.scope.parts if part != "*") or brand
            observed: float = told.observed
            expected = told.expected
            if isinstance(rule, RatingRule):
                observed = round(1 + 4 * told.difference.now, 2)
                expected = round(1 + 4 * told.difference.before, 2)
            yield Told(told.day, told.day, where, rule.kind, observed, expected)
    elif isinstance(rule, CriticalRule):
        start, end = (local_midnight(day, timezone) for day in (within.since, within.until + timedelta(days=1)))
        query = counted(rule.scope).between(start, end).model_copy(update={"spam": False})
        for document in index.export(query):
            if fits(rule, _tagged(document)):
                day = document.created_at.astimezone(ZoneInfo(timezone)).date()
                yield Told(day, day, document.id, rule.kind, 1, 0.0)


def _tagged(document: IndexDocument) -> TaggedReview:
    """As much of a review and its tags as a critical rule looks at."""
    of_review = {"id", "source", "brand", "product", "author_id", "rating", "title", "text", "created_at"}
    review = document.model_dump(include={*of_review, "collected_at", "version"})
    themes = [Theme(name=name, sentiment=mood, score=1.0) for name, mood in document.theme_moods.items()]
    tags = {name: getattr(document, name) for name in ("lang", "sentiment", "sentiment_score", "urgency", "model")}
    return TaggedReview(review=Review.model_validate(review), tags=Tags.model_validate({**tags, "themes": themes}))
