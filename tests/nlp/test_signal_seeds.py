"""Seeds of the signals: what they promise to the heads which learn from them."""

import random
import re
from typing import Final

import pytest

from nlp.compose import spelled_out
from nlp.language import Pipeline
from nlp.lexicon import read

KEYS: Final = {
    "spam": {"spam", "genuine"},
    "churn": {"leaving", "staying"},
    "emotion": {"gratitude", "anger", "disappointment", "anxiety", "sadness", "joy", "surprise", "neutral"},
    "stage": {"discover", "buy", "deliver", "use", "support", "leave"},
    "urgency": {"high", "medium", "low"},
    "mood": {"negative", "positive", "neutral"},
}
LANGUAGES: Final[tuple[Pipeline, ...]] = ("ko", "en")
FEWEST: Final = 60  # templates of one key: fewer voices teach their own words, not the signal
LONGEST: Final = 300  # letters of one text

each_file = pytest.mark.parametrize(
    ("language", "signal"), [(language, signal) for language in LANGUAGES for signal in KEYS]
)


def texts(language: Pipeline, signal: str) -> dict[str, list[str]]:
    """All spelled-out texts of a file, by key."""
    rng = random.Random(1)
    return {
        key: [text for template in templates for text in spelled_out(template, rng)]
        for key, templates in read(f"seeds/{language}/signals/{signal}").items()
    }


@each_file
def test_a_file_has_its_keys_and_many_templates_of_each(language: Pipeline, signal: str) -> None:
    seeds = read(f"seeds/{language}/signals/{signal}")
    assert set(seeds) == KEYS[signal]
    assert {key: len(templates) for key, templates in seeds.items() if len(templates) < FEWEST} == {}


@each_file
def test_every_template_is_well_formed_and_spells_out(language: Pipeline, signal: str) -> None:
    wrong = [
        template
        for templates in read(f"seeds/{language}/signals/{signal}").values()
        for template in templates
        if not isinstance(template, str)
        or re.search(r"[()|]", re.sub(r"\([^()]*\)", "", template))
        or not all(spelled_out(template, random.Random(1)) or [""])
    ]
    assert wrong == []


@each_file
def test_no_template_stands_twice_in_a_file(language: Pipeline, signal: str) -> None:
    every = [template for templates in read(f"seeds/{language}/signals/{signal}").values() for template in templates]
    assert sorted(every) == sorted(set(every))


@each_file
def test_no_text_stands_under_two_keys_of_a_file(language: Pipeline, signal: str) -> None:
    keys: dict[str, set[str]] = {}
    for key, spelled in texts(language, signal).items():
        for text in spelled:
            keys.setdefault(text, set()).add(key)
    assert {text: found for text, found in keys.items() if len(found) > 1} == {}


@each_file
def test_no_text_is_longer_than_a_short_review(language: Pipeline, signal: str) -> None:
    spelled = [text for found in texts(language, signal).values() for text in found]
    assert [text for text in spelled if len(text) > LONGEST] == []
