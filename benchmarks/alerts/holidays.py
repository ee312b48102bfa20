"""Measures whether knowing holidays would help: `python -m benchmarks.alerts.holidays` prints the table.

On Korean public holidays reviews fall to 40 %, and in the three days after Seollal and Chuseok there are 1.8 times as
many. The detector runs as it is, and as one that is told every holiday and learns what a holiday brings, as it learns a
weekday. Series last two years, or as long as a live check looks back. Half a minute on a core of its own.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts import simulate as simulation
from benchmarks.alerts.__main__ import mean, ours
from benchmarks.alerts.score import Score, score
from benchmarks.alerts.simulate import WARM_UP_DAYS, Floats, Setting, World, simulate
from pipeline.alerting.series import HISTORY_DAYS
from pipeline.alerting.usual import Expected, Usual

SETTINGS: Final = (Setting("usual"), Setting("calm, many reviews", dispersion=(1.0, 1.2), level=(50, 300)))
SEEDS: Final = (21, 22, 23, 24, 25, 26)
_SERIES: Final = 200
_DIP, _BURST, _BURST_DAYS = 0.4, 1.8, 3
_SPANS: Final = {"two years": (date(2025, 1, 1), 730), "half a year": (date(2025, 7, 20), WARM_UP_DAYS + HISTORY_DAYS)}
_BREAKS: Final = (
    (date(2025, 1, 28), 3), (date(2025, 10, 5), 4), (date(2026, 2, 16), 3), (date(2026, 9, 24), 3),
)  # fmt: skip
"""Seollal and Chuseok: first day, days."""
_SINGLE: Final = ((3, 1), (5, 5), (6, 6), (8, 15), (10, 3), (10, 9), (12, 25))

Days = NDArray[np.bool_]


def calendar(first: date, days: int) -> tuple[Days, Days]:
    """Which days are holidays, and which follow a long break, shape (days,)."""
    holiday, after = np.zeros(days, bool), np.zeros(days, bool)
    breaks = [{begin + timedelta(days=day) for day in range(length)} for begin, length in _BREAKS]
    burst = {max(each) + timedelta(days=day + 1) for each in breaks for day in range(_BURST_DAYS)}
    for number in range(days):
        day = first + timedelta(days=number)
        holiday[number] = (day.month, day.day) in _SINGLE or any(day in each for each in breaks)
        after[number] = day in burst and not holiday[number]
    return holiday, after


def world(setting: Setting, holiday: Days, after: Days, seed: int) -> World:
    """A world whose volume knows holidays."""
    plain = simulation._seasons

    def seasons(of: Setting, series: int, random: np.random.Generator) -> Floats:
        return plain(of, series, random) * np.where(holiday, _DIP, np.where(after, _BURST, 1.0))

    with patch.object(simulation, "_seasons", seasons):
        return simulate(setting, _SERIES, seed)


def knowing(holiday: Days) -> type[Usual]:
    """A detector's `Usual` to which holidays are days of a kind of their own, that counts in full and never fades."""

    class Knowing(Usual):
        def __init__(self, series: int) -> None:
            super().__init__(series)
            self._holiday = np.array([self._week_reviews[0], self._week_levels[0]])

        def _weekday(self, day: int) -> Floats:
            if not holiday[day]:
                return super()._weekday(day)
            factor: Floats = self._holiday[0] / self._holiday[1]
            return factor

        def learn_volume(self, day: int, others: Floats, expected: Expected, weight: Floats) -> None:
            if not holiday[day]:
                super().learn_volume(day, others, expected, weight)
                return
            level, factor = self._level.mean, self._weekday(day)
            self._volume_scatter.learn(others, expected.volume, weight)
            self._level.learn(others, factor, weight / (1 + self._volume_scatter.excess))
            self._holiday += np.array([others, level])

    return Knowing


def row(name: str, scores: list[Score]) -> str:
    of = mean(scores)
    return f"| {name} | {of.detected:.3f} | {of.drifts:.2f} | {of.false_days:.2f} |"


def main() -> None:
    print("| series, detector | outbreaks | drifts | false-alarm days |\n| --- | --- | --- | --- |")
    for span, (first, days) in _SPANS.items():
        holiday, after = calendar(first, days)
        for setting in (replace(each, days=days) for each in SETTINGS):
            worlds = [world(setting, holiday, after, seed) for seed in SEEDS]
            none = [simulate(setting, _SERIES, seed) for seed in SEEDS]
            print(row(f"{setting.name}, {span}, no holidays", [score(each, ours(each)) for each in none]))
            print(row("as it is", [score(each, ours(each)) for each in worlds]))
            with patch("pipeline.alerting.detect.Usual", knowing(holiday)):
                print(row("told all holidays", [score(each, ours(each)) for each in worlds]), flush=True)


if __name__ == "__main__":
    main()
