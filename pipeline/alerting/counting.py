"""Finds series that cross a limit of their rule, and sources that fell silent: the common kinds beside trends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.detection import Detection
from pipeline.alerting.explain import alert_key, counted, quotes
from pipeline.alerting.outages import MOSTLY, gaps
from pipeline.alerting.rules import CountingRule, FlatlineRule, RuleScope, ShareRule, SilenceRule, ThresholdRule
from pipeline.alerting.series import HISTORY_DAYS, Counts, Scope, SeriesSet, brand_series
from pipeline.alerting.usual import Floats
from pipeline.alerting.watermark import Watermark, sources_of
from pipeline.index import Index

_Z: Final = 1.96
"""Of a 95 % interval."""
_DAYS_A_MONTH: Final = 365 / 12


@dataclass(frozen=True)
class Crossed:
    """Days on which series crossed the limit. All of shape (series, days).

    first: how many days before the day itself the window begins. limit: in reviews or complaints.
    """

    alarm: NDArray[np.bool_]
    first: NDArray[np.int64]
    limit: Floats


def counting_series(
    index: Index, last_day: date, timezone: str, rule: CountingRule, days: int = HISTORY_DAYS
) -> tuple[list[Scope], SeriesSet]:
    """The series that a rule looks at."""
    scopes, series = brand_series(index, last_day, timezone, days, counted(rule.scope))
    chosen = _sources if isinstance(rule, SilenceRule) else _named
    numbers = [number for number, scope in enumerate(scopes) if chosen(rule.scope, scope)]
    return [scopes[number] for number in numbers], series.only(numbers)


def _sources(wanted: RuleScope, scope: Scope) -> bool:
    return scope.source is not None and scope.theme is None and (not wanted.sources or scope.source in wanted.sources)


def _named(wanted: RuleScope, scope: Scope) -> bool:
    if scope.theme not in (wanted.themes or (None,)):
        return False
    if not (wanted.sources or wanted.products):
        return scope.source is None and scope.product is None
    return scope.source in wanted.sources or scope.product in wanted.products


def crossed(rule: CountingRule, series: SeriesSet) -> Crossed:
    """When each series crossed the rule's limit, each day seen by one who knows only that day and earlier ones."""
    shape = series.total.shape
    if isinstance(rule, SilenceRule):
        return _silent(rule, series.total)
    if isinstance(rule, ThresholdRule):
        limit = np.full(shape, float(rule.at_least))
        return Crossed(_window(series.negative, rule.days) >= limit, np.full(shape, rule.days - 1), limit)
    if isinstance(rule, ShareRule):
        bad, all_ = _window(series.negative, rule.days), _window(series.total, rule.days)
        alarm = (wilson_low(bad, all_) > rule.above) & (bad >= rule.minimum)
        return Crossed(alarm, np.full(shape, rule.days - 1), rule.above * all_.astype(np.float64))
    assert isinstance(rule, FlatlineRule)
    # Today is not over: the window ends yesterday.
    before = np.roll(_window(series.total, rule.days), 1, axis=1)
    begun = np.roll(np.logical_or.accumulate(series.total > 0, axis=1), rule.days, axis=1)
    begun[:, : rule.days] = False
    alarm = begun & (before < rule.fewer_than)
    return Crossed(alarm, np.full(shape, rule.days), np.full(shape, float(rule.fewer_than)))


def _window(counts: Counts, days: int) -> Counts:
    """Sums of so many days up to each, shape (series, days)."""
    sums = np.cumsum(counts, axis=1)
    sums[:, days:] -= sums[:, :-days].copy()
    return sums


def wilson_low(bad: Counts, all_: Counts) -> Floats:
    """Lower end of the 95 % interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212); 0 where nothing is."""
    total = np.maximum(all_, 1)
    share = bad / total
    middle = share + _Z**2 / (2 * total)
    half = _Z * np.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    low: Floats = np.where(all_ > 0, np.maximum(middle - half, 0) / (1 + _Z**2 / total), 0.0)
    return low


def _silent(rule: SilenceRule, total: Counts) -> Crossed:
    """A gap that chance would bring less often than asked for, were its days empty as often as the days before it."""
    alarm, first = np.zeros(total.shape, bool), np.zeros(total.shape, np.int64)
    limit = np.zeros(total.shape)
    accepted = rule.false_alarms_a_month / (_DAYS_A_MONTH * max(len(total), 1))
    gap, chance = gaps(total)
    # Today is not over: a day tells of the gap before it.
    alarm[:, 1:] = (total[:, 1:] == 0) & (chance[:, :-1] < accepted)
    first[:, 1:] = np.where(alarm[:, 1:], gap[:, :-1], 0)
    begun = np.logical_or.accumulate(total > 0, axis=1)
    known = np.maximum(np.cumsum(begun, axis=1) - gap, 1)
    usual = np.cumsum(total, axis=1) / known
    limit[:, 1:] = np.where(alarm[:, 1:], usual[:, :-1] * gap[:, :-1], 0)
    return Crossed(alarm, first, limit)


def check_counts(
    index: Index,
    brand: str,
    last_day: date,
    timezone: str,
    rule: CountingRule,
    reported: Watermark | None = None,
) -> tuple[list[Detection], set[str]]:
    """What crosses the rule's limit on `last_day`, and the keys of all that was looked at. Raises Unavailable.

    reported: what is in so far. That reviews are missing is told only of days that are wholly in.
    """
    index.refresh()
    scopes, series = counting_series(index, last_day, timezone, rule)
    brand = "+".join(rule.scope.brands) or brand
    kind = f"{rule.kind}:{rule.name}"
    keys = [alert_key(brand, scope, kind, rule.scope.languages) for scope in scopes]
    found = crossed(rule, series)
    detections = []
    for number, scope in enumerate(scopes):
        late = 0
        if reported is not None and isinstance(rule, SilenceRule | FlatlineRule):
            sources = sources_of(index, scope, counted(rule.scope), last_day, timezone)
            late = reported.late_days(sources, timezone)
        if late >= series.days or not found.alarm[number, -1 - late]:
            continue
        days = int(found.first[number, -1 - late]) + 1 + late
        since = series.day(series.days - days)
        told = rule.kind in ("threshold", "share")
        detections.append(
            Detection(
                key=keys[number],
                kind=rule.kind,
                rule=rule.name,
                brand=brand,
                source=scope.source,
                product=scope.product,
                theme=scope.theme,
                since=since,
                until=last_day,
                observed=int(series.negative[number, -days:].sum()),
                expected=round(float(found.limit[number, -1 - late]), 2),
                total=int(series.total[number, -days:].sum()),
                p_value=0.0,
                severity=rule.severity,
                quotes=quotes(index, scope, since, last_day, timezone, counted(rule.scope)) if told else [],
            )
        )
    return detections, set(keys)


def blind(index: Index, last_day: date, timezone: str, sources: Sequence[str]) -> set[tuple[str | None, str | None]]:
    """Source and product of the scopes that see little while these sources are silent."""
    scopes, series = brand_series(index, last_day, timezone)
    totals = {
        (scope.source, scope.product): int(series.total[number].sum())
        for number, scope in enumerate(scopes)
        if scope.theme is None
    }
    of_sources = brand_series(index, last_day, timezone, of=counted(RuleScope()).where(source=tuple(sources)))
    lost = {
        (scope.source, scope.product): int(of_sources[1].total[number].sum())
        for number, scope in enumerate(of_sources[0])
        if scope.theme is None
    }
    return {scope for scope, count in lost.items() if count >= MOSTLY * totals.get(scope, 0)}
