"""Invents daily counts with known outbreaks, drifts and sales, in the way that outbreak detectors are usually tested.

Volume is negative-binomial around a trend and a week, complaints are a share of it, and an outbreak adds complaints in
multiples of the standard deviation of a day (Noufaily et al. 2013, Stat. Med. 32, 1206-1222; Bédubourg & Le Strat 2017,
PLoS ONE 12(7), e0181227). Two things are ours: sales, which triple the volume at the same share and must not alarm, and
drifts, in which the share of complaints rises for four weeks.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Range = tuple[float, float]
Kind = Literal["outbreak", "drift", "sale"]

DRIFT_DAYS: Final = 28
WARM_UP_DAYS: Final = 90
"""Days before the first event. They are not scored."""
_GAP_DAYS: Final = 21
"""Least days between two events of a series."""
_SALE_DAYS: Final = (2, 4)
_SALE: Final = 3.0


@dataclass(frozen=True)
class Setting:
    """One kind of series. Ranges are drawn from evenly for each series (level: evenly in its logarithm) or event.

    level: reviews a day. share: complaints among them. dispersion: variance over mean of the volume. restless:
    correlation of the reviews of a day in being complaints (0: each for itself). together: whether complaints scatter
    with the volume, or on their own. trend: growth a year, in logarithms. week, year: amplitudes of the seasons.
    outbreaks, drifts, sales: events a year. size: complaints that an outbreak adds on its highest day, in standard
    deviations of a day. length: days of an outbreak. shapes: how it rises and falls. drift: factor on the share of
    complaints on a drift's last day.
    """

    name: str
    days: int = 730
    level: Range = (2, 300)
    share: Range = (0.05, 0.20)
    dispersion: Range = (1.0, 2.0)
    restless: Range = (0.0, 0.0)
    together: bool = True
    trend: Range = (-0.3, 0.3)
    week: Range = (0.05, 0.3)
    year: Range = (0.0, 0.0)
    outbreaks: float = 3.0
    drifts: float = 1.0
    sales: float = 3.0
    size: Range = (2, 10)
    length: tuple[int, int] = (1, 10)
    shapes: tuple[Literal["log-normal", "flat"], ...] = ("log-normal", "flat")
    drift: Range = (1.5, 3)


@dataclass(frozen=True)
class Event:
    """What really happened to a series, days inclusive."""

    series: int
    kind: Kind
    first: int
    last: int


@dataclass(frozen=True)
class World:
    """Counts with their truth. total, negative, mean (of the volume without outbreaks and drifts): (series, days).

    share, dispersion, restless: shape (series,).
    """

    total: Counts
    negative: Counts
    mean: Floats
    share: Floats
    dispersion: Floats
    restless: Floats
    together: bool
    events: list[Event]

    def complaint_dispersion(self) -> Floats:
        """Variance over mean of the complaints of a day, shape (series, days)."""
        return _complaint_dispersion(self.mean, self.share, self.dispersion, self.restless, self.together)


def simulate(setting: Setting, series: int, seed: int) -> World:
    """The same for the same arguments."""
    random = np.random.default_rng(seed)

    def drawn(bounds: Range) -> Floats:
        return random.uniform(*bounds, size=series)

    level = np.exp(drawn((float(np.log(setting.level[0])), float(np.log(setting.level[1])))))
    share, dispersion, restless = drawn(setting.share), drawn(setting.dispersion), drawn(setting.restless)
    mean = level[:, None] * _seasons(setting, series, random)
    scatter = _complaint_dispersion(mean, share, dispersion, restless, setting.together)
    spread = np.sqrt(mean * share[:, None] * scatter)
    more = np.zeros(mean.shape)
    events = [event for number in range(series) for event in _calendar(setting, number, random)]
    for event in events:
        days = (event.series, slice(event.first, event.last + 1))
        if event.kind == "sale":
            mean[days] *= _SALE
        elif event.kind == "drift":
            rise = (random.uniform(*setting.drift) - 1) * np.linspace(0, 1, DRIFT_DAYS + 1)[1:]
            more[days] = rise * share[event.series] * mean[days]
        else:
            height = random.uniform(*setting.size) * spread[days].mean()
            more[days] = height * _profile(random.choice(setting.shapes), event.last - event.first + 1)
    if setting.together:
        total = _negative_binomial(random, mean, dispersion)
        negative = random.binomial(total, _share_of_day(random, share, restless, mean.shape))
    else:
        negative = _negative_binomial(random, mean * share[:, None], dispersion)
        total = negative + _negative_binomial(random, mean * (1 - share[:, None]), dispersion)
    added = random.poisson(more)
    return World(total + added, negative + added, mean, share, dispersion, restless, setting.together, events)


def _seasons(setting: Setting, series: int, random: Generator) -> Floats:
    """Trend, week and year of the volume around 1, shape (series, days)."""
    days = np.arange(setting.days)
    trend = random.uniform(*setting.trend, size=(series, 1)) * (days - setting.days / 2) / 365
    week = random.normal(0, 1, (series, 7)) * random.uniform(*setting.week, size=(series, 1))
    week -= np.log(np.exp(week).mean(axis=1, keepdims=True))
    phase = random.uniform(0, 2 * np.pi, (series, 1))
    year = random.uniform(*setting.year, size=(series, 1)) * np.sin(2 * np.pi * days / 365 + phase)
    seasons: Floats = np.exp(trend + week[:, days % 7] + year)
    return seasons


def _complaint_dispersion(mean: Floats, share: Floats, dispersion: Floats, restless: Floats, together: bool) -> Floats:
    if not together:
        return np.broadcast_to(dispersion[:, None], mean.shape)
    within = (1 - share[:, None]) * (1 + np.maximum(mean - 1, 0) * restless[:, None])
    return within + (share * dispersion)[:, None]


def _negative_binomial(random: Generator, mean: Floats, dispersion: Floats) -> Counts:
    wide = np.maximum(dispersion[:, None] - 1, 1e-6)
    return random.poisson(random.gamma(mean / wide, wide))


def _share_of_day(random: Generator, share: Floats, restless: Floats, shape: tuple[int, ...]) -> Floats:
    """Beta around the share, so that the complaints of a day are correlated."""
    if not restless.any():
        return np.broadcast_to(share[:, None], shape)
    weight = 1 / restless[:, None] - 1
    return random.beta(share[:, None] * weight, (1 - share[:, None]) * weight, shape)


def _profile(shape: str, length: int) -> Floats:
    """Part of its height that an outbreak has on each day, 1 on the highest."""
    if shape == "flat":
        return np.ones(length)
    days = (np.arange(length) + 0.5) / length * 3
    density = np.exp(-(np.log(days) ** 2) / (2 * 0.5**2)) / days
    profile: Floats = density / density.max()
    return profile


def _calendar(setting: Setting, series: int, random: Generator) -> list[Event]:
    """Events of one series, apart from each other. One that finds no room is left out."""
    yearly: tuple[tuple[Kind, float, tuple[int, int]], ...] = (
        ("drift", setting.drifts, (DRIFT_DAYS, DRIFT_DAYS)),
        ("outbreak", setting.outbreaks, setting.length),
        ("sale", setting.sales, _SALE_DAYS),
    )
    placed: list[Event] = []
    for kind, rate, lengths in yearly:
        for _ in range(random.poisson(rate * (setting.days - WARM_UP_DAYS) / 365)):
            length = int(random.integers(lengths[0], lengths[1] + 1))
            first = int(random.integers(WARM_UP_DAYS, setting.days - length))
            if all(first > other.last + _GAP_DAYS or first + length + _GAP_DAYS < other.first for other in placed):
                placed.append(Event(series, kind, first, first + length - 1))
    return placed
