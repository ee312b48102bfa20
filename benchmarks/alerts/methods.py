"""The rules that others use, each from counts to days in alarm, and the limit: a scan that is told the truth.

All see only the day and earlier ones. Shapes: (series, days) → (series, days).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.alerts.simulate import Counts, Floats, World

Alarms = NDArray[np.bool_]
_SPIKE_LEAST: Final = 5
_DAY_LEAST: Final = 3
"""Complaints that a rule asks for at least: without that, one complaint after a quiet week would be an alarm."""
_LIMIT_WINDOWS: Final = (1, 2, 3, 4, 5, 7, 10, 14, 21, 28)


def sums(counts: NDArray[np.number], window: int) -> Floats:
    """Sum over the last `window` days, fewer at the start."""
    total = np.cumsum(counts, axis=1, dtype=np.float64)
    return total - np.pad(total, ((0, 0), (window, 0)))[:, : total.shape[1]]


def earlier(values: Floats, days: int) -> Floats:
    """What was true `days` days before; nan where there was none."""
    shifted = np.full_like(values, np.nan)
    shifted[:, days:] = values[:, :-days]
    return shifted


def mean_and_sd(negative: Counts, days: int, guard: int) -> tuple[Floats, Floats]:
    """Of the `days` days that end `guard` days before the day before."""
    mean, squares = sums(negative, days) / days, sums(negative**2, days) / days
    variance = np.maximum(squares - mean**2, 0) * days / (days - 1)
    return earlier(mean, guard + 1), np.sqrt(earlier(variance, guard + 1))


def spike(negative: Counts, window: int, factor: float) -> Alarms:
    """At least `factor` times the window before, as alert rules of log stores put it."""
    now = sums(negative, window)
    alarms: Alarms = (now >= factor * np.maximum(earlier(now, window), 1)) & (now >= _SPIKE_LEAST)
    return alarms


def ears_c2(negative: Counts) -> Alarms:
    """Above mean and three standard deviations of a week, two days between.

    Fricker, Hegler & Dunfee 2008, Stat. Med. 27(17), 3407-3429.
    """
    mean, sd = mean_and_sd(negative, 7, 2)
    alarms: Alarms = (negative > mean + 3 * sd) & (negative >= _DAY_LEAST)
    return alarms


def three_sd(negative: Counts) -> Alarms:
    """Above mean and three standard deviations of four weeks."""
    mean, sd = mean_and_sd(negative, 28, 0)
    alarms: Alarms = (negative > mean + 3 * sd) & (negative >= _DAY_LEAST)
    return alarms


def negative_binomial_tail(negative: Counts, alpha: float = 1e-3) -> Alarms:
    """More than a negative binomial with the moments of the last eight weeks gives on one of 1 / alpha days."""
    mean, sd = mean_and_sd(negative, 56, 0)
    mean = np.maximum(mean, 1 / 56)
    alarms: Alarms = _tail(negative, mean, sd**2) < alpha
    return alarms


def limit(world: World, alpha: float) -> Alarms:
    """A scan that knows each series' mean, season, sales, share and dispersion, and only has to look.

    In alarm when a window of one day to four weeks has too many complaints, and its last days too: or it would not end.
    """
    expected = world.mean * world.share[:, None]
    variance = expected * world.complaint_dispersion()
    last_days = {
        days: _tail(sums(world.negative, days), sums(expected, days), sums(variance, days)) < 0.01 for days in (1, 2, 3)
    }
    alarms = np.zeros(world.total.shape, bool)
    for window in _LIMIT_WINDOWS:
        tail = _tail(sums(world.negative, window), sums(expected, window), sums(variance, window))
        alarms |= (tail < alpha) & last_days[min(window, 3)]
    return alarms


def _tail(observed: NDArray[np.number], mean: Floats, variance: Floats) -> Floats:
    """P(at least so many) for a negative binomial."""
    wide = np.maximum(variance / mean, 1 + 1e-6)
    tail: Floats = stats.nbinom.sf(observed - 1, mean / (wide - 1), 1 / wide)
    return tail
