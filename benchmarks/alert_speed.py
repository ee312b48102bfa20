"""The check for alerts of very many series, and a backtest: time, its growth with the series, and memory."""

import resource
import time
from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np

from benchmarks.apart import on_one_core
from moksori.bench import Figure, Lab, Server
from pipeline.alerting.detect import backtest, detect
from pipeline.alerting.series import HISTORY_DAYS, Counts, SeriesSet

NEEDS: Final[tuple[Server, ...]] = ()


def run(lab: Lab) -> Iterator[Figure]:
    """Each run in a process of its own. Quiet series: trouble costs a little more, and is rare."""
    many, few = lab.size(100_000), lab.size(10_000)
    checks = [on_one_core(_check, many) for _ in range(lab.runs)]
    tenths = [on_one_core(_check, few) for _ in range(lab.runs)]
    yield Figure(f"check of {many:,} series, {HISTORY_DAYS} days", "s", [seconds for seconds, _ in checks], at_most=60)
    yield Figure("memory beside the counts, at most", "MiB", [mib for _, mib in checks])
    growth = [(long / many) / (short / few) for (long, _), (short, _) in zip(checks, tenths, strict=True)]
    yield Figure("time a series, over that with a tenth of them", "×", growth, note="1: linear")
    series = lab.size(500)
    seconds = [on_one_core(_backtest, series) for _ in range(lab.runs)]
    yield Figure(f"backtest of {series:,} series, two years", "s", seconds, at_most=60)


def _counts(series: int, days: int) -> tuple[Counts, Counts]:
    random = np.random.default_rng(1)
    total = random.poisson(np.exp(random.uniform(np.log(2), np.log(300), (series, 1))), (series, days))
    return total, random.binomial(total, 0.1)


def _check(series: int) -> tuple[float, float]:
    """Seconds, and MiB that it took at most."""
    total, negative = _counts(series, HISTORY_DAYS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    detect(total, negative)
    seconds = time.perf_counter() - started
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _backtest(series: int) -> float:
    total, negative = _counts(series, 730)
    started = time.perf_counter()
    backtest(SeriesSet([str(number) for number in range(series)], date(2024, 1, 1), total, negative))
    return time.perf_counter() - started
