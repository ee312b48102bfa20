"""Themes: what a text is about, with the clauses that say so and a sentiment for each."""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from spacy.language import Language
from spacy.tokens import Doc

from nlp.evidence import joined
from nlp.patterns import Pattern
from nlp.reading import Clause, Found, Match, Reading, reading_of
from nlp.scores import LinearScores
from pipeline.models import Sentiment, Stage

BASE: Final = ("quality", "service", "delivery", "communication", "price")

# Thresholds and weights were chosen on the development texts, never on the hold-outs.
_SURE: Final = 0.55  # probability from which a clause speaks of a theme without a pattern
_PATTERN_ODDS: Final = math.log(0.9 / 0.1)  # log odds of a theme where a pattern of it is found
_UNHEARD: Final = -3.0  # log odds of a theme that only patterns know, where there is none
_PATTERN_LEAN: Final = 1.5
_CLOSING: Final = 8  # units that a polite end of a review has at most
_NEUTRAL: Final = 0.2
_MIXED: Final = 0.35


def _parses(written: str) -> str:
    Pattern.parse(written, "theme", "any", "ko")
    return written


Written = Annotated[str, AfterValidator(_parses), Field(max_length=200)]


class ThemePatterns(BaseModel):
    """Patterns over lemmas by the side they take. See docs/models.md for how to write one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    negative: tuple[Written, ...] = ()
    positive: tuple[Written, ...] = ()
    any: tuple[Written, ...] = ()


class PerLanguage(BaseModel):
    """Phrases in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ko: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Labels(BaseModel):
    """How people see the theme named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ko: str = Field(min_length=1, max_length=40)
    en: str = Field(min_length=1, max_length=40)


class PatternsPerLanguage(BaseModel):
    """Patterns in each language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ko: ThemePatterns = ThemePatterns()
    en: ThemePatterns = ThemePatterns()


class Theme(BaseModel):
    """A theme: one of the five, with more ways to say it, or the brand's own.

    seeds: phrases as customers say them; a text with the same words in the same order is about the theme.
    examples: texts for people who wonder what belongs here; not used for tagging.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    labels: Labels
    stage: Stage | None = None
    seeds: PerLanguage = PerLanguage()
    patterns: PatternsPerLanguage = PatternsPerLanguage()
    examples: PerLanguage = PerLanguage()

    @model_validator(mode="after")
    def _can_be_found(self) -> "Theme":
        if self.name not in BASE and not any(
            (*self.seeds.ko, *self.seeds.en, *self.written("ko"), *self.written("en"))
        ):
            raise ValueError(
                f"theme {self.name!r} has neither seeds nor patterns; give it for example seeds: {{en: [too loud]}}"
            )
        return self

    def written(self, language: Literal["ko", "en"]) -> tuple[str, ...]:
        """All patterns of a language."""
        patterns = self.patterns.ko if language == "ko" else self.patterns.en
        return (*patterns.negative, *patterns.positive, *patterns.any)


class ThemesConfig(BaseModel):
    """config/themes.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    themes: tuple[Theme, ...] = ()

    @model_validator(mode="after")
    def _named_once(self) -> "ThemesConfig":
        names = [theme.name for theme in self.themes]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"themes named twice: {', '.join(sorted(twice))}")
        return self

    def own(self) -> tuple[Theme, ...]:
        """The themes beyond the five."""
        return tuple(theme for theme in self.themes if theme.name not in BASE)

    def names(self) -> tuple[str, ...]:
        """The five and the brand's own."""
        return (*BASE, *(theme.name for theme in self.own()))


class ThemeTagger:
    """Fills `Reading.themes`."""

    def __init__(self, scores: LinearScores) -> None:
        self.scores = scores
        self.names: tuple[str, ...] = BASE

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.spam:
            return doc
        columns = self.scores.columns(f"theme.{name}" for name in BASE)
        mixed = _is_mixed(reading)
        for name in self.names:
            column = columns[BASE.index(name)] if name in BASE else None
            matches = [match for match in reading.matches if match.label == name]
            if found := _theme(name, reading, matches, column, mixed):
                reading.themes.append(found)
        reading.themes.sort(key=lambda theme: -theme.score)
        return doc

    def log_odds(self, name: str, reading: Reading) -> list[float]:
        """How likely each clause speaks of a theme, before what a brand's model adds."""
        column = self.scores.columns([f"theme.{name}"])[0] if name in BASE else None
        matches = [match for match in reading.matches if match.label == name]
        return [_log_odds(clause, column, _within(clause, matches), reading) for clause in reading.clauses]

    def to_disk(self, path: object, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save: the weights are in the table of scores."""

    def from_disk(self, path: object, *, exclude: Iterable[str] = ()) -> "ThemeTagger":
        """Nothing to load."""
        return self


def _theme(name: str, reading: Reading, matches: Sequence[Match], column: int | None, mixed: bool) -> Found | None:
    score, lean = 0.0, 0.0
    spans: list[tuple[int, int]] = []
    for clause in reading.clauses:
        own = _within(clause, matches)
        probability = 1 / (1 + math.exp(-_log_odds(clause, column, own, reading) - clause.learned.get(name, 0.0)))
        if probability < _SURE:
            continue
        score = max(score, probability)
        lean += clause.sentiment + _PATTERN_LEAN * sum(map(_side, own))
        spans.append((clause.start, clause.end))
    if not spans:
        return None
    # One mood: the whole text knows it best. A text of two minds: each clause speaks for itself. Stars decide only
    # what the words leave open.
    if not mixed:
        lean += reading.text_sentiment
    if abs(lean) < _NEUTRAL:
        lean = reading.sentiment_score
    sentiment: Sentiment = "neutral" if abs(lean) < _NEUTRAL else "positive" if lean > 0 else "negative"
    return Found(name, sentiment, round(score, 4), joined(spans))


def _within(clause: Clause, matches: Sequence[Match]) -> list[Match]:
    return [match for match in matches if match.start < clause.end and match.end > clause.start]


def _log_odds(clause: Clause, column: int | None, own: Sequence[Match], reading: Reading) -> float:
    scored = _UNHEARD
    if column is not None and clause.scores is not None and not _is_closing(clause, reading):
        scored = float(clause.scores[column])
    return max(scored, _PATTERN_ODDS) if own else scored


def _is_closing(clause: Clause, reading: Reading) -> bool:
    """ "답변 기다리겠습니다", "please call me back": how letters end, not what they complain about."""
    closings = [match for match in reading.matches if match.label == "closing" and not match.flipped]
    return len(clause.units) <= _CLOSING and bool(_within(clause, closings))


def _side(match: Match) -> int:
    if match.polarity == "any":
        return 0
    return 1 if (match.polarity == "positive") != match.flipped else -1


def _is_mixed(reading: Reading) -> bool:
    """Whether clauses, or patterns, take both sides."""
    moods = [clause.sentiment for clause in reading.clauses]
    sides = {_side(match) for match in reading.matches if match.polarity != "any"}
    return (max(moods, default=0.0) > _MIXED and min(moods, default=0.0) < -_MIXED) or {1, -1} <= sides


@Language.factory("moksori_themes_v1", default_config={"scores": "scores"})
def create_themes(nlp: Language, name: str, scores: str) -> ThemeTagger:
    """scores: the component whose scores are read."""
    table = nlp.get_pipe(scores)
    assert isinstance(table, LinearScores)
    return ThemeTagger(table)
