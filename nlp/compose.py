"""Composes training texts from the seed clauses of nlp/data: spells out, joins, adds everyday noise.

A seed is a template in a customer's voice, `(the |my )box was (crushed|soaked)`: (a|b|) are alternatives. They lie in
nlp/data/seeds/{language}/{theme}.yaml by mood, and in none.yaml where they name no theme.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final
from zlib import crc32

from nlp.language import Pipeline
from nlp.lexicon import read
from nlp.themes import BASE
from pipeline.models import Sentiment

THEMES: Final = (*BASE, "none")  # none: clauses with a mood, or none, that name no theme
MOODS: Final[tuple[Sentiment, ...]] = ("negative", "positive", "neutral")

_ALTERNATIVES: Final = re.compile(r"\(([^()]*)\)|([^()]+)")
_MOST_OF_ONE: Final = 24  # spellings of one template: more would only let it shout the others down
_JOINS: Final = {
    "ko": (". ", " ", "!! ", " 그리고 ", ", ", ".. "),
    "en": (". ", " and ", ", ", "!! ", "... ", "; "),
}
_TURNS: Final = {
    "ko": (" 근데 ", ". 하지만 ", ". 다만 ", " 그런데 "),
    "en": (" but ", ". However ", ", although ", ". But "),
}
_TAILS: Final = {
    "ko": ("", "", "", " ㅠㅠ", "!!", "..", ";;", "ㅡㅡ", "~", "."),
    "en": ("", "", "", "!", "!!", ".", "...", " smh", " :("),
}
_BRIGHT_TAILS: Final = {"ko": ("", "", "!!", "~", " ㅎㅎ", "^^", "."), "en": ("", "", "!", "!!", ".", " :)")}
_LIKE_KEYS: Final = {
    "ko": (("돼", "되"), ("않", "안"), ("어떻게", "어떡해"), ("왜", "외"), ("네요", "네여"), ("어요", "어여")),
    "en": (("'", ""), ("ll", "l"), ("ei", "ie"), ("you", "u"), ("are", "r")),
}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as a customer says it. theme: None where it names none. template: which seed it comes from."""

    text: str
    theme: str | None
    sentiment: Sentiment
    template: str


@dataclass(frozen=True, slots=True)
class Composed:
    """One to three clauses as one text."""

    text: str
    clauses: tuple[Clause, ...]

    @property
    def sentiment(self) -> Sentiment | None:
        """The mood of all clauses; None where they differ."""
        moods = {clause.sentiment for clause in self.clauses}
        if len(moods) == 1:
            return self.clauses[0].sentiment
        return (
            None
            if {"positive", "negative"} <= moods
            else next(mood for mood in ("negative", "positive") if mood in moods)
        )


def spelled_out(template: str, rng: random.Random) -> list[str]:
    """The texts of a template, a fair sample where there are many."""
    parts = [choices.split("|") if choices else [fixed] for choices, fixed in _ALTERNATIVES.findall(template)]
    texts = [" ".join("".join(chosen).split()) for chosen in product(*parts)]
    return texts if len(texts) <= _MOST_OF_ONE else rng.sample(texts, _MOST_OF_ONE)


def clauses(language: Pipeline, *, held_out: bool, seed: int = 7) -> list[Clause]:
    """All seed clauses of a language. held_out: those of every eighth template, which training never sees."""
    rng = random.Random(seed)  # noqa: S311 (a fair sample, no secret)
    found: list[Clause] = []
    for theme in THEMES:
        moods = read(f"seeds/{language}/{theme}")
        for mood in MOODS:
            for template in moods[mood]:
                if is_held_out(template) == held_out:
                    texts = spelled_out(template, rng)
                    found.extend(Clause(text, None if theme == "none" else theme, mood, template) for text in texts)
    return found


def held_out_rows(language: Pipeline) -> list[dict[str, Any]]:
    """The held-out clauses as labelled rows for `evaluate`. Their author is that of the seeds: they flatter."""
    return [
        {
            "text": clause.text,
            "sentiment": clause.sentiment,
            "themes": [{"theme": clause.theme, "sentiment": clause.sentiment}] if clause.theme else [],
        }
        for clause in clauses(language, held_out=True)
    ]


def is_held_out(text: str) -> bool:
    """Every eighth text, by its own hash: the same text is always on the same side."""
    return crc32(text.encode()) % 8 == 0


def composed(language: Pipeline, count: int, seed: int = 7) -> Iterator[Composed]:
    """Texts of one to three clauses; themes as often as each other, so that none drowns."""
    rng = random.Random(seed)  # noqa: S311 (a fair sample, no secret)
    by_kind: dict[tuple[str | None, Sentiment], list[Clause]] = {}
    for clause in clauses(language, held_out=False, seed=seed):
        by_kind.setdefault((clause.theme, clause.sentiment), []).append(clause)
    kinds = list(by_kind)
    weights = [{"negative": 3, "positive": 2, "neutral": 1}[mood] for _, mood in kinds]
    for _ in range(count):
        chosen = tuple(rng.choice(by_kind[kind]) for kind in rng.choices(kinds, weights, k=rng.choice((1, 1, 2, 2, 3))))
        yield Composed(_joined(chosen, language, rng), chosen)


def _joined(chosen: tuple[Clause, ...], language: Pipeline, rng: random.Random) -> str:
    text = ""
    for number, clause in enumerate(chosen):
        if number:
            turned = clause.sentiment != chosen[number - 1].sentiment
            text += rng.choice(_TURNS[language] if turned and rng.random() < 0.7 else _JOINS[language])
        text += _noisy(clause.text, language, rng)
    return text + rng.choice(_BRIGHT_TAILS[language] if chosen[-1].sentiment == "positive" else _TAILS[language])


def _noisy(text: str, language: Pipeline, rng: random.Random) -> str:
    """A typo or a lost blank in every fifth clause."""
    if rng.random() > 0.2:
        return text
    if rng.random() < 0.5:
        right, wrong = rng.choice(_LIKE_KEYS[language])
        return text.replace(right, wrong, 1)
    blanks = [at for at, letter in enumerate(text) if letter == " "]
    if not blanks or language == "en":
        return text.upper() if language == "en" and rng.random() < 0.3 else text
    at = rng.choice(blanks)
    return text[:at] + text[at + 1 :]
