"""How certain the detector must be so that a rule raises no more false alarms a month than were asked for."""

from typing import Final

import numpy as np

from pipeline.alerting.detect import CERTAINTY

_MEASURED: Final = (
    (0.4, 0.0591), (0.5, 0.0520), (0.6, 0.0417), (0.71, 0.0292), (0.8, 0.0170), (0.88, 0.0101),
    (0.94, 0.0044), (0.97, 0.0024), (0.985, 0.0014), (0.995, 0.0004), (0.999, 0.0002),
)  # fmt: skip
"""Certainty, and false alarms for each series and month: the output of `python -m benchmarks.alerts.sensitivity`."""

_DAYS_A_MONTH: Final = 365 / 12
_BOTH: Final = 10.0
_MOST_ALPHA: Final = 0.05

MOST_AWAKE: Final = _MEASURED[0][0]


def certainty(false_alarms_a_month: float | None, series: int, lean: float = 1.0) -> float:
    """The certainty that brings so many false alarms over all series together; None: as many as the detector's own.

    lean: times as many, because people found the alerts useful (above 1) or not (below).

    0.4 to 0.999: what was not measured is not promised, and many series may so bring more than was asked for.
    """
    if series == 0 or (false_alarms_a_month is None and lean == 1):
        return CERTAINTY
    if false_alarms_a_month is None:
        false_alarms_a_month = false_alarms(CERTAINTY, series)
    certainties, rates = zip(*reversed(_MEASURED), strict=True)
    wanted = np.log(max(lean * false_alarms_a_month / series, rates[0]))
    return float(np.interp(wanted, np.log(rates), certainties))


def false_alarms(certainty: float, series: int) -> float:
    """False alarms a month to expect over so many series. The reverse of certainty()."""
    certainties, rates = zip(*_MEASURED, strict=True)
    return float(np.exp(np.interp(certainty, certainties, np.log(rates)))) * series


def daily_alpha(certainty: float) -> float:
    """Probability that volume, or share, may seem raised within a usual day, as sure as the daily detector is asked to
    be. Both must, which is why on usual days about as few alarms come of it as of the daily detector: see `python -m
    benchmarks.alerts.delays`.
    """
    return min(_BOTH * false_alarms(certainty, 1) / _DAYS_A_MONTH, _MOST_ALPHA)
