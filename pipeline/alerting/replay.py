"""Replays a rule over the indexed past: what it would have told, each day seen by one who knows only that day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.alerting.check import rule_series
from pipeline.alerting.counting import counting_series, crossed
from pipeline.alerting.critical import fits
from pipeline.alerting.detect import backtest
from pipeline.alerting.explain import counted
from pipeline.alerting.new_terms import check_terms
from pipeline.alerting.rules import CountingRule, CriticalRule, NewTermRule, Rule, TrendRule
from pipeline.alerting.sensitivity import certainty
from pipeline.alerting.series import HISTORY_DAYS, local_midnight
from pipeline.index import Index
from pipeline.index.document import IndexDocument
from pipeline.models import Review, TaggedReview, Tags, Theme

_SAME_AFTER: Final = timedelta(days=7)
"""An alert that comes back within a week is the same one, see desk/alerts/life.py."""


@dataclass(frozen=True)
class Told:
    """An alert that would have been: its first and last day, where, and the counts of its loudest day."""

    first: date
    last: date
    where: str
    kind: str
    observed: int
    expected: float


def replay(index: Index, brand: str, last_day: date, timezone: str, rule: Rule, days: int) -> list[Told]:
    """What the rule would have told in the last `days` days, oldest first. Raises Unavailable.

    Mutes, and that a wide series is not told beside a narrow one that explains it, are left out: the live rule tells
    no more than this.
    """
    index.refresh()
    since = last_day - timedelta(days=days - 1)
    alarms = [each for each in _alarms(index, brand, last_day, timezone, rule, days) if each.last >= since]
    told: dict[str, list[Told]] = {}
    for alarm in sorted(alarms, key=lambda each: each.first):
        same = told.setdefault(alarm.where, [])
        if same and alarm.first - same[-1].last <= _SAME_AFTER:
            before = same.pop()
            loudest = max(before, alarm, key=lambda each: each.observed)
            alarm = replace(before, last=alarm.last, observed=loudest.observed, expected=loudest.expected)
        same.append(alarm)
    return sorted((each for alerts in told.values() for each in alerts), key=lambda each: (each.first, each.where))


def _alarms(index: Index, brand: str, last_day: date, timezone: str, rule: Rule, days: int) -> Iterator[Told]:
    """One for each day in alarm, or for each critical review."""
    if isinstance(rule, TrendRule):
        scopes, series = rule_series(index, last_day, timezone, rule, days + HISTORY_DAYS)
        for number, finding in backtest(series, certainty(rule.false_alarms_a_month, len(scopes))):
            if finding.observed >= rule.minimum:
                day, where = series.day(number), series.names[finding.series]
                yield Told(day, day, where, finding.kind, finding.observed, finding.expected)
    elif isinstance(rule, CountingRule):
        _, series = counting_series(index, last_day, timezone, rule, days + HISTORY_DAYS)
        found = crossed(rule, series)
        for row, number in zip(*np.nonzero(found.alarm), strict=True):
            day, window = series.day(int(number)), slice(int(number - found.first[row, number]), int(number) + 1)
            observed = int(series.negative[row, window].sum())
            yield Told(day, day, series.names[row], rule.kind, observed, float(found.limit[row, number]))
    elif isinstance(rule, NewTermRule):
        for offset in range(days):
            day = last_day - timedelta(days=offset)
            for each in check_terms(index, brand, day, timezone, rule)[0]:
                yield Told(day, day, each.theme or "", rule.kind, each.observed, each.expected)
    elif isinstance(rule, CriticalRule):
        end = local_midnight(last_day + timedelta(days=1), timezone)
        query = counted(rule.scope).between(end - timedelta(days=days), end).model_copy(update={"spam": False})
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
