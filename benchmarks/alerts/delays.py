"""Measures how many hours after its onset a spike is told: `python -m benchmarks.alerts.delays` prints the tables.

Series have 10, 50 or 300 reviews a day with an evening peak, a tenth of them complaints, a week, and the scatter that
`settings.py` calls usual, plus a little that the reviews of a day have in common. Each hour of each day scatters
besides. From a random moment on, complaints come 3, 5 or 10 times as often, for a week. All is looked at after every
hour, once with the daily detector alone, once with the checks within the day too.
"""

import argparse
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.alerts.simulate import Counts, Floats
from pipeline.alerting.detect import CERTAINTY, detect, usual_days
from pipeline.alerting.profile import PROFILE_DAYS, profile
from pipeline.alerting.sensitivity import daily_alpha
from pipeline.alerting.within_day import HOURS, evidence

LEVELS: Final = (10, 50, 300)
SPIKES: Final = (3, 5, 10)
SEEDS: Final = (1, 2, 3)
HISTORY: Final = 120
SPIKE_DAYS: Final = 7
_SHARE: Final = 0.1
_DISPERSION: Final = 1.5
_TOGETHER: Final = 0.002
_WEEK: Final = 0.15
_SALE: Final = 3.0
_HOUR_SCATTER: Final = 0.2
_PROFILE: Final = np.array(
    [3, 2, 1.2, 0.8, 0.6, 0.7, 1.2, 2.2, 3.6, 4.8, 5.5, 5.4, 5.6, 5.2, 4.9, 4.8, 4.9, 5, 5.2, 5.8, 6.8, 7.6, 7.2, 5]
)
"""Invented: quiet at five in the morning, busiest at nine in the evening."""

Alarms = NDArray[np.bool_]


@dataclass(frozen=True)
class Hours:
    """Hourly counts. total, negative: shape (series, days, 24)."""

    total: Counts
    negative: Counts


def simulate(
    level: float, spike: float, series: int, days: int, onset: NDArray[np.int64], random: Generator, sale: float = 1.0
) -> Hours:
    """Complaints come `spike` times as often from the hour `onset` on, shape (series,), counted from the first day.

    sale: times the volume on the last day.
    """
    shape = (series, days, HOURS)
    week = np.exp(random.normal(0, _WEEK, (series, 7)))[:, np.arange(days) % 7]
    day = level * week / week.mean(axis=1, keepdims=True)
    wide = _DISPERSION - 1
    day = random.gamma(day / wide, wide)
    hours = _PROFILE / _PROFILE.sum() * np.exp(random.normal(0, _HOUR_SCATTER, shape) - _HOUR_SCATTER**2 / 2)
    day[:, -1] *= sale
    rate = day[:, :, None] * hours
    weight = 1 / _TOGETHER - 1
    share = random.beta(_SHARE * weight, (1 - _SHARE) * weight, (series, days, 1))
    raised = (np.arange(days * HOURS) >= onset[:, None]).reshape(shape)
    negative = random.poisson(rate * share * np.where(raised, spike, 1.0))
    return Hours(negative + random.poisson(rate * (1 - share)), negative)


def looks(hours: Hours, day: int, certainty: float = CERTAINTY) -> tuple[Alarms, Alarms]:
    """Alarms after each hour of a day, shape (series, 24): of the daily detector, of the checks within the day."""
    total, negative = hours.total[:, : day + 1].sum(axis=2), hours.negative[:, : day + 1].sum(axis=2)
    before = hours.total[:, max(day - PROFILE_DAYS, 0) : day].sum(axis=1)
    usual = usual_days(total, negative).only(-1)
    now = hours.total[:, day], hours.negative[:, day]
    within = evidence(*now, profile(before, before.sum(axis=0)), usual) >= 1 / daily_alpha(certainty)
    daily = np.zeros(within.shape, bool)
    for hour in range(HOURS):
        total[:, -1], negative[:, -1] = (each[:, : hour + 1].sum(axis=1) for each in now)
        daily[[found.series for found in detect(total, negative, certainty)], hour] = True
    return daily, within


def delays(level: float, spike: float, series: int, seed: int) -> tuple[Floats, Floats]:
    """Hours from onset to alarm, inf where there was none within the week: of the daily detector alone, of both."""
    random = np.random.default_rng([seed, level, spike])
    moment = HISTORY * HOURS + random.uniform(0, HOURS, series)
    hours = simulate(level, spike, series, HISTORY + SPIKE_DAYS + 1, np.ceil(moment).astype(np.int64), random)
    alone, both = np.full(series, np.inf), np.full(series, np.inf)
    for day in range(HISTORY, HISTORY + SPIKE_DAYS + 1):
        daily, within = looks(hours, day)
        end = day * HOURS + np.arange(1, HOURS + 1)
        for found, alarms in ((alone, daily), (both, daily | within)):
            later = np.where(alarms & (end > moment[:, None]), end - moment[:, None], np.inf)
            found[:] = np.minimum(found, later.min(axis=1))
    return alone, both


def false_alarms(level: float, series: int, seed: int) -> tuple[float, float, float]:
    """Alarms that begin on a day without trouble, for each series and year: daily detector looked at once when the day
    is over, looked at every hour, and with the checks within the day."""
    before, daily, within = _quiet_day(level, series, seed, 1.0)
    alarms = daily[:, -1], daily.any(axis=1), (daily | within).any(axis=1)
    once, hourly, both = (365 * float((each & ~before).mean()) for each in alarms)
    return once, hourly, both


def sale_alarms(level: float, series: int, seed: int) -> float:
    """Share of the days with three times the volume on which an alarm begins."""
    before, daily, within = _quiet_day(level, series, seed, _SALE)
    return float(((daily | within).any(axis=1) & ~before).mean())


def _quiet_day(level: float, series: int, seed: int, sale: float) -> tuple[Alarms, Alarms, Alarms]:
    """Series in alarm on the day before, shape (series,), and after each hour of a day without trouble, see looks()."""
    random = np.random.default_rng([seed, level])
    hours = simulate(level, 1, series, HISTORY + 1, np.full(series, HISTORY * HOURS), random, sale)
    total, negative = (counts[:, :HISTORY].sum(axis=2) for counts in (hours.total, hours.negative))
    before = np.zeros(series, bool)
    before[[found.series for found in detect(total, negative)]] = True
    return before, *looks(hours, HISTORY)


def hours_text(delay: float) -> str:
    return f"{delay:.0f}" if np.isfinite(delay) else f"over {SPIKE_DAYS * HOURS}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts.delays", description=__doc__)
    parser.add_argument("--series", type=int, default=100, help="spikes of each kind and seed")
    parser.add_argument("--quiet-days", type=int, default=2000, help="days without trouble of each level and seed")
    arguments = parser.parse_args()
    print("| reviews a day | times | daily detector alone | with the checks within the day | told within a day |")
    print("| --- | --- | --- | --- | --- |")
    for level in LEVELS:
        for spike in SPIKES:
            runs = [delays(level, spike, arguments.series, seed) for seed in SEEDS]
            medians = []
            for which in (0, 1):
                found = [float(np.median(run[which])) for run in runs]
                whole = float(np.median(np.concatenate([run[which] for run in runs])))
                medians.append(f"{hours_text(whole)} ({hours_text(min(found))}–{hours_text(max(found))})")
            day = np.mean([(run[1] <= HOURS).mean() for run in runs])
            print(f"| {level} | {spike} | {medians[0]} | {medians[1]} | {day:.0%} |", flush=True)
    print("\n| reviews a day | daily detector, once a day | every hour | with the checks within the day | sale days |")
    print("| --- | --- | --- | --- | --- |")
    for level in LEVELS:
        rates = np.mean([false_alarms(level, arguments.quiet_days, 100 + seed) for seed in SEEDS], axis=0)
        sale = np.mean([sale_alarms(level, arguments.quiet_days // 4, 200 + seed) for seed in SEEDS])
        print(f"| {level} | {' | '.join(f'{rate:.2f}' for rate in rates)} | {sale:.1%} |", flush=True)


if __name__ == "__main__":
    main()
