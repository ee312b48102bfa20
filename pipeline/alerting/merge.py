"""Merges findings about the same trouble: one alert at the highest level that explains the excess.

From the widest series in alarm it goes down to a narrower one only where that holds at least half of the excess and
clearly more than its usual part (excess.py). What has its usual part, or shares the excess with others, is told as the
wide one, with its parts as causes. Whatever is in alarm only because of what was told is not told again: when half of
its excess lies in there, or when the rest of it raises no alarm. Themes come before all complaints together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.alerting.detect import Finding, detect
from pipeline.alerting.excess import Part
from pipeline.alerting.series import Counts, Scope, SeriesSet, subtract
from pipeline.alerting.together import Together
from pipeline.alerting.usual import Floats

_MOSTLY: Final = 0.5
"""Share of an excess from which on something else has told it."""
_BASELINE_DAYS: Final = 90


@dataclass(frozen=True, eq=False)
class _Open:
    """A series in alarm that nothing told yet: as it was found, and as it is without what was told."""

    scope: Scope
    told: Finding
    rest: Finding
    negative: Counts

    @property
    def excess(self) -> float:
        return self.rest.observed - self.rest.expected


def _telling(part: Part, each: _Open) -> tuple[float, bool]:
    """How well a part explains; where two hold the same reviews, a product says more than its source."""
    return round(part.likelihood, 6), "product" in each.scope.place


@dataclass(frozen=True)
class Merger:
    """Decides what of the findings of one check is told."""

    scopes: Sequence[Scope]
    series: SeriesSet
    certain: Floats
    together: Together

    def merged(self, findings: Sequence[Finding]) -> list[Finding]:
        """One finding for each trouble, in the order of the series."""
        told: list[Finding] = []
        by_theme: dict[str | None, list[_Open]] = {}
        for each in findings:
            scope = self.scopes[each.series]
            by_theme.setdefault(scope.theme, []).append(_Open(scope, each, each, self.series.negative[each.series]))
        for theme in sorted(by_theme, key=lambda theme: (theme is None, theme or "")):
            left = by_theme[theme]
            if theme is None:
                for finding in told:
                    left = self._left(left, self.scopes[finding.series])
            while left:
                best = self._narrowed(min(left, key=lambda each: (len(each.scope.place), -each.excess)), left)
                told.append(best.told)
                left = self._left([each for each in left if each is not best], best.scope)
        return sorted(self._once(told), key=lambda each: each.series)

    def _narrowed(self, top: _Open, left: Sequence[_Open]) -> _Open:
        """The narrowest that explains what the top shows."""
        seen = [top]
        while True:
            likely = [
                (_telling(part, each), -each.told.series, each)
                for each in left
                if each not in seen and self._explains(part := self._part(top, each), each, top)
            ]
            if not likely:
                return top
            *_, top = max(likely, key=lambda each: each[:2])
            seen.append(top)

    def _explains(self, part: Part, each: _Open, top: _Open) -> bool:
        """Whether it is to be told in place of the top, of which it is a part: as one that lies within, or, of two that
        overlap, explains the other better. Complaints that all come from one product are told as the product's."""
        if not part.explains and not (part.complaints == part.of and list(each.scope.place) == ["product"]):
            return False
        if top.scope.holds(each.scope):
            return True
        return not each.scope.holds(top.scope) and _telling(part, each) > _telling(self._part(each, top), top)

    def _part(self, of: _Open, inner: _Open) -> Part:
        """What the inner one has of the other's reviews."""
        both = self.together.complaints(of.scope, inner.scope).clip(max=of.negative)
        days = of.rest.window
        before = slice(max(len(both) - days - _BASELINE_DAYS, 0), len(both) - days)
        return Part(
            complaints=int(both[-days:].sum()),
            of=int(of.negative[-days:].sum()),
            before=int(both[before].sum()),
            before_of=int(of.negative[before].sum()),
            others=int(self.together.others(of.scope, inner.scope)[-days:].sum()),
            others_of=int(self.together.others(of.scope, of.scope)[-days:].sum()),
            expected=of.rest.expected,
        )

    def _left(self, left: Sequence[_Open], told: Scope) -> list[_Open]:
        """What is still in alarm without the complaints that were told."""
        rests = []
        for each in left:
            if told.theme == each.scope.theme and told.holds(each.scope):
                continue
            both = self.together.complaints(told, each.scope).clip(max=each.negative)
            if not both.any():
                rests.append(each)
                continue
            window = both[-each.rest.window :].sum()
            before = slice(max(len(both) - each.rest.window - _BASELINE_DAYS, 0), len(both) - each.rest.window)
            usual = both[before].sum() / max(each.negative[before].sum(), 1)
            if window - each.rest.expected * usual < _MOSTLY * each.excess:
                rests.append(replace(each, negative=subtract(each.negative, [both])))
        return self._still_in_alarm(rests)

    def _still_in_alarm(self, rests: Sequence[_Open]) -> list[_Open]:
        rows = [each.told.series for each in rests]
        if not rows:
            return []
        negative = self.series.negative[rows]
        for number, each in enumerate(rests):
            negative[number] = each.negative
        found = detect(self.series.total[rows], negative, self.certain[rows], self.series.missing[rows])
        return [replace(rests[each.series], rest=each) for each in found]

    def _once(self, findings: Sequence[Finding]) -> list[Finding]:
        """Findings without those whose excess is the same reviews as a larger one's, which only name a second theme:
        "the parcel is late and nobody answers" is one trouble."""
        kept: list[Finding] = []
        for finding in sorted(findings, key=lambda each: each.expected - each.observed):
            scope, excess = self.scopes[finding.series], finding.observed - finding.expected
            wider = [
                other
                for other in (self.scopes[each.series] for each in kept)
                if scope.theme and other.theme and other.place.items() <= scope.place.items()
            ]
            if not any(
                self.together.about_both(scope, other.theme or "", finding.window) >= _MOSTLY * excess
                for other in wider
            ):
                kept.append(finding)
        return kept
