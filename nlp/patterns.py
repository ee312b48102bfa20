"""Patterns over lemmas: finds "배송 안|못 오다" or "never arrive" in a text in one pass over its units.

A pattern is steps in order, written as lemmas. `a|b` are alternatives, `a+b` are neighbours (`customer+service|support`
is either of the two); a blank lets up to three words stand between. A last step `-a|b` forbids that a or b comes next
(`배송 -비`). All patterns of a pipeline are looked up by their first word, so their number hardly costs time.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spacy.language import Language
from spacy.tokens import Doc

from nlp.english import Lemmas
from nlp.lexicon import read
from nlp.reading import Match, Unit, reading_of

_GAP: Final = 4
_NEGATION_AFTER: Final = frozenset({"않다", "못하다", "없다", "아니다"})
_NEGATION_BEFORE: Final = {
    "ko": frozenset({"안", "못"}),
    "en": frozenset({"not", "never", "no", "without", "nothing", "hardly"}),
}
_REACH: Final = {"ko": 1, "en": 3}
_MOST: Final = 200  # matches of one text: a page of one complaint over and over needs no more

_WORD: Final = re.compile(r"[a-z]+")
_LEMMAS: Final = Lemmas()
_CLOSE: Final = 3  # characters between a word and the negation that follows it: 늦지 않다

Polarity = Literal["negative", "positive", "any"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way of saying what `label` stands for.

    steps: for each its alternatives, each a run of neighbouring lemmas. unless: lemmas that must not come next.
    negated: it speaks of a negation itself, so that one beside it does not turn it round.
    needed: of each of these one lemma must be in a text that fits: a cheap way to see that it does not.
    """

    label: str
    polarity: Polarity
    steps: tuple[tuple[tuple[str, ...], ...], ...]
    unless: frozenset[str]
    negated: bool
    needed: tuple[frozenset[str], ...]

    @classmethod
    def parse(cls, written: str, label: str, polarity: Polarity, language: str) -> "Pattern":
        """Raises ValueError for a pattern without words."""
        words = written.lower().split()
        if language == "en":
            # Written in any form (worst, cancelled): what is compared are lemmas.
            words = [_WORD.sub(lambda word: _LEMMAS[word.group()], word) for word in words]
        unless: frozenset[str] = frozenset()
        if len(words) > 1 and words[-1].startswith("-") and len(words[-1]) > 1:
            unless = frozenset(words.pop()[1:].split("|"))
        steps = tuple(tuple(tuple(run.split("+")) for run in word.split("|")) for word in words)
        lemmas = {lemma for alternatives in steps for run in alternatives for lemma in run}
        if not steps or "" in lemmas:
            raise ValueError(f"pattern {written!r} has an empty word; write for example: 배송 늦다|느리다")
        negated = bool(lemmas & (_NEGATION_AFTER | _NEGATION_BEFORE[language]))
        needed = tuple(
            frozenset(run[-1] for run in alternatives)
            for alternatives in steps
            if len(steps) > 1 or len(steps[0][0]) > 1
        )
        return cls(label, polarity, steps, unless, negated, needed)

    def end_of_match(self, lemmas: Sequence[str], first: int) -> int | None:
        """Where the pattern ends (exclusive) if it begins at `first`; None if it does not fit there."""
        at: int | None = _fitting(self.steps[0], lemmas, first)
        for alternatives in self.steps[1:]:
            if at is None:
                return None
            at = next((end for start in range(at, at + _GAP) if (end := _fitting(alternatives, lemmas, start))), None)
        if at is not None and self.unless and at < len(lemmas) and lemmas[at] in self.unless:
            return None
        return at


def _nearest(found: Sequence[Match]) -> list[Match]:
    """In "delivery was fast, but the quality is awful" the delivery is fast: of two ends the nearer counts."""
    ends: dict[tuple[str, int], int] = {}
    for match in found:
        if match.polarity != "any":
            key = match.label, match.start
            ends[key] = min(ends.get(key, match.end), match.end)
    return [m for m in found if m.polarity == "any" or m.end == ends[m.label, m.start]]


def _fitting(alternatives: tuple[tuple[str, ...], ...], lemmas: Sequence[str], start: int) -> int | None:
    for run in alternatives:
        end = start + len(run)
        if (len(run) == 1 and start < len(lemmas) and lemmas[start] == run[0]) or tuple(lemmas[start:end]) == run:
            return end
    return None


class PatternFinder:
    """Fills `Reading.matches` from the patterns of one language."""

    def __init__(self, language: str, patterns: Iterable[Pattern] = ()) -> None:
        self.language = language
        self._shipped = tuple(patterns)
        self._by_first: dict[str, list[Pattern]] = {}
        self.add(())

    def add(self, own: Iterable[Pattern]) -> None:
        """Looks for the brand's own patterns too, instead of those added before."""
        self._by_first = {}
        for pattern in (*self._shipped, *own):
            for first in {run[0] for run in pattern.steps[0]}:
                self._by_first.setdefault(first, []).append(pattern)

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        reading.matches = self.find([unit for unit in reading.units if _is_word(unit)])
        return doc

    def find(self, words: Sequence[Unit]) -> list[Match]:
        """All matches in order of their first word."""
        lemmas = [unit.lemma for unit in words]
        present = frozenset(lemmas)
        found: list[Match] = []
        for at, lemma in enumerate(lemmas):
            for pattern in self._by_first.get(lemma, ()):
                if any(map(present.isdisjoint, pattern.needed)):
                    continue
                end = pattern.end_of_match(lemmas, at)
                if end is not None and len(found) < _MOST:
                    flipped = not pattern.negated and self._negated(words, lemmas, at, end)
                    found.append(Match(pattern.label, pattern.polarity, words[at].start, words[end - 1].end, flipped))
        return _nearest(found)

    def _negated(self, words: Sequence[Unit], lemmas: Sequence[str], first: int, end: int) -> bool:
        """A negation just before the first or the last word, or in Korean just after the last."""
        before, reach = _NEGATION_BEFORE[self.language], _REACH[self.language]
        if not before.isdisjoint(lemmas[max(first - reach, 0) : first]):
            return not any(word.breaks for word in words[max(first - reach, 0) : first])
        if not before.isdisjoint(lemmas[max(first, end - 1 - reach) : end - 1]):
            return True
        return (
            self.language == "ko"
            and end < len(words)
            and lemmas[end] in _NEGATION_AFTER
            and words[end].start - words[end - 1].end <= _CLOSE
        )

    # Patterns come with the program, not with the trained weights: a saved pipeline takes up better ones at once.
    def to_disk(self, path: object, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save."""

    def from_disk(self, path: object, *, exclude: Iterable[str] = ()) -> "PatternFinder":
        """Nothing to load."""
        return self


def _is_word(unit: Unit) -> bool:
    return unit.search or (unit.tag[:1] in ("N", "V", "M") and unit.tag != "VCP") or unit.tag == "XSN"


def parse_all(written: Mapping[str, Mapping[str, Sequence[str]]], language: str) -> list[Pattern]:
    """{label: {polarity: [pattern, ...]}} as patterns."""
    polarities: dict[str, Polarity] = {"negative": "negative", "positive": "positive", "any": "any"}
    return [
        Pattern.parse(pattern, label, polarities[polarity], language)
        for label, kinds in written.items()
        for polarity, patterns in kinds.items()
        for pattern in patterns
    ]


def from_phrase(units: Sequence[Unit], label: str, language: str) -> Pattern | None:
    """A phrase in a person's words as a pattern: its words in order. None for a phrase of which no word is left."""
    lemmas = [unit.lemma for unit in units if unit.search and not set(unit.lemma) & set("|+")]
    return Pattern.parse(" ".join(lemmas), label, "any", language) if lemmas else None


@Language.factory("moksori_patterns_v1", default_config={"language": "en"})
def create_patterns(nlp: Language, name: str, language: str) -> PatternFinder:
    """language: whose patterns of nlp/data are looked for."""
    written = {**read(f"themes_{language}"), **read(f"signals_{language}")}
    return PatternFinder(language, parse_all(written, language))
