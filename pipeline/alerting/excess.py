"""Says which values of a field hold the excess of an alert: "81 % of it comes from version 3.2.0".

Without trouble, each value would have its usual part of the expected complaints. What it has beyond that is its part of
the excess; over all values of a field that a review has once these parts add up to the whole. The usual part is that of
the complaints of the 90 days before, or that of the window's reviews that complain about nothing where this is more:
when everybody has moved to a new version, all complaints are about it, and that explains nothing.

A value is named when it holds at least half of the excess, and when its part of the complaints lies above the usual one
with the whole of both 95 % intervals (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt
from typing import Final, Literal, get_args

from pipeline.alerting.detection import Cause
from pipeline.index import Index
from pipeline.index.query import Query

CauseField = Literal["source", "product", "product_version", "location", "lang", "negative_themes"]
CAUSE_FIELDS: Final[tuple[CauseField, ...]] = get_args(CauseField)
_MOSTLY: Final = 0.5
_Z: Final = 1.96
_MOST_VALUES: Final = 1000


@dataclass(frozen=True)
class Part:
    """What one value has of an alert's reviews.

    complaints, of: in the window, its own and all. before, before_of: complaints of the baseline. others, others_of:
    reviews of the window that complain about nothing. expected: complaints of the whole window at the usual level.
    """

    complaints: int
    of: int
    before: int
    before_of: int
    others: int
    others_of: int
    expected: float

    @property
    def usual(self) -> float:
        """Its usual part of the complaints, 0 to 1."""
        return max(_share(self.before, self.before_of), _share(self.others, self.others_of))

    @property
    def share(self) -> float:
        """Its part of the excess by the complaints of the baseline: over all values of a field they add up to 1."""
        excess = self.of - self.expected
        return (self.complaints - self.expected * _share(self.before, self.before_of)) / excess if excess > 0 else 0.0

    @property
    def explains(self) -> bool:
        """Whether it is to be named."""
        excess = self.of - self.expected
        least = min(self.share, (self.complaints - self.expected * self.usual) / excess) if excess > 0 else 0.0
        known = [(self.before, self.before_of), (self.others, self.others_of)]
        usual = max((interval(*each)[1] for each in known if each[1]), default=1.0)
        return least >= _MOSTLY and interval(self.complaints, self.of)[0] > usual

    @property
    def likelihood(self) -> float:
        """Log-likelihood ratio of its part of the complaints against the usual one (Kulldorff 1997)."""
        mine, rest = self.complaints, self.of - self.complaints
        usual = min(max(self.usual, 0.5 / (1 + self.before_of + self.others_of)), 1 - 1e-9)
        ratio = mine * log(mine / (self.of * usual)) if mine else 0.0
        return ratio + (rest * log(rest / (self.of * (1 - usual))) if rest else 0.0)


def _share(count: int, of: int) -> float:
    return count / of if of else 0.0


def interval(count: int, of: int, z: float = _Z) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share = count / of
    middle, half = share + z**2 / (2 * of), z * sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return max(0.0, (middle - half) / (1 + z**2 / of)), min(1.0, (middle + half) / (1 + z**2 / of))


@dataclass(frozen=True)
class Counted:
    """Reviews by the values of one field: complaints of the window and of the baseline, the window's other reviews.

    all_complaints, all_before, all_others: with those that have no value.
    """

    complaints: Mapping[str, int]
    before: Mapping[str, int]
    others: Mapping[str, int]
    all_complaints: int
    all_before: int
    all_others: int


def parts(counted: Counted, expected: float) -> dict[str, Part]:
    """The part of each value that complains, or did so before."""
    return {
        value: Part(
            complaints=counted.complaints.get(value, 0),
            of=counted.all_complaints,
            before=counted.before.get(value, 0),
            before_of=counted.all_before,
            others=counted.others.get(value, 0),
            others_of=counted.all_others,
            expected=expected,
        )
        for value in {**counted.complaints, **counted.before}
    }


def causes(index: Index, now: Query, before: Query, others: Query, expected: float) -> list[Cause]:
    """The values that explain an alert, those that hold most of the excess first. Raises Unavailable.

    now, before: complaints of the window and of the baseline; fields that they filter are not looked at. others:
    reviews of the window that complain about nothing.
    """
    queries = (now, before, others)
    all_now, all_before, all_others = (index.count(query) for query in queries)
    found = []
    for field in CAUSE_FIELDS:
        if field in now.filters:
            continue
        complaints, earlier, content = (
            {each.value: each.total for each in index.terms(query, field, _MOST_VALUES)} for query in queries
        )
        counted = Counted(complaints, earlier, content, all_now, all_before, all_others)
        for value, part in parts(counted, expected).items():
            if value and part.explains:
                found.append(
                    Cause(
                        field=field,
                        value=value,
                        share=round(part.share, 3),
                        usual=round(part.usual, 3),
                        observed=part.complaints,
                        expected=round(expected * part.usual, 2),
                    )
                )
    return sorted(found, key=lambda cause: (-cause.share, CAUSE_FIELDS.index(cause.field), cause.value))
