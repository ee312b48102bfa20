"""One check of the brand: its series read, tested, wide findings explained by narrow ones, and told with evidence."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pipeline.alerting.detect import Finding, detect
from pipeline.alerting.detection import Detection
from pipeline.alerting.explain import alert_key, counted, explain
from pipeline.alerting.rules import ALL_TRENDS, RuleScope, TrendRule
from pipeline.alerting.sensitivity import certainty
from pipeline.alerting.series import HISTORY_DAYS, Scope, SeriesSet, brand_series, local_midnight, subtract
from pipeline.index import Index
from pipeline.index.query import Query

_MOSTLY: Final = 0.5
"""Share of a wide scope's excess from which on the narrow ones have told it."""


def check(
    index: Index,
    brand: str,
    last_day: date,
    timezone: str,
    rule: TrendRule = ALL_TRENDS,
    blind: Collection[tuple[str | None, str | None]] = (),
    lean: float = 1.0,
) -> tuple[list[Detection], set[str]]:
    """The brand's negative trends as of `last_day` that a rule tells, and the keys of everything that was looked at.

    blind: source and product of scopes whose quiet means nothing, for a source is silent: they count as not looked at.
    lean: how much more awake people want the rule, see sensitivity.certainty().
    Raises Unavailable when the index cannot be read.
    """
    index.refresh()
    scopes, series = rule_series(index, last_day, timezone, rule)
    brand = "+".join(rule.scope.brands) or brand
    languages = rule.scope.languages
    checked = {
        alert_key(brand, scope, kind, languages)
        for scope in scopes
        if (scope.source, scope.product) not in blind
        for kind in ("surge", "drift")
    }
    findings = [
        finding
        for finding in _unexplained(scopes, series, certainty(rule.false_alarms_a_month, len(scopes), lean))
        if finding.observed >= rule.minimum
    ]
    both = _Shared(index, counted(rule.scope), last_day, timezone)
    return [
        explain(index, brand, timezone, scopes[finding.series], finding, series, rule)
        for finding in _once(scopes, findings, both)
    ], checked


def rule_series(
    index: Index, last_day: date, timezone: str, rule: TrendRule, days: int = HISTORY_DAYS
) -> tuple[list[Scope], SeriesSet]:
    """The series that a rule looks at."""
    scopes, series = brand_series(index, last_day, timezone, days, counted(rule.scope))
    within = [number for number, scope in enumerate(scopes) if _within(rule.scope, scope)]
    return [scopes[number] for number in within], series.only(within)


def _within(wanted: RuleScope, scope: Scope) -> bool:
    if wanted.themes and scope.theme not in wanted.themes:
        return False
    named = scope.source in wanted.sources or scope.product in wanted.products
    return named or not (wanted.sources or wanted.products)


def _unexplained(scopes: list[Scope], series: SeriesSet, certain: float) -> list[Finding]:
    """Findings whose excess is not that of a narrower one: a product's trouble is not told again as the brand's."""
    kept: list[Finding] = []
    for finding in detect(series.total, series.negative, certain):
        number = finding.series
        inside = [
            other.series
            for other in kept
            if scopes[number].holds(scopes[other.series]) or _overlap(scopes[number], scopes[other.series])
        ]
        told = sum(other.observed - other.expected for other in kept if other.series in inside)
        if inside and told >= _MOSTLY * (finding.observed - finding.expected):
            continue
        if inside:
            rest = subtract(series.negative[number], [series.negative[part] for part in inside])
            if not detect(series.total[number : number + 1], rest[None, :], certain):
                continue
        kept.append(finding)
    return kept


def _overlap(wide: Scope, narrow: Scope) -> bool:
    """A source and a product may share their reviews: an app is the only product of its store."""
    same_theme = wide.theme is None or wide.theme == narrow.theme
    return same_theme and wide.source is not None and narrow.product is not None


@dataclass(frozen=True)
class _Shared:
    """Counts the reviews that complain about two themes at once."""

    index: Index
    counted: Query
    last_day: date
    timezone: str

    def count(self, scope: Scope, other_theme: str, days: int) -> int:
        """Reviews of the last days that complain about the scope's theme and about the other."""
        since = local_midnight(self.last_day - timedelta(days=days - 1), self.timezone)
        until = local_midnight(self.last_day + timedelta(days=1), self.timezone)
        narrowed = {"source": scope.source, "product": scope.product, "negative_themes": scope.theme}
        query = (
            self.counted.model_copy(update={"spam": False})
            .between(since, until)
            .where(**{key: value for key, value in narrowed.items() if value})
        )
        points = self.index.series(query, ("negative_themes",), "day", self.timezone)
        return sum(point.total for point in points if point.keys == (other_theme,))


def _once(scopes: list[Scope], findings: list[Finding], shared: _Shared) -> list[Finding]:
    """Findings without those whose excess is the same reviews as a larger one's, which only name a second theme:
    "the parcel is late and nobody answers" is one trouble."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda each: each.expected - each.observed):
        scope = scopes[finding.series]
        excess = finding.observed - finding.expected
        told = any(
            shared.count(scope, larger.theme, finding.window) >= _MOSTLY * excess
            for larger in (scopes[other.series] for other in kept)
            if scope.theme and larger.theme and (larger.source, larger.product) == (scope.source, scope.product)
        )
        if not told:
            kept.append(finding)
    return sorted(kept, key=lambda each: each.series)
