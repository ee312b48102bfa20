"""Measures false alarms over the certainty asked for: `python -m benchmarks.alerts.sensitivity` prints the table.

It is the table of `pipeline/alerting/sensitivity.py`, which turns "so many false alarms a month" into a certainty. Only
settings that the detector was made with are used. Two minutes on a core of its own.
"""

from typing import Final

import numpy as np

from benchmarks.alerts.__main__ import ours
from benchmarks.alerts.methods import Alarms
from benchmarks.alerts.settings import MADE_WITH
from benchmarks.alerts.simulate import WARM_UP_DAYS, World, simulate

_SERIES: Final = 100
_DAYS_A_MONTH: Final = 365 / 12
_QUIET_DAYS: Final = 7
"""An alert that comes back within a week is the same one, see desk/alerts/life.py."""
_CERTAINTIES: Final = (0.4, 0.5, 0.6, 0.71, 0.8, 0.88, 0.94, 0.97, 0.985, 0.995, 0.999)


def false_alarms(world: World, alarms: Alarms) -> float:
    """Alerts that open without trouble, for each series and month. alarms: shape (series, days)."""
    quiet = np.ones(alarms.shape, bool)
    quiet[:, :WARM_UP_DAYS] = False
    for event in world.events:
        quiet[event.series, event.first : event.last + 1 + _QUIET_DAYS] = False
    opened = 0
    for series, day in zip(*np.nonzero(alarms & quiet), strict=True):
        opened += not alarms[series, max(day - _QUIET_DAYS, 0) : day].any()
    return opened / (quiet.sum() / _DAYS_A_MONTH)


def main() -> None:
    worlds = [simulate(setting, _SERIES, 900 + place) for place, setting in enumerate(MADE_WITH)]
    print("| certainty | false alarms a series and month |\n| --- | --- |")
    for certainty in _CERTAINTIES:
        rate = np.mean([false_alarms(world, ours(world, certainty)) for world in worlds])
        print(f"| {certainty} | {rate:.4f} |", flush=True)


if __name__ == "__main__":
    main()
