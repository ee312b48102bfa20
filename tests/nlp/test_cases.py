"""Checks that the test texts keep their promises: valid labels, exact spans, counts, no copies."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).parent / "cases"
LANGUAGES = ("ko", "en")
PARTS = ("dev", "held")

SENTIMENTS = {"negative", "neutral", "positive"}
THEMES = {"quality", "service", "delivery", "communication", "price"}
EMOTIONS = {"anger", "disappointment", "anxiety", "sadness", "joy", "gratitude", "surprise", "neutral"}
URGENCIES = {"high", "medium", "low"}
STAGES = {"discover", "buy", "deliver", "use", "support", "leave"}
KINDS = {
    "sarcasm",
    "negation",
    "plain_complaint",
    "contrast",
    "question",
    "typos",
    "slang",
    "comparison",
    "emoji",
    "backhanded_praise",
    "plain_praise",
}
OTHER_LANGUAGES = {"ja", "zh", "es", "fr", "de", "vi", "id", "ru", "th", "ar", "pt", "it"}

SIZES = {"reviews": 120, "hard": 80, "spam": 40, "pii": 40}
NAMES = [f"{lang}_{kind}_{part}" for lang in LANGUAGES for kind in SIZES for part in PARTS]
NAMES += [f"language_{part}" for part in PARTS]
KEYS = {
    "reviews": {"text", "sentiment", "themes", "emotion", "urgency", "stage", "wants_churn", "spam", "pii"},
    "hard": {"text", "sentiment", "kind"},
    "spam": {"text", "spam"},
    "pii": {"text", "pii"},
    "language": {"text", "lang"},
}

Row = dict[str, Any]


def read(name: str) -> list[Row]:
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()]


def files_of(kind: str) -> list[str]:
    return [name for name in NAMES if kind in name.split("_")]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_the_keys_of_its_kind_and_some_text(name: str) -> None:
    kind = next(kind for kind in KEYS if kind in name.split("_"))
    rows = read(name)
    assert len(rows) == SIZES.get(kind, 80)
    for row in rows:
        assert row.keys() == KEYS[kind]
        assert row["text"].strip() == row["text"] != ""


def test_no_text_is_a_copy_of_another() -> None:
    def bare(text: str) -> str:
        return re.sub(r"\s", "", text).casefold()

    seen = Counter(bare(row["text"]) for name in NAMES for row in read(name))
    assert [text for text, times in seen.items() if times > 1] == []


@pytest.mark.parametrize("name", files_of("reviews"))
def test_reviews_are_labelled_from_the_known_sets(name: str) -> None:
    for row in read(name):
        assert row["sentiment"] in SENTIMENTS
        assert row["emotion"] in EMOTIONS
        assert row["urgency"] in URGENCIES
        assert row["stage"] is None or row["stage"] in STAGES
        assert isinstance(row["wants_churn"], bool)
        assert row["spam"] is False
        assert {theme["theme"] for theme in row["themes"]} <= THEMES
        assert len({theme["theme"] for theme in row["themes"]}) == len(row["themes"])
        for theme in row["themes"]:
            assert theme.keys() == {"theme", "sentiment", "evidence"}
            assert theme["sentiment"] in SENTIMENTS
            assert theme["evidence"]
            assert theme["evidence"] in row["text"]


@pytest.mark.parametrize("name", files_of("reviews"))
def test_reviews_hold_enough_of_every_label(name: str) -> None:
    rows = read(name)
    sentiments = Counter(row["sentiment"] for row in rows)
    themes = Counter(theme["theme"] for row in rows for theme in row["themes"])
    stages = Counter(row["stage"] for row in rows)
    emotions = Counter(row["emotion"] for row in rows)
    urgencies = Counter(row["urgency"] for row in rows)
    assert sentiments == {"negative": 54, "neutral": 30, "positive": 36}
    assert min(themes[theme] for theme in THEMES) >= 20
    assert min(stages[stage] for stage in STAGES) >= 10
    assert min(emotions[emotion] for emotion in EMOTIONS) >= 6
    assert urgencies["high"] >= 12
    assert urgencies["medium"] >= 15
    assert sum(row["wants_churn"] for row in rows) >= 12


@pytest.mark.parametrize("name", files_of("hard"))
def test_hard_texts_hold_every_kind(name: str) -> None:
    rows = read(name)
    assert {row["sentiment"] for row in rows} == SENTIMENTS
    kinds = Counter(row["kind"] for row in rows)
    assert kinds.keys() == KINDS
    assert min(kinds.values()) >= 7


@pytest.mark.parametrize("name", files_of("spam"))
def test_half_the_spam_texts_only_look_like_it(name: str) -> None:
    labels = [row["spam"] for row in read(name)]
    assert labels.count(True) == labels.count(False) == 20


@pytest.mark.parametrize("name", files_of("reviews") + files_of("pii"))
def test_personal_data_is_an_exact_part_of_the_text(name: str) -> None:
    for row in read(name):
        assert all(span and span in row["text"] for span in row["pii"])


@pytest.mark.parametrize("name", files_of("pii"))
def test_a_third_of_the_personal_data_texts_hold_none(name: str) -> None:
    assert 12 <= sum(not row["pii"] for row in read(name)) <= 15


@pytest.mark.parametrize("part", PARTS)
def test_language_texts_hold_three_of_every_language(part: str) -> None:
    langs = Counter(row["lang"] for row in read(f"language_{part}"))
    assert langs.keys() == OTHER_LANGUAGES | set(LANGUAGES)
    assert min(langs.values()) >= 3
