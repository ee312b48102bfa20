"""Counts false alarms over 2,000 series without trouble: `python -m benchmarks.alerts.many` prints the table.

The series are those of a brand with many places, products and versions; a budget is shared among them as by a rule.
Settings are those that the detector was made with, without outbreaks and drifts, and with few reviews too. A year each.
"""

from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np

from benchmarks.alerts.methods import Alarms
from benchmarks.alerts.sensitivity import false_alarms
from benchmarks.alerts.settings import MADE_WITH
from benchmarks.alerts.simulate import Setting, simulate
from pipeline.alerting.budget import MOST_A_MONTH, certainties
from pipeline.alerting.detect import backtest
from pipeline.alerting.rules import TrendRule
from pipeline.alerting.series import Scope, SeriesSet

SERIES: Final = 2000
QUIET: Final = tuple(replace(setting, days=365, outbreaks=0.0, drifts=0.0) for setting in MADE_WITH)
FEW: Final = Setting("0.3 to 10 reviews a day", days=365, level=(0.3, 10), outbreaks=0, drifts=0)


def scopes() -> list[Scope]:
    """Half of the series are places, others products, their versions, sources, and the brand's themes."""
    found = []
    for number in range(SERIES):
        value = str(number)
        place, product = Scope(location=value), Scope(product=value)
        version = Scope(product=value, version="1")
        kinds = (*[place] * 10, *[product] * 6, version, version, Scope(source=value), Scope(theme=value))
        found.append(kinds[number % len(kinds)])
    return found


def a_month(setting: Setting, budget: float | None, seed: int) -> float:
    """False alarms a month over all series together."""
    world = simulate(setting, SERIES, seed)
    series = SeriesSet([str(row) for row in range(SERIES)], date(2025, 1, 1), world.total, world.negative)
    rule = TrendRule(name="quiet", kind="trend", false_alarms_a_month=budget)
    alarms: Alarms = np.zeros(world.total.shape, bool)
    for day, finding in backtest(series, certainties(rule, scopes(), series)):
        alarms[finding.series, day] = True
    return false_alarms(world, alarms) * SERIES


def main() -> None:
    print(f"| setting | budget {MOST_A_MONTH:g}, the default | budget 1 | budget 10 |\n| --- | --- | --- | --- |")
    for place, setting in enumerate((*QUIET, FEW)):
        rates = " | ".join(f"{a_month(setting, budget, 700 + place):.2f}" for budget in (None, 1.0, 10.0))
        print(f"| {setting.name} | {rates} |", flush=True)


if __name__ == "__main__":
    main()
