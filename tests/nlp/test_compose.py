"""Seeds and the texts composed of them: what they promise to training."""

import random
import re
from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import compose
from nlp.compose import MOODS, THEMES, Clause, Composed
from nlp.language import Pipeline
from nlp.lexicon import read
from nlp.themes import BASE
from pipeline.models import Sentiment

LANGUAGES: tuple[Pipeline, ...] = ("ko", "en")
# Of these a seed must have some; marks, brands and slang may be in another alphabet.
LETTERS = {"ko": re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]"), "en": re.compile(r"[a-z]")}
word = st.text("abc요가", min_size=1, max_size=4)


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Pipeline:
    chosen: Pipeline = request.param
    return chosen


def templates(language: Pipeline) -> list[tuple[str, str, str]]:
    return [
        (theme, mood, template)
        for theme in THEMES
        for mood in MOODS
        for template in read(f"seeds/{language}/{theme}")[mood]
    ]


def test_every_theme_has_seeds_of_every_mood_and_nothing_else(language: Pipeline) -> None:
    for theme in THEMES:
        assert set(read(f"seeds/{language}/{theme}")) == set(MOODS), theme
        assert all(read(f"seeds/{language}/{theme}")[mood] for mood in MOODS), theme


def test_seeds_are_well_formed(language: Pipeline) -> None:
    wrong = [
        template
        for _, _, template in templates(language)
        if not isinstance(template, str)
        or "|" in re.sub(r"\([^()]*\)", "", template)
        or re.search(r"[()]", re.sub(r"\([^()]*\)", "", template))
        or not LETTERS[language].search(template)
        or "" in compose.spelled_out(template, random.Random(1))
    ]
    assert wrong == []


def test_no_seed_stands_twice(language: Pipeline) -> None:
    counted = Counter(template for _, _, template in templates(language))
    assert [template for template, times in counted.items() if times > 1] == []


def test_no_clause_is_both_praise_and_blame_of_one_theme(language: Pipeline) -> None:
    moods: dict[tuple[str, str | None], set[Sentiment]] = {}
    for held_out in (False, True):
        for clause in compose.clauses(language, held_out=held_out):
            moods.setdefault((clause.text, clause.theme), set()).add(clause.sentiment)
    assert [key for key, found in moods.items() if {"positive", "negative"} <= found] == []


def test_about_an_eighth_is_held_out_and_never_composed(language: Pipeline) -> None:
    held_out = {clause.template for clause in compose.clauses(language, held_out=True)}
    learned = {clause.template for clause in compose.clauses(language, held_out=False)}
    assert held_out.isdisjoint(learned)
    assert 0.08 < len(held_out) / len(held_out | learned) < 0.18
    composed = {clause.template for text in compose.composed(language, 500) for clause in text.clauses}
    assert composed <= learned


def test_held_out_rows_carry_the_label_of_their_seed(language: Pipeline) -> None:
    rows = compose.held_out_rows(language)
    clauses = compose.clauses(language, held_out=True)
    assert [row["text"] for row in rows] == [clause.text for clause in clauses]
    for row, clause in zip(rows, clauses, strict=True):
        assert row["sentiment"] == clause.sentiment
        assert {theme["theme"] for theme in row["themes"]} == ({clause.theme} if clause.theme else set())


@pytest.mark.parametrize("seed", [0, 7, 2026])
def test_the_same_seed_composes_the_same_texts(language: Pipeline, seed: int) -> None:
    texts = list(compose.composed(language, 50, seed))
    assert texts == list(compose.composed(language, 50, seed))
    assert texts != list(compose.composed(language, 50, seed + 1))


def test_a_longer_run_is_as_long_as_asked_and_of_one_to_three_clauses(language: Pipeline) -> None:
    texts = list(compose.composed(language, 300))
    assert len(texts) == 300
    assert {len(text.clauses) for text in texts} == {1, 2, 3}
    assert all(text.text.strip() for text in texts)


def test_all_themes_and_moods_are_composed_and_none_drowns(language: Pipeline) -> None:
    texts = list(compose.composed(language, 2000))
    themes = Counter(clause.theme for text in texts for clause in text.clauses)
    assert set(themes) == {None, *BASE}
    assert max(themes.values()) < 1.5 * min(themes.values())
    assert set(Counter(text.sentiment for text in texts)) == set(MOODS)


def test_noise_leaves_most_of_each_clause_to_read(language: Pipeline) -> None:
    def trigrams(text: str) -> set[str]:
        packed = re.sub(r"[\W_]", "", text.lower())
        return {packed[at : at + 3] for at in range(len(packed) - 2)}

    pairs = [
        (trigrams(clause.text), trigrams(text.text))
        for text in compose.composed(language, 1000)
        for clause in text.clauses
    ]
    kept = [len(said & written) / len(said) for said, written in pairs if len(said) > 8]
    assert min(kept) >= 0.3  # one slip in a clause of two words
    assert sum(share == 1 for share in kept) > len(kept) / 2


def test_some_clauses_are_mistyped(language: Pipeline) -> None:
    alone = [text for text in compose.composed(language, 1500) if len(text.clauses) == 1]
    mistyped = [text for text in alone if text.clauses[0].text.lower() not in text.text.lower()]
    assert 0.15 < len(mistyped) / len(alone) < 0.5


@given(st.lists(st.sampled_from(MOODS), min_size=1, max_size=3))
def test_a_text_is_of_the_mood_of_most_clauses_and_neutral_where_they_balance(moods: list[Sentiment]) -> None:
    text = Composed("", tuple(Clause("a", None, mood, "a") for mood in moods), ())
    reversed_text = Composed("", text.clauses[::-1], ())
    assert text.sentiment == reversed_text.sentiment
    if moods.count("positive") == moods.count("negative"):
        assert text.sentiment == "neutral"
    else:
        praised = moods.count("positive") > moods.count("negative")
        assert text.sentiment == ("positive" if praised else "negative")


@given(st.lists(st.lists(word, min_size=1, max_size=3, unique=True), min_size=1, max_size=3))
def test_a_template_spells_out_every_choice_once(parts: list[list[str]]) -> None:
    template = "".join(f"({'|'.join(choices)})-" for choices in parts)
    texts = compose.spelled_out(template, random.Random(1))
    assert len(texts) == min(len(set(texts)), 24)
    expected = 1
    for choices in parts:
        expected *= len(choices)
    assert len(texts) == min(expected, 24)
    for text in islice(texts, 5):
        assert all(said in choices for said, choices in zip(text.removesuffix("-").split("-"), parts, strict=True))


def test_an_empty_alternative_leaves_no_double_blank() -> None:
    assert compose.spelled_out("(the |)box (very |)late", random.Random(1)) == [
        "the box very late",
        "the box late",
        "box very late",
        "box late",
    ]


def test_particles_agree_with_the_syllable_before_them() -> None:
    assert compose.spelled_out("(빵|커피|서울)(이|가) (늦게|)", random.Random(1)) == [
        "빵이 늦게",
        "빵이",
        "커피가 늦게",
        "커피가",
        "서울이 늦게",
        "서울이",
    ]
    assert compose.spelled_out("(빵|커피|서울)(으로|로)", random.Random(1)) == ["빵으로", "커피로", "서울로"]
    # Without its twin a choice is no particle: every one stands.
    assert compose.spelled_out("(빵|커피)(이 식었어요|가 식었어요)", random.Random(1)) == [
        "빵이 식었어요",
        "빵가 식었어요",
        "커피이 식었어요",
        "커피가 식었어요",
    ]
