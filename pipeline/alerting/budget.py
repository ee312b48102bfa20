"""Shares the false alarms that a rule accepts among all its series, so that many series raise no more than few.

Each level (the brand, its sources, its products, versions, places, languages) gets the same part of the budget, what a
level cannot use goes to the others, and each series of a level gets the same part of that: a weighted Bonferroni
correction, which holds however the series depend on each other. A brand with a thousand places so stays as awake to
trouble of the whole brand as one with three. Series with too few complaints to raise an alarm get nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.detect import CERTAINTY
from pipeline.alerting.narrow import LEAST_COMPLAINTS
from pipeline.alerting.rules import TrendRule
from pipeline.alerting.sensitivity import MOST_AWAKE, certainty, false_alarms
from pipeline.alerting.series import Scope, SeriesSet
from pipeline.alerting.usual import Floats

Level = tuple[str, ...]
"""The fields that all series of a level have a value of."""

MOST_A_MONTH: Final = 4.0
"""False alarms over all series of a rule that does not say how many it accepts: about one a week."""


def certainties(rule: TrendRule, scopes: Sequence[Scope], series: SeriesSet, lean: float = 1.0) -> Floats:
    """How certain the detector must be of each series, shape (series,).

    A rule that names no number: the detector's own certainty, or more where that would bring more than MOST_A_MONTH.
    lean: how much more awake people want the rule, see sensitivity.certainty().
    """
    levels = [tuple(sorted(scope.place)) for scope in scopes]
    able = Counter(level for level, can in zip(levels, _able(series), strict=True) if can)
    counts = {level: max(able[level], 1) for level in levels}
    asked = rule.false_alarms_a_month
    most = CERTAINTY if asked is None else MOST_AWAKE
    needs = {level: false_alarms(most, count) for level, count in counts.items()}
    parts = shared(MOST_A_MONTH if asked is None else asked, needs)
    by_level = {level: certainty(parts[level], count, lean) for level, count in counts.items()}
    return np.array([by_level[level] for level in levels])


def to_expect(certain: Floats, series: SeriesSet) -> float:
    """False alarms a month to expect over all series, each looked at with its certainty."""
    return sum(false_alarms(float(each), 1) for each in certain[_able(series)])


def _able(series: SeriesSet) -> NDArray[np.bool_]:
    """Which series have enough complaints to raise an alarm."""
    able: NDArray[np.bool_] = series.negative.sum(axis=1) >= LEAST_COMPLAINTS
    return able


def shared(budget: float, needs: Mapping[Level, float]) -> dict[Level, float]:
    """The budget in equal parts, but to none more than it needs; what is over goes to the others."""
    parts: dict[Level, float] = {}
    for left, level in zip(range(len(needs), 0, -1), sorted(needs, key=lambda level: needs[level]), strict=True):
        parts[level] = min(needs[level], (budget - sum(parts.values())) / left)
    return parts
