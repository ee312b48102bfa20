"""Scores alarms against what really happened."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts.simulate import WARM_UP_DAYS, World

Alarms = NDArray[np.bool_]
_GRACE_DAYS: Final = 7


@dataclass(frozen=True)
class Score:
    """How good alarms were.

    detected, drifts: share of the outbreaks (of the drifts) with an alarm before they ended. delay: mean days from a
    detected drift's first day to its alarm. false_days: days in alarm with neither outbreak nor drift, nor one in the
    week before, for each series and year. sale_days: share of the days of sales in alarm, which are not counted twice.
    """

    detected: float
    drifts: float
    delay: float
    false_days: float
    sale_days: float


def score(world: World, alarms: Alarms) -> Score:
    """alarms: shape (series, days)."""
    troubled = np.zeros(alarms.shape, bool)
    sale = np.zeros(alarms.shape, bool)
    found: dict[str, list[bool]] = {"outbreak": [], "drift": []}
    delays: list[int] = []
    for event in world.events:
        if event.kind == "sale":
            sale[event.series, event.first : event.last + 1] = True
            continue
        troubled[event.series, event.first : event.last + 1 + _GRACE_DAYS] = True
        during = alarms[event.series, event.first : event.last + 1]
        found[event.kind].append(bool(during.any()))
        if event.kind == "drift" and during.any():
            delays.append(int(during.argmax()))
    judged = ~troubled & ~sale
    judged[:, :WARM_UP_DAYS] = False
    return Score(
        detected=_share(found["outbreak"]),
        drifts=_share(found["drift"]),
        delay=float(np.mean(delays)) if delays else np.nan,
        false_days=float(alarms[judged].mean() * 365),
        sale_days=float(alarms[sale & ~troubled].mean()) if sale.any() else np.nan,
    )


def _share(found: list[bool]) -> float:
    return float(np.mean(found)) if found else np.nan
