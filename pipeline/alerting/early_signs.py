"""Says what else moved with the complaints: worse ratings, talk of leaving, no answers, the same people again.

A sign is told only where the 99 % interval of the difference between window and baseline leaves out zero, and the
difference is for the worse: Welch's for means, Newcombe's for shares (1998, Stat. Med. 17, 873-890, method 10).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import fmean, variance
from typing import Final, Literal

from pipeline.alerting.detection import Sign
from pipeline.alerting.excess import interval
from pipeline.index.document import IndexDocument

_Z: Final = 2.576
_LEAST: Final = 10
"""Reviews on each side below which nothing is said."""
_LEAVES: Final = 0.5
_ANSWERED_WITHIN: Final = timedelta(days=1)

_Documents = Sequence[IndexDocument]
_Share = Literal["leaving", "unanswered", "again"]
_Name = Literal["rating", "leaving", "unanswered", "again"]


def signs(
    reviews: _Documents, before: _Documents, theme: str | None, since: datetime, days: int, young: datetime
) -> list[Sign]:
    """The signs that are clear. reviews, before: of the window and of the baseline, complaints or not.

    theme: what a complaint is about; None: anything. since, days: first moment and length of the window. young:
    reviews from then on have not had a day for an answer.
    """
    now_complaints = [each for each in reviews if complains(each, theme)]
    complaints = [each for each in before if complains(each, theme)]
    found = [
        _rating(_ratings(reviews), _ratings(before)),
        _share("leaving", _leaving(reviews), _leaving(before)),
        _share("unanswered", _unanswered(now_complaints, young), _unanswered(complaints, young)),
        _share("again", _again(now_complaints, since, days), _again(complaints, since, days)),
    ]
    return [sign for sign in found if sign is not None]


def complains(document: IndexDocument, theme: str | None) -> bool:
    """Whether it is a complaint about this theme; None: about anything."""
    return theme in document.negative_themes if theme else document.sentiment == "negative"


def _ratings(reviews: _Documents) -> list[float]:
    return [each.rating for each in reviews if each.rating is not None]


def _rating(now: Sequence[float], before: Sequence[float]) -> Sign | None:
    if min(len(now), len(before)) < _LEAST:
        return None
    mean, usual = fmean(now), fmean(before)
    # A few equal ratings have no variance of their own: they scatter at least as those before.
    half = _Z * sqrt(max(variance(now), variance(before)) / len(now) + variance(before) / len(before))
    low, high = mean - usual - half, mean - usual + half
    return _sign("rating", mean, usual, low, high, len(now)) if high < 0 else None


def _share(name: _Share, now: tuple[int, int], before: tuple[int, int]) -> Sign | None:
    if min(now[1], before[1]) < _LEAST:
        return None
    share, usual = now[0] / now[1], before[0] / before[1]
    (low_now, high_now), (low_before, high_before) = interval(*now, _Z), interval(*before, _Z)
    low = share - usual - sqrt((share - low_now) ** 2 + (high_before - usual) ** 2)
    high = share - usual + sqrt((high_now - share) ** 2 + (usual - low_before) ** 2)
    return _sign(name, share, usual, low, high, now[1]) if low > 0 else None


def _sign(name: _Name, now: float, before: float, low: float, high: float, count: int) -> Sign:
    return Sign(
        name=name, now=round(now, 3), before=round(before, 3), low=round(low, 3), high=round(high, 3), count=count
    )


def _leaving(reviews: _Documents) -> tuple[int, int]:
    return sum(each.churn_risk >= _LEAVES for each in reviews), len(reviews)


def _unanswered(complaints: _Documents, young: datetime) -> tuple[int, int]:
    """Complaints without an answer within a day, of those that had a day."""
    old = [each for each in complaints if each.created_at < young]
    hours = _ANSWERED_WITHIN.total_seconds() / 3600
    return sum(each.response_hours is None or each.response_hours > hours for each in old), len(old)


def _again(complaints: _Documents, since: datetime, days: int) -> tuple[int, int]:
    """Complaints by people with more than one of them within so many days, of those with a known author.

    Time is cut into pieces as long as the window, for in a longer one more people come back.
    """
    pieces = Counter(
        (each.source, each.author_id, (each.created_at - since) // timedelta(days=days))
        for each in complaints
        if each.author_id
    )
    return sum(count for count in pieces.values() if count > 1), pieces.total()
