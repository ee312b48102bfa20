"""Runs a measurement in a process of its own, on one core: as a worker would run, whatever ran here before."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def on_one_core(measurement: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What the measurement returns. It must be a module's own function."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, initializer=_stay_on_one_core) as pool:
        return pool.submit(measurement, *arguments, **named).result()


def _stay_on_one_core() -> None:
    # Before any library starts its threads: they inherit it.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
