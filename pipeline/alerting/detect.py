"""Finds negative trends: windows with more complaints than the series' own past explains, in volume and in share.

For each window that ends today, two questions are asked of its complaints: are they too many for as many days (a
gamma-Poisson prediction), and too many among as many reviews (a beta-binomial prediction)? Both predictions come from
the days before the window, carry the uncertainty of that estimate, and are widened by the over-dispersion seen there.
Only when both say yes is it a trend: a sale brings more complaints but not a larger share, a quiet week brings a larger
share of nothing. (Predictive distributions: Gelman et al., Bayesian Data Analysis, 3rd ed., sections 2.3 and 2.6.
Dispersion: Pearson's statistic over its degrees of freedom, as in Noufaily et al. 2013, Stat. Med. 32, 1206-1222.)
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.alerting.series import Counts, SeriesSet

Floats = NDArray[np.float64]

WINDOWS: Final = (1, 2, 4, 7, 14, 28)
"""Days; windows of more than a week are drifts."""
BASELINE_DAYS: Final = 84
_LEAST_BASELINE_DAYS: Final = 21
_LEAST_COMPLAINTS: Final = 5
_LEAST_EXCESS: Final = 1.5
_MOST_DISPERSION: Final = 6.0
ALPHA: Final = 2e-4
"""Limit of the p-value of one window of one series."""


@dataclass(frozen=True)
class Finding:
    """A series in alarm on one day: the window that speaks loudest."""

    series: int
    window: int
    observed: int
    expected: float
    total: int
    p_value: float

    @property
    def loudness(self) -> float:
        """Log-likelihood ratio of the window's own rate against the expected one: largest for the window that fits.

        Kulldorff 1997, Commun. Stat. Theory Methods 26(6), 1481-1496.
        """
        expected = max(self.expected, 1e-9)
        return self.observed * math.log(self.observed / expected) - (self.observed - expected)

    @property
    def kind(self) -> str:
        return "surge" if self.window <= 7 else "drift"


def dispersion(counts: Counts, expected: Floats) -> Floats:
    """Variance over mean of daily counts around their expectation, at least 1. Shapes (series, days) → (series,)."""
    safe = np.maximum(expected, 1e-9)
    pearson = np.where(expected > 0, (counts - expected) ** 2 / safe, 0.0).sum(axis=1)
    clipped: Floats = np.clip(pearson / max(1, counts.shape[1] - 1), 1.0, _MOST_DISPERSION)
    return clipped


def _too_many(observed: Counts, mean: Floats, wide: Floats, ratio: Floats) -> Floats:
    """P(at least so many) for counts of this mean: negative binomial, variance = wide x mean x (1 + ratio).

    ratio: days of the window over days that the mean was estimated from.
    """
    chance = 1.0 / np.maximum(wide * (1.0 + ratio), 1.0 + 1e-6)
    tail: Floats = stats.nbinom.sf(observed - 1, mean * chance / (1.0 - chance), chance)
    return tail


def _too_large_a_share(observed: Counts, seen: Counts, share: Floats, wide: Floats, past_reviews: Counts) -> Floats:
    """P(at least so many of `seen`) at this share: beta-binomial, variance = binomial's x wide x (1 + seen / past)."""
    factor = np.maximum(wide * (1.0 + seen / (past_reviews + 1.0)), 1.0 + 1e-6)
    weight = np.maximum((np.maximum(seen, 2) - 1) / (factor - 1.0) - 1.0, 0.5)
    tail: Floats = stats.betabinom.sf(observed - 1, seen, share * weight, (1.0 - share) * weight)
    return tail


def window_p_values(total: Counts, negative: Counts, window: int) -> tuple[Floats, Floats]:
    """p-value and expected complaints of the last `window` days of each series, seen from the days before.

    Shapes (series, days) → (series,) twice. 1.0 where there is too little past to judge.
    """
    past = slice(max(0, total.shape[1] - window - BASELINE_DAYS), total.shape[1] - window)
    reviews, complaints = total[:, past], negative[:, past]
    days = reviews.shape[1]
    if days < _LEAST_BASELINE_DAYS:
        return np.ones(len(total)), np.zeros(len(total))
    observed, seen = negative[:, -window:].sum(axis=1), total[:, -window:].sum(axis=1)
    past_complaints, past_reviews = complaints.sum(axis=1), reviews.sum(axis=1)
    # A series that began within the baseline has been there for fewer days.
    alive = np.maximum(1, days - np.argmax(reviews > 0, axis=1))
    share = (past_complaints + 0.5) / (past_reviews + 1.0)
    rate = (past_complaints + 0.5) / alive
    days_alive = np.arange(days)[None, :] >= (days - alive)[:, None]
    p_volume = _too_many(observed, rate * window, dispersion(complaints, rate[:, None] * days_alive), window / alive)
    p_share = _too_large_a_share(observed, seen, share, dispersion(complaints, share[:, None] * reviews), past_reviews)
    expected = np.maximum(rate * window, share * seen)
    enough = (alive >= _LEAST_BASELINE_DAYS) & (seen > 0)
    return np.where(enough, np.maximum(p_volume, p_share), 1.0), expected


def detect(total: Counts, negative: Counts, alpha: float = ALPHA) -> list[Finding]:
    """The series that are in alarm on the last day. total, negative: shape (series, days). At most one finding each."""
    best: dict[int, Finding] = {}
    for window in WINDOWS:
        p_values, expected = window_p_values(total, negative, window)
        observed, seen = negative[:, -window:].sum(axis=1), total[:, -window:].sum(axis=1)
        alarm = (p_values < alpha) & (observed >= _LEAST_COMPLAINTS) & (observed >= _LEAST_EXCESS * expected)
        # Complaints must still come: an alarm ends when the trouble does, not when the window has passed it.
        alarm &= negative[:, -min(3, window) :].sum(axis=1) > 0
        for number in map(int, np.flatnonzero(alarm)):
            finding = Finding(
                number,
                window,
                int(observed[number]),
                float(expected[number]),
                int(seen[number]),
                float(p_values[number]),
            )
            if number not in best or finding.loudness > best[number].loudness:
                best[number] = finding
    return [best[number] for number in sorted(best)]


def expected_days(total: Counts, negative: Counts, window: int) -> tuple[Floats, Floats, Floats]:
    """For a chart of one series: expected complaints of each day at the level before the window, and 95 % limits.

    Shape (days,) for all five.
    """
    past = slice(max(0, len(total) - window - BASELINE_DAYS), len(total) - window)
    reviews, complaints = int(total[past].sum()), int(negative[past].sum())
    share = (complaints + 0.5) / (reviews + 1.0)
    expected = share * total.astype(np.float64)
    wide = float(dispersion(negative[None, past], expected[None, past])[0]) if reviews else 1.0
    size = np.maximum(expected / max(wide - 1.0, 0.05), 1e-6)
    chance = size / (size + np.maximum(expected, 1e-9))
    return expected, stats.nbinom.ppf(0.025, size, chance), stats.nbinom.ppf(0.975, size, chance)


def backtest(series: SeriesSet, alpha: float = ALPHA) -> list[tuple[int, Finding]]:
    """(day, finding) for every day on which a series is in alarm to one who sees only that day and earlier ones."""
    found: list[tuple[int, Finding]] = []
    for day in range(_LEAST_BASELINE_DAYS, series.days):
        first = max(0, day + 1 - BASELINE_DAYS - max(WINDOWS))
        days = slice(first, day + 1)
        found += [(day, finding) for finding in detect(series.total[:, days], series.negative[:, days], alpha)]
    return found
