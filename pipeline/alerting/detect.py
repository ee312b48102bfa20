"""Finds negative trends: days on which a series is probably in trouble, each told by the window that shows it best.

A series is walked through day by day: what it should bring (usual.py), how probable trouble is (trouble.py), then it
is learnt from. Complaints are learnt two weeks late, and the less the more probable trouble was meanwhile: trouble does
not become usual before it is seen. Where trouble is probable, the window whose counts speak loudest is told, if its
complaints are too many twice: among its own other reviews (share), and for so many days (volume). A sale brings more
complaints but no larger share, a quiet week a larger share of nothing: neither is a trend.

A finding depends on the counts of its series alone, up to its day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.alerting.series import Counts, Outage, SeriesSet
from pipeline.alerting.trouble import Trouble
from pipeline.alerting.usual import LEAST_WEIGHT, Floats, Usual

WINDOWS: Final = (1, 2, 3, 5, 7, 10, 14, 21, 28)
"""Days; windows of more than a week are drifts."""
CERTAINTY: Final = 0.71
"""Probability of trouble from which on a series is in alarm."""
_LEARNT_AFTER_DAYS: Final = 14
_MOVED_AFTER_DAYS: Final = 42
"""Trouble that lasts longer than any drift is how the series is now."""
_LEAST_AGE_DAYS: Final = 21
_LEAST_COMPLAINTS: Final = 5
_LEAST_EXCESS: Final = 1.2
_MOST_P_VALUE: Final = 0.03
_TOGETHER: Final = 2000
"""Series walked through at once: few enough for the processor's cache, and for memory."""

_Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Finding:
    """A series in alarm on one day: the window that speaks loudest.

    low, high: 95 % interval of the complaints to expect.
    p_value: of at least so many complaints at the usual level and share, times the number of windows looked at.
    """

    series: int
    window: int
    observed: int
    expected: float
    low: float
    high: float
    total: int
    p_value: float

    @property
    def kind(self) -> str:
        return "surge" if self.window <= 7 else "drift"


@dataclass(frozen=True)
class UsualDays:
    """What days should bring, before they began. All of shape (series, days).

    complaints: of the whole day; scatter: their relative variance. share: of complaints among the reviews;
    share_scatter: relative variance of its odds. judged: days of series that are old enough.
    """

    complaints: Floats
    scatter: Floats
    share: Floats
    share_scatter: Floats
    judged: NDArray[np.bool_]

    def only(self, day: int) -> "UsualDays":
        """This day alone, as shape (series, 1)."""
        return UsualDays(
            complaints=self.complaints[:, [day]],
            scatter=self.scatter[:, [day]],
            share=self.share[:, [day]],
            share_scatter=self.share_scatter[:, [day]],
            judged=self.judged[:, [day]],
        )


@dataclass(frozen=True)
class _Walk:
    """What was expected, and how probable trouble was, day by day. All of shape (days, series)."""

    mean: Floats
    variance: Floats
    uncertain: Floats
    by_volume: Floats
    volume_variance: Floats
    volume_uncertain: Floats
    odds: Floats
    restless: Floats
    trouble: Floats


def _walk(total: Counts, negative: Counts, outage: Outage) -> _Walk:
    """total, negative, outage: shape (series, days)."""
    series, days = total.shape
    seen = ~outage.T
    complaints = negative.T.astype(np.float64)
    others = total.T - complaints
    begun = np.logical_or.accumulate(total.T > 0, axis=0)
    age = np.cumsum(begun, axis=0)
    walk = _Walk(*(np.zeros((days, series)) for _ in range(9)))
    exposure, lasting = np.zeros((days, series)), np.zeros(series, np.int64)
    usual, trouble = Usual(series), Trouble(series)
    for day in range(days):
        due = usual.expect(day, others[day])
        grown = age[day] > _LEAST_AGE_DAYS
        walk.mean[day], walk.uncertain[day] = due.mean, due.uncertain
        walk.variance[day] = due.mean + due.spread * due.mean**2
        # Of an outage no more is due than of the reviews that came all the same.
        by_volume = np.where(seen[day], due.by_volume, np.minimum(due.mean, due.by_volume))
        walk.by_volume[day], walk.volume_uncertain[day] = by_volume, due.volume_uncertain
        walk.volume_variance[day] = by_volume + due.volume_spread * by_volume**2
        walk.odds[day], walk.restless[day] = due.odds, due.restless
        walk.trouble[day] = trouble.see(complaints[day], due.mean, due.spread + due.uncertain, grown, seen[day])
        exposure[day] = due.volume * due.factor
        weight = np.where(grown, np.maximum(due.regular, LEAST_WEIGHT), 1.0) * (begun[day] & seen[day])
        usual.learn_volume(day, others[day], due, weight)
        lasting = np.where(walk.trouble[day] > 0.5, lasting + 1, 0)
        if (late := day - _LEARNT_AFTER_DAYS) >= 0:
            moved = lasting > _MOVED_AFTER_DAYS
            usually = np.where(moved, 1.0, 1 - walk.trouble[late : day + 1].max(axis=0))
            weight = np.maximum(usually, LEAST_WEIGHT) * (begun[late] & seen[late])
            usual.learn_complaints(late, complaints[late], exposure[late], weight, moved)
    return walk


def _chunks(total: Counts, negative: Counts, outage: Outage | None) -> Iterator[tuple[int, Counts, Counts, _Walk]]:
    for first in range(0, len(total), _TOGETHER):
        chunk = slice(first, first + _TOGETHER)
        unseen = np.zeros(total[chunk].shape, bool) if outage is None else outage[chunk]
        yield first, total[chunk], negative[chunk], _walk(total[chunk], negative[chunk], unseen)


def _sums(values: NDArray[np.number]) -> Floats:
    """Sums of the days before each, shape (days, series) → (days + 1, series)."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])


def _tail(observed: Floats, mean: Floats, variance: Floats) -> Floats:
    """P(at least so many) for a negative binomial."""
    wide = np.maximum(variance / mean, 1 + 1e-6)
    tail: Floats = stats.nbinom.sf(observed - 1, mean / (wide - 1), 1 / wide)
    return tail


def count_interval(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval of a negative binomial."""
    wide = np.maximum(variance / mean, 1 + 1e-6)
    size, chance = mean / (wide - 1), 1 / wide
    return stats.nbinom.ppf(0.025, size, chance), stats.nbinom.ppf(0.975, size, chance)


def _findings(
    total: Counts, negative: Counts, walk: _Walk, days: _Indices, numbers: _Indices, first: int
) -> Iterator[tuple[int, Finding]]:
    """The days and series of this chunk that are in alarm, of those where trouble is probable, with their window.

    The window is the one with the largest likelihood ratio of its own rate against the expected one (Kulldorff 1997,
    Commun. Stat. Theory Methods 26(6), 1481-1496), over the dispersion.
    """
    series = np.unique(numbers)
    column = np.searchsorted(series, numbers)
    sums = [
        _sums(values)
        for values in (
            negative[series].T,
            total[series].T,
            walk.mean[:, series],
            walk.variance[:, series],
            walk.by_volume[:, series],
            walk.volume_variance[:, series],
        )
    ]
    uncertain, volume_uncertain = walk.uncertain[days, numbers], walk.volume_uncertain[days, numbers]
    loudest = np.full(len(days), -np.inf)
    told = np.zeros((6, len(days)))
    for window in WINDOWS:
        start = np.maximum(days + 1 - window, 0)
        observed, seen, mean, variance, by_volume, volume_variance = (
            each[days + 1, column] - each[start, column] for each in sums
        )
        expected = np.maximum(mean, by_volume)
        variance += uncertain * mean**2
        volume_variance += volume_uncertain * by_volume**2
        p_values = np.maximum(_tail(observed, mean, variance), _tail(observed, by_volume, volume_variance))
        excess = np.maximum(observed / expected, 1.0)
        loudness = expected * (excess * np.log(excess) - excess + 1) / np.maximum(variance / mean, 1.0)
        louder = loudness > loudest
        loudest = np.where(louder, loudness, loudest)
        wide = np.where(mean >= by_volume, variance, volume_variance)
        told[:, louder] = np.array([np.full(len(days), window), observed, expected, wide, seen, p_values])[:, louder]
    windows, observed, expected, wide, seen, p_values = told
    p_values = np.minimum(1.0, p_values * len(WINDOWS))
    alarm = (observed >= _LEAST_COMPLAINTS) & (observed >= _LEAST_EXCESS * expected) & (p_values < _MOST_P_VALUE)
    low, high = count_interval(np.maximum(expected, 1e-9), np.maximum(wide, 1e-9))
    for each in np.flatnonzero(alarm):
        yield (
            int(days[each]),
            Finding(
                first + int(numbers[each]),
                int(windows[each]),
                int(observed[each]),
                float(expected[each]),
                float(low[each]),
                float(high[each]),
                int(seen[each]),
                float(p_values[each]),
            ),
        )


def detect(
    total: Counts, negative: Counts, certainty: float | Floats = CERTAINTY, outage: Outage | None = None
) -> list[Finding]:
    """The series that are in alarm on the last day. total, negative: shape (series, days). At most one finding each.

    certainty: of all series, or of each. outage: days on which reviews are missing, shape (series, days): nothing is
    learnt from them, and they change no probability.

    The last day may not be over, and so ends nothing: trouble that was probable the day before still is.
    """
    found: list[Finding] = []
    asked = np.broadcast_to(certainty, len(total))
    for first, reviews, complaints, walk in _chunks(total, negative, outage):
        numbers = np.flatnonzero(walk.trouble[-2:].max(axis=0) > asked[first : first + _TOGETHER])
        last = np.full(len(numbers), total.shape[1] - 1)
        found += [finding for _, finding in _findings(reviews, complaints, walk, last, numbers, first)]
    return found


def backtest(series: SeriesSet, certainty: float | Floats = CERTAINTY) -> list[tuple[int, Finding]]:
    """(day, finding) for every day on which a series is in alarm to one who sees only that day and earlier ones."""
    found: list[tuple[int, Finding]] = []
    asked = np.broadcast_to(certainty, len(series.total))
    for first, reviews, complaints, walk in _chunks(series.total, series.negative, series.missing):
        days, numbers = np.nonzero(walk.trouble > asked[first : first + _TOGETHER])
        found += _findings(reviews, complaints, walk, days, numbers, first)
    return sorted(found, key=lambda each: (each[0], each[1].series))


def usual_days(total: Counts, negative: Counts, outage: Outage | None = None) -> UsualDays:
    """What each day should have brought to one who knows the days before. Arguments as in detect()."""
    walks = [walk for *_, walk in _chunks(total, negative, outage)]

    def all_of(name: str) -> Floats:
        return np.concatenate([getattr(walk, name).T for walk in walks])

    complaints, odds = all_of("by_volume"), all_of("odds")
    begun = np.logical_or.accumulate(total > 0, axis=1)
    return UsualDays(
        complaints=complaints,
        scatter=(all_of("volume_variance") - complaints) / complaints**2 + all_of("volume_uncertain"),
        share=odds / (1 + odds),
        share_scatter=all_of("restless") + all_of("uncertain"),
        judged=np.cumsum(begun, axis=1) > _LEAST_AGE_DAYS,
    )


def expected_days(total: Counts, negative: Counts, outage: Outage | None = None) -> tuple[Floats, Floats, Floats]:
    """For a chart of one series: expected complaints of each day, given its other reviews, and 95 % limits.

    Shape (days,) for all six.
    """
    ((*_, walk),) = _chunks(total[None, :], negative[None, :], None if outage is None else outage[None, :])
    begun = np.logical_or.accumulate(total > 0)
    expected = walk.mean[:, 0]
    variance = walk.variance[:, 0] + walk.uncertain[:, 0] * expected**2
    low, high = count_interval(expected, variance)
    return expected * begun, np.minimum(low, expected) * begun, high * begun
