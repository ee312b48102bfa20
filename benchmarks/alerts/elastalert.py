"""The rules of ElastAlert 2 after its documentation: spike, frequency, percentage match, from counts to days in alarm.

Each is asked at the end of every day about that day and earlier ones. Shapes: (series, days) → (series, days).
"""

from typing import Final

import numpy as np

from benchmarks.alerts.methods import Alarms, earlier, sums
from benchmarks.alerts.simulate import WARM_UP_DAYS, Counts, Floats


def spike(negative: Counts, days: int, height: float, threshold_ref: int, threshold_cur: int) -> Alarms:
    """At least `height` times the timeframe before, with at least so many in both (`spike_type: up`).

    A match empties both windows: the rule is silent until they are filled again.
    """
    now = sums(negative, days)
    before = earlier(now, days)
    fits = (now >= height * before) & (before >= threshold_ref) & (now >= threshold_cur)
    alarms = np.zeros(negative.shape, bool)
    silent_until = np.full(len(negative), 2 * days - 1)
    for day in range(negative.shape[1]):
        alarms[:, day] = fits[:, day] & (day >= silent_until)
        silent_until[alarms[:, day]] = day + 2 * days
    return alarms


def frequency(negative: Counts, days: int, num_events: int | Floats) -> Alarms:
    """So many in the timeframe. num_events: one for all series, or one each. A match empties the window."""
    alarms = np.zeros(negative.shape, bool)
    counted = negative.copy()
    for day in range(negative.shape[1]):
        window = counted[:, max(day - days + 1, 0) : day + 1]
        alarms[:, day] = window.sum(axis=1) >= num_events
        window[alarms[:, day]] = 0
    return alarms


def twice_the_usual(negative: Counts, days: int) -> Floats:
    """What a careful person would write as num_events of each series: twice the mean of the quiet first days."""
    usual: Floats = np.maximum(2 * days * negative[:, :WARM_UP_DAYS].mean(axis=1), 5)
    return usual


def percentage_match(negative: Counts, total: Counts, days: int, max_percentage: float, min_denominator: int) -> Alarms:
    """A share of complaints above a limit, among at least so many reviews."""
    all_ = sums(total, days)
    alarms: Alarms = (100 * sums(negative, days) > max_percentage * all_) & (all_ >= min_denominator)
    return alarms


SPIKES: Final = ((1, 2, 3, 5), (1, 3, 3, 5), (7, 2, 5, 10), (7, 3, 5, 10))
"""Days, height, threshold_ref, threshold_cur."""
FREQUENCIES: Final = ((1, 20), (7, 50))
"""Days, num_events."""
PERCENTAGES: Final = ((1, 30, 10), (7, 20, 20), (7, 30, 20))
"""Days, max_percentage, min_denominator."""
