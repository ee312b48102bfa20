"""Learns what a series usually brings: its volume, its week, its share of complaints, and how far both scatter.

The reviews that do not complain are the control series of those that do. Sales, seasons, holidays, outages and growth
move both, so that the complaints of a day are expected from its other reviews as much as from the days before. Volume
scatters around its forecast like a gamma variable, which makes counts negative-binomial (as in Noufaily et al. 2013,
Stat. Med. 32, 1206-1222), and the other reviews of the day tell where it lies. On a day like a sale, which the forecast
cannot explain, they alone tell. Rates are gamma posteriors that forget as fast as what they follow may wander (Harvey &
Fernandes 1989, J. Bus. Econ. Stat. 7(4), 407-417). All arrays have the shape (series,): one call, one day.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]

_FIRST_SHARE: Final = 0.13
"""Share of complaints until the series has shown its own. Counts like half a complaint."""
_VOLUME_WANDERS: Final = 0.015
_SHARE_WANDERS: Final = 0.004
"""Standard deviation of a day's relative change that is no news."""
_WEEK_FIRST: Final = 15.0
"""Reviews of each weekday that, before any are seen, speak for a week without a season."""
_WEEK_FADES: Final = 0.997
_SCATTER_FADES: Final = 0.99
_SCATTER_FIRST: Final = 0.2
_SCATTER_FIRST_DAYS: Final = 10.0
"""Variance beyond Poisson's, over the mean, until the series has shown its own. Counts like so many days."""
_SCATTER_LEAST: Final = 0.03
_IRREGULAR: Final = 0.06
"""Share of days, like those of a sale, whose volume has nothing to do with the forecast."""
_IRREGULAR_SHAPE: Final = 1.5
_IRREGULAR_MEAN: Final = 2.0
"""Such a day has about double volume, with a gamma distribution so wide that the day itself decides."""
LEAST_WEIGHT: Final = 0.1
"""Of a strange day in what is learnt."""
_MOVED_KEEPS: Final = 0.93
"""Part of what was learnt that is kept a day once the level has moved for good."""


@dataclass(frozen=True)
class Expected:
    """Complaints that a day should bring.

    mean: given its other reviews; spread: relative variance around that. uncertain: relative variance of the usual
    share itself, which the days have in common. by_volume, volume_spread, volume_uncertain: the same, from the
    complaints of the days before alone.
    volume: forecast of its other reviews; factor: how many times that its volume was, as it turned out. regular:
    probability that the forecast held. odds: complaints for each other review; restless: relative variance of that from
    day to day.
    """

    mean: Floats
    spread: Floats
    uncertain: Floats
    by_volume: Floats
    volume_spread: Floats
    volume_uncertain: Floats
    volume: Floats
    factor: Floats
    regular: Floats
    odds: Floats
    restless: Floats


class _Rate:
    """Events for each unit of exposure, as a gamma posterior: mean events / exposure, relative variance 1 / events."""

    def __init__(self, series: int, mean: float, wanders: float) -> None:
        self.events = np.full(series, 0.5)
        self._exposure = self.events / mean
        self._wanders = wanders

    @property
    def mean(self) -> Floats:
        return self.events / self._exposure

    def learn(self, events: Floats, exposure: Floats, weight: Floats, moved: NDArray[np.bool_] | None = None) -> None:
        keep = 1 / (1 + self._wanders**2 * self.events)
        if moved is not None:
            keep = np.where(moved, _MOVED_KEEPS, keep)
        self.events = np.where(weight > 0, keep * self.events + weight * events, self.events)
        self._exposure = np.where(weight > 0, keep * self._exposure + weight * exposure, self._exposure)


class _Scatter:
    """Variance of a day beyond Poisson's, over the mean: by moments, from about the last hundred days."""

    def __init__(self, series: int) -> None:
        self._days = np.full(series, _SCATTER_FIRST_DAYS)
        self._sum = _SCATTER_FIRST * self._days
        self.excess = np.full(series, _SCATTER_FIRST)

    def learn(self, observed: Floats, mean: Floats, weight: Floats) -> None:
        # One strange day must not make all others ordinary: no more than three standard deviations of it.
        squared = np.minimum((observed - mean) ** 2, 9 * mean * (1 + self.excess) + 1)
        # Around a small mean a day says little.
        self._sum = _SCATTER_FADES * self._sum + weight * (squared - mean) / (1 + mean)
        self._days = _SCATTER_FADES * self._days + weight * mean / (1 + mean)
        self.excess = np.maximum(self._sum / self._days, _SCATTER_LEAST)


class Usual:
    """What many series usually bring. expect() a day, then learn from it."""

    def __init__(self, series: int) -> None:
        self._level = _Rate(series, 1.0, _VOLUME_WANDERS)
        self._odds = _Rate(series, _FIRST_SHARE / (1 - _FIRST_SHARE), _SHARE_WANDERS)
        self._complaints = _Rate(series, _FIRST_SHARE, _VOLUME_WANDERS)
        self._volume_scatter = _Scatter(series)
        self._share_scatter = _Scatter(series)
        self._week_reviews = np.full((7, series), _WEEK_FIRST)
        self._week_levels = np.full((7, series), _WEEK_FIRST)

    def _weekday(self, day: int) -> Floats:
        factors = self._week_reviews / self._week_levels
        weekday: Floats = factors[day % 7] / factors.mean(axis=0)
        return weekday

    def expect(self, day: int, others: Floats) -> Expected:
        """day: its number, for its place in the week. others: the reviews of the day that do not complain."""
        weekday = self._weekday(day)
        volume = self._level.mean * weekday
        loose = self._volume_scatter.excess / volume + 1 / self._level.events
        factor, factor_spread, regular = _factor(others, volume, 1 / loose)
        usual = self._odds.mean * volume
        restless = self._share_scatter.excess / usual
        return Expected(
            mean=usual * factor,
            spread=factor_spread + restless,
            uncertain=1 / self._odds.events,
            by_volume=self._complaints.mean * weekday,
            volume_spread=loose + restless,
            volume_uncertain=1 / self._complaints.events,
            volume=volume,
            factor=factor,
            regular=regular,
            odds=self._odds.mean,
            restless=restless,
        )

    def learn_volume(self, day: int, others: Floats, expected: Expected, weight: Floats) -> None:
        """Take in the other reviews of a day. weight: 0 (not at all) to 1."""
        level, weekday = self._level.mean, self._weekday(day)
        self._volume_scatter.learn(others, expected.volume, weight)
        self._level.learn(others, weekday, weight / (1 + self._volume_scatter.excess))
        self._week_reviews *= _WEEK_FADES
        self._week_levels *= _WEEK_FADES
        self._week_reviews[day % 7] += weight * others
        self._week_levels[day % 7] += weight * level

    def learn_complaints(
        self, day: int, complaints: Floats, exposure: Floats, weight: Floats, moved: NDArray[np.bool_]
    ) -> None:
        """Take in the complaints of a day. exposure: its volume as it turned out, volume x factor.

        moved: series that have a new level for good, and forget the old one within weeks.
        """
        self._share_scatter.learn(complaints, self._odds.mean * exposure, weight)
        weight = weight / (1 + self._share_scatter.excess)
        self._odds.learn(complaints, exposure, weight, moved)
        self._complaints.learn(complaints, self._weekday(day), weight, moved)


def _factor(others: Floats, volume: Floats, shape: Floats) -> tuple[Floats, Floats, Floats]:
    """Volume of a day over its forecast, given its other reviews: mean, relative variance; probability of regular.

    A mixture of two gamma posteriors: around the forecast (shape: one over its relative variance), and irregular.
    """
    rate = _IRREGULAR_SHAPE / _IRREGULAR_MEAN
    ordinary = _log_likelihood(others, volume, shape)
    strange = _log_likelihood(others, _IRREGULAR_MEAN * volume, np.full_like(volume, _IRREGULAR_SHAPE))
    odds = np.exp(np.clip(strange - ordinary, -50, 50)) * _IRREGULAR / (1 - _IRREGULAR)
    irregular = odds / (1 + odds)
    regular = 1 - irregular
    mean_regular, mean_strange = (shape + others) / (shape + volume), (_IRREGULAR_SHAPE + others) / (rate + volume)
    mean = regular * mean_regular + irregular * mean_strange
    square = regular * mean_regular * (mean_regular + 1 / (shape + volume))
    square += irregular * mean_strange * (mean_strange + 1 / (rate + volume))
    return mean, square / mean**2 - 1, regular


def _log_likelihood(count: Floats, mean: Floats, shape: Floats) -> Floats:
    """Of a negative binomial, up to what depends on the count alone."""
    likelihood: Floats = gammaln(count + shape) - gammaln(shape)
    likelihood += shape * np.log(shape / (shape + mean)) + count * np.log(mean / (shape + mean))
    return likelihood
