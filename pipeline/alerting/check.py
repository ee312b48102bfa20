"""One check of the brand: its series read, tested, merged, and told with evidence."""

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np

from pipeline.alerting.budget import certainties
from pipeline.alerting.detect import detect
from pipeline.alerting.detection import Detection
from pipeline.alerting.explain import alert_key, counted, explain
from pipeline.alerting.merge import Merger
from pipeline.alerting.narrow import narrow_series
from pipeline.alerting.rules import ALL_TRENDS, RuleScope, TrendRule
from pipeline.alerting.series import HISTORY_DAYS, Outage, Scope, SeriesSet, brand_series
from pipeline.alerting.today import Today
from pipeline.alerting.together import Together
from pipeline.alerting.watermark import Watermark
from pipeline.index import Index


def check(
    index: Index,
    brand: str,
    last_day: date,
    timezone: str,
    rule: TrendRule = ALL_TRENDS,
    blind: Collection[tuple[str | None, str | None]] = (),
    lean: float = 1.0,
    reported: Watermark | None = None,
) -> tuple[list[Detection], set[str]]:
    """The brand's negative trends as of `last_day` that a rule tells, and the keys of everything that was looked at.

    blind: source and product of scopes whose quiet means nothing, for a source is silent: they count as not looked at.
    lean: how much more awake people want the rule, see sensitivity.certainty(). reported: what is in so far, if
    `last_day` is today: its hours are then looked at too.
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
    certain = certainties(rule, scopes, series, lean)
    found = detect(series.total, series.negative, certain, series.missing)
    if reported is not None:
        known = {each.series for each in found}
        today = Today(index, counted(rule.scope), last_day, timezone, reported)
        found += [each for each in today.found(scopes, series, certain) if each.series not in known]
    found = [each for each in found if each.observed >= rule.minimum]
    together = Together(index, counted(rule.scope), last_day, series.days, timezone)
    return [
        explain(index, brand, timezone, scopes[finding.series], finding, series, rule)
        for finding in Merger(scopes, series, certain, together).merged(found)
    ], checked


def rule_series(
    index: Index, last_day: date, timezone: str, rule: TrendRule, days: int = HISTORY_DAYS
) -> tuple[list[Scope], SeriesSet]:
    """The series that a rule looks at."""
    wide_scopes, wide = brand_series(index, last_day, timezone, days, counted(rule.scope))
    narrow_scopes, narrow = narrow_series(index, last_day, timezone, days, counted(rule.scope))
    scopes = [*wide_scopes, *narrow_scopes]
    series = SeriesSet(
        wide.names + narrow.names,
        wide.first_day,
        np.concatenate([wide.total, narrow.total]),
        np.concatenate([wide.negative, narrow.negative]),
        np.concatenate([wide.missing, _as_wide(narrow_scopes, wide_scopes, wide.missing)]),
    )
    within = [number for number, scope in enumerate(scopes) if _within(rule.scope, scope)]
    return [scopes[number] for number in within], series.only(within)


def _as_wide(narrow: Sequence[Scope], wide: Sequence[Scope], outage: Outage) -> Outage:
    """The outages of each narrow series: those of its product, else of the brand."""
    rows = {scope: row for row, scope in enumerate(wide)}
    return outage[[rows[Scope(product=scope.product)] for scope in narrow]]


def _within(wanted: RuleScope, scope: Scope) -> bool:
    if wanted.themes and scope.theme not in wanted.themes:
        return False
    named = scope.source in wanted.sources or scope.product in wanted.products
    return named or not (wanted.sources or wanted.products)
