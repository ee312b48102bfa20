"""Finds complaints that pile up within the day, hour by hour, before the day as a whole can show it.

Two things are followed through the hours of a day: how many complaints came for the usual profile of the day (volume),
and how many among the reviews that came (share). Each is a likelihood ratio of a raised day over a usual one, averaged
over several heights. On a usual day it is a martingale that begins at 1, so that it ever reaches 1/alpha with a
probability of at most alpha, however often one looks (Ville 1939, Étude critique de la notion de collectif; as a test:
Ramdas, Grünwald, Vovk & Shafer 2023, Stat. Sci. 38(4), 576-601). Trouble may begin at several hours, each of which gets
its part of alpha. Both must speak: a sale brings more complaints but no larger share, a quiet day a larger share of
nothing. A usual day has a level of its own, a gamma variable for the volume and a beta variable for the share, so that
counts scatter more than chance alone would have it.

What an hour says depends on the counts of the hours before its end alone: who looks seldom sees the same as who looks
every minute, only later.
"""

from typing import Final

import numpy as np
from scipy.special import betaln, logsumexp

from pipeline.alerting.detect import UsualDays
from pipeline.alerting.series import Counts
from pipeline.alerting.usual import Floats

HOURS: Final = 24
_BEGINS: Final = (0, 4, 8, 12, 16, 20)
"""Hours at which trouble may begin."""
_HEIGHTS: Final = (3.0, 9.0)
"""Times the usual complaints, and the usual odds of one."""
LEAST_COMPLAINTS: Final = 5
_LEAST_CONCENTRATION: Final = 1.0


def evidence(total: Counts, negative: Counts, profile: Floats, usual: UsualDays) -> Floats:
    """How many times likelier trouble than a usual day makes the counts, at most so far: shape (series, hours).

    total, negative: of the hours of a day that are over, shape (series, hours). profile: part of a day's reviews that
    each hour brings, shape (series, 24). usual: what the day should bring, shape (series, 1) for each.
    """
    complaints = negative.astype(np.float64)
    others = total - complaints
    hours = total.shape[1]
    volume, share = np.full(total.shape, -np.inf), np.full(total.shape, -np.inf)
    for begin in (hour for hour in _BEGINS if hour < hours):
        seen = slice(begin, hours)
        many, rest, part = (
            np.cumsum(each[:, seen], axis=1) for each in (complaints, others, np.maximum(profile, 1e-6))
        )
        volume[:, seen] = np.maximum(volume[:, seen], _of_volume(many, part * usual.complaints, usual.scatter))
        share[:, seen] = np.maximum(share[:, seen], _of_share(many, rest, usual.share, usual.share_scatter))
    enough = np.cumsum(complaints, axis=1) >= LEAST_COMPLAINTS
    both = np.where(enough & usual.judged, np.minimum(volume, share), -np.inf) - np.log(len(_BEGINS))
    found: Floats = np.exp(np.maximum.accumulate(np.minimum(both, 600.0), axis=1))
    return found


def _of_volume(many: Floats, expected: Floats, scatter: Floats) -> Floats:
    """Logarithm of the ratio for counts whose mean, gamma-distributed from day to day, is some times the expected."""
    shape = 1 / scatter
    ratios = [
        many * np.log(height) + (shape + many) * np.log((shape + expected) / (shape + height * expected))
        for height in _HEIGHTS
    ]
    return _mean(ratios)


def _of_share(many: Floats, rest: Floats, share: Floats, scatter: Floats) -> Floats:
    """Logarithm of the ratio for counts whose share, beta-distributed from day to day, has some times the usual odds.

    Both have the same concentration, so that each review that does not complain speaks for a usual day.
    """
    together = np.maximum(1 / (share * (1 - share) * scatter) - 1, _LEAST_CONCENTRATION)
    usual = betaln(share * together + many, (1 - share) * together + rest) - betaln(
        share * together, (1 - share) * together
    )
    ratios = []
    for height in _HEIGHTS:
        raised = height * share / (1 - share + height * share)
        bad, good = raised * together, (1 - raised) * together
        ratios.append(betaln(bad + many, good + rest) - betaln(bad, good) - usual)
    return _mean(ratios)


def _mean(ratios: list[Floats]) -> Floats:
    mean: Floats = logsumexp(np.array(ratios), axis=0) - np.log(len(ratios))
    return mean
