"""Patterns over lemmas: finds "배송 안|못 오다" or "never arrive" in a text in one pass over its units.

A pattern is words in order, written as lemmas. `a|b` are alternatives; a blank lets up to three words stand between, `+`
none. All patterns of a pipeline are looked up by their first word, so their number hardly costs time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spacy.language import Language
from spacy.tokens import Doc

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

Polarity = Literal["negative", "positive", "any"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way of saying what `label` stands for. steps: alternatives and how far they may be from the step before."""

    label: str
    polarity: Polarity
    steps: tuple[tuple[frozenset[str], int], ...]
    negated: bool

    @classmethod
    def parse(cls, written: str, label: str, polarity: Polarity, language: str) -> "Pattern":
        """Raises ValueError for a pattern without words."""
        steps = []
        for word in written.lower().split():
            for number, part in enumerate(word.split("+")):
                alternatives = frozenset(filter(None, part.split("|")))
                if not alternatives:
                    raise ValueError(f"pattern {written!r} has an empty word; write for example: 배송 늦다|느리다")
                steps.append((alternatives, 1 if number else _GAP))
        if not steps:
            raise ValueError("a pattern needs at least one word; write for example: 배송 늦다|느리다")
        words = frozenset().union(*(alternatives for alternatives, _ in steps))
        negated = bool(words & (_NEGATION_AFTER | _NEGATION_BEFORE[language]))
        return cls(label, polarity, tuple(steps), negated)


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
            for first in pattern.steps[0][0]:
                self._by_first.setdefault(first, []).append(pattern)

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        words = [unit for unit in reading.units if _is_word(unit)]
        reading.matches = self.find(words)
        return doc

    def find(self, words: Sequence[Unit]) -> list[Match]:
        """All matches in order of their first word."""
        found: list[Match] = []
        for at, unit in enumerate(words):
            for pattern in self._by_first.get(unit.lemma, ()):
                last = _follow(pattern, words, at)
                if last is not None and len(found) < _MOST:
                    flipped = not pattern.negated and self._negated(words, at, last)
                    found.append(Match(pattern.label, pattern.polarity, unit.start, words[last].end, flipped))
        return found

    def _negated(self, words: Sequence[Unit], first: int, last: int) -> bool:
        before = _NEGATION_BEFORE[self.language]
        reach = _REACH[self.language]
        if any(word.lemma in before for word in words[max(first - reach, last - reach, 0) : last]):
            return True
        if first != last and any(word.lemma in before for word in words[max(first - reach, 0) : first]):
            return True
        return self.language == "ko" and any(
            word.lemma in _NEGATION_AFTER and not words[last].breaks for word in words[last + 1 : last + 2]
        )

    # Patterns come with the program, not with the trained weights: a saved pipeline takes up better ones at once.
    def to_disk(self, path: object, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save."""

    def from_disk(self, path: object, *, exclude: Iterable[str] = ()) -> "PatternFinder":
        """Nothing to load."""
        return self


def _is_word(unit: Unit) -> bool:
    return unit.search or (unit.tag[:1] in ("N", "V", "M") and unit.tag != "VCP") or unit.tag == "XSN"


def _follow(pattern: Pattern, words: Sequence[Unit], first: int) -> int | None:
    at = first
    for alternatives, reach in pattern.steps[1:]:
        for number in range(at + 1, min(at + 1 + reach, len(words))):
            if words[number].lemma in alternatives:
                at = number
                break
        else:
            return None
    return at


def parse_all(written: Mapping[str, Mapping[str, Sequence[str]]], language: str) -> list[Pattern]:
    """{label: {polarity: [pattern, ...]}} as patterns."""
    polarities: dict[str, Polarity] = {"negative": "negative", "positive": "positive", "any": "any"}
    return [
        Pattern.parse(pattern, label, polarities[polarity], language)
        for label, kinds in written.items()
        for polarity, patterns in kinds.items()
        for pattern in patterns
    ]


def from_phrase(phrase: str, label: str, language: str, tokenize: Callable[[str], Sequence[Unit]]) -> Pattern | None:
    """A phrase in a person's words as a pattern: its words in order. None for a phrase of which no word is left."""
    lemmas = [unit.lemma for unit in tokenize(phrase) if unit.search]
    return Pattern.parse(" ".join(lemmas), label, "any", language) if lemmas else None


@Language.factory("moksori_patterns_v1", default_config={"language": "en"})
def create_patterns(nlp: Language, name: str, language: str) -> PatternFinder:
    """language: whose patterns of nlp/data are looked for."""
    written = {**read(f"themes_{language}"), **read(f"signals_{language}")}
    return PatternFinder(language, parse_all(written, language))
