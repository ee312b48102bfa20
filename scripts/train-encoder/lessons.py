"""What the encoder learns from: rows of the sets, seed clauses, texts composed of them, and the seeds of signals."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from nlp import compose, corpora, signals
from nlp.language import Pipeline
from nlp.plain import Plain
from nlp.themes import BASE
from pipeline.models import Emotion, Stage, Urgency

HEADS: dict[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "emotion": get_args(Emotion),
    "stage": get_args(Stage),
    "urgency": get_args(Urgency),
}
"""Of each the text has one."""
_SPAM = "spam"
FLAGS = (*(f"theme.{theme}" for theme in BASE), "churn", _SPAM)
"""Each is so or not."""
LABELS = [*(f"{head}.{name}" for head, names in HEADS.items() for name in names), *FLAGS]
_FORUMS = frozenset({"en goemotions", "en bitext"})
_MOST = {"nsmc": 80_000, "goemotions": 24_000}  # films and forums are many and far from shops
_BORROWED = 12_000  # English texts from which the Korean encoder learns
_MOST_TESTED = 1_500
_COMPOSED = 14_000
_NO_SPAM = 0.05  # share of the sets' texts that teach what advertising is not: all would drown what it is
_SPELLINGS = 8
_HEAVIEST = 2.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known about a stretch of text. one: head → class. flags: label → whether. Absent: unknown."""

    one: dict[str, str] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    weight: float = 1.0
    theme_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """part: "train", "test" or "tune", which `moksori train` keeps for the temperature.

    clauses: begin, end and what is known about each.
    """

    text: str
    corpus: str
    part: str
    lesson: Lesson
    clauses: tuple[tuple[int, int, Lesson], ...] = ()


def read_all(data: Path, language: Pipeline) -> list[Text]:
    """The same texts in the same order, each time. The Korean encoder learns themes from English reviews too."""
    rng = random.Random(7)
    texts = [*_sets(data, language, rng), *_own(language, rng)]
    if language == "ko":
        english = [text for text in (*_sets(data, "en", rng), *_own("en", rng)) if text.part == "train"]
        texts += rng.sample([text for text in english if text.corpus not in _FORUMS], _BORROWED)
    return texts


def _sets(data: Path, language: Pipeline, rng: random.Random) -> Iterator[Text]:
    by_corpus: dict[str, list[Text]] = {}
    for example in corpora.examples(data, language):
        one = {"sentiment": example.sentiment, "emotion": example.emotion}
        flags = {} if example.themes is None else _themes(set(example.themes))
        if rng.random() < _NO_SPAM:
            flags[_SPAM] = False
        lesson = Lesson(
            {head: name for head, name in one.items() if name}, flags, min(example.weight, _HEAVIEST),
            example.theme_weight,
        )  # fmt: skip
        part = corpora.part_of(example.text)
        by_corpus.setdefault(example.corpus, []).append(
            Text(Plain(example.text[:600]).text, f"{language} {example.corpus}", part, lesson)
        )
    for corpus, texts in by_corpus.items():
        rng.shuffle(texts)
        for part, most in (("train", _MOST.get(corpus, len(texts))), ("test", _MOST_TESTED)):
            yield from [text for text in texts if text.part == part][:most]


def _own(language: Pipeline, rng: random.Random) -> Iterator[Text]:
    seeds = compose.clauses(language, held_out=False)
    moods = Counter(clause.sentiment for clause in seeds)
    for held_out in (False, True):
        for clause in _some(compose.clauses(language, held_out=held_out), rng):
            # People write more kinds of blame than of praise; a mood must not win for having more seeds.
            weight = min(_HEAVIEST, 0.7 * len(seeds) / (len(HEADS["sentiment"]) * moods[clause.sentiment]))
            lesson = replace(_of_clause(clause), weight=weight, theme_weight=1.5)
            lesson.flags[_SPAM] = False
            yield Text(clause.text, f"{language} seeds", "test" if held_out else "train", lesson)
    for text in compose.composed(language, _COMPOSED):
        lesson = Lesson({"sentiment": text.sentiment}, _themes({c.theme for c in text.clauses}), 0.5, 0.8)
        clauses = [
            (*span, replace(_of_clause(clause), weight=0.25, theme_weight=0.4))
            for span, clause in zip(text.spans, text.clauses, strict=True)
        ]
        yield Text(text.text, f"{language} composed", "train", lesson, tuple(clauses if len(clauses) > 1 else ()))
    for signal in signals.seeds(language):
        if isinstance(signal.label, bool):
            lesson = Lesson({}, {_SPAM: False, signal.head: signal.label})
        else:
            lesson = Lesson({signal.head: signal.label}, {_SPAM: False})
        part = "test" if signal.held_out else "train"
        yield Text(signal.text, f"{language} seeds of {signal.head}", part, lesson)


def _some(clauses: list[compose.Clause], rng: random.Random) -> Iterator[compose.Clause]:
    by_template: dict[str, list[compose.Clause]] = {}
    for clause in clauses:
        by_template.setdefault(clause.template, []).append(clause)
    for same in by_template.values():
        yield from rng.sample(same, min(len(same), _SPELLINGS))


def _of_clause(clause: compose.Clause) -> Lesson:
    return Lesson({"sentiment": clause.sentiment}, _themes({clause.theme}))


def _themes(about: set[str | None]) -> dict[str, bool]:
    return {f"theme.{theme}": theme in about for theme in BASE}
