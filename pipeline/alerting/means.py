"""Compares the mean of the last days with that of the 90 days before, so that only a clear change is told.

Reviews of a day are not independent, so that the days are what is counted: the mean is a ratio of sums, whose error
follows from how far the sums of single days lie off (Cochran 1977, Sampling Techniques, 3rd ed., section 6.3). The
difference is told with a Student interval (Welch 1947, Biometrika 34, 28-35).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.alerting.series import Counts

BASELINE_DAYS: Final = 90
_LEAST_DAYS: Final = 14
"""With reviews, that a baseline must have."""
_CHANCE: Final = 0.0005
"""Probability of each end of the interval: of a window of a week there are 50 a year."""


@dataclass(frozen=True)
class Difference:
    """Means of a window and of its baseline. low, high: 99.9 % interval of the difference. count: in the window.

    p_value: probability of so large a difference, in this direction, if there was none.
    """

    now: float
    before: float
    low: float
    high: float
    count: int
    p_value: float


def difference(sums: NDArray[np.float64], counts: Counts, window: int, least: int) -> Difference | None:
    """Of the last days, by day, oldest first. None where there are too few, in the window (`least`) or before it."""
    first = max(len(sums) - window - BASELINE_DAYS, 0)
    now, before = slice(max(len(sums) - window, 0), None), slice(first, max(len(sums) - window, 0))
    days = int(np.count_nonzero(counts[before]))
    if counts[now].sum() < least or days < _LEAST_DAYS:
        return None
    usual, scatter = _mean(sums[before], counts[before])
    mean, own = _mean(sums[now], counts[now])
    # A few equal days have no scatter of their own: they scatter at least as those before.
    error = np.sqrt(max(own, scatter) / counts[now].sum() + scatter / counts[before].sum())
    half = float(stats.t.isf(_CHANCE, days - 1) * error)
    chance = float(stats.t.sf(abs(mean - usual) / max(error, 1e-9), days - 1))
    return Difference(mean, usual, mean - usual - half, mean - usual + half, int(counts[now].sum()), chance)


def _mean(sums: NDArray[np.float64], counts: Counts) -> tuple[float, float]:
    """The mean, and its variance for one count, days being what scatters."""
    mean = float(sums.sum() / counts.sum())
    return mean, float(((sums - mean * counts) ** 2).sum() / counts.sum())
