"""Reads the seeds of signals: what spam, goodbyes, emotions, stages and urgency sound like, and what only seems so."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nlp import compose
from nlp.language import Pipeline
from nlp.lexicon import read

# File in nlp/data/seeds/{language}/signals → the head it teaches.
_FILES: Final = {
    "mood": "sentiment",
    "emotion": "emotion",
    "stage": "stage",
    "urgency": "urgency",
    "churn": "churn",
    "spam": "spam",
}
_YES: Final = frozenset({"leaving", "spam"})
_NO: Final = frozenset({"staying", "genuine"})
_SPELLINGS: Final = 6  # of one template


@dataclass(frozen=True, slots=True)
class Signal:
    """A text that shows one thing. label: a class of the head, or whether it is so (churn, spam)."""

    text: str
    head: str
    label: str | bool
    held_out: bool


def seeds(language: Pipeline, seed: int = 7) -> Iterator[Signal]:
    """All seeds of signals, a fair sample of each one's spellings; every eighth template is held out."""
    rng = random.Random(seed)  # noqa: S311 (a fair sample, no secret)
    for file, head in _FILES.items():
        for key, templates in read(f"seeds/{language}/signals/{file}").items():
            label = key in _YES if key in _YES | _NO else key
            for template in templates:
                spelled = compose.spelled_out(template, rng)
                for text in rng.sample(spelled, min(len(spelled), _SPELLINGS)):
                    yield Signal(text, head, label, compose.is_held_out(template))
