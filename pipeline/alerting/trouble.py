"""Follows the probability that a series is in trouble: a hidden Markov model of usual days and of higher levels.

Each day a series is as usual or at one of a few levels above it, in standard deviations. It may start to be in trouble
on any day, climb, fall, and be over; the counts tell which of that is likely. The probability so weighs every first day
and every height at once, in place of a test for each window: what it says needs no correction for having looked often,
it falls as soon as the trouble is over, and its likelihood of a small count is exact. (Le Strat & Carrat 1999, Stat.
Med. 18, 3463-3478; filter: Rabiner 1989, Proc. IEEE 77(2), 257-286.)
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BEGINS: Final = 0.02
"""Probability that trouble begins on a day: high enough to be awake, for few series have seven troubles a year."""
_LEVELS: Final = ((1.0, 14.0), (2.0, 7.0), (4.0, 4.0), (8.0, 3.0))
"""Standard deviations above usual, and how many days that lasts on average: the higher, the shorter."""
_CHANGES: Final = 0.1
"""Probability that trouble of one level goes on at the next."""


def _transitions() -> Floats:
    """From (row) usual and each level to (column) the same."""
    count = len(_LEVELS)
    moves = np.zeros((count + 1, count + 1))
    moves[0] = [1 - _BEGINS, *[_BEGINS / count] * count]
    for number, (_, days) in enumerate(_LEVELS, start=1):
        moves[number, 0] = 1 / days
        beside = [other for other in (number - 1, number + 1) if 1 <= other <= count]
        moves[number, beside] = _CHANGES * (1 - 1 / days) / len(beside)
        moves[number, number] = 1 - moves[number].sum()
    return moves


_MOVES: Final = _transitions()


class Trouble:
    """States of many series, all usual at first."""

    def __init__(self, series: int) -> None:
        self._states = np.zeros((len(_LEVELS) + 1, series))
        self._states[0] = 1.0

    def see(
        self,
        complaints: Floats,
        mean: Floats,
        spread: Floats,
        judged: NDArray[np.bool_],
        seen: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """The probability of trouble after one more day, shape (series,).

        mean, spread: expected complaints and their relative variance. judged: series old enough; others stay usual.
        seen: series whose reviews came in; of others nothing is known, and they stay as they were. None: all.
        """
        states = _MOVES.T @ self._states
        shape, sd = 1 / spread, np.sqrt(mean + spread * mean**2)
        for number, (height, _) in enumerate(_LEVELS, start=1):
            higher = mean + height * sd
            odds = np.log((shape + mean) / (shape + higher))
            ratio = complaints * (np.log(higher / mean) + odds) + shape * odds
            states[number] *= np.exp(np.clip(ratio, -50, 50))
        states /= states.sum(axis=0)
        states[0, ~judged] = 1.0
        states[1:, ~judged] = 0.0
        self._states = states if seen is None else np.where(seen, states, self._states)
        states = self._states
        trouble: Floats = 1 - states[0]
        return trouble
