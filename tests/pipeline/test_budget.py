"""The budget of false alarms: shared fairly, never exceeded, and kept over 2,000 series without trouble."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.alerts.many import FEW, QUIET, a_month
from benchmarks.alerts.simulate import Setting
from pipeline.alerting.budget import MOST_A_MONTH, certainties, shared, to_expect
from pipeline.alerting.detect import CERTAINTY
from pipeline.alerting.rules import TrendRule
from pipeline.alerting.series import Scope, SeriesSet

LEVELS = st.dictionaries(st.tuples(st.text(max_size=2)), st.floats(0.001, 100), max_size=6)


@given(st.floats(0.001, 100), LEVELS)
def test_no_level_gets_more_than_it_needs_and_all_no_more_than_there_is(
    budget: float, needs: dict[tuple[str, ...], float]
) -> None:
    parts = shared(budget, needs)
    assert parts.keys() == needs.keys()
    assert all(0 <= parts[level] <= needs[level] for level in needs)
    assert sum(parts.values()) == pytest.approx(min(budget, sum(needs.values())))
    short = [parts[level] for level in needs if parts[level] < needs[level] * (1 - 1e-9)]
    assert all(part == pytest.approx(max(parts.values())) for part in short)


def series(count: int, complaints: int = 100) -> SeriesSet:
    negative = np.zeros((count, 10), np.int64)
    negative[:, 0] = complaints
    return SeriesSet([str(row) for row in range(count)], date(2026, 1, 1), 2 * negative, negative)


def test_few_series_are_looked_at_with_the_detectors_own_certainty() -> None:
    rule = TrendRule(name="r", kind="trend")
    scopes = [Scope(), *(Scope(product=str(number)) for number in range(50))]
    assert certainties(rule, scopes, series(51)) == pytest.approx(np.full(51, CERTAINTY))


def test_a_thousand_places_leave_the_brand_awake() -> None:
    rule = TrendRule(name="r", kind="trend")
    scopes = [Scope(), *(Scope(location=str(number)) for number in range(1000))]
    certain = certainties(rule, scopes, series(1001))
    assert certain[0] == pytest.approx(CERTAINTY)
    assert certain[1:].min() > 0.94
    assert to_expect(certain, series(1001)) == pytest.approx(MOST_A_MONTH)


def test_series_that_cannot_raise_an_alarm_cost_nothing() -> None:
    rule = TrendRule(name="r", kind="trend", false_alarms_a_month=1)
    scopes = [Scope(location=str(number)) for number in range(500)]
    quiet = series(500, complaints=4)
    quiet.negative[:20, 0] = 100
    assert certainties(rule, scopes, quiet)[0] == pytest.approx(certainties(rule, scopes[:20], series(20))[0])
    assert to_expect(certainties(rule, scopes, quiet), quiet) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("budget", [None, 1.0, 10.0])
@pytest.mark.parametrize("setting", [QUIET[0], FEW], ids=lambda setting: setting.name)
def test_2000_series_without_trouble_keep_the_budget(setting: Setting, budget: float | None) -> None:
    assert a_month(setting, budget, 4) <= (MOST_A_MONTH if budget is None else budget)
