"""A theme hidden in complaints is found in both languages, and where there is none, none is."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.discover import Candidate, Complaint, discover
from nlp.patterns import Pattern
from nlp.tagger import Input, Tagger

START = datetime(2026, 1, 1, tzinfo=UTC)
MIDDLE = START + timedelta(days=30)

# Complaints that share nothing: any of the first with any of the second.
SUBJECTS = {
    "ko": "단추 냄비 의자 커튼 이어폰 가습기 손잡이 타이머 베개 우산 장갑 필터 모니터 텐트 양말 거울 지갑",
    "en": "button kettle chair curtain earphone humidifier handle timer pillow umbrella glove filter monitor tent",
}
FAULTS = {
    "ko": "찌그러졌어요 헐거워요 미끄러져요 벗겨졌어요 삐걱거려요 휘었어요 흐려요 눅눅해요 뻑뻑해요 흔들려요 굳었어요",
    "en": "squeaks wobbles faded leaks rusted slipped tore bent melted cracked hums peeled",
}
HIDDEN = {
    "ko": [
        "비닐 포장 쓰레기가 너무 많아요",
        "포장이 과해서 비닐만 한가득",
        "과대 포장 때문에 쓰레기가 산더미예요",
        "작은 물건에 비닐 포장을 세 겹이나",
        "포장 비닐 좀 줄여 주세요",
        "쓰레기 버리느라 지쳤어요, 포장이 너무해요",
        "비닐이랑 스티로폼 쓰레기가 잔뜩",
        "포장 뜯다 하루가 다 갔어요, 비닐 지옥",
        "환경을 생각하면 이런 포장 쓰레기는 아니죠",
        "비닐 포장이 지나쳐요",
        "박스 안에 또 박스, 포장 쓰레기",
        "포장 비닐 쓰레기 때문에 망설여져요",
    ],
    "en": [
        "so much plastic packaging",
        "the packaging is mostly plastic waste",
        "packaging waste piles up in my hall",
        "three layers of plastic packaging around a pen",
        "please use less plastic packaging",
        "plastic waste everywhere",
        "the packaging filled my bin with plastic",
        "what a waste, plastic wrapped in plastic packaging",
        "packaging again, and all of it waste",
        "plastic packaging and more plastic waste",
        "a box in a box, packaging waste",
        "throwing away plastic packaging takes an hour",
    ],
}


def noise(language: str, count: int) -> list[str]:
    every = [f"{subject} {fault}" for subject in SUBJECTS[language].split() for fault in FAULTS[language].split()]
    return random.Random(4).sample(every, count)


def complaints(texts: list[str], tagger: Tagger) -> list[Complaint]:
    """One a day."""
    tags = tagger.tag([Input(text) for text in texts])
    return [Complaint(f"{n:03}", tuple(each.tokens), START + timedelta(days=n)) for n, each in enumerate(tags)]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_hidden_theme_is_found(language: str, tagger: Tagger) -> None:
    texts = noise(language, 48) + HIDDEN[language]
    (found,) = discover(complaints(texts, tagger), {}, MIDDLE)
    hidden = {f"{n:03}" for n in range(48, 60)}
    assert len(hidden & set(found.reviews)) >= 11
    assert set(found.reviews) <= hidden
    assert set(found.lemmas[:3]) <= {"포장", "비닐", "쓰레기", "packaging", "plastic", "waste"}
    assert (found.first, found.growth) == (0, None)  # they are the newest
    assert len(found.samples) == 3


@pytest.mark.parametrize("language", ["ko", "en"])
def test_where_nothing_is_in_common_nothing_is_found(language: str, tagger: Tagger) -> None:
    assert discover(complaints(noise(language, 60), tagger), {}, MIDDLE) == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_patterns_find_the_reviews(language: str, tagger: Tagger) -> None:
    some = complaints(noise(language, 48) + HIDDEN[language], tagger)
    (found,) = discover(some, {}, MIDDLE)
    patterns = [Pattern.parse(written, "new", "any", language) for written in found.patterns]
    matched = {
        each.id
        for each in some
        if any(pattern.end_of_match(each.lemmas, at) for pattern in patterns for at in range(len(each.lemmas)))
    }
    assert len(matched & set(found.reviews)) >= 0.8 * len(found.reviews)
    assert len(matched - set(found.reviews)) <= 1


def test_words_of_complaints_that_a_theme_explains_are_no_news(tagger: Tagger) -> None:
    some = complaints(noise("en", 48) + HIDDEN["en"], tagger)
    explained = Counter(lemma for each in some[48:] for lemma in set(each.lemmas))
    assert discover(some, explained, MIDDLE) == []


def test_copies_of_one_text_are_one_voice(tagger: Tagger) -> None:
    copies = ["the smell of paint ruins the whole room"] * 30
    assert discover(complaints(noise("en", 48) + copies, tagger), {}, MIDDLE) == []


def test_samples_are_no_near_copies_and_growth_compares_the_halves(tagger: Tagger) -> None:
    twice = [text + end for text in HIDDEN["en"] for end in ("", "!", " again")]
    texts = noise("en", 20) + twice + noise("en", 48)[20:]
    (found,) = discover(complaints(texts, tagger), {}, START + timedelta(days=20 + len(twice) // 3))
    assert found.growth == pytest.approx(2, abs=0.3)
    assert len({int(id) // 3 for id in ((str(int(id) - 20)) for id in found.samples)}) == len(found.samples) == 3


LEMMAS = st.lists(st.sampled_from([*SUBJECTS["ko"].split(), "n't", "😀", "a|b", "ㅠㅠ", "12"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(LEMMAS, max_size=60), st.randoms(use_true_random=False))
def test_any_reviews_in_any_order_give_the_same(many: list[list[str]], chance: random.Random) -> None:
    some = [Complaint(f"{n:03}", tuple(lemmas), START) for n, lemmas in enumerate(many)]
    found = discover(some, {}, MIDDLE)
    chance.shuffle(some)
    assert discover(some, {}, MIDDLE) == found
    for each in found:
        assert isinstance(each, Candidate)
        assert set(each.samples) <= set(each.reviews) <= {complaint.id for complaint in some}
        assert each.first + each.last == len(each.reviews)
