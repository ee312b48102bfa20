"""Reads the labelled sets of a data folder as examples for training, each with what it can teach."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from nlp.language import Pipeline
from pipeline.errors import SettingsError
from pipeline.models import Emotion, Sentiment

# How much one row of a set counts for sentiment: films are many and far from shops, forums farther still.
_WEIGHTS: Final = {
    "ko": {"nsmc": 1.0, "shop": 5.0, "kote": 1.0},
    "en": {
        "goemotions": 0.4, "pros_cons": 1.0, "huliu": 2.0, "rt_polarity": 0.7, "vader_amazon": 2.0, "bitext": 0.3,
        "synth_themes": 1.0, "theme_seed_clauses": 2.0, "mams": 1.0, "oposum": 1.0,
    },
}  # fmt: skip
# Sets whose rows list every theme they touch: a theme that is absent there is a counterexample.
_FULL_THEMES: Final = frozenset({"synth_themes", "theme_seed_clauses", "mams", "oposum", "bitext", "huliu"})
_WEAK_THEMES: Final = frozenset({"pros_cons"})

_KOREAN_EMOTIONS: Final[dict[Emotion, tuple[str, ...]]] = {
    "anger": ("화남/분노", "짜증", "증오/혐오", "어이없음", "한심함", "지긋지긋", "역겨움/징그러움"),
    "disappointment": ("안타까움/실망", "불평/불만", "재미없음"),
    "anxiety": ("불안/걱정", "공포/무서움", "부담/안_내킴", "당황/난처"),
    "sadness": ("슬픔", "절망", "서러움", "패배/자기혐오", "힘듦/지침"),
    "joy": ("기쁨", "행복", "즐거움/신남", "감동/감탄", "흐뭇함(귀여움/예쁨)", "편안/쾌적", "뿌듯함", "안심/신뢰"),
    "gratitude": ("고마움",),
    "surprise": ("놀람", "경악", "신기함/관심"),
    "neutral": ("없음",),
}
_ENGLISH_EMOTIONS: Final[dict[Emotion, tuple[str, ...]]] = {
    "anger": ("anger", "annoyance", "disgust", "disapproval"),
    "disappointment": ("disappointment", "remorse", "embarrassment"),
    "anxiety": ("fear", "nervousness", "confusion"),
    "sadness": ("sadness", "grief"),
    "joy": (
        "joy",
        "admiration",
        "love",
        "excitement",
        "amusement",
        "approval",
        "optimism",
        "pride",
        "relief",
        "caring",
    ),
    "gratitude": ("gratitude",),
    "surprise": ("surprise", "realization"),
    "neutral": ("neutral", "curiosity", "desire"),
}
_EMOTION_OF: Final = {
    raw: emotion for table in (_KOREAN_EMOTIONS, _ENGLISH_EMOTIONS) for emotion, names in table.items() for raw in names
}
_CLOSE_TO_NEGATIVE: Final = frozenset({"anger", "disappointment", "anxiety", "sadness"})


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. themes: those it is about, None where the set does not say."""

    text: str
    corpus: str
    sentiment: Sentiment | None = None
    emotion: Emotion | None = None
    themes: frozenset[str] | None = None
    weight: float = 1.0
    theme_weight: float = 1.0
    row: dict[str, Any] = field(default_factory=dict, compare=False)


def part_of(text: str) -> str:
    """ "test", "tune" or "train": a tenth, a tenth and the rest, by the text's own hash, so copies stay together."""
    return ("test", "tune")[slot] if (slot := crc32(text.strip().encode()) % 10) < 2 else "train"


def examples(folder: Path, language: Pipeline) -> Iterator[Example]:
    """All rows of the language's sets. Raises SettingsError where there is none."""
    files = [file for name in _WEIGHTS[language] if (file := folder / language / f"{name}.jsonl.gz").is_file()]
    if not files:
        names = ", ".join(f"{name}.jsonl.gz" for name in _WEIGHTS[language])
        raise SettingsError(f"{folder / language}: no training data. Expected any of {names}")
    for file in files:
        corpus = file.name.removesuffix(".jsonl.gz")
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield _example(json.loads(line), corpus, _WEIGHTS[language][corpus])


def _example(row: dict[str, Any], corpus: str, weight: float) -> Example:
    emotion = _emotion(row.get("emotions", ()))
    sentiment: Sentiment | None = row.get("sentiment")
    if corpus == "kote":
        sentiment = _mood(row["emotions"])
    themes = None
    if corpus in _FULL_THEMES or corpus in _WEAK_THEMES:
        themes = frozenset(theme["theme"] for theme in row.get("themes") or ())
    theme_weight = 0.3 if corpus in _WEAK_THEMES else 1.0
    return Example(row["text"], corpus, sentiment, emotion, themes, weight, theme_weight, row)


def _emotion(raw: list[str]) -> Emotion | None:
    """The emotion most raters' words fall under, None on a draw."""
    votes: dict[Emotion, int] = {}
    for name in raw:
        if name in _EMOTION_OF:
            votes[_EMOTION_OF[name]] = votes.get(_EMOTION_OF[name], 0) + 1
    best = sorted(votes, key=lambda emotion: -votes[emotion])
    if not best or (len(best) > 1 and votes[best[0]] == votes[best[1]]):
        return None
    return best[0]


def _mood(raw: list[str]) -> Sentiment | None:
    """Sentiment of a text from its emotions; None where they pull both ways."""
    kinds = [_EMOTION_OF[name] for name in raw if name in _EMOTION_OF]
    bad = sum(kind in _CLOSE_TO_NEGATIVE for kind in kinds)
    good = sum(kind in ("joy", "gratitude") for kind in kinds)
    if bad >= 3 and good == 0:
        return "negative"
    if good >= 3 and bad == 0:
        return "positive"
    return "neutral" if kinds == ["neutral"] else None
